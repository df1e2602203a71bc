/**
 * The position of a call: in fast or careful code, and at which place. Only in careful code can a call stop at any
 * instruction; fast code has boundaries between the stretches that it pays for, where careful code can continue.
 */
import { InternalError } from '../../errors/errors.ts';
import { type CodeRegion, regionAt } from '../code/compiled-module.ts';
import { opcodeOf } from '../code/encoding.ts';
import { opOf } from '../code/isa.ts';
import type { CallState } from '../loop/machine-state.ts';
import { getCallDebugger, mapCareful, mapFast, mapOf } from '../machine/machine.ts';

/** The current code of a call; null in a host function that the embedder called, and at the stubs. */
const regionOf = ({ instance, pc }: CallState): CodeRegion | null => regionAt(instance, pc);

/** First word after the current frame of a paused call. */
export const frameEnd = (state: CallState): number => {
  const region = regionOf(state);
  return region === null ? state.top : Math.max(state.top, state.fp + 2 * region.func.frameSlots);
};

/** What a call has paid in advance for the code ahead; `isPaused` means that it is at a boundary. */
export const remainingOf = (state: CallState, isPaused: boolean): number => {
  const region = regionOf(state);
  if (region === null || region.isCareful) return 0;
  const map = mapFast(region.func);
  const at = state.pc - region.entry;
  if (isPaused) return map.boundaryOf(at)?.remaining ?? 0;
  return map.sites.at(map.siteIndex(at))?.remaining ?? 0;
};

/** Switches to careful code at a boundary of fast code; false in careful code, and outside of code. */
export const goCareful = (state: CallState): boolean => {
  const region = regionOf(state);
  if (region === null || region.isCareful) return false;
  getCallDebugger()?.onCareful(region.func);
  if (region.func.carefulMap === null) state.isLookDue = state.isWatched;
  const boundary = mapFast(region.func).boundaryOf(state.pc - region.entry);
  const careful = boundary && mapCareful(region.func).boundaryAt(boundary.offset);
  const { careful: code } = region.func;
  if (boundary === undefined || careful === undefined || code === null) {
    throw new InternalError('internal.bug', { detail: `no boundary at ${state.pc}` });
  }
  state.pc = code.entry + careful.pc;
  state.fuel += boundary.remaining;
  return true;
};

/**
 * Goes from the place where a sized operation or a charge requested fuel back to the start of its instruction. Fast
 * code has a boundary before the operation, and has paid only for its stretch.
 *
 * @param words the code array
 */
export const stepBack = (state: CallState, words: Int32Array): void => {
  const region = regionOf(state);
  if (region === null || !region.isCareful) return;
  const map = mapOf(region);
  const { pcs, offsets } = map.sites;
  const at = map.siteIndex(state.pc - region.entry);
  const isCharge = (index: number): boolean => {
    const opcode = opcodeOf(words[region.entry + pcs[index]!]!);
    return opcode === opOf.charge.code || opcode === opOf.stop.code;
  };
  let start = map.firstSite(offsets[at]!);
  while (start < at && !isCharge(start)) start++;
  if (start < at) state.pc = region.entry + pcs[start]!;
  // Two charges precede the first instruction of a function: that of the entry and its own.
  for (let i = start; i < at; i++) if (isCharge(i)) state.fuel += words[region.entry + pcs[i]! + 1]!;
};

/** Passes the answer to a wait that has ended. */
export const settleWait = (state: CallState, words: Int32Array): void => {
  const { waiter } = state;
  if (waiter === null) return;
  words[waiter.base] = waiter.answer!;
  state.waiter = null;
};
