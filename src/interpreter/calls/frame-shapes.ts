/**
 * Frames in the standard's form: the places of locals and operands before an instruction, by type.
 *
 * The types come from walking over the body as the translator does. A snapshot contains exactly the values of a frame
 * that are listed here, so it does not depend on the contents of dead slots.
 */
import { instructions } from '../../syntax/instructions.ts';
import { type FuncType, isRef, slotsOf, type ValType } from '../../syntax/types.ts';
import type { FuncCode } from '../code/compiled-module.ts';
import type { Translation } from '../translate/body.ts';
import { walkBody } from '../translate/translate.ts';

/** A call instruction, as its caller sees it. */
interface CallSite {
  readonly type: FuncType;
  /** Number of values that stay when operands and callee are taken. */
  readonly valueCount: number;
  /** Slot of the first argument, and of the first result. */
  readonly base: number;
}

/** The values of a frame before one instruction. */
export interface FrameShape {
  /** Locals, then operands. */
  readonly types: readonly ValType[];
  readonly slots: readonly number[];
  /** Number of parameters, and of parameters and locals together. */
  readonly paramCount: number;
  readonly localCount: number;
  /** For a call instruction. */
  readonly call: CallSite | null;
}

const callTypeOf = ({ reader, code }: Translation): { type: FuncType; extra: number } | null => {
  const { module } = code.unit;
  switch (instructions[reader.row]!.name) {
    case 'call':
      return { type: module.funcs[reader.index]!.type.comp as FuncType, extra: 0 };
    case 'call_indirect':
    case 'call_ref':
      return { type: module.types[reader.index]!.comp as FuncType, extra: 1 };
    default:
      return null;
  }
};

const shapeOf = (t: Translation): FrameShape => {
  const { frame, height } = t;
  const localCount = frame.count;
  const locals = Array.from({ length: localCount }, (_, i) => i);
  const call = callTypeOf(t);
  const kept = call === null ? 0 : height - call.type.params.length - call.extra;
  return {
    types: [...locals.map((i) => frame.typeOf(i)), ...t.types.subarray(0, height)],
    slots: [...locals.map((i) => frame.slotOf(i)), ...t.slots.subarray(0, height)],
    paramCount: paramsOf(t.code).length,
    localCount,
    call: call === null ? null : { type: call.type, valueCount: localCount + kept, base: t.slotAt(kept) },
  };
};

const signatureOf = ({ unit, index }: FuncCode): FuncType => unit.module.funcs[index]!.type.comp as FuncType;
const paramsOf = (code: FuncCode): readonly ValType[] => signatureOf(code).params;

/** Consecutive values from slot 0 on. */
const rowOf = (types: readonly ValType[]): FrameShape => {
  let slot = 0;
  const slots = types.map((type) => {
    const at = slot;
    slot += slotsOf(type);
    return at;
  });
  return { types, slots, paramCount: types.length, localCount: types.length, call: null };
};

/** The known shapes of each function; snapshots of one plug-in need the same places repeatedly. */
const known = new WeakMap<FuncCode, Map<number, FrameShape>>();

/**
 * The shapes at byte offsets of a function's body: at its very start, before instructions, and after the end, where
 * handlers return from. Other offsets, and unreachable ones, are missing.
 *
 * @param spend receives the number of values of each new shape; it may throw
 */
export const frameShapes = (
  code: FuncCode,
  offsets: Iterable<number>,
  spend: (valueCount: number) => void,
): ReadonlyMap<number, FrameShape> => {
  let shapes = known.get(code);
  if (shapes === undefined) {
    shapes = new Map();
    known.set(code, shapes);
  }
  const { start, end } = code.unit.module.funcs[code.index]!.body!;
  const wanted = new Set<number>();
  for (const offset of offsets) if (!shapes.has(offset)) wanted.add(offset);
  if (wanted.size === 0) return shapes;
  // Before the entry is paid for, there are only parameters.
  if (wanted.delete(start)) shapes.set(start, rowOf(paramsOf(code)));
  if (wanted.size === 0) return shapes;
  const found = shapes;
  const t = walkBody(code, (state) => {
    const { offset } = state.reader;
    if (!wanted.has(offset)) return;
    spend(state.frame.count + state.height);
    found.set(offset, shapeOf(state));
  });
  if (wanted.has(end) && t.returnLabel >= 0) found.set(end, rowOf(signatureOf(code).results));
  return shapes;
};

/** Whether null may be where a type forbids it: in locals that are not set yet. */
export const mayBeUnset = ({ paramCount, localCount }: FrameShape, index: number, type: ValType): boolean =>
  isRef(type) && index >= paramCount && index < localCount;
