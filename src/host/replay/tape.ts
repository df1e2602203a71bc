/**
 * The one place where a plug-in's outside is recorded and replayed. All requests to the outside go through a tape:
 * when recording, the tape passes the request on and records the answer; when replaying, it returns the recorded
 * answer, without a request to the outside.
 *
 * Requests have one order, since a plug-in waits for each answer. A replay with a different request has diverged: it
 * ends there, and reports the event.
 */

import { isInstance } from '../../errors/arguments.ts';
import { isRecord, isThenable } from '../../errors/checks.ts';
import { HostError, InterruptedError, isQuernError, ReplayError } from '../../errors/errors.ts';
import { messageOf } from '../../errors/texts.ts';
import type { Json, Operation } from '../state/operation.ts';
import { type Errno, ErrnoSignal, errno } from '../wasi/errno.ts';
import { type LogEvent, LogWriter, type ParsedLog } from './log.ts';

/** Writes an answer as text and reads it back. */
export interface Form<T> {
  readonly write: (value: T) => Json;
  readonly read: (json: Json) => T;
}

/** Longest text of an event in an error. */
const MAX_SHOWN = 200;
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
};

/** A failure as an answer. Only what can affect the result of the call is recorded. */
const failureOf = (error: unknown): Json => {
  if (isInstance(error, ErrnoSignal)) return { errno: error.name };
  if (isQuernError(error)) return { code: error.code, message: error.message };
  return { code: 'host.threw', message: messageOf(error) };
};

/** Throws the recorded error of an answer. */
const rethrow = (failure: { readonly [key: string]: Json }): never => {
  const { errno: name, code, message } = failure;
  if (typeof name === 'string' && Object.hasOwn(errno, name)) throw new ErrnoSignal(name as Errno);
  const text = String(message);
  // The code identifies the error of a call; the class does not matter to a plug-in.
  const error = new HostError('host.threw', { detail: text }, text);
  if (typeof code === 'string') Object.defineProperty(error, 'code', { value: code, enumerable: true });
  throw error;
};

/** Answers are one of `{ value }` and `{ failed }`. */
const answerOf = <T>(value: T, form: Form<T>): Json => ({ value: form.write(value) });

/** A place on a tape, to go back to. */
export type TapeMark = Pick<Tape, 'position' | 'holderCount'>;

/** A recording that is being made, or one that is replayed. */
export class Tape {
  readonly #writer: LogWriter | null;
  readonly #log: ParsedLog | null;
  #position: number;
  /** The first failure; nothing can be replayed after it. */
  #failure: Error | null = null;
  /** Counts calls, so that an answer is dropped if it arrives after its call was stopped. */
  #call = 0;
  /** Changes of the running host function; null for none. */
  openOperations: Operation[] | null = null;
  /** Most fuel that the call of a replay uses, if the recording is right. */
  mostFuel = 0;
  /** How many files and directories were opened. */
  holderCount = 0;
  /** Repeats what methods of the plug-in did while a host function ran; false for other operations. */
  redo: (operation: Operation) => boolean = () => false;

  private constructor(writer: LogWriter | null, log: ParsedLog | null, position = 0) {
    this.#writer = writer;
    this.#log = log;
    this.#position = position;
  }

