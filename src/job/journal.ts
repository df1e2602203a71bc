/**
 * The journal of a job: the answers of the host, in order. Answers in it are given to the plug-in again; new ones are
 * requested from the host, and written before the plug-in sees them.
 */
import { isThenable } from '../errors/checks.ts';
import { JobError } from '../errors/errors.ts';
import { type LogEvent, LogWriter, type ParsedLog, parseLines } from '../host/replay/log.ts';
import { Tape } from '../host/replay/tape.ts';
import { lastSlice } from './chain.ts';
import { damagedJob, type Job, jobHash } from './job.ts';

/**
 * Stores a line of the journal: if it returns a promise, the plug-in waits for it before it sees the answer.
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

/** Whether a line is complete: no plug-in has seen an answer that a crash cut off. */
export const isWhole = (line: string): boolean => line.endsWith('"}');

/** Lines without the last one, if that was cut off. */
const wholeLines = (lines: readonly string[]): readonly string[] =>
  lines.length > 0 && !isWhole(lines[lines.length - 1]!) ? lines.slice(0, -1) : lines;

/** Reads the lines of a journal that continue from a hash. @throws JobError */
const readLines = (lines: readonly string[], from: string): ParsedLog => {
  try {
    return parseLines(lines, from);
  } catch (cause) {
    throw damagedJob('its journal was changed', cause);
  }
};

/** The journal of one slice. */
export class Journal {
  readonly tape: Tape;
  /** Its lines after those that the snapshot has seen. */
  readonly known: readonly LogEvent[];
  /** Whether an answer is being stored. */
  isWriting = false;
  /** Why an answer could not be stored; the job cannot continue. */
  failure: Error | null = null;
  /** Called when an answer could not be stored. */
  onFailure: (error: Error) => void = () => {};
  readonly #kept: readonly string[];
  /** Lines that the snapshot has seen. */
  readonly #before: number;
  readonly #writer: LogWriter;
  readonly #keep: KeepAnswer | null;
  readonly #start: string;

  /**
   * @param isClosed whether only answers in it are allowed
   * @throws JobError for a journal that is damaged, or has fewer lines than the snapshot has seen
   */
  constructor(job: Job, keep: KeepAnswer | null, isClosed = false) {
    const last = lastSlice(job);
    this.#before = last?.answers ?? 0;
    // A copy: the embedder may store lines in this same list.
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

  /** Number of answers that the plug-in has received; the number of the next one. */
  get answers(): number {
    return this.#before + this.tape.position;
  }
  get transcriptHash(): string {
    return this.tape.position === 0 ? this.#start : this.tape.hash;
  }
  /** All lines, including those of this slice. */
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

  /** The call is stopped without an answer, since the plug-in must not see an answer that was not stored. */
  #fail(cause: unknown): Promise<never> {
    this.failure = new JobError('job.store', { cause });
    this.onFailure(this.failure);
    return new Promise<never>(() => {});
  }
}
