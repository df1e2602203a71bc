/**
 * Splits a text into tokens. Nothing is thrown here: text that is not a token ends the tokens with one of kind
 * `ERROR`, so that the reader of tokens reports the errors of a text in their order. @spec text-lexical
 */
import { decodeUtf8 } from '../syntax/utf8.ts';
import {
  CHAR,
  isDigit,
  isHexDigit,
  isIdChar,
  isPunctuation,
  isSpace,
  isWord,
  numberKind,
  utf8Length,
} from './characters.ts';
import { findKeyword } from './keywords.ts';
import { stringBytes } from './strings.ts';
import {
  ALIGN,
  type AnnotationItem,
  ATOM,
  END,
  ERROR,
  FLOAT,
  ID,
  KEYWORD,
  LEFT,
  NAT,
  OFFSET,
  RIGHT,
  STRING,
  Tokens,
} from './tokens.ts';

/** The annotations that are kept. */
const knownAnnotations: readonly string[] = ['custom', 'name', 'metadata.code.branch_hint'];

/** Splits bytes, which should be UTF-8. */
export const lex = (bytes: Uint8Array): Tokens => {
  const lexer = new Lexer(bytes);
  lexer.run();
  return lexer.tokens;
};

/** The message for each failure of reading a string. */
const stringProblem = (byte: number | undefined): string =>
  byte === undefined || byte === CHAR.newline || byte === CHAR.return
    ? 'unclosed string literal'
    : byte === CHAR.backslash
      ? 'illegal escape'
      : byte < 0x20 || byte === 0x7f
        ? 'illegal control character in string literal'
        : 'malformed UTF-8 encoding';

class Lexer {
  readonly tokens: Tokens;
  private readonly bytes: Uint8Array;
  private at = 0;
  /** Indices of open parentheses. */
  private readonly open: number[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.tokens = new Tokens(bytes);
  }

  run(): void {
    const { bytes, tokens } = this;
    const { length } = bytes;
    while (this.at < length) {
      const { at } = this;
      const byte = bytes[at]!;
      if (isSpace(byte)) this.at++;
      else if (byte === CHAR.left) {
        if (!this.leftParenthesis()) break;
      } else if (byte === CHAR.right) {
        const opening = this.open.pop();
        if (opening !== undefined) tokens.values[opening] = tokens.count;
        tokens.add(RIGHT, at, ++this.at, 0);
      } else if (byte === CHAR.semicolon && bytes[at + 1] === CHAR.semicolon) this.lineComment();
      else if (!this.word(byte)) break;
    }
    const last = tokens.count;
    for (const opening of this.open) tokens.values[opening] = last;
    tokens.add(END, length, length, 0);
  }

  /** Ends the tokens; returns false. */
  private fail(problem: string, start: number, end: number): false {
    this.tokens.problem = problem;
    this.tokens.add(ERROR, start, end, 0);
    return false;
  }

  private leftParenthesis(): boolean {
    const { at, bytes, tokens } = this;
    const next = bytes[at + 1];
    if (next === CHAR.semicolon) return this.blockComment();
    if (next === CHAR.at) return this.annotation();
    this.open.push(tokens.count);
    tokens.add(LEFT, at, ++this.at, 0);
    return true;
  }

