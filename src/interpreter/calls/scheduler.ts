/**
 * Threads without worker threads: calls over shared memories that take turns in one JavaScript thread.
 *
 * DETERMINISM: each turn is a fixed amount of fuel, threads follow each other in the order in which they were
 * spawned, and time is counted in fuel. So the order of threads, what each sees and the total cost depend only on the
 * code and its inputs, on every machine; giving the total in pieces changes nothing.
 */

import { checkWholeNumber } from '../../errors/arguments.ts';
import { type QuernError, TrapError, UsageError } from '../../errors/errors.ts';
import type { FuncInstance } from '../instances/module-instance.ts';
import type { RawValue } from '../instances/values.ts';
import type { Waiter } from '../instances/waiters.ts';
import type { Execution } from './execution.ts';
import { startExecution } from './invoke.ts';
import type { PauseReason, RunResult } from './outcome.ts';

/**
 * The source of time of a scheduler; the `Clock` of a platform fits.
 *
 * ```ts
 * const clock: SchedulerClock = { monotonic: () => process.hrtime.bigint() };
 * console.log(new Scheduler({ clock }).run()); // → done
 * ```
 */
export interface SchedulerClock {
  /** Nanoseconds since some point, never going back. Read once in each turn while a wait has a timeout. */
  monotonic(): bigint;
  /** Lets time pass: immediately (undefined), or until `done` resolves. */
  sleep?(nanoseconds: bigint): { readonly done: Promise<void> } | undefined;
}

/**
 * The length of turns, their cost limit, and the time.
 *
 * Example: see `ScheduledThread`.
 */
export interface SchedulerOptions {
  /** Fuel of one turn. Default: 10,000. */
  readonly slice?: number;
  /**
   * Makes turns of 1 to `slice` units, from a generator with this seed, a whole number of 32 bits: different
   * interleavings, each as reproducible as the regular one. Default: all turns are equal.
   */
  readonly seed?: number;
  /** Fuel of all threads together; then the run pauses. Default: no limit. */
  readonly fuel?: number;
  /**
   * The time that timeouts are measured by. Default: a virtual one, in which a unit of fuel takes a nanosecond, and
   * which jumps to the next timeout when all threads wait.
   */
  readonly clock?: SchedulerClock;
  /**
   * Called after each turn, and, if turns may have more than 100,000 units, within them like
   * `ExecutionOptions.onSlice`; true pauses the run.
   */
  readonly onSlice?: () => boolean;
}

/**
 * One call among others. Made by `Scheduler.spawn`.
 *
 * ```ts
 * const { exports } = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const options: SchedulerOptions = { slice: 100, fuel: 1000 };
 * const scheduler = new Scheduler(options);
 * const thread: ScheduledThread = scheduler.spawn(exports.get('double') as FuncInstance, [4n]);
 * console.log(scheduler.run(), thread.outcome, thread.execution.results); // → done done [ 8n ]
 * ```
 */
export class ScheduledThread {
  /** Position in the order of spawning, from 0. */
  readonly id: number;
  readonly execution: Execution;
  /** `done` or `trap` when it has ended; results and error are those of `execution`. */
  outcome: Exclude<RunResult, 'paused'> | null = null;
  /** Fuel left from the last turn, for an instruction that costs more than a turn. */
  carry = 0;
  /** When its wait times out; null if never, or not known yet. */
  deadline: bigint | null = null;

  constructor(id: number, execution: Execution) {
    this.id = id;
    this.execution = execution;
  }

  /** The wait of the thread, while it lasts. */
  get waiter(): Waiter | null {
    const { waiter } = this.execution;
    return waiter?.answer === null ? waiter : null;
  }
}

const DEFAULT_SLICE = 10_000;
/** A turn up to this much fuel is one step for `onSlice`, which is not called before its end. */
const LONG_TURN = 100_000;

/**
 * Lets calls take turns; see the file's header and docs/threads.md.
 *
 * ```js
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const scheduler = new Scheduler({ slice: 100 });
 * const thread = scheduler.spawn(instance.exports.get('double'), [4n]);
 * console.log(scheduler.run(), thread.execution.results); // → done [ 8n ]
 * ```
 */
