/**
 * Writes bytes of the binary format in sequence: integers in their shortest form, names, ranges of bytes.
 * @spec binary-int
 */
import { encodeUtf8 } from './utf8.ts';

/** A longer copy of a typed array. */
export const grown = <T extends Uint8Array | Int32Array>(array: T, length: number): T => {
  const longer = new (array.constructor as new (length: number) => T)(length);
  longer.set(array);
  return longer;
};

export class ByteWriter {
  bytes = new Uint8Array(256);
  length = 0;

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) this.bytes = grown(this.bytes, Math.max(needed, this.bytes.length * 2));
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** An unsigned integer below 2^32. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** A signed integer of at most 33 bits. */
  s33(value: number): void {
    let rest = value;
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest & 0x7f);
  }

  /** An unsigned integer of 64 bits, from two words. */
  u64(low: number, high: number): void {
    let lo = low >>> 0;
    let hi = high >>> 0;
    while (hi !== 0 || lo >= 0x80) {
      this.byte((lo & 0x7f) | 0x80);
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    this.byte(lo);
  }

  /** A signed integer of 64 bits, from two words. */
  s64(low: number, high: number): void {
    let lo = low | 0;
    let hi = high | 0;
    for (;;) {
      const bits = lo & 0x7f;
      lo = (lo >>> 7) | (hi << 25);
      hi >>= 7;
      const sign = bits & 0x40 ? -1 : 0;
      if (lo === sign && hi === sign) {
        this.byte(bits);
        return;
      }
      this.byte(bits | 0x80);
    }
  }

  /** The lowest bytes of a word, the lowest first. */
  word(value: number, count = 4): void {
    for (let i = 0; i < count; i++) this.byte((value >>> (8 * i)) & 0xff);
  }

  append(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.reserve(end - start);
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length += end - start;
  }

  /** Everything that another writer has written. */
  take(other: ByteWriter): void {
    this.append(other.bytes, 0, other.length);
  }

  /** The same, preceded by its length. */
  takeSized(other: ByteWriter): void {
    this.u32(other.length);
    this.take(other);
  }

  name(text: string): void {
    const bytes = encodeUtf8(text);
    this.u32(bytes.length);
    this.append(bytes);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}
