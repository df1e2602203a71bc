/** The host context of the host functions of a job: the job, a key, and a way to answer later. */
import { checkWholeNumber } from '../errors/arguments.ts';
import type { Journal } from './journal.ts';

/** A host function that has no answer yet. */
export interface WaitMark {
  /** Number of the missing answer. */
  readonly answer: number;
  /** When to ask again, in milliseconds from then; null if unknown. */
  readonly afterMs: number | null;
}

/**
 * The host context of the host functions of a job: `plugin.hostContext<JobContext>()`.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const counter = readFileSync('build/examples/counter.wasm');
 * const job = createJob({ id: 'order-7', modules: { main: moduleHash(counter) }, function: 'count', input: 'Hello' });
 * const remark: HostFunction = (plugin, total: bigint) => {
 *   const { jobId, key }: JobContext = plugin.hostContext<JobContext>();
 *   console.log(jobId, key.endsWith('-0')); // → order-7 true
 *   return plugin.store(`${total} so far`);
 * };
 * await advance(job, { modules: [counter], functions: { 'extism:host/user': { remark } } });
 * ```
 */
export class JobContext {
  /** Id of the job. */
  readonly jobId: string;
  readonly #keyBase: string;
  readonly #journal: Journal;
  readonly #pause: () => void;
  /** The last wait that was requested. */
  #wait: WaitMark | null = null;

  /** @internal */
  constructor(jobId: string, hash: string, journal: Journal, pause: () => void) {
    this.jobId = jobId;
    this.#keyBase = hash.slice(0, 32);
    this.#journal = journal;
    this.#pause = pause;
  }

  /**
   * A key of this call of the host function, the same whenever the call is repeated: if the answer was not stored
   * before a crash, the host function is called again, and its effects should happen once per key.
   */
  get key(): string {
    return `${this.#keyBase}-${this.#journal.answers}`;
  }

  /**
   * Defers the answer: the job returns as `waiting`. When it is advanced again, the host function is called again,
   * with the same key.
   *
   * ```ts
   * import { readFileSync } from 'node:fs';
   * const counter = readFileSync('build/examples/counter.wasm');
   * const job = createJob({ id: 'order-8', modules: { main: moduleHash(counter) }, function: 'count', input: 'Hello' });
   * const remark: HostFunction = (plugin) => plugin.hostContext<JobContext>().wait(1000);
   * const advanced = await advance(job, { modules: [counter], functions: { 'extism:host/user': { remark } } });
   * console.log(advanced.status, advanced.waitMs); // → waiting 1000
   * ```
   *
   * @param afterMs when to ask again; the queue that runs the job should observe it
   * @returns what the host function must return: a promise that is never settled
   * @throws UsageError
   */
  wait(afterMs?: number): Promise<never> {
    this.#wait = {
      answer: this.#journal.answers,
      afterMs: afterMs === undefined ? null : checkWholeNumber(afterMs, 'afterMs'),
    };
    this.#pause();
    return new Promise<never>(() => {});
  }

  /** The wait for the answer that is missing now; null if no function requested one. @internal */
  get openWait(): WaitMark | null {
    return this.#wait?.answer === this.#journal.answers ? this.#wait : null;
  }
}
