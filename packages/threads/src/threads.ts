/**
 * The worker threads of a process, and the line before them. Threads are made when they are needed; one that dies is
 * replaced by the next call.
 *
 * The line is here and not in Piscina, whose limit on its queue does not count calls that a signal can stop. Piscina
 * never has more calls than threads.
 */
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel, type ResourceLimits } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { ExhaustionError, HostError, InterruptedError, isQuernError, UsageError } from 'quern/errors';
import type { AbortSignalLike } from 'quern/node';
import { milliseconds, progress, type Reply, readError, type Task } from './messages.ts';

/**
 * Options of `Threads`.
 *
 * ```ts
 * const options: ThreadsOptions = { maxThreads: 4, module: new URL('file:///srv/host.js') };
 * const threads = new Threads(options);
 * ```
 */
export interface ThreadsOptions {
  /** Most threads, each of which runs one call at a time. Default: as many as the machine runs at once. */
  readonly maxThreads?: number | undefined;
  /** Most calls that wait for a thread. Default: 1,000. */
  readonly maxWaiting?: number | undefined;
  /**
   * A module that each thread imports, for what cannot go to a thread: it exports `functions`, `compiler`, `onLog` and
   * other options that are no data, by their names; `signer` for jobs.
   */
  readonly module?: URL | string | undefined;
  /** How long a thread may run after its call should have stopped, in milliseconds, before it is ended. Default: 1000. */
  readonly killAfterMs?: number | undefined;
  /** Limits of each thread's own JavaScript; plug-ins have theirs. */
  readonly resourceLimits?: ResourceLimits | undefined;
}

/** What can stop a task. */
export interface Watch {
  readonly signal: AbortSignalLike | null;
  /** Milliseconds after which it should have ended by itself; null for no limit. */
  readonly timeoutMs: number | null;
}

/** A task without what the threads add to it. */
export type TaskOf<T extends Task> = Omit<T, 'state' | 'module' | 'stop'>;

/** Somebody who waits for a thread. */
interface Waiter {
  readonly serve: () => void;
  readonly refuse: (error: unknown) => void;
}

/** How often a call is sent again if its thread died before it began the call. */
const MAX_TRIES = 3;
const MAX_TIMER = 0x7fff_ffff;

