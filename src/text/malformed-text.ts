/** Errors of texts: what is wrong, where, and the line itself. */
import { MalformedError } from '../errors/errors.ts';
import { printable } from '../errors/texts.ts';
import { decodeUtf8Lossy } from '../syntax/utf8.ts';
import { CHAR } from './characters.ts';

/** Characters of a line that a message shows, around the place. */
const SHOWN = 100;

const isLineEnd = (byte: number | undefined): boolean => byte === CHAR.newline || byte === CHAR.return;

/** Line numbers, from 1, of places in ascending order. */
export class LineCounter {
  private readonly bytes: Uint8Array;
  private at = 0;
  private line = 1;
  /** The beginning of the line of the last query. */
  start = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** @param offset of a byte, not before the last one */
  lineOf(offset: number): number {
    const { bytes } = this;
    for (; this.at < offset; this.at++) {
      const byte = bytes[this.at];
      if (!isLineEnd(byte) || (byte === CHAR.return && bytes[this.at + 1] === CHAR.newline)) continue;
      this.line++;
      this.start = this.at + 1;
    }
    return this.line;
  }
}

/**
 * Throws.
 *
 * @param problem what is wrong, in the words of the official suite
 * @param expected what was expected there, or nothing
 */
export const failText = (bytes: Uint8Array, offset: number, problem: string, expected = ''): never => {
  const counter = new LineCounter(bytes);
  const line = counter.lineOf(offset);
  const { start } = counter;
  let end = offset;
  while (end < bytes.length && !isLineEnd(bytes[end])) end++;
  const before = decodeUtf8Lossy(bytes.subarray(start, offset));
  const after = decodeUtf8Lossy(bytes.subarray(offset, Math.min(end, offset + 4 * SHOWN)));
  const shownBefore = before.slice(-SHOWN);
  const text = printable(`${shownBefore}${after.slice(0, SHOWN)}`.replace(/\t/g, ' '));
  const column = before.length + 1;
  const wanted = expected === '' ? '' : `, expected ${expected}`;
  throw new MalformedError(
    'malformed.text',
    { offset, line, column, text, ...(expected === '' ? {} : { expected }) },
    `${printable(problem)}${wanted} (line ${line}, column ${column})\n  ${text}\n  ${' '.repeat(printable(shownBefore).length)}^`,
  );
};
