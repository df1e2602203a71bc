/**
 * A cursor over a binary: bounds, LEB128, names, lists. Every failure is a MalformedError with its offset;
 * nothing is allocated by a count that the remaining bytes do not cover.
 */
import type { CodeOf } from '../errors/catalogue.ts';
import { LimitError, MalformedError } from '../errors/errors.ts';
import { decodeUtf8 } from '../syntax/utf8.ts';

export class ByteReader {
  readonly bytes: Uint8Array;
  pos: number;
  /** First byte that may not be read. */
  end: number;
  /** Name of the section being read, for messages. */
  section = '';

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  fail(code: CodeOf<'MalformedError'>, offset: number = this.pos, detail = ''): never {
    throw new MalformedError(code, {
      offset,
      ...(this.section === '' ? {} : { section: this.section }),
      ...(detail === '' ? {} : { detail }),
    });
  }

  private failEnd(): never {
    return this.fail(this.section === '' ? 'malformed.end' : 'malformed.section-overrun');
  }

  byte(): number {
    if (this.pos >= this.end) this.failEnd();
    return this.bytes[this.pos++]!;
  }

  /** @spec binary-uint */
  u32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; ; shift += 7) {
      const b = this.byte();
      if (shift === 28) {
        if (b >= 0x80) this.fail('malformed.integer-long', this.pos - 1);
        if (b > 0x0f) this.fail('malformed.integer-large', this.pos - 1);
      }
      value |= (b & 0x7f) << shift;
      if (b < 0x80) return value >>> 0;
    }
  }

  /** @spec binary-uint */
  u64(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = this.byte();
      if (shift === 63n) {
        if (b >= 0x80) this.fail('malformed.integer-long', this.pos - 1);
        if (b > 1) this.fail('malformed.integer-large', this.pos - 1);
      }
      value |= BigInt(b & 0x7f) << shift;
      if (b < 0x80) return value;
    }
  }

  /** A signed 33-bit integer, as heap types and block types use. @spec binary-sint */
  s33(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      if (shift === 28) {
        if (b >= 0x80) this.fail('malformed.integer-long', this.pos - 1);
        // Bit 4 is the sign; the two above must repeat it.
        const high = b & 0x70;
        if (high !== 0 && high !== 0x70) this.fail('malformed.integer-large', this.pos - 1);
        value += (b & 0x0f) * 2 ** 28;
        return b & 0x40 ? value - 2 ** 32 : value;
      }
      value += (b & 0x7f) * 2 ** shift;
      if (b < 0x80) return b & 0x40 ? value - 2 ** (shift + 7) : value;
    }
  }

  /**
   * Reads a list. The limit is checked as entries arrive, so that a count larger than the section is
   * malformed and not over the limit.
   *
   * @spec binary-list
   */
  list<T>(read: () => T, limit = Number.POSITIVE_INFINITY, what = ''): T[] {
    const offset = this.pos;
    const count = this.u32();
    const items: T[] = [];
    for (let i = 0; i < count; i++) {
      if (i === limit) this.failLimit(limit, count, offset, what);
      items.push(read());
    }
    return items;
  }

  failLimit(limit: number, actual: number, offset: number, what: string): never {
    throw new LimitError('limit.module', {
      limit,
      actual,
      offset,
      section: this.section,
      detail: `${actual} ${what}, at most ${limit}`,
    });
  }

  /** @spec binary-name */
  name(): string {
    const length = this.u32();
    const start = this.pos;
    if (length > this.end - start) this.fail('malformed.length', start);
    this.pos = start + length;
    const text = decodeUtf8(this.bytes, start, this.pos);
    return text ?? this.fail('malformed.utf8', start);
  }
}
