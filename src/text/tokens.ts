/** The tokens of a text, as numbers in typed arrays, with the annotations in a separate list. @spec text-token */
import { grown } from '../syntax/byte-writer.ts';
import { ByteStrings } from './byte-strings.ts';

/** Kinds of tokens. The comment of a kind describes the token's value. */
export const END = 0;
/** The index of the parenthesis that closes it; of the last token if none does. */
export const LEFT = 1;
export const RIGHT = 2;
export const NAT = 3;
/** An integer with a sign. */
export const INT = 4;
export const FLOAT = 5;
/** The bytes between the quotes still have their escapes. */
export const STRING = 6;
/** The number of the identifier in `ids`. */
export const ID = 7;
/** The number of the keyword; see `keywords.ts`. */
export const KEYWORD = 8;
/** `offset=` and `align=` followed by a number. */
export const OFFSET = 9;
export const ALIGN = 10;
/** Text that is not a token; the last one. `problem` says what is wrong with it. */
export const ERROR = 11;
/** Inside annotations: anything else, down to single characters. */
export const ATOM = 12;

/** An item of an annotation. */
export interface AnnotationItem {
  readonly kind: number;
  readonly start: number;
  readonly end: number;
}
/** An annotation with a known name; all others are omitted. @spec text-annot */
export interface Annotation {
  readonly name: string;
  /** Index of the token that follows. */
  readonly before: number;
  readonly start: number;
  readonly items: readonly AnnotationItem[];
}

export class Tokens {
  readonly bytes: Uint8Array;
  kinds: Uint8Array = new Uint8Array(256);
  starts: Int32Array = new Int32Array(256);
  ends: Int32Array = new Int32Array(256);
  values: Int32Array = new Int32Array(256);
  count = 0;
  readonly ids: ByteStrings = new ByteStrings();
  readonly annotations: Annotation[] = [];
  /** What is wrong with the token of kind `ERROR`. */
  problem = '';

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  add(kind: number, start: number, end: number, value: number): void {
    const index = this.count++;
    if (index === this.kinds.length) {
      this.kinds = grown(this.kinds, index * 2);
      this.starts = grown(this.starts, index * 2);
      this.ends = grown(this.ends, index * 2);
      this.values = grown(this.values, index * 2);
    }
    this.kinds[index] = kind;
    this.starts[index] = start;
    this.ends[index] = end;
    this.values[index] = value;
  }
}