  /**
   * Goes back to an event of this tape: from there on, answers are taken from it, up to its end. For debuggers, which
   * also restore the plug-in.
   */
  rewind({ position, holderCount }: TapeMark): void {
    this.#position = position;
    this.holderCount = holderCount;
    this.#failure = null;
    this.openOperations = null;
    if (this.#writer !== null) this.mostFuel = Number.MAX_SAFE_INTEGER;
  }

  /** @param onLine receives each line as it is written */
  static recorder(onLine: ((line: string) => void) | null): Tape {
    return new Tape(new LogWriter(onLine), null);
  }
  static player(log: ParsedLog): Tape {
    return new Tape(null, log);
  }
  /** Takes the answers from a log from a position on, and after its end from the outside. */
  static journal(writer: LogWriter | null, log: ParsedLog, position: number): Tape {
    const tape = new Tape(writer, log, position);
    // A call has paid for what was written.
    tape.mostFuel = Number.MAX_SAFE_INTEGER;
    return tape;
  }

  /** Number of events on the tape before those that it recorded itself. */
  get #logLength(): number {
    return this.#log?.events.length ?? 0;
  }
  /** Whether the next answer was recorded before. */
  get isReplay(): boolean {
    return this.#writer === null || this.#position < this.#logLength + this.#writer.lines.length;
  }
  /** Whether answers record that they came later: not in a journal, which consists only of answers, from any source. */
  get isTimed(): boolean {
    return this.#log === null;
  }
  /** Whether it continues with the outside after the recorded events. */
  get goesOn(): boolean {
    return this.#log !== null && this.#writer !== null;
  }
  /** The recorded lines. */
  get lines(): readonly string[] {
    return [...(this.#log?.lines ?? []), ...(this.#writer?.lines ?? [])];
  }
  /** Hash of everything up to now. */
  get hash(): string {
    const isOfLog = this.#log !== null && this.isReplay;
    return isOfLog ? (this.#log.hashes[this.#position - 1] ?? '') : this.#writer!.hash;
  }
  /** Number of the next event. */
  get position(): number {
    return this.#position;
  }
  /** The next event of a replay. */
  get upcoming(): LogEvent | null {
    const event = this.#log?.events[this.#position];
    if (event !== undefined) return event;
    const line = this.#writer?.lines[this.#position - this.#logLength];
    return line === undefined ? null : (JSON.parse(line) as LogEvent);
  }

  /** The remaining events of a replay. */
  get rest(): readonly LogEvent[] {
    return this.#log?.events.slice(this.#position) ?? [];
  }

  /** Records an event without an answer: in a replay it must be the same. @throws ReplayError */
  note(event: string, ask: Json): void {
    if (this.isReplay) this.expect(event, ask);
    else void this.#append({ event, ask });
  }

  /** A request with an immediate answer. `live` makes the request to the outside. */
  take<T>(event: string, ask: Json, form: Form<T>, live: () => T): T {
    if (this.isReplay) return this.#answered(event, ask, form);
    let value: T;
    try {
      value = live();
    } catch (error) {
      this.write(event, ask, { failed: failureOf(error) });
      throw error;
    }
    this.write(event, ask, answerOf(value, form));
    return value;
  }

  /** A request with a later answer. */
  async takeLater<T>(event: string, ask: Json, form: Form<T>, live: () => Promise<T>): Promise<T> {
    if (this.isReplay) return this.#answered(event, ask, form);
    const call = this.#call;
    let value: T;
    try {
      value = await live();
    } catch (error) {
      if (this.#call === call) await this.write(event, ask, { failed: failureOf(error) });
      throw error;
    }
    if (this.#call === call) await this.write(event, ask, answerOf(value, form));
    return value;
  }

  /** Writes an answer. @returns a promise if the call must wait until it is stored, as in a journal */
  write(event: string, ask: Json, answer: Json): PromiseLike<void> | undefined {
    const kept = this.#append({ event, ask, answer });
    return this.#log !== null && isThenable(kept) ? kept.then(() => {}) : undefined;
  }

  #append(event: LogEvent): unknown {
    const kept: unknown = this.#writer!.write(event);
    this.#position = this.#logLength + this.#writer!.lines.length;
    return kept;
  }

  /** Marks the end of a call: its later requests are no longer answered. */
  closeCall(): void {
    this.#call++;
    this.openOperations = null;
  }
  /** Number of the running call; see `closeCall`. */
  get call(): number {
    return this.#call;
  }

  /** The next event of a replay, which must be this one. @throws ReplayError */
  expect(event: string, ask: Json): LogEvent {
    if (this.#failure !== null) throw this.#failure;
    const next = this.upcoming;
    if (next?.event === 'end') this.#refuseInterrupted(next);
    if (next === null || next.event !== event || JSON.stringify(next.ask) !== JSON.stringify(ask)) {
      throw this.diverge({ event, ask });
    }
    this.#position++;
    return next;
  }

  /** Skips an event of a replay that was already checked. */
  skip(): void {
    this.#position++;
  }

  /** The error for a replay that differs from the recording. */
  diverge(actual: LogEvent): Error {
    const next = this.upcoming;
    const expected = next === null ? 'the end of the recording' : shown({ event: next.event, ask: next.ask });
    const text = shown({ event: actual.event, ask: actual.ask });
    this.#failure ??= new ReplayError('replay.diverged', {
      event: this.#position,
      expected,
      actual: text,
      detail: `event ${this.#position}: expected ${expected}, got ${text}`,
    });
    return this.#failure;
  }

  /** Ends a replay that its own limits have stopped. */
  stop(error: Error): Error {
    this.#failure ??= error;
    return error;
  }
  /** The error that ended the replay; null while it can continue. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** The end of the call that begins here or is running, in a replay. */
  endOfCall(): LogEvent | null {
    const events = this.#log?.events ?? [];
    for (let i = this.#position; i < events.length; i++) {
      if (events[i]!.event === 'end' || events[i]!.event === 'ready') return events[i]!;
    }
    return null;
  }

  /** The replayed call is stopped where the recorded one was stopped from outside. */
  #refuseInterrupted({ ask }: LogEvent): void {
    const interrupted = interruptionOf(ask);
    if (interrupted !== null) throw interrupted;
  }

  #answered<T>(event: string, ask: Json, form: Form<T>): T {
    const { answer } = this.expect(event, ask);
    if (!isRecord(answer)) throw this.damaged();
    if (isRecord(answer['failed'])) return rethrow(answer['failed']);
    try {
      return form.read(answer['value'] ?? null);
    } catch {
      throw this.damaged();
    }
  }

  /** The error for an answer that no recording can have. */
  damaged(): Error {
    const event = this.#position - 1;
    this.#failure ??= new ReplayError('replay.log', { event, detail: `event ${event}: not an answer` });
    return this.#failure;
  }
}

/** The error of a call that was stopped from outside, or null; `ask` is that of an `end`. */
export const interruptionOf = (ask: Json): Error | null => {
  const code = isRecord(ask) ? ask['failure'] : null;
  return code === 'interrupted.timeout' || code === 'interrupted.cancelled'
    ? new InterruptedError(code, {})
    : null;
};

/** Throws the recorded error of an answer, if it has one. */
export const throwFailure = (answer: Json | undefined): void => {
  if (isRecord(answer) && isRecord(answer['failed'])) rethrow(answer['failed']);
};
/** Records a thrown error. */
export const failed = (error: unknown): { readonly failed: Json } => ({ failed: failureOf(error) });
