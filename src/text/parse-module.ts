/** Modules of the text format, one per text. @spec text-module */

import { ByteWriter } from '../syntax/byte-writer.ts';
import { encodeUtf8 } from '../syntax/utf8.ts';
import { Cursor } from './cursor.ts';
import { KEY } from './keywords.ts';
import { lex } from './lexer.ts';
import { type ModuleOptions, readFields } from './module-reader.ts';
import { END, RIGHT } from './tokens.ts';

/** Reads everything between `(module` and its parenthesis, the token `to`, which is also read. */
export const readModule = (cursor: Cursor, to: number, options: ModuleOptions): Uint8Array<ArrayBuffer> => {
  const id = cursor.takeId();
  if (!cursor.take(KEY.binary)) {
    const bytes = readFields(cursor, to, id, options);
    cursor.leave();
    return bytes;
  }
  const out = new ByteWriter();
  while (cursor.kind !== RIGHT) cursor.string(out, 'a string or ")"');
  cursor.pos++;
  return out.finish();
};

/**
 * Makes a module from its text: bytes for every function that takes a module.
 *
 * ```js
 * const bytes = parseModule('(module (func (export "seven") (result i32) (i32.const 7)))');
 * console.log(decodeModule(bytes).exports[0].name); // → seven
 * ```
 *
 * @throws MalformedError with line, column, the line itself and what was expected
 */
export const parseModule = (
  text: string | Uint8Array,
  options: ModuleOptions = {},
): Uint8Array<ArrayBuffer> => {
  const tokens = lex(typeof text === 'string' ? encodeUtf8(text) : text);
  const cursor = new Cursor(tokens);
  const bytes = cursor.enter(KEY.module)
    ? readModule(cursor, tokens.values[0]!, options)
    : readFields(cursor, tokens.count - 1, -1, options);
  if (cursor.kind !== END) cursor.fail('the end');
  return bytes;
};
