/** What host functions of a job get as their host context: whose call it is, a key, and a way to answer later. */
import { checkWholeNumber } from '../errors/arguments.ts';
import type { Journal } from './journal.ts';

/** A host function that has no answer yet. */
export interface WaitMark {
  /** Number of the answer that is missing. */
  readonly answer: number;
  /** When to ask again, in milliseconds from then; null when that is not known. */
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
  /** The wait that was asked for last. */
  #wait: WaitMark | null = null;

  /** @internal */
  constructor(jobId: string, hash: string, journal: Journal, pause: () => void) {
    this.jobId = jobId;
    this.#keyBase = hash.slice(0, 32);
    this.#journal = journal;
    this.#pause = pause;
  }

  /**
   * A key of this question, the same whenever it is asked again: a host function whose answer was not kept before a
   * crash is asked again, and what it does should count once for each key.
   */
  get key(): string {
    return `${this.#keyBase}-${this.#journal.answers}`;
  }

  /**
   * Leaves the question open: the job comes back as `waiting`, and when it is advanced again the host function is asked
   * again, with the same key.
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
   * @param afterMs when to ask again; the queue that runs the job heeds it
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

  /** The wait for the answer that is missing now; null when no function asked for one. @internal */
  get openWait(): WaitMark | null {
    return this.#wait?.answer === this.#journal.answers ? this.#wait : null;
  }
}
