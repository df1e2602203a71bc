/**
 * Observed code: functions that say what they do while they run, for profiles. It is translated in another way, so that
 * code which nobody observes has nothing of it: `count` at the start of each stretch without branches, `observe` where
 * functions begin, and around calls and sized operations.
 */
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
