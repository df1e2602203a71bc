/**
 * The format of recordings: JSON lines, one event each, the header first. See docs/replay.md.
 *
 * Every line ends with the field `check`, the beginning of the SHA-256 of the check before it and of its own text:
 * a line that was changed, omitted or moved is detected. The check of the last line covers the whole recording.
 */

import { reading } from '../../errors/arguments.ts';
import { asBytes, type BytesLike } from '../../errors/bytes.ts';
import { isObject } from '../../errors/checks.ts';
import { ReplayError } from '../../errors/errors.ts';
import { valueText } from '../../errors/texts.ts';
import { sha256Hex } from '../../syntax/sha256.ts';
import { decodeUtf8Lossy, encodeUtf8 } from '../../syntax/utf8.ts';
import type { Json } from '../state/operation.ts';

/** Version of the format. */
export const LOG_VERSION = 1;
/** Longest recording that is read. */
const MAX_LOG_LENGTH = 0x1fff_ffff;

/** One event: a request of the plug-in or its host, and the answer of the outside. */
export interface LogEvent {
  /** The kind of event. */
  readonly event: string;
  /** The request; in a replay it must be the same. */
  readonly ask: Json;
  /** The answer; absent if none is possible. */
  readonly answer?: Json;
}

/** Digits of a check in a line. */
const CHECK_LENGTH = 16;
const FIRST_CHECK = '';

const checkOf = (previous: string, text: string): string => sha256Hex(encodeUtf8(previous + text));

/** Writes events as lines. */
export class LogWriter {
  readonly lines: string[] = [];
  readonly #onLine: ((line: string) => unknown) | null;
  #check: string;

  /** @param check the check that the first line continues */
  constructor(onLine: ((line: string) => unknown) | null, check: string = FIRST_CHECK) {
    this.#onLine = onLine;
    this.#check = check;
  }

  /** The full check of the last line: a hash of everything up to it. */
  get hash(): string {
    return this.#check;
  }

  /** Writes one event; returns what the receiver of lines has returned. */
  write({ event, ask, answer }: LogEvent): unknown {
    const text = JSON.stringify(answer === undefined ? { event, ask } : { event, ask, answer });
    this.#check = checkOf(this.#check, text);
    const line = `${text.slice(0, -1)},"check":"${this.#check.slice(0, CHECK_LENGTH)}"}`;
    this.lines.push(line);
    return this.#onLine?.(line);
  }
}

/** A recording that was read, with valid checks. */
export interface ParsedLog {
  readonly lines: readonly string[];
  readonly events: readonly LogEvent[];
  /** Full check of each line. */
  readonly hashes: readonly string[];
}

const bad = (event: number, detail: string): Error =>
  new ReplayError('replay.log', { event, detail: `event ${event}: ${detail}` });

const tail = /,"check":"([0-9a-f]{16})"\}$/;

const isEvent = (value: unknown): value is LogEvent =>
  isObject(value) && typeof (value as Partial<LogEvent>).event === 'string' && Object.hasOwn(value, 'ask');

/**
 * Reads lines that continue from a check.
 *
 * @throws ReplayError `replay.log`, which names the first damaged line
 */
export const parseLines = (lines: readonly string[], first: string): ParsedLog => {
  const events: LogEvent[] = [];
  const hashes: string[] = [];
  let check = first;
  lines.forEach((line, i) => {
    const found = tail.exec(line);
    if (found === null) throw bad(i, i === 0 ? 'not a recording' : 'the line is incomplete or damaged');
    const own = `${line.slice(0, found.index)}}`;
    check = checkOf(check, own);
    if (check.slice(0, CHECK_LENGTH) !== found[1])
      throw bad(i, 'the line was changed, or preceding lines are missing');
    const event = parseLine(own);
    if (event === null) throw bad(i, 'not an event');
    events.push(event);
    hashes.push(check);
  });
  return { lines, events, hashes };
};

/**
 * Reads a recording.
 *
 * @throws ReplayError `replay.log`, which names the first damaged line
 */
export const parseLog = (source: string | BytesLike): ParsedLog => {
  const given = typeof source === 'string' ? source : reading('the recording', () => asBytes(source));
  if (given === null) throw bad(0, 'expected text or bytes');
  if (given.length > MAX_LOG_LENGTH) throw bad(0, 'too long');
  const text = typeof given === 'string' ? given : decodeUtf8Lossy(given);
  const lines = text.split('\n');
  // After the last line feed there is nothing, or an incomplete line.
  if (lines[lines.length - 1] === '') lines.pop();
  const { events, hashes } = parseLines(lines, FIRST_CHECK);
  if (events[0]?.event !== 'recording') throw bad(0, 'not a recording');
  const { version } = (events[0].ask ?? {}) as { readonly version?: Json };
  if (version !== LOG_VERSION) throw bad(0, `version ${valueText(version)}; expected version ${LOG_VERSION}`);
  return { lines, events, hashes };
};

/** Deepest nesting of an event. SAFETY: events are traversed by recursion. */
const MAX_DEPTH = 16;
const isShallow = (value: unknown, depth: number): boolean =>
  !isObject(value) || (depth > 0 && Object.values(value).every((item) => isShallow(item, depth - 1)));

const parseLine = (text: string): LogEvent | null => {
  try {
    const value: unknown = JSON.parse(text);
    return isEvent(value) && isShallow(value, MAX_DEPTH) ? value : null;
  } catch {
    return null;
  }
};
