/**
 * The journal of a job: what the host answered, in order. What stands in it is given to the plug-in again; what does not
 * is asked of the host, and written before the plug-in sees it.
 */
import { isThenable } from '../errors/checks.ts';
import { JobError } from '../errors/errors.ts';
import { type LogEvent, LogWriter, type ParsedLog, parseLines } from '../host/replay/log.ts';
import { Tape } from '../host/replay/tape.ts';
import { lastSlice } from './chain.ts';
import { damagedJob, type Job, jobHash } from './job.ts';

/**
 * Keeps a line of the journal: where it returns a promise, the plug-in waits for it before it sees the answer.
 *
 * ```ts
 * const kept: string[] = [];
 * const keep: KeepAnswer = async (line, index) => {
 *   kept[index] = line;
 * };
 * await keep('{"event":"host"}', 0);
 * console.log(kept.length); // → 1
 * ```
 */
export type KeepAnswer = (line: string, index: number) => unknown;

/** Whether a line was written to its end: what a crash has cut off was never seen by a plug-in. */
export const isWhole = (line: string): boolean => line.endsWith('"}');

/** Lines without the last one, if that was cut off. */
const wholeLines = (lines: readonly string[]): readonly string[] =>
  lines.length > 0 && !isWhole(lines[lines.length - 1]!) ? lines.slice(0, -1) : lines;

/** Reads the lines of a journal that go on from a hash. @throws JobError */
const readLines = (lines: readonly string[], from: string): ParsedLog => {
  try {
    return parseLines(lines, from);
  } catch (cause) {
    throw damagedJob('its journal is not as it was written', cause);
  }
};

/** The journal of one slice. */
export class Journal {
  readonly tape: Tape;
  /** What stood in it after what the snapshot has seen. */
  readonly known: readonly LogEvent[];
  /** Whether an answer is being kept. */
  isWriting = false;
  /** Why an answer could not be kept; the job cannot go on. */
  failure: Error | null = null;
  /** Told when an answer could not be kept. */
  onFailure: (error: Error) => void = () => {};
  readonly #kept: readonly string[];
  /** Lines that the snapshot has seen. */
  readonly #before: number;
  readonly #writer: LogWriter;
  readonly #keep: KeepAnswer | null;
  readonly #start: string;

  /**
   * @param isClosed whether nothing but what stands in it may be answered
   * @throws JobError for a journal that is damaged, or shorter than what the snapshot has seen
   */
  constructor(job: Job, keep: KeepAnswer | null, isClosed = false) {
    const last = lastSlice(job);
    this.#before = last?.answers ?? 0;
    // A copy: whoever keeps lines may keep them in this very list.
    this.#kept = wholeLines(job.journal).slice();
    if (this.#kept.length < this.#before) throw damagedJob('lines of its journal are missing');
    this.#start = last?.transcriptHash ?? jobHash(job);
    const log = readLines(this.#kept.slice(this.#before), this.#start);
    this.#keep = keep;
    this.#writer = new LogWriter(
      (line) => this.#write(line),
      log.hashes[log.hashes.length - 1] ?? this.#start,
    );
    this.tape = Tape.journal(isClosed ? null : this.#writer, log, 0);
    this.known = log.events;
  }

  /** Answers that the plug-in has been given; the number of the next. */
  get answers(): number {
    return this.#before + this.tape.position;
  }
  get transcriptHash(): string {
    return this.tape.position === 0 ? this.#start : this.tape.hash;
  }
  /** All lines, those of this slice included. */
  get lines(): readonly string[] {
    return [...this.#kept, ...this.#writer.lines];
  }

  #write(line: string): unknown {
    if (this.#keep === null) return undefined;
    try {
      const kept = this.#keep(line, this.#kept.length + this.#writer.lines.length - 1);
      return isThenable(kept) ? this.#wait(kept) : undefined;
    } catch (cause) {
      return this.#fail(cause);
    }
  }

  async #wait(kept: PromiseLike<unknown>): Promise<void> {
    this.isWriting = true;
    try {
      await kept;
    } catch (cause) {
      await this.#fail(cause);
    } finally {
      this.isWriting = false;
    }
  }

  /** The call is stopped; nothing is answered, as the plug-in must not see what was not kept. */
  #fail(cause: unknown): Promise<never> {
    this.failure = new JobError('job.store', { cause });
    this.onFailure(this.failure);
    return new Promise<never>(() => {});
  }
}
