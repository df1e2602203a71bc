/**
 * Observed code: functions that report what they do while they run, for profiles. It is translated differently, so
 * that code that is not observed is unaffected: `count` at the start of each stretch without branches, `observe` at
 * the beginning of functions, and around calls and sized operations.
 *
 * Events are in words after the call stack, until the loop is left. PERF: leaving it for each event took longer than
 * everything else.
 */
import { DEFAULT_MAX_CALL_DEPTH } from '../../syntax/limits.ts';

/** Kinds of events. */
export const observedEvents = {
  /** A call of a host function, or an operation that costs by size, comes next. */
  before: 0,
  /** A function has begun: its index. */
  entered: 1,
  /** A call has ended, or something was caught: the index of the function if that is an import, else -1. */
  back: 2,
  /** An operation that costs by size has ended: its offset in the module. */
  sized: 3,
} as const;
export type ObservedEvent = (typeof observedEvents)[keyof typeof observedEvents];

/** Most words of the call stack. A frame takes two words, and two more when it crosses instances. */
const CALL_WORDS = 4 * DEFAULT_MAX_CALL_DEPTH + 64;
/** The word with the place of the next event. */
export const NEXT_EVENT: number = CALL_WORDS;
export const FIRST_EVENT: number = NEXT_EVENT + 1;
/** The event, its subject, fuel in hand including what is paid ahead, and words in use on the call stack. */
export const EVENT_WORDS = 4;
/** The limit for another event, and the end of the array of the call stack. */
export const EVENTS_END: number = FIRST_EVENT + 256 * EVENT_WORDS;
