/**
 * One slice of a job: the call runs until a fuel limit, a deadline, a host function that has no answer yet, or its
 * end. Slices end only where fuel runs out, so that anyone can divide the job at the same places again.
 */
import type { Platform } from '../host/platform/platform.ts';
import type { PluginCall } from '../host/plugin/plugin-call.ts';
import type { JobContext, WaitMark } from './context.ts';
import type { Journal } from './journal.ts';

/** Fuel between two readings of the clock: a few milliseconds of the interpreter. */
const FUEL_PER_LOOK = 2 ** 20;
const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/** When a slice ends. */
interface SliceLimits {
  /** Fuel of the slice. */
  readonly fuel: number;
  /** Fuel of the whole job. */
  readonly total: number;
  /** Milliseconds since 1970; null for none. */
  readonly deadline: number | null;
  /** Whether it ends at its limit even if the call has made no progress. */
  readonly isExact?: boolean;
}

/** How a slice ended. */
export type SliceEnd =
  | { readonly kind: 'returned' | 'exhausted' | 'paused' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'waiting'; readonly wait: WaitMark | null };

/** What runs in a slice. */
interface SliceParts {
  readonly call: PluginCall;
  readonly context: JobContext;
  readonly journal: Journal;
}

/** Whether a deadline has passed; a call that waits for the host is then paused. */
const watchDeadline = (
  { clock, startTimer }: Platform,
  deadline: number | null,
  call: PluginCall,
): { readonly isLate: () => boolean; readonly close: () => void } => {
  if (deadline === null) return { isLate: () => false, close: () => {} };
  const left = (): number => deadline - Number(clock.realtime() / NANOSECONDS_PER_MILLISECOND);
  let cancel = (): void => {};
  const arm = (): void => {
    if (startTimer === undefined) return;
    cancel = startTimer(Math.min(Math.max(left(), 1), 0x7fff_ffff), () => {
      if (left() <= 0) call.requestPause();
      else arm();
    });
  };
  arm();
  return { isLate: () => left() <= 0, close: () => cancel() };
};

/**
 * Runs a slice.
 *
 * @param limit total fuel that the call was allowed before the slice
 * @returns how it ended, and the total fuel that the call is allowed now
 */
export const runSlice = async (
  { call, context, journal }: SliceParts,
  limits: SliceLimits,
  limit: number,
  platform: Platform,
): Promise<{ readonly end: SliceEnd; readonly limit: number }> => {
  const { total, deadline } = limits;
  const fuelBefore = call.fuelConsumed;
  const watch = watchDeadline(platform, deadline, call);
  let step = limits.fuel;
  let goal = Math.min(total, limit + step);
  let allowed = limit;
  const allow = (): void => {
    const next = deadline === null ? goal : Math.min(goal, allowed + FUEL_PER_LOOK);
    call.addFuel(next - allowed);
    allowed = next;
  };
  const ended = (end: SliceEnd): { end: SliceEnd; limit: number } => ({ end, limit: allowed });
  allow();
  try {
    for (;;) {
      if ((await call.run()) === 'done') return ended({ kind: 'returned' });
      if (call.pause === 'host') {
        const wait = context.openWait;
        // An answer that is being stored counts as an answer.
        if (!journal.isWriting && (wait !== null || watch.isLate())) return ended({ kind: 'waiting', wait });
      } else if (call.pause === 'fuel') {
        if (allowed === total) return ended({ kind: 'exhausted' });
        // An operation that costs more than a whole slice must not block the job forever.
        const hasMoved = limits.isExact === true || call.fuelConsumed > fuelBefore;
        if (hasMoved && (allowed === goal || watch.isLate())) return ended({ kind: 'paused' });
        if (allowed === goal) {
          step *= 2;
          goal = Math.min(total, goal + step);
        }
        allow();
      }
    }
  } catch (error) {
    return ended({ kind: 'failed', error });
  } finally {
    watch.close();
  }
};