  /** @spec text-comment */
  private lineComment(): void {
    const { bytes } = this;
    let at = this.at + 2;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === CHAR.newline || byte === CHAR.return) break;
      if (byte < 0x80) continue;
      const length = utf8Length(bytes, at);
      if (length === 0) break;
      at += length - 1;
    }
    this.at = at;
  }

  /** @spec text-comment */
  private blockComment(): boolean {
    const { bytes, at: start } = this;
    let depth = 0;
    for (let at = start; at < bytes.length; ) {
      const byte = bytes[at]!;
      const next = bytes[at + 1];
      if (byte === CHAR.left && next === CHAR.semicolon) {
        depth++;
        at += 2;
      } else if (byte === CHAR.semicolon && next === CHAR.right) {
        at += 2;
        if (--depth > 0) continue;
        this.at = at;
        return true;
      } else {
        const length = utf8Length(bytes, at);
        if (length === 0) return this.fail('malformed UTF-8 encoding', at, at + 1);
        at += length;
      }
    }
    return this.fail('unclosed comment', start, start + 2);
  }

  /** The end of consecutive identifier characters and whole strings without a gap. */
  private runEnd(start: number): number {
    const { bytes } = this;
    for (let at = start; ; ) {
      const byte = bytes[at] ?? 0;
      if (isIdChar(byte)) at++;
      else if (byte === CHAR.quote) {
        const end = this.stringEnd(at);
        if (end < 0) return at;
        at = end;
      } else return at;
    }
  }

  /** The end of the string that begins here; for an error at `at`, `-1 - at`. */
  private stringEnd(start: number): number {
    const { bytes } = this;
    for (let at = start + 1; at < bytes.length; ) {
      const byte = bytes[at]!;
      if (byte === CHAR.quote) return at + 1;
      if (byte === CHAR.backslash) {
        const length = escapeLength(bytes, at);
        if (length === 0) return -1 - at;
        at += length;
      } else if (byte < 0x20 || byte === 0x7f) return -1 - at;
      else {
        const length = utf8Length(bytes, at);
        if (length === 0) return -1 - at;
        at += length;
      }
    }
    return -1 - bytes.length;
  }

  /** Reads a token that is not a parenthesis. */
  private word(first: number): boolean {
    const { bytes, at: start, tokens } = this;
    let end = start;
    while (isIdChar(bytes[end] ?? 0)) end++;
    if (bytes[end] === CHAR.quote) return this.wordWithString(start, end);
    if (end === start) return this.failCharacter(first);
    this.at = end;
    if (first === CHAR.dollar) {
      if (end === start + 1) return this.fail('empty identifier', start, end);
      tokens.add(ID, start, end, tokens.ids.intern(bytes, start + 1, end));
      return true;
    }
    if (isDigit(first) || first === CHAR.plus || first === CHAR.minus) {
      const kind = numberKind(bytes, start, end);
      if (kind >= 0) {
        tokens.add(kind, start, end, 0);
        return true;
      }
    }
    const keyword = findKeyword(bytes, start, end);
    if (keyword >= 0) {
      tokens.add(KEYWORD, start, end, keyword);
      return true;
    }
    return this.rareWord(start, end);
  }

  private rareWord(start: number, end: number): boolean {
    const { bytes, tokens } = this;
    const kind = numberKind(bytes, start, end);
    if (kind === FLOAT) {
      tokens.add(kind, start, end, 0);
      return true;
    }
    for (const [prefix, prefixed] of [
      ['offset=', OFFSET],
      ['align=', ALIGN],
    ] as const) {
      const from = start + prefix.length;
      if (!isWord(bytes, start, Math.min(from, end), prefix) || numberKind(bytes, from, end) !== NAT)
        continue;
      tokens.add(prefixed, from, end, 0);
      return true;
    }
    return this.failOperator(start, end);
  }

  private failOperator(start: number, end: number): false {
    const text = decodeUtf8(this.bytes, start, end) ?? '';
    return this.fail(`unknown operator ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`, start, end);
  }

  /** A string, an identifier in quotes, or several items without a gap, which are not a token. */
  private wordWithString(start: number, quote: number): boolean {
    const { bytes, tokens } = this;
    const stringEnd = this.stringEnd(quote);
    const isId = quote === start + 1 && bytes[start] === CHAR.dollar;
    if (stringEnd < 0) {
      if (isId) return this.fail('empty identifier', start, quote);
      if (quote > start) return this.failOperator(start, quote);
      const at = -1 - stringEnd;
      return this.fail(stringProblem(bytes[at]), at, at + 1);
    }
    const end = this.runEnd(stringEnd);
    if (end > stringEnd || (quote > start && !isId)) return this.failOperator(start, end);
    this.at = end;
    if (!isId) {
      tokens.add(STRING, start, end, 0);
      return true;
    }
    const name = stringBytes(bytes, quote, end);
    if (name.length === 0) return this.fail('empty identifier', start, end);
    if (decodeUtf8(name) === null) return this.fail('malformed UTF-8 encoding', start, end);
    tokens.add(ID, start, end, tokens.ids.intern(name, 0, name.length));
    return true;
  }

  private failCharacter(byte: number): false {
    const { bytes, at } = this;
    if (byte < 0x20 || byte === 0x7f) return this.fail('misplaced control character', at, at + 1);
    if (byte < 0x80) return this.failOperator(at, at + 1);
    const length = utf8Length(bytes, at);
    if (length === 0) return this.fail('malformed UTF-8 encoding', at, at + 1);
    return this.fail('misplaced unicode character', at, at + length);
  }

  /** @spec text-annot */
  private annotation(): boolean {
    const { bytes, at: start, tokens } = this;
    const idStart = start + 2;
    let idEnd = idStart;
    let name: string | null;
    if (bytes[idStart] === CHAR.quote) {
      idEnd = this.stringEnd(idStart);
      if (idEnd < 0) return this.fail('empty annotation id', start, idStart);
      name = decodeUtf8(stringBytes(bytes, idStart, idEnd));
    } else {
      while (isIdChar(bytes[idEnd] ?? 0)) idEnd++;
      name = decodeUtf8(bytes, idStart, idEnd);
    }
    if (name === '') return this.fail('empty annotation id', start, idStart);
    if (name === null) return this.fail('malformed UTF-8 encoding', idStart, idEnd);
    this.at = idEnd;
    const items: AnnotationItem[] | null = knownAnnotations.includes(name) ? [] : null;
    if (!this.annotationItems(start, items)) return false;
    if (items !== null) tokens.annotations.push({ name, before: tokens.count, start, items });
    return true;
  }

  private annotationItems(start: number, items: AnnotationItem[] | null): boolean {
    const { bytes } = this;
    for (let depth = 1; this.at < bytes.length; ) {
      const { at } = this;
      const byte = bytes[at]!;
      let end = at + 1;
      let kind = ATOM;
      if (isSpace(byte)) {
        this.at = end;
        continue;
      }
      if (byte === CHAR.semicolon && bytes[end] === CHAR.semicolon) {
        this.lineComment();
        continue;
      }
      if (byte === CHAR.left && bytes[end] === CHAR.semicolon) {
        if (!this.blockComment()) return false;
        continue;
      }
      if (byte === CHAR.left) {
        depth++;
        kind = LEFT;
      } else if (byte === CHAR.right) {
        kind = RIGHT;
        if (--depth === 0) {
          this.at = end;
          return true;
        }
      } else {
        end = isPunctuation(byte) ? at + 1 : this.runEnd(at);
        if (end === at) return this.failAnnotationCharacter(byte);
        if (byte === CHAR.quote && this.stringEnd(at) === end) kind = STRING;
        else if (byte === CHAR.dollar && end === at + 1) return this.fail('empty identifier', at, end);
      }
      items?.push({ kind, start: at, end });
      this.at = end;
    }
    return this.fail('unclosed annotation', start, start + 2);
  }

  private failAnnotationCharacter(byte: number): boolean {
    const { bytes, at } = this;
    if (byte === CHAR.quote) {
      const fault = -1 - this.stringEnd(at);
      return this.fail(stringProblem(bytes[fault]), fault, fault + 1);
    }
    const length = utf8Length(bytes, at);
    return this.fail(length === 0 ? 'malformed UTF-8 encoding' : 'illegal character', at, at + 1);
  }
}

/** Characters of the escape that begins here; 0 if it is not one. @spec text-string */
const escapeLength = (bytes: Uint8Array, at: number): number => {
  const next = bytes[at + 1] ?? 0;
  if (next === CHAR.u) {
    if (bytes[at + 2] !== CHAR.leftBrace) return 0;
    let end = at + 3;
    let value = 0;
    for (; isHexDigit(bytes[end] ?? 0) || bytes[end] === CHAR.underscore; end++) {
      if (bytes[end] === CHAR.underscore) {
        if (end === at + 3 || !isHexDigit(bytes[end + 1] ?? 0)) return 0;
      } else value = Math.min(value * 16 + Number.parseInt(String.fromCharCode(bytes[end]!), 16), 0x11_0000);
    }
    const isScalar = value < 0xd800 || (value >= 0xe000 && value < 0x11_0000);
    return end > at + 3 && bytes[end] === CHAR.rightBrace && isScalar ? end + 1 - at : 0;
  }
  if (isHexDigit(next)) return isHexDigit(bytes[at + 2] ?? 0) ? 3 : 0;
  return 'nrt\\\'"'.includes(String.fromCharCode(next)) ? 2 : 0;
};
