/** The JavaScript of a unit, as far as it was needed, and how often its functions and loops were seen running. */
import { InstructionReader } from '../decoder/instruction-reader.ts';
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import { instructions } from '../syntax/instructions.ts';
import { Editions } from './editions.ts';
import { type GeneratedFunction, generateFunction, generateLoop } from './generate.ts';
import type { CompiledInstance } from './link.ts';
import { Patches } from './patches.ts';
import type { FunctionCounts, LoopPlace, UnitCode } from './provider.ts';
import type { Target } from './target.ts';

/** What is known of a function of a unit. */
class FunctionRecord implements FunctionCounts {
  /** Undefined until it was asked for; null where the interpreter keeps it. */
  generated: GeneratedFunction | null | undefined = undefined;
  samples = 0;
  missed = 0;
  private readonly code: FuncCode;
  private found: LoopPlace[] | null = null;

  constructor(code: FuncCode) {
    this.code = code;
  }

  get loops(): readonly LoopPlace[] {
    this.found ??= loopsOf(this.code);
    return this.found;
  }
}

export class CompiledUnit implements UnitCode {
  /** Bytes of text that were generated. */
  textLength = 0;
  readonly patches = new Patches();
  readonly instances = new WeakMap<ModuleInstance, CompiledInstance>();
  private readonly unit: CodeUnit;
  readonly source: Editions;
  private readonly target: Target;
  private readonly functions = new Map<FuncCode, FunctionRecord>();
  private readonly loops = new Map<LoopPlace, GeneratedFunction | null>();

  constructor(unit: CodeUnit, target: Target) {
    this.unit = unit;
    this.target = target;
    this.source = new Editions(unit);
  }

  recordOf(code: FuncCode): FunctionRecord {
    let record = this.functions.get(code);
    if (record === undefined) this.functions.set(code, (record = new FunctionRecord(code)));
    return record;
  }

  generate(code: FuncCode): GeneratedFunction | null {
    const record = this.recordOf(code);
    if (record.generated === undefined) {
      record.generated = generateFunction(this.unit, code.index, this.target);
      if (record.generated !== null) this.add(record.generated);
    }
    return record.generated;
  }

  generateLoop(code: FuncCode, loop: LoopPlace): GeneratedFunction | null {
    let func = this.loops.get(loop);
    if (func === undefined) {
      const id = this.unit.funcs.length + this.loops.size;
      func = generateLoop(this.unit, code.index, loop.offset, id, this.target);
      this.loops.set(loop, func);
      if (func !== null) this.add(func);
    }
    return func;
  }

  private add(func: GeneratedFunction): void {
    this.textLength += func.text.length;
    this.source.add(func);
  }
}

/** The loops of a body, in the order of their offsets. */
export const loopsOf = ({ unit, index }: FuncCode): LoopPlace[] => {
  const { module } = unit;
  const { codeStart, end } = module.funcs[index]!.body!;
  const reader = new InstructionReader(module.bytes, module.types);
  reader.reset(codeStart, end);
  type Writable = { -readonly [K in keyof LoopPlace]: LoopPlace[K] };
  const loops: LoopPlace[] = [];
  const open: (Writable | null)[] = [];
  while (reader.pos < end) {
    reader.read();
    const { name, flow } = instructions[reader.row]!;
    if (flow === 'closes') {
      const closed = open.pop();
      if (closed) closed.end = reader.pos;
    }
    if (flow !== 'opens') continue;
    const loop = name === 'loop' ? { offset: reader.offset, head: reader.pos, end, samples: 0 } : null;
    open.push(loop);
    if (loop !== null) loops.push(loop);
  }
  return loops;
};
