/**
 * Observed code: functions that say what they do while they run, for profiles. It is translated in another way, so that
 * code which nobody observes has nothing of it: `count` at the start of each stretch without branches, `observe` where
 * functions begin, and around calls and sized operations.
 *
 * Events lie in words after the call stack, until the loop is left. PERF: leaving it for each took longer than all else.
 */
import { DEFAULT_MAX_CALL_DEPTH } from '../../syntax/limits.ts';

/** What has happened. */
export const observedEvents = {
  /** A call of a host function, or an operation that costs by size, comes next. */
  before: 0,
  /** A function has begun: its index. */
  entered: 1,
  /** A call is over, or something was caught: the index of the function if that is an import, else -1. */
  back: 2,
  /** An operation that costs by size is over: its offset in the module. */
  sized: 3,
} as const;
export type ObservedEvent = (typeof observedEvents)[keyof typeof observedEvents];

/** Most words of the call stack. A frame takes two words, and two more when it crosses instances. */
const CALL_WORDS = 4 * DEFAULT_MAX_CALL_DEPTH + 64;
/** The word that says where the next event goes. */
export const NEXT_EVENT: number = CALL_WORDS;
export const FIRST_EVENT: number = NEXT_EVENT + 1;
/** What has happened, to what, fuel in hand with what is paid ahead, and words in use on the call stack. */
export const EVENT_WORDS = 4;
/** Where there is no room for another one, and the array of the call stack ends. */
export const EVENTS_END: number = FIRST_EVENT + 256 * EVENT_WORDS;