export class Scheduler {
  /** Every thread that was spawned, in that order. */
  readonly threads: ScheduledThread[] = [];
  /** Why the run is paused. */
  pause: PauseReason | null = null;
  /** Fuel that all threads have used. */
  fuelConsumed = 0;
  private readonly slice: number;
  private readonly clock: SchedulerClock | null;
  private readonly onSlice: (() => boolean) | null;
  private seed: number | null;
  private fuelGiven: number;
  /** Threads that have not ended, in the order of their turns. */
  private ring: ScheduledThread[] = [];
  /** Position in the ring of the current or next turn. */
  private position = 0;
  /** Fuel that is left in the current turn; null between turns. */
  private turn: number | null = null;
  /** Nanoseconds by which virtual time is ahead of the fuel. */
  private leap = 0n;
  /** The sleep of the host's clock that all threads wait for, and when it ends. */
  private nap: { readonly until: bigint; readonly end: Promise<void> } | null = null;
  private isRunning = false;

  /** @throws UsageError */
  constructor(options: SchedulerOptions = {}) {
    this.slice = checkWholeNumber(options.slice ?? DEFAULT_SLICE, 'slice', 1, 2 ** 31 - 1);
    this.seed = options.seed === undefined ? null : checkWholeNumber(options.seed, 'seed', 0, 2 ** 32 - 1);
    this.fuelGiven = checkWholeNumber(options.fuel ?? Number.MAX_SAFE_INTEGER, 'fuel');
    this.clock = options.clock ?? null;
    this.onSlice = options.onSlice ?? null;
  }

  /** Fuel that is left for all threads together. */
  get fuelLeft(): number {
    return this.fuelGiven - this.fuelConsumed;
  }

