/** Moves, branches, calls and returns, and the operations of careful code. */

import { FRAME_WORDS } from '../../../src/interpreter/code/encoding.ts';
import { EVENT_WORDS, EVENTS_END, NEXT_EVENT } from '../../../src/interpreter/code/observer.ts';
import { isSubtype } from '../../../src/interpreter/cold/calls.ts';
import type { FuncInstance } from '../../../src/interpreter/instances/module-instance.ts';
import { COLD_OP, DONE, NEED_FUEL } from '../../../src/interpreter/loop/status.ts';
import { copy64 } from './i64.ts';
import {
  begin,
  branch,
  calls,
  charge,
  code,
  enter,
  hi,
  leave,
  lo,
  loop,
  type Pc,
  resume,
  type Slot,
  setHi,
  setLo,
  stop,
  trap,
  words,
} from './loop.ts';

export const move32 = (d: Slot, a: Slot): void => setLo(d, lo(a));
export const move64 = (d: Slot, a: Slot): void => copy64(d, a);
export const const32 = (d: Slot, value: number): void => setLo(d, value);
export const const64 = (d: Slot, low: number, high: number): void => {
  setLo(d, low);
  setHi(d, high);
};
export const select32 = (d: Slot, a: Slot, b: Slot, condition: Slot): void =>
  setLo(d, lo(condition) !== 0 ? lo(a) : lo(b));
export const select64 = (d: Slot, a: Slot, b: Slot, condition: Slot): void => {
  const from = lo(condition) !== 0 ? a : b;
  setLo(d, lo(from));
  setHi(d, hi(from));
};

/** The words of the branches follow the operation, two each; the last is for every larger index. */
export const branchTable = (index: Slot, last: number): void => {
  let number = lo(index) >>> 0;
  if (number > last) number = last;
  const at = (loop.next + (number << 1)) | 0;
  branch(code[at] as Pc, code[(at + 1) | 0]);
};

/** A call within the instance, of a function that has fast code. */
export const call = (base: Slot, entry: number): void => enter(base, entry as Pc, loop.next);

/** A tail call within the instance: arguments, none of which is a reference, move to the start of the frame. */
export const returnCall = (base: Slot, entry: number, wordCount: number): void => {
  const target = entry as Pc;
  if (((loop.fp + code[(target - FRAME_WORDS) | 0]) | 0) > loop.stackLimit) trap('exhaustion.call-stack');
  for (let n = 0; n < wordCount; n = (n + 1) | 0) words[(loop.fp + n) | 0] = words[(base + n) | 0];
  begin(loop.fp, target);
};

/**
 * A call through a table. Cold code calls functions of other instances, and those that are not translated yet. PERF:
 * with every such call left to cold code, `mandel` and `sieve` became 10 % slower.
 */
export const callIndirect = (index: Slot, base: Slot, typeId: number, table: number): void => {
  const number = lo(index);
  const elements: readonly unknown[] = loop.instance.tables[table]!.elements;
  if (number >>> 0 >= elements.length) trap('trap.undefined-element');
  const func: FuncInstance | null = elements[number] as FuncInstance | null;
  if (func === null) trap('trap.uninitialised-element');
  if (func.typeId !== typeId && !isSubtype(func, typeId)) trap('trap.indirect-call-type');
  const entry = func.instance === loop.instance ? func.code.entry : 0;
  // PERF: the operand is read here and not above. Otherwise the word of the operation is not needed after the call of
  // `isSubtype`; then V8 shares its stack slot with other variables, and every program is 5 % slower.
  const frame = base;
  if (entry === 0) stop(COLD_OP);
  enter(frame, entry as Pc, loop.next);
};

export const return32 = (a: Slot): void => {
  setLo(loop.fp, lo(a));
  leave();
};
export const return64 = (a: Slot): void => {
  copy64(loop.fp, a);
  leave();
};

export const unreachable = (): void => trap('trap.unreachable');
export const halt = (): void => stop(DONE);

/** Pays for an instruction of careful code. */
export const chargeCareful = (amount: number): void => {
  if (loop.fuel < amount) {
    loop.need = amount;
    stop(NEED_FUEL);
  }
  charge(amount);
};
/** Counts its executions, in its own two words. */
export const count = (): void => {
  const times = (code[(loop.pc + 1) | 0] + 1) | 0;
  code[(loop.pc + 1) | 0] = times;
  if (times === 0) code[(loop.pc + 2) | 0] = (code[(loop.pc + 2) | 0] + 1) | 0;
};
/** Records an event. If there is no room left, cold code makes some. */
export const observe = (event: number, what: number, ahead: number): void => {
  const at = calls[NEXT_EVENT];
  if (at === EVENTS_END) stop(COLD_OP);
  calls[at] = event;
  calls[(at + 1) | 0] = what;
  calls[(at + 2) | 0] = (loop.fuel + ahead) | 0;
  calls[(at + 3) | 0] = loop.sp;
  calls[NEXT_EVENT] = (at + EVENT_WORDS) | 0;
};
/** Continues in fast code, if the code ahead can be paid and not every instruction must run in careful code. */
export const resumeFast = (target: number, amount: number): void => {
  if (loop.fuel >= amount && loop.isArmed === 0) {
    charge(amount);
    loop.pc = target as Pc;
    resume();
  }
};