const checkNumber = (value: number, what: string, least: number): number => {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError('usage.argument', { detail: `${what} must be a whole number from ${least} on` });
};
const checkSignal = (value: AbortSignalLike | null | undefined): AbortSignalLike | null => {
  if (value === undefined || value === null) return null;
  if (typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function') return value;
  throw new UsageError('usage.argument', { detail: 'signal must be an AbortSignal' });
};

const closedError = (): Error => new UsageError('usage.state', { detail: 'the pool is closed' });
const cancelled = (cause: unknown): Error => new InterruptedError('interrupted.cancelled', { cause });
const isUncloneable = (error: unknown): boolean => (error as Error).name === 'DataCloneError';
const deathOf = (error: Error): Error =>
  isUncloneable(error)
    ? new UsageError('usage.argument', { detail: `it cannot go to a thread: ${error.message}` })
    : new HostError('host.thread', { cause: error, detail: error.message });
/** An error of a thread, with the reason of the signal that stopped it there. */
const withReason = (error: unknown, signal: AbortSignalLike | null): unknown =>
  signal?.aborted && isQuernError(error, 'interrupted.cancelled')
    ? new InterruptedError('interrupted.cancelled', { ...error.details, cause: signal.reason })
    : error;
const hrefOf = (module: URL | string): string => {
  const text = String(module);
  return !isAbsolute(text) && URL.canParse(text) ? text : pathToFileURL(text).href;
};

/** One task that a thread has, or is to get. */
class Handed {
  readonly state = new Int32Array(new SharedArrayBuffer(8));
  /** Ends the thread. */
  readonly kill = new AbortController();
  /** What the call fails with when its thread is ended. */
  reason: Error | null = null;
  #timer: NodeJS.Timeout | null = null;

  end(reason: Error): void {
    this.reason ??= reason;
    this.kill.abort();
  }
  get hasBegun(): boolean {
    return Atomics.load(this.state, 0) !== progress.sent;
  }
  /** Ends the thread after a time, unless `close` comes first. */
  endAfter(ms: number, reason: () => Error): void {
    this.#arm(ms, () => this.end(reason()));
  }
  /** The same with a time that begins with the call: compiling does not count. */
  endCallAfter(ms: number, reason: () => Error): void {
    const look = (): void => {
      const isRunning = Atomics.load(this.state, 0) === progress.runs;
      const left = isRunning ? ms - ((milliseconds() - this.state[1]!) & 0x7fff_ffff) : ms;
      if (left <= 0) this.end(reason());
      else this.#arm(left, look);
    };
    this.#arm(ms, look);
  }
  #arm(ms: number, act: () => void): void {
    this.close();
    this.#timer = setTimeout(act, Math.min(ms, MAX_TIMER));
    this.#timer.unref();
  }
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

/**
 * Worker threads that pools of plug-ins share.
 *
 * ```ts
 * const threads = new Threads({ maxThreads: 2 });
 * const greet = createPool('greet.wasm', { threads });
 * const count = createPool('count.wasm', { threads });
 * await threads.close();
 * ```
 */
export class Threads {
  readonly #piscina: Piscina;
  readonly #maxThreads: number;
  readonly #maxWaiting: number;
  readonly #killAfterMs: number;
  readonly #module: string | null;
  readonly #line = new Set<Waiter>();
  readonly #handed = new Set<Handed>();
  #busy = 0;
  #isClosed = false;

  constructor(options: ThreadsOptions = {}) {
    const { maxThreads = availableParallelism(), maxWaiting = 1000, killAfterMs = 1000, module } = options;
    this.#maxThreads = checkNumber(maxThreads, 'maxThreads', 1);
    this.#maxWaiting = checkNumber(maxWaiting, 'maxWaiting', 0);
    this.#killAfterMs = checkNumber(killAfterMs, 'killAfterMs', 0);
    this.#module = module === undefined ? null : hrefOf(module);
    const { resourceLimits } = options;
    this.#piscina = new Piscina({
      filename: new URL('./thread.js', import.meta.url).href,
      minThreads: 0,
      maxThreads,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A thread that waits on a number in between would hold up the timers and connections of host functions.
      atomics: 'disabled',
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    // A thread died that had no call, or had not got to it yet.
    this.#piscina.on('error', () => this.#endUnbegun());
  }

  /** Threads that there are, busy or not. */
  get size(): number {
    return this.#piscina.threads.length;
  }
  /** Calls that wait for a thread. */
  get waiting(): number {
    return this.#line.size;
  }

  /**
   * Ends all threads, and with them the calls that run: they reject with `interrupted.cancelled`. Those that wait are
   * refused.
   *
   * @returns when all threads are gone
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#line) waiter.refuse(closedError());
    for (const handed of this.#handed) handed.end(cancelled(closedError()));
    await this.#piscina.destroy();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Runs a task on a thread. @internal */
  async run<T extends Task>(task: TaskOf<T>, { signal: given, timeoutMs }: Watch): Promise<Reply> {
    const signal = checkSignal(given);
    await this.#enter(signal);
    try {
      for (let tries = 1; ; tries++) {
        const handed = new Handed();
        let reply: Reply;
        try {
          reply = await this.#handOver(task, handed, { signal, timeoutMs });
        } catch (error) {
          if (this.#isClosed) throw cancelled(closedError());
          if (handed.reason !== null) throw handed.reason;
          if (handed.hasBegun || tries === MAX_TRIES || isUncloneable(error)) throw deathOf(error as Error);
          continue;
        }
        if (reply.kind !== 'threw') return reply;
        throw withReason(readError(reply.error), signal);
      }
    } finally {
      this.#leave();
    }
  }

  /** Waits for a thread. @throws ExhaustionError when the line is full */
  #enter(signal: AbortSignalLike | null): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(cancelled(signal.reason));
    if (this.#busy < this.#maxThreads) {
      this.#busy++;
      return Promise.resolve();
    }
    const limit = this.#maxWaiting;
    if (this.#line.size >= limit) return Promise.reject(new ExhaustionError('exhaustion.pool', { limit }));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiter.refuse(cancelled(signal?.reason));
      const end = (): void => {
        this.#line.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        serve: () => {
          end();
          resolve();
        },
        refuse: (error) => {
          end();
          reject(error);
        },
      };
      this.#line.add(waiter);
      signal?.addEventListener('abort', onAbort);
    });
  }

  /** Gives the thread to the first in line. */
  #leave(): void {
    const [next] = this.#line;
    if (next === undefined) this.#busy--;
    else next.serve();
  }

  /** @returns what the thread answers @throws when the task cannot be sent, or the thread dies */
  async #handOver<T extends Task>(task: TaskOf<T>, handed: Handed, watch: Watch): Promise<Reply> {
    const { signal, timeoutMs } = watch;
    const channel = signal === null ? null : new MessageChannel();
    const stop = channel?.port2 ?? null;
    const onAbort = (): void => {
      channel?.port1.postMessage(null);
      handed.endAfter(this.#killAfterMs, () => cancelled(signal?.reason));
    };
    this.#handed.add(handed);
    signal?.addEventListener('abort', onAbort);
    if (timeoutMs !== null)
      handed.endCallAfter(timeoutMs + this.#killAfterMs, () => new InterruptedError('interrupted.timeout'));
    if (signal?.aborted) onAbort();
    try {
      const sent = { ...task, state: handed.state, module: this.#module, stop };
      const transferList = stop === null ? [] : [stop];
      return (await this.#piscina.run(sent, { transferList, signal: handed.kill.signal })) as Reply;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#handed.delete(handed);
      handed.close();
      channel?.port1.close();
    }
  }

  /** A thread died that had no call: those that no thread has begun with may have been for it, and go to another. */
  #endUnbegun(): void {
    for (const handed of this.#handed) if (!handed.hasBegun) handed.kill.abort();
  }
}
