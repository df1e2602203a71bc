/** Errors of texts: what is wrong, where, and the line itself. */
import { MalformedError } from '../errors/errors.ts';
import { printable } from '../errors/texts.ts';
import { decodeUtf8Lossy } from '../syntax/utf8.ts';
import { CHAR } from './characters.ts';

/** Characters of a line that a message shows, around the place. */
const SHOWN = 100;

const isLineEnd = (byte: number | undefined): boolean => byte === CHAR.newline || byte === CHAR.return;

/** The number of the line of a place, from 1, and where it starts. */
const lineAt = (bytes: Uint8Array, offset: number): { line: number; start: number } => {
  let line = 1;
  let start = 0;
  for (let at = 0; at < offset; at++) {
    if (!isLineEnd(bytes[at])) continue;
    if (bytes[at] === CHAR.return && bytes[at + 1] === CHAR.newline) continue;
    line++;
    start = at + 1;
  }
  return { line, start };
};

/**
 * Throws.
 *
 * @param problem what is wrong, as the official suite says it
 * @param expected what should stand there, or nothing
 */
export const failText = (bytes: Uint8Array, offset: number, problem: string, expected = ''): never => {
  const { line, start } = lineAt(bytes, offset);
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
