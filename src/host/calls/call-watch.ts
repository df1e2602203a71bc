/**
 * What can stop a call from outside: its deadline, an `AbortSignal`, and `cancel`. All apply while the plug-in
 * computes, while it waits for the host, and while its owner has paused it.
 *
 * A computing call is checked between slices and after operations that may take long (`ExecutionOptions.onSlice`). A
 * signal can only fire when other tasks run, so a call with a signal yields to them every few milliseconds; so does
 * one with its own time slice. A waiting call is woken by a timer or by the signal, and does not wait for an answer
 * that never comes.
 */
import { type ErrorDetails, InterruptedError, UsageError } from '../../errors/errors.ts';
import type { Platform } from '../platform/platform.ts';

/**
 * An `AbortSignal`, of any implementation.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const controller = new AbortController();
 * const signal: AbortSignalLike = controller.signal;
 * controller.abort('no longer needed');
 * await plugin.call('greet', 'Ada', null, { signal }).catch(({ cause }: Error) => console.log(cause));
 * // → no longer needed
 * ```
 */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The error code of a deadline: of a call, or of initialisation. */
export type TimeoutCode = 'interrupted.timeout' | 'interrupted.instantiation';

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;
/** How long a call with a signal computes before it yields to other tasks: one animation frame. */
const BREATH_NANOSECONDS = 16n * NANOSECONDS_PER_MILLISECOND;
/** Longest time of one timer; longer ones overflow in all engines. */
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

/** The limits of a watch. */
interface WatchOptions {
  /** Most milliseconds that the call runs, including waits for the host; null for no limit. */
  readonly timeoutMs: number | null;
  readonly signal: AbortSignalLike | null;
  /** How long the call computes before it yields to other tasks; null = only if a signal needs it. */
  readonly timeSliceMs: number | null;
}

/** Watches over one call, from its beginning until `close`. */
export class CallWatch {
  readonly #platform: Platform;
  readonly #signal: AbortSignalLike | null;
  readonly #timeoutCode: TimeoutCode;
  /** Nanoseconds; null if other tasks can wait. */
  readonly #breath: bigint | null;
  /** On the host's monotonic clock; null for no limit, and while the call is paused. */
  #deadline: bigint | null;
  /** The time that was left when the call paused. */
  #timeLeft: bigint | null = null;
  /** Called at each `wake` and when the call is stopped. PERF: null, as in most calls, for none. */
  #wakers: Set<() => void> | null = null;
  #stopListeners: Set<() => void> | null = null;
  readonly #onAbort: (() => void) | null = null;
  #lastBreath: bigint;
  #reason: 'timeout' | 'cancelled' | null = null;
  #cause: unknown = undefined;
  #stopped: Promise<void> | null = null;

  constructor(
    platform: Platform,
    { timeoutMs, signal, timeSliceMs }: WatchOptions,
    timeoutCode: TimeoutCode,
  ) {
    this.#platform = platform;
    this.#signal = signal;
    this.#timeoutCode = timeoutCode;
    this.#breath =
      timeSliceMs !== null
        ? BigInt(timeSliceMs) * NANOSECONDS_PER_MILLISECOND
        : signal === null
          ? null
          : BREATH_NANOSECONDS;
    const isTimed = timeoutMs !== null || this.#breath !== null;
    this.#lastBreath = isTimed ? platform.clock.monotonic() : 0n;
    this.#deadline =
      timeoutMs === null ? null : this.#lastBreath + BigInt(timeoutMs) * NANOSECONDS_PER_MILLISECOND;
    if (signal === null) return;
    this.#onAbort = () => this.#stop('cancelled', signal.reason);
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort);
  }

  /** Resolves when the call is stopped; never if it ends normally. */
  get stopped(): Promise<void> {
    this.#stopped ??= new Promise<void>((resolve) => {
      if (this.#reason === null) this.onStop(resolve);
      else resolve();
    });
    return this.#stopped;
  }

  /** Calls back once when the call is stopped, unless the returned function is called before. */
  onStop(listener: () => void): () => void {
    this.#stopListeners ??= new Set();
    const listeners = this.#stopListeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Stops the call. */
  cancel(cause: unknown): void {
    this.#stop('cancelled', cause);
  }

  /** Whether the call must not continue. */
  isStopped(): boolean {
    if (this.#reason === null && this.#deadline !== null && this.#now() >= this.#deadline)
      this.#stop('timeout');
    return this.#reason !== null;
  }

  /**
   * Whether a computing call should pause: to be stopped, or to let other tasks run. PERF: called after each call of
   * a host function, so the clock (30 ns) is read once.
   */
  shouldPause(): boolean {
    if (this.#reason !== null) return true;
    if (this.#deadline === null && this.#breath === null) return false;
    const now = this.#now();
    if (this.#deadline !== null && now >= this.#deadline) this.#stop('timeout');
    return this.#reason !== null || (this.#breath !== null && now - this.#lastBreath >= this.#breath);
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

  /**
   * Waits until a promise has settled, the call is stopped, or `wake` is called.
   *
   * @returns whether the promise has settled
   */
  async waitFor(promise: Promise<unknown>): Promise<boolean> {
    let isSettled = false;
    // Not `Promise.race`: it would leave a reaction on the promise of the signal for each wait.
    let wake: () => void = () => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const settle = (): void => {
      isSettled = true;
      wake();
    };
    promise.then(settle, settle);
    if (this.isStopped()) return false;
    this.#addWaker(wake);
    const cancelTimer = this.#startDeadline();
    await woken;
    cancelTimer();
    this.#wakers?.delete(wake);
    return isSettled;
  }

  /** Waits, without a deadline, until the call is stopped or `wake` is called. */
  async standStill(): Promise<void> {
    if (this.isStopped()) return;
    if (this.#deadline !== null) this.#timeLeft = this.#deadline - this.#now();
    this.#deadline = null;
    await new Promise<void>((resolve) => {
      this.#addWaker(resolve);
    });
    if (this.#timeLeft !== null) this.#deadline = this.#now() + this.#timeLeft;
    this.#timeLeft = null;
    this.#lastBreath = this.#breath === null ? 0n : this.#now();
  }

  /** Ends all current waits. */
  wake(): void {
    const wakers = this.#wakers ?? [];
    this.#wakers = null;
    for (const wake of wakers) wake();
  }

  #addWaker(wake: () => void): void {
    this.#wakers ??= new Set();
    this.#wakers.add(wake);
  }

  /** The error that a stopped call rejects with. */
  error(details: ErrorDetails): Error {
    return this.#reason === 'cancelled'
      ? new InterruptedError('interrupted.cancelled', Object.assign(details, { cause: this.#cause }))
      : new InterruptedError(this.#timeoutCode, details);
  }

  /** Ends the watch; removes timers and listeners. */
  close(): void {
    if (this.#onAbort !== null) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#wakers = null;
    this.#stopListeners = null;
  }

  #now(): bigint {
    return this.#platform.clock.monotonic();
  }

  #stop(reason: 'timeout' | 'cancelled', cause?: unknown): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#cause = cause;
    const listeners = this.#stopListeners ?? [];
    this.#stopListeners = null;
    for (const listen of listeners) listen();
    this.wake();
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
