/**
 * Where a call stands: in fast or careful code, and at which place of it. A call stops exactly in careful code alone;
 * fast code has boundaries, between the stretches that it pays for, where careful code can go on.
 */
import { InternalError } from '../../errors/errors.ts';
import { type CodeRegion, regionAt } from '../code/compiled-module.ts';
import { opcodeOf } from '../code/encoding.ts';
import { opOf } from '../code/isa.ts';
import type { CallState } from '../loop/machine-state.ts';
import { getCallDebugger, mapCareful, mapFast, mapOf } from '../machine/machine.ts';

/** The code that a call stands in; null in a host function that the embedder called, and at the stubs. */
const regionOf = ({ instance, pc }: CallState): CodeRegion | null => regionAt(instance, pc);

/** First word after the frame that a paused call stands in. */
export const frameEnd = (state: CallState): number => {
  const region = regionOf(state);
  return region === null ? state.top : Math.max(state.top, state.fp + 2 * region.func.frameSlots);
};

/** What a call has paid in advance for what lies ahead; `isPaused` says that it stands at a boundary. */
export const remainingOf = (state: CallState, isPaused: boolean): number => {
  const region = regionOf(state);
  if (region === null || region.isCareful) return 0;
  const map = mapFast(region.func);
  const at = state.pc - region.entry;
  if (isPaused) return map.boundaryOf(at)?.remaining ?? 0;
  return map.sites.at(map.siteIndex(at))?.remaining ?? 0;
};

/** Goes on in careful code from a boundary of fast code; false in code that is careful, and in none. */
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
 * From where a sized operation or a charge asked for fuel to the start of its instruction. Fast code stands there:
 * it has a boundary in front of the operation, and has paid no part of it apart from its stretch.
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
  // The first instruction of a function has two charges in front: that of the entry and its own.
  for (let i = start; i < at; i++) if (isCharge(i)) state.fuel += words[region.entry + pcs[i]! + 1]!;
};

/** Hands the answer to a wait that has ended. */
export const settleWait = (state: CallState, words: Int32Array): void => {
  const { waiter } = state;
  if (waiter === null) return;
  words[waiter.base] = waiter.answer!;
  state.waiter = null;
};
