/** The position of a suspended call: its frames by byte offsets, and the way from fast code into armed code. */

import { InstructionReader } from '../decoder/instruction-reader.ts';
import { offsetOf, type RawFrame } from '../interpreter/calls/backtrace.ts';
import type { Execution } from '../interpreter/calls/execution.ts';
import { frameShapes } from '../interpreter/calls/frame-shapes.ts';
import { goCareful } from '../interpreter/calls/stand.ts';
import { HALT_PC, LEAVE_PC } from '../interpreter/code/code-space.ts';
import { type FuncCode, regionAt } from '../interpreter/code/compiled-module.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import { type RawValue, readValue } from '../interpreter/instances/values.ts';
import { callPlaceOf, carefulPc, placeOf, returnPc } from '../interpreter/snapshot/code-places.ts';
import { isRef, V128, type ValType } from '../syntax/types.ts';

/** Most frames that are shown. */
const MAX_FRAMES = 1024;

/**
 * A point of a call. Two are the same when all numbers are; `comparePositions` says which comes first.
 *
 * DETERMINISM: fuel alone does not distinguish instructions that cost nothing; those go forward in one function, or
 * return from it.
 *
 * Example: see `Stop`.
 */
export interface Position {
  /** Fuel that the call has consumed. */
  readonly fuel: number;
  /** Words in use on the call stack. */
  readonly depth: number;
  /** Byte offset of the next instruction. */
  readonly offset: number;
  /** Whether that instruction has failed. */
  readonly hasFailed: boolean;
}

/** Negative when `a` comes before `b`. */
export const comparePositions = (a: Position, b: Position): number =>
  a.fuel - b.fuel || Number(a.hasFailed) - Number(b.hasFailed) || b.depth - a.depth || a.offset - b.offset;

/**
 * A frame of a call.
 *
 * Example: see `Stop`.
 */
export interface CallFrame {
  readonly instance: ModuleInstance;
  readonly funcIndex: number;
  /** @internal */
  readonly func: FuncCode;
  /** Byte offset of the next instruction, has failed, or calls. */
  readonly offset: number;
  /** The same; in a caller, the offset of the instruction after its call. */
  readonly next: number;
  /** Whether entering the function was paid for; otherwise its first instruction is not next. @internal */
  readonly isEntered: boolean;
  /** @internal */
  readonly raw: RawFrame;
}

const codeStartOf = ({ unit, index }: FuncCode): number => unit.module.funcs[index]!.body!.codeStart;

/** Offset of the instruction after another one. */
const offsetBehind = ({ unit, index }: FuncCode, offset: number): number => {
  const { bytes, types, funcs } = unit.module;
  const reader = new InstructionReader(bytes, types);
  reader.reset(offset, funcs[index]!.body!.end);
  reader.read();
  return reader.pos;
};

/** The functions that a call is in, at any depth. */
export const functionsOf = (execution: Execution): ReadonlySet<FuncCode> =>
  new Set(execution.rawFrames(Number.POSITIVE_INFINITY).map(({ region }) => region.func));

/** The frames, innermost first. */
export const framesOf = (execution: Execution): CallFrame[] =>
  execution.rawFrames(MAX_FRAMES).map((raw) => {
    const isNext = !raw.isCaller && execution.failure === null;
    const { region, instance } = raw;
    const { func } = region;
    const place = isNext ? placeOf(region, raw.pc).offset : offsetOf(raw);
    const offset = Math.max(place, codeStartOf(func));
    const next = raw.isCaller ? offsetBehind(func, offset) : offset;
    return { instance, funcIndex: func.index, func, offset, next, isEntered: place === offset, raw };
  });

/**
 * A value of a frame.
 *
 * Example: see `Stop`.
 */
export interface FrameValue {
  readonly type: ValType;
  readonly value: RawValue;
}

/**
 * The values of a frame.
 *
 * Example: see `Stop`.
 */
export interface FrameValues {
  /** Parameters, then declared locals. */
  readonly locals: readonly FrameValue[];
  /** The lowest first; in a caller, those that stay while the callee runs. */
  readonly operands: readonly FrameValue[];
}

/** The values of a frame. */
export const valuesOf = (execution: Execution, { func, offset, raw }: CallFrame): FrameValues => {
  const shape = frameShapes(func, [offset], () => {}).get(offset);
  if (shape === undefined) return { locals: [], operands: [] };
  const { words, refs } = execution.save();
  const isFailed = !raw.isCaller && execution.failure !== null;
  // Fast code may have fused away the operands of the instruction that failed.
  const count = raw.isCaller
    ? (shape.call?.valueCount ?? shape.localCount)
    : isFailed
      ? shape.localCount
      : shape.types.length;
  const values = shape.types.slice(0, count).map((type, i): FrameValue => {
    const at = raw.fp + 2 * shape.slots[i]!;
    return { type, value: at < words.length ? readValue(type, words, at, refs as RawValue[]) : 0n };
  });
  return { locals: values.slice(0, shape.localCount), operands: values.slice(shape.localCount) };
};

/** The bits of a value as bytes, lowest first; null for a reference. */
export const bytesOfValue = ({ type, value }: FrameValue): Uint8Array | null => {
  if (isRef(type) || typeof value !== 'bigint') return null;
  const bytes = new Uint8Array(type === V128 ? 16 : 8);
  let rest = value;
  for (let i = 0; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
};

/** The position of a call; null before it begins, and while it only returns. */
export const positionOf = (execution: Execution): Position | null => {
  const [top] = framesOf(execution);
  if (top === undefined) return null;
  const { state } = execution.save();
  return {
    fuel: execution.fuelConsumed,
    depth: state.sp,
    offset: top.offset,
    hasFailed: execution.failure !== null,
  };
};

/**
 * Moves frames of functions that are armed now into their careful code: functions that were called before they were
 * armed.
 *
 * Both codes have the same frames, and a call can return to either: the charge precedes the place.
 */
export const enterArmedCode = (execution: Execution, isArmed: (func: FuncCode) => boolean): void => {
  if (execution.failure !== null) return;
  const { state, calls } = execution.save();
  let crossings = state.instances.length;
  let { instance } = state;
  const isElsewhere = (pc: number): FuncCode | null => {
    const region = regionAt(instance, pc);
    return region !== null && isArmed(region.func) && region !== region.func.careful ? region.func : null;
  };
  const func = state.thrown === null ? isElsewhere(state.pc) : null;
  if (func !== null) {
    const region = regionAt(instance, state.pc)!;
    if (region.isCareful) state.pc = carefulPc(func, placeOf(region, state.pc).offset) ?? state.pc;
    else goCareful(state);
  }
  for (let sp = state.sp - 2; sp >= 0; sp -= 2) {
    const pc = calls[sp]!;
    if (pc === HALT_PC) continue;
    if (pc === LEAVE_PC) {
      instance = state.instances[--crossings] ?? instance;
      continue;
    }
    const caller = isElsewhere(pc - 1);
    if (caller === null) continue;
    const offset = callPlaceOf(regionAt(instance, pc - 1)!, pc);
    calls[sp] = returnPc(caller, offset, true) ?? pc;
  }
};
