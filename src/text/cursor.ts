/** A position among tokens: the current token, and steps that fail unless it is the expected one. */

import { ByteWriter } from '../syntax/byte-writer.ts';
import { decodeUtf8 } from '../syntax/utf8.ts';
import { AnnotationReader } from './annotations.ts';
import { IntegerReader } from './integers.ts';
import { keywordText } from './keywords.ts';
import { failText } from './malformed-text.ts';
import { appendString } from './strings.ts';
import { END, ERROR, ID, KEYWORD, LEFT, NAT, RIGHT, STRING, type Tokens } from './tokens.ts';

export class Cursor {
  readonly tokens: Tokens;
  pos = 0;
  /** The annotations of the current module. */
  annotations: AnnotationReader;
  private readonly integer = new IntegerReader();
  private readonly scratch = new ByteWriter();

  constructor(tokens: Tokens) {
    this.tokens = tokens;
    this.annotations = new AnnotationReader(tokens, 0, 0);
  }

  get kind(): number {
    return this.tokens.kinds[this.pos]!;
  }
  get value(): number {
    return this.tokens.values[this.pos]!;
  }
  get start(): number {
    return this.tokens.starts[this.pos]!;
  }
  get end(): number {
    return this.tokens.ends[this.pos]!;
  }

  /** Fails at the current token, which is not the expected one. */
  fail(expected: string): never {
    const { tokens, pos } = this;
    if (this.kind === ERROR) return failText(tokens.bytes, this.start, tokens.problem);
    const found = this.kind === END ? 'unexpected token: the end' : 'unexpected token';
    return failText(tokens.bytes, tokens.starts[pos]!, found, expected);
  }

  /** Fails at a token with a specific message. */
  failAt(pos: number, problem: string, expected = ''): never {
    // Text that is not a token is reported before errors in the tokens before it.
    if (this.kind === ERROR) return this.fail(expected);
    return failText(this.tokens.bytes, this.tokens.starts[pos]!, problem, expected);
  }

  isKeyword(keyword: number, pos = this.pos): boolean {
    return this.tokens.kinds[pos] === KEYWORD && this.tokens.values[pos] === keyword;
  }

  /** Whether `(keyword` is here. */
  isLeft(keyword: number, pos = this.pos): boolean {
    return this.tokens.kinds[pos] === LEFT && this.isKeyword(keyword, pos + 1);
  }

  /** Skips a keyword if it is here. */
  take(keyword: number): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.pos++;
    return true;
  }

  /** Skips `(keyword` if it is here. */
  enter(keyword: number): boolean {
    if (!this.isLeft(keyword)) return false;
    this.pos += 2;
    return true;
  }

  expectEnter(keyword: number): void {
    if (!this.enter(keyword)) this.fail(`"(${keywordText(keyword)} …)"`);
  }

  /** Skips a closing parenthesis. */
  leave(expected = '")"'): void {
    if (this.kind !== RIGHT) this.fail(expected);
    this.pos++;
  }

  /** The number of an identifier, if there is one here, otherwise -1. */
  takeId(): number {
    if (this.kind !== ID) return -1;
    return this.tokens.values[this.pos++]!;
  }

  /** A number of at most 32 bits, without a sign. */
  nat32(expected = 'a number'): number {
    this.readNat(32, expected);
    return this.integer.lo >>> 0;
  }

  nat8(expected: string): number {
    this.readNat(8, expected);
    return this.integer.lo;
  }

  /** Of at most 64 bits; the reader keeps it until the next number. */
  nat64(expected = 'a number'): IntegerReader {
    this.readNat(64, expected);
    return this.integer;
  }

  private readNat(bits: number, expected: string): void {
    if (this.kind !== NAT) this.fail(expected);
    this.numberOf(bits);
  }

  /** The number in the current token, which has this many bits. */
  numberOf(bits: number, problem = `i${bits} constant out of range`): IntegerReader {
    this.integer.read(this.tokens.bytes, this.start, this.end);
    if (!this.integer.fits(bits)) this.failAt(this.pos, problem);
    this.pos++;
    return this.integer;
  }

  /** Appends the bytes of a string. */
  string(out: ByteWriter, expected = 'a string'): void {
    if (this.kind !== STRING) this.fail(expected);
    appendString(out, this.tokens.bytes, this.start, this.end);
    this.pos++;
  }

  /** A string that is a name. @spec text-name */
  name(expected = 'a name'): string {
    const { scratch, pos } = this;
    scratch.length = 0;
    this.string(scratch, expected);
    return decodeUtf8(scratch.bytes, 0, scratch.length) ?? this.failAt(pos, 'malformed UTF-8 encoding');
  }
}
