/**
 * Integers of a text: sign, and the magnitude as two words. Nothing is allocated per number; `read` fills the fields.
 * @spec text-int
 */
import { CHAR, digitValue, isHexadecimal } from './characters.ts';

export class IntegerReader {
  lo = 0;
  hi = 0;
  isNegative = false;
  /** Whether the magnitude needs more than 64 bits. */
  isTooLarge = false;

  /** Reads a well-formed number. */
  read(bytes: Uint8Array, start: number, end: number): void {
    const sign = bytes[start];
    this.isNegative = sign === CHAR.minus;
    const first = sign === CHAR.minus || sign === CHAR.plus ? start + 1 : start;
    this.isTooLarge = false;
    if (isHexadecimal(bytes, first)) this.hexadecimal(bytes, first + 2, end);
    else this.decimal(bytes, first, end);
  }

  private hexadecimal(bytes: Uint8Array, start: number, end: number): void {
    let lo = 0;
    let hi = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === CHAR.underscore) continue;
      if (hi >>> 28 !== 0) this.isTooLarge = true;
      hi = (hi << 4) | (lo >>> 28);
      lo = (lo << 4) | digitValue(byte);
    }
    this.lo = lo;
    this.hi = hi;
  }

  private decimal(bytes: Uint8Array, start: number, end: number): void {
    let lo = 0;
    let hi = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === CHAR.underscore) continue;
      const low = lo * 10 + byte - CHAR.zero;
      lo = low >>> 0;
      hi = hi * 10 + (low - lo) / 2 ** 32;
      if (hi > 0xffffffff) {
        this.isTooLarge = true;
        hi = hi % 2 ** 32;
      }
    }
    this.lo = lo;
    this.hi = hi >>> 0;
  }

  /** Whether it is a number of this many bits, signed or not. */
  fits(bits: number): boolean {
    if (this.isTooLarge) return false;
    const lo = this.lo >>> 0;
    const hi = this.hi >>> 0;
    if (bits === 64) {
      return !this.isNegative || hi < 0x8000_0000 || (hi === 0x8000_0000 && lo === 0);
    }
    return hi === 0 && (this.isNegative ? lo <= 2 ** (bits - 1) : lo < 2 ** bits);
  }

  /** Converts the two words to the number itself, in two's complement. */
  applySign(): void {
    if (!this.isNegative) return;
    this.lo = -this.lo | 0;
    this.hi = (~this.hi + (this.lo === 0 ? 1 : 0)) | 0;
  }
}
