/**
 * A cursor over debug information, which is only for people: damage in it may lose an answer, but never causes an
 * error. Nothing here throws; after the end everything reads as 0, and `isDone` is true.
 */
import { decodeUtf8 } from '../../syntax/utf8.ts';

export class LenientReader {
  readonly bytes: Uint8Array;
  pos: number;
  /** First byte that is not read. */
  readonly end: number;
  /** Whether something after the end was read. */
  isBroken = false;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.pos = start;
    this.end = Math.max(start, Math.min(end, bytes.length));
  }

  /** Whether nothing more can be read. */
  get isDone(): boolean {
    return this.isBroken || this.pos >= this.end;
  }

  byte(): number {
    if (this.pos < this.end) return this.bytes[this.pos++]!;
    this.isBroken = true;
    return 0;
  }

  i8(): number {
    return (this.byte() << 24) >> 24;
  }

  u16(): number {
    return this.byte() | (this.byte() << 8);
  }

  u32(): number {
    return (this.u16() | (this.u16() << 16)) >>> 0;
  }

  /** Eight bytes; a value that does not fit in a number becomes the largest one. */
  u64(): number {
    const low = this.u32();
    return Math.min(low + this.u32() * 2 ** 32, Number.MAX_SAFE_INTEGER);
  }

  /** The low 32 bits of an unsigned LEB128 number of any length. */
  uleb(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      if (shift < 32) value |= (b & 0x7f) << shift;
      if (b < 0x80) return value >>> 0;
    }
  }

  /** The low 32 bits of a signed LEB128 number of any length. */
  sleb(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      if (shift < 32) value |= (b & 0x7f) << shift;
      if (b < 0x80) return shift < 25 && (b & 0x40) !== 0 ? value | (-1 << (shift + 7)) : value;
    }
  }

  skip(count: number): void {
    if (count > this.end - this.pos) this.isBroken = true;
    this.pos = Math.min(this.end, this.pos + count);
  }

  /** A string that ends with a zero byte, or at the end. */
  text(): string {
    const start = this.pos;
    while (this.pos < this.end && this.bytes[this.pos] !== 0) this.pos++;
    const end = this.pos;
    this.skip(1);
    return shownText(this.bytes.subarray(start, end));
  }
}

/** Bytes as text for people. SAFETY: characters that could control a terminal, or are not UTF-8, become U+FFFD. */
const shownText = (bytes: Uint8Array): string => {
  const text = decodeUtf8(bytes) ?? Array.from(bytes, (b) => String.fromCharCode(b < 0x80 ? b : 0)).join('');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, '\ufffd');
};
