/** What a call does, line by line: each instruction before it runs, or each entry and exit of a function. */
import { disassembleFunction } from '../decoder/disassemble.ts';
import { decodeNames } from '../decoder/name-section.ts';
import { frameName } from '../errors/texts.ts';
import { type FrameShape, frameShapes } from '../interpreter/calls/frame-shapes.ts';
import type { FuncCode } from '../interpreter/code/compiled-module.ts';
import { readValue } from '../interpreter/instances/values.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { getMachine } from '../interpreter/machine/machine.ts';
import { demangle } from '../symbols/demangle/demangle.ts';
import { F32, F64, type FuncType, I32, I64, isRef, V128, type ValType } from '../syntax/types.ts';

/**
 * The kinds of lines of a trace.
 *
 * Example: see `TraceOptions`.
 */
export type TraceDetail = 'instructions' | 'calls';

/**
 * Options of a trace.
 *
 * ```ts
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const execution = startExecution(instance.exports.get('double') as FuncInstance, [21n]);
 * const session = debugExecution(execution, [{ name: 'double', instance }]);
 * const detail: TraceDetail = 'instructions';
 * const options: TraceOptions = { detail, onLine: (line) => console.log(line) };
 * await session.trace(options);
 * // → 1 double+0x0 local.get 0 (21)
 * // → 1 double+0x2 i32.const 1 (21)
 * // → 1 double+0x4 i32.shl (21, 1)
 * // → 1 double+0x5 end (42)
 * ```
 */
export interface TraceOptions {
  /** Default: `instructions`. */
  readonly detail?: TraceDetail | undefined;
  /** Whether a function is traced, by its name; others run fast. Default: all are. */
  readonly includes?: ((name: string) => boolean) | undefined;
  /** Receives each line: how many functions are on the stack, the function, what it does, and with which values. */
  readonly onLine: (line: string) => void;
}

/** Facts about an instruction. */
interface TracedInstruction {
  readonly text: string;
  readonly shape: FrameShape | undefined;
  /** The local that it reads; -1 for none. */
  readonly local: number;
}
/** Facts about a traced function. */
interface TracedFunc {
  readonly name: string;
  readonly type: FuncType;
  readonly instructions: ReadonlyMap<number, TracedInstruction>;
  readonly start: number;
}

const bits = new DataView(new ArrayBuffer(8));
const floatText = (value: number, isNegative: boolean): string =>
  Object.is(value, -0) || (isNegative && Number.isNaN(value)) ? `-${Math.abs(value)}` : String(value);

/** A value as the text format writes constants: numbers as signed, references by whether they are null. */
const valueText = (type: ValType, raw: unknown): string => {
  if (isRef(type)) return raw === null ? 'null' : 'ref';
  const value = raw as bigint;
  switch (type) {
    case I32:
      return String(BigInt.asIntN(32, value));
    case I64:
      return String(BigInt.asIntN(64, value));
    case F32:
      bits.setUint32(0, Number(BigInt.asUintN(32, value)));
      return floatText(bits.getFloat32(0), bits.getInt8(0) < 0);
    case F64:
      bits.setBigUint64(0, BigInt.asUintN(64, value));
      return floatText(bits.getFloat64(0), bits.getInt8(0) < 0);
    case V128:
      return `0x${BigInt.asUintN(128, value).toString(16).padStart(32, '0')}`;
    default:
      return '?';
  }
};

/** Most operands that a line shows. */
const MAX_VALUES = 8;

/** Makes the lines of one call. */
export class Tracer {
  private readonly options: TraceOptions;
  private readonly funcs = new Map<FuncCode, TracedFunc>();
  /** Functions that were entered and not left, with the words that were in use on the call stack on entry. */
  private readonly open: { readonly func: TracedFunc; readonly sp: number }[] = [];

  constructor(options: TraceOptions) {
    this.options = options;
  }