  /** Adds fuel; a run that paused for lack of it can then resume. */
  addFuel(fuel: number): void {
    checkWholeNumber(fuel, 'fuel');
    this.fuelGiven = Math.min(this.fuelGiven + fuel, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Adds a thread; its first turn comes after one turn of each thread before it. Host functions may spawn while the
   * scheduler runs, as `thread-spawn` does.
   */
  spawn(func: FuncInstance, args: readonly RawValue[] = []): ScheduledThread {
    const { onSlice, slice } = this;
    const options = { fuel: 0, ...(onSlice === null || slice <= LONG_TURN ? {} : { onSlice }) };
    const thread = new ScheduledThread(this.threads.length, startExecution(func, args, options));
    this.threads.push(thread);
    this.ring.push(thread);
    return thread;
  }

  /**
   * Lets threads take turns until all have ended (`done`) or the run must pause: for `fuel`, by `onSlice`, for the
   * promise of a host function (`host`), or because all threads `wait` and only the host's clock or a worker can wake
   * one. `settled` resolves when a paused run can resume. A trap ends only its thread.
   *
   * DETERMINISM: the promise of a host function stops all threads, so that it does not matter when it resolves.
   *
   * @throws TrapError `trap.deadlock` when every thread waits endlessly; spawning another one can resolve it
   * @throws UsageError when it is already running, or waits for the host
   */
  run(): 'done' | 'paused' {
    if (this.isRunning) throw new UsageError('usage.state', { detail: 'the scheduler is running' });
    this.isRunning = true;
    this.pause = null;
    try {
      while (this.ring.length > 0) {
        if (this.turn === null && !this.beginTurn()) return this.stop('wait');
        const reason = this.takeTurn();
        if (reason !== null) return this.stop(reason);
        if (this.turn === null && this.ring.length > 0 && this.onSlice?.()) return this.stop('slice');
      }
      return 'done';
    } finally {
      this.isRunning = false;
    }
  }

  /** Resolves when a run that paused for `host` or `wait` can resume; immediately for other reasons. */
  async settled(): Promise<void> {
    const { execution } = this.ring[this.position] ?? {};
    if (this.pause === 'host' && execution !== undefined && execution.hostPromise !== null) {
      try {
        execution.resolveHost(await execution.hostPromise);
      } catch (error) {
        execution.rejectHost(error);
      }
    } else if (this.pause === 'wait') {
      const promises = this.ring.flatMap(({ waiter }) => waiter?.promise ?? []);
      if (this.nap !== null) promises.push(this.nap.end);
      // None: the clock cannot sleep, and is read again.
      if (promises.length > 0) await Promise.race(promises);
    }
  }

  /**
   * Runs all threads to their ends, awaiting what they wait for; pauses for `fuel` and by `onSlice` end it early.
   *
   * @throws TrapError `trap.deadlock`
   */
  async runToEnd(): Promise<'done' | 'paused'> {
    for (;;) {
      const result = this.run();
      if (result === 'done' || this.pause === 'fuel' || this.pause === 'slice') return result;
      await this.settled();
    }
  }

  private stop(reason: PauseReason): 'paused' {
    this.pause = reason;
    return 'paused';
  }

  /** Finds the next thread to run; false if only the host can end a wait. */
  private beginTurn(): boolean {
    this.timeOutWaits();
    let thread = this.nextReady();
    if (thread === null) {
      this.letTimePass();
      thread = this.nextReady();
      if (thread === null) return false;
    }
    this.position = this.ring.indexOf(thread);
    this.turn = this.turnLength() + thread.carry;
    thread.carry = 0;
    return true;
  }

  /** Advances to the next timeout, if time can pass immediately. @throws TrapError when there is nothing to wait for */
  private letTimePass(): void {
    const deadline = this.nextDeadline;
    if (deadline === null) {
      // Workers may notify.
      if (this.ring.some(({ waiter }) => waiter?.promise !== null)) return;
      throw this.deadlock();
    }
    if (this.clock === null) this.leap += deadline - this.now;
    else if (this.nap === null || deadline < this.nap.until) {
      const nanoseconds = deadline - this.clock.monotonic();
      // A clock that sleeps in zero time is a virtual one.
      const sleep = nanoseconds > 0n ? this.clock.sleep?.(nanoseconds) : undefined;
      const end = sleep?.done.then(() => {
        this.nap = null;
      });
      this.nap = end === undefined ? null : { until: deadline, end };
    }
    this.timeOutWaits();
  }

  /** Gives the current thread the rest of its turn, or of the total. Returns why the run must pause, if it must. */
  private takeTurn(): PauseReason | null {
    const thread = this.ring[this.position]!;
    const { execution } = thread;
    const given = Math.min(this.turn!, this.fuelLeft);
    const before = execution.fuelConsumed;
    execution.addFuel(given);
    const result = execution.run();
    const consumed = execution.fuelConsumed - before;
    this.fuelConsumed += consumed;
    const unused = this.turn! - consumed;
    execution.takeFuel();
    if (result === 'paused' && (execution.pause === 'host' || execution.pause === 'slice')) {
      this.turn = unused;
      return execution.pause;
    }
    if (result === 'paused' && execution.pause === 'fuel' && given < this.turn!) {
      this.turn = unused;
      return 'fuel';
    }
    this.turn = null;
    if (result === 'paused') {
      if (execution.pause === 'fuel') thread.carry = unused;
      else this.beginWait(thread);
      this.position++;
    } else {
      thread.outcome = result;
      this.ring.splice(this.position, 1);
    }
    return null;
  }

  private beginWait(thread: ScheduledThread): void {
    const timeout = thread.waiter?.timeout ?? null;
    thread.deadline = timeout === null ? null : this.now + timeout;
  }

  /** The first thread from the position on that is not waiting. */
  private nextReady(): ScheduledThread | null {
    const { ring, position } = this;
    for (let i = 0; i < ring.length; i++) {
      const thread = ring[(position + i) % ring.length]!;
      if (thread.waiter === null) return thread;
    }
    return null;
  }

  /** Nanoseconds of the clock. */
  private get now(): bigint {
    return this.clock?.monotonic() ?? BigInt(this.fuelConsumed) + this.leap;
  }

  private get timed(): ScheduledThread[] {
    // Workers' waits end by the JavaScript engine's own timer.
    return this.ring.filter(({ waiter, deadline }) => deadline !== null && waiter?.promise === null);
  }

  private get nextDeadline(): bigint | null {
    let next: bigint | null = null;
    for (const { deadline } of this.timed) if (next === null || deadline! < next) next = deadline;
    return next;
  }

  /** Ends the waits that have timed out. */
  private timeOutWaits(): void {
    const { timed } = this;
    if (timed.length === 0) return;
    const { now } = this;
    for (const { deadline, waiter } of timed) if (deadline! <= now) waiter!.timeOut();
  }

  private turnLength(): number {
    if (this.seed === null) return this.slice;
    // A linear congruential generator with full period (Knuth); its high bits choose.
    this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0;
    return 1 + Math.floor((this.seed / 2 ** 32) * this.slice);
  }

  private deadlock(): QuernError {
    const waiting = this.ring.map(({ id, waiter }) => `thread ${id} at address ${waiter!.address}`);
    const shown = waiting.length > 8 ? [...waiting.slice(0, 8), 'others'] : waiting;
    return new TrapError('trap.deadlock', {
      detail: shown.join(', '),
      fuelConsumed: this.fuelConsumed,
      backtrace: this.ring[0]!.execution.backtrace,
    });
  }
}
