/**
 * What can stop a call from outside: its deadline and an `AbortSignal`. Both hold while the plug-in computes and
 * while it waits for the host.
 *
 * A call that computes is looked at between slices; a signal can only fire when other tasks run, so a call that
 * has one lets them, every few milliseconds. A call that waits is woken by a timer or by the signal, and does not
 * wait for what never comes.
 */
import { type ErrorDetails, InterruptedError, UsageError } from '../errors/errors.ts';
import type { Platform } from './sources.ts';

/** An `AbortSignal`, of whatever implementation. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** What the error of a deadline is called: that of a call, or that of initialisation. */
export type TimeoutCode = 'interrupted.timeout' | 'interrupted.instantiation';

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;
/** How long a call with a signal computes before other tasks get their turn: a frame of an animation. */
const BREATH_NANOSECONDS = 16n * NANOSECONDS_PER_MILLISECOND;
/** Longest time of one timer; more overflows in all engines. */
const MAX_TIMER = 0x7fff_ffff;

/** Checks the `signal` of a call. @throws UsageError */
export const checkSignal = (value: unknown): AbortSignalLike | null => {
  if (value === undefined || value === null) return null;
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignalLike>;
  if (
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function'
  )
    return value as AbortSignalLike;
  throw new UsageError('usage.argument', { detail: 'signal must be an AbortSignal' });
};

/** Watches over one call, from its beginning until `close`. */
export class CallWatch {
  readonly #platform: Platform;
  readonly #signal: AbortSignalLike | null;
  readonly #timeoutCode: TimeoutCode;
  /** On the host's monotonic clock; null for no limit. */
  readonly #deadline: bigint | null;
  readonly #wakers = new Set<() => void>();
  #lastBreath: bigint;
  #reason: 'timeout' | 'cancelled' | null = null;
  #stopped: Promise<void> | null = null;

  constructor(
    platform: Platform,
    timeoutMs: number | null,
    signal: AbortSignalLike | null,
    timeoutCode: TimeoutCode,
  ) {
    this.#platform = platform;
    this.#signal = signal;
    this.#timeoutCode = timeoutCode;
    const isTimed = timeoutMs !== null || signal !== null;
    this.#lastBreath = isTimed ? platform.clock.monotonic() : 0n;
    this.#deadline =
      timeoutMs === null ? null : this.#lastBreath + BigInt(timeoutMs) * NANOSECONDS_PER_MILLISECOND;
    if (signal?.aborted) this.#reason = 'cancelled';
    else signal?.addEventListener('abort', this.#onAbort);
  }

  /** Resolves when the call is stopped; never, when it ends by itself. */
  get stopped(): Promise<void> {
    this.#stopped ??= new Promise<void>((resolve) => {
      if (this.#reason === null) this.#wakers.add(resolve);
      else resolve();
    });
    return this.#stopped;
  }

  /** Whether the call must not go on. */
  isStopped(): boolean {
    if (this.#reason === null && this.#deadline !== null && this.#now() >= this.#deadline)
      this.#stop('timeout');
    return this.#reason !== null;
  }

  /** Whether a call that computes should pause: to be stopped, or to let other tasks run. */
  shouldPause(): boolean {
    return (
      this.isStopped() || (this.#signal !== null && this.#now() - this.#lastBreath >= BREATH_NANOSECONDS)
    );
  }

  /** Lets other tasks run. */
  async breathe(): Promise<void> {
    const { startTimer } = this.#platform;
    if (startTimer !== undefined) {
      await new Promise<void>((resolve) => {
        startTimer(0, resolve);
      });
    }
    this.#lastBreath = this.#now();
  }

  /** Waits until a promise has settled, in whatever way, or the call is stopped. */
  async waitFor(promise: Promise<unknown>): Promise<void> {
    if (this.#deadline === null && this.#signal === null) {
      await promise.catch(() => {});
      return;
    }
    if (this.isStopped()) {
      promise.catch(() => {});
      return;
    }
    // Not `Promise.race`: it would leave a reaction on the promise of the signal for each time of waiting.
    let wake: () => void = () => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    promise.then(wake, wake);
    this.#wakers.add(wake);
    const cancelTimer = this.#startDeadline();
    await woken;
    cancelTimer();
    this.#wakers.delete(wake);
  }

  /** The error that a stopped call rejects with. */
  error(details: ErrorDetails): Error {
    return this.#reason === 'cancelled'
      ? new InterruptedError('interrupted.cancelled', { ...details, cause: this.#signal?.reason })
      : new InterruptedError(this.#timeoutCode, details);
  }

  /** Ends the watch; timers and listeners are gone. */
  close(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#wakers.clear();
  }

  readonly #onAbort = (): void => this.#stop('cancelled');

  #now(): bigint {
    return this.#platform.clock.monotonic();
  }

  #stop(reason: 'timeout' | 'cancelled'): void {
    this.#reason ??= reason;
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }

  #startDeadline(): () => void {
    const { startTimer } = this.#platform;
    if (this.#deadline === null || startTimer === undefined) return () => {};
    let cancel = (): void => {};
    const arm = (): void => {
      // Rounded up, so that the deadline has passed when the timer fires.
      const left = Math.ceil(Number(this.#deadline! - this.#now()) / 1e6);
      cancel = startTimer(Math.min(Math.max(left, 1), MAX_TIMER), () => {
        if (!this.isStopped()) arm();
      });
    };
    arm();
    return () => cancel();
  }
}