  /** Whether a function is traced. */
  picks(code: FuncCode): boolean {
    return this.options.includes?.(this.nameOf(code)) ?? true;
  }

  /** The call has reached an instruction. */
  tell(m: MachineState, code: FuncCode, offset: number): void {
    const func = this.funcOf(code);
    if (this.options.detail === 'calls') this.tellCalls(m, func, offset);
    else {
      const instruction = func.instructions.get(offset)!;
      const place = `${func.name}+0x${(offset - func.start).toString(16)}`;
      this.write(m.sp, `${place} ${instruction.text}${this.operandsOf(m, instruction)}`);
    }
  }

  private tellCalls(m: MachineState, func: TracedFunc, offset: number): void {
    const { open } = this;
    // No branch leads back to the first instruction: labels of loops are after theirs.
    const isEntry = offset === func.start;
    while (open.length > 0 && open[open.length - 1]!.sp > (isEntry ? m.sp - 1 : m.sp))
      this.leave(m, func, offset);
    if (!isEntry) return;
    const shape = func.instructions.get(offset)!.shape!;
    this.write(m.sp, `> ${func.name}${this.listOf(m, shape, 0, shape.paramCount)}`);
    open.push({ func, sp: m.sp });
  }

  /** The innermost function is left; its caller, if it is traced, continues after the call. */
  private leave(m: MachineState, caller: TracedFunc, offset: number): void {
    const { func, sp } = this.open.pop()!;
    const shape = caller.instructions.get(offset)?.shape;
    const { length } = func.type.results;
    const isCaller = this.open[this.open.length - 1]?.sp === m.sp && shape !== undefined;
    const results = isCaller && length > 0 ? this.listOf(m, shape, shape.types.length - length, length) : '';
    this.write(sp, `< ${func.name}${results}`);
  }

  /** The call has ended. */
  end(): void {
    while (this.open.length > 0) {
      const { func, sp } = this.open.pop()!;
      if (this.options.detail === 'calls') this.write(sp, `< ${func.name}`);
    }
  }

  private write(sp: number, text: string): void {
    this.options.onLine(`${sp >> 1} ${text}`);
  }

  /** The operand stack, the top last; for `local.get`, the value of the local. */
  private operandsOf(m: MachineState, { shape, local }: TracedInstruction): string {
    if (shape === undefined) return '';
    if (local >= 0) return this.listOf(m, shape, local, 1);
    const count = Math.min(MAX_VALUES, shape.types.length - shape.localCount);
    return count === 0 ? '' : this.listOf(m, shape, shape.types.length - count, count);
  }

  private listOf(m: MachineState, { types, slots }: FrameShape, from: number, count: number): string {
    const { words, refs } = getMachine();
    const texts = Array.from({ length: count }, (_, i) => {
      const type = types[from + i]!;
      return valueText(type, readValue(type, words, m.fp + 2 * slots[from + i]!, refs as never));
    });
    return ` (${texts.join(', ')})`;
  }

  private nameOf({ unit, index }: FuncCode): string {
    return frameName(demangle(decodeNames(unit.module).funcName(index) ?? `func[${index}]`));
  }

  private funcOf(code: FuncCode): TracedFunc {
    let func = this.funcs.get(code);
    if (func === undefined) {
      const { module } = code.unit;
      const lines = [...disassembleFunction(module, code.index)];
      const offsets = lines.map(({ offset }) => offset);
      const shapes = frameShapes(code, offsets, () => {});
      const instructions = new Map(
        lines.map(({ offset, text }) => {
          const local = /^local\.get (\d+)/.exec(text)?.[1];
          return [
            offset,
            { text, shape: shapes.get(offset), local: local === undefined ? -1 : Number(local) },
          ];
        }),
      );
      const { type, body } = module.funcs[code.index]!;
      const start = body!.codeStart;
      func = { name: this.nameOf(code), type: type.comp as FuncType, instructions, start };
      this.funcs.set(code, func);
    }
    return func;
  }
}
