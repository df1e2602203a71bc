/**
 * Frames in the standard's form, with values, for dumps.
 *
 * Locals are in their slots at every instruction, in fast code as in careful code, and so are the operands that
 * remain below a call. Fast code may have fused away the operands of the instruction that failed: none of them are
 * shown.
 */
import { isRef, V128, type ValType } from '../../syntax/types.ts';
import type { ModuleInstance } from '../instances/module-instance.ts';
import { readValue } from '../instances/values.ts';
import { offsetOf, type RawFrame } from './backtrace.ts';
import { frameShapes } from './frame-shapes.ts';

/** Most frames of a dump, innermost first. */
export const MAX_DUMPED_FRAMES = 10_000;
/** Most values of all its frames; those beyond are omitted. */
const MAX_DUMPED_VALUES = 1_000_000;

/** A value of a frame. */
export interface SlotValue {
  readonly type: ValType;
  /** Raw bits; null for values that a dump cannot represent: references and vectors. */
  readonly value: bigint | null;
}

/** A frame of a call that failed. */
export interface StackFrame {
  readonly instance: ModuleInstance;
  readonly funcIndex: number;
  /** Byte offset in the binary of the instruction that failed or called. */
  readonly offset: number;
  /** Parameters, then declared locals. */
  readonly locals: readonly SlotValue[];
  /** Operands that stay while a callee runs, the lowest first; empty in the frame that failed. */
  readonly operands: readonly SlotValue[];
}

/** Reads the values of frames from the words of their stack. */
export const stackFrames = (frames: readonly RawFrame[], words: Int32Array): StackFrame[] => {
  let budget = MAX_DUMPED_VALUES;
  return frames.map((frame) => {
    const { region, instance, fp, isCaller } = frame;
    const { func } = region;
    const offset = offsetOf(frame);
    const shape = frameShapes(func, [offset], () => {}).get(offset);
    const count = shape === undefined ? 0 : isCaller ? (shape.call?.valueCount ?? 0) : shape.localCount;
    const values: SlotValue[] = [];
    for (let i = 0; i < count && budget > 0; i++, budget--) {
      const type = shape!.types[i]!;
      const isNumber = !isRef(type) && type !== V128;
      const value = isNumber ? (readValue(type, words, fp + 2 * shape!.slots[i]!, []) as bigint) : null;
      values.push({ type, value });
    }
    const localCount = shape?.localCount ?? 0;
    return {
      instance,
      funcIndex: func.index,
      offset,
      locals: values.slice(0, localCount),
      operands: values.slice(localCount),
    };
  });
};
