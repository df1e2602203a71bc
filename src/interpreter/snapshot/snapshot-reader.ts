/**
 * Reads the parts of a snapshot. Every read is checked against the end of its section, and every number is bounded
 * before it is used: a damaged or forged snapshot ends in a `SnapshotError`.
 */
import { isWholeNumber } from '../../errors/checks.ts';
import { SnapshotError } from '../../errors/errors.ts';
import { decodeUtf8 } from '../../syntax/utf8.ts';
import { crc32 } from './crc32.ts';
import {
  FORMAT_VERSION,
  HEAD_BYTES,
  MAGIC,
  type SectionName,
  snapshotSections,
  TAIL_BYTES,
} from './format.ts';

const TWO_32 = 2 ** 32;

/** The error for a snapshot with impossible contents. */
export const corrupt = (detail: string): Error => new SnapshotError('snapshot.corrupt', { detail });
/** The error for a snapshot that was taken of something else. */
export const foreign = (detail: string): Error => new SnapshotError('snapshot.foreign', { detail });

export class SnapshotReader {
  private readonly input: Uint8Array;
  private readonly view: DataView;
  private readonly end: number;
  private at: number;

  constructor(input: Uint8Array, start: number, end: number) {
    this.input = input;
    this.view = new DataView(input.buffer, input.byteOffset, input.length);
    this.at = start;
    this.end = end;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }

  private take(byteCount: number): number {
    const { at } = this;
    if (byteCount > this.end - at) throw corrupt(`a section ends too early, at byte ${this.end}`);
    this.at = at + byteCount;
    return at;
  }

  u8(): number {
    return this.input[this.take(1)]!;
  }

  /** 32 bits as a signed number. */
  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  u32(): number {
    return this.i32() >>> 0;
  }

  /** A whole number up to `most`. */
  uint(most: number): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (value > most) throw corrupt(`a number is larger than ${most}`);
      if (byte < 0x80) return value;
      scale *= 0x80;
      if (scale > Number.MAX_SAFE_INTEGER) throw corrupt('a number is too long');
    }
  }

  /** An index below `count`. */
  index(count: number, what: string): number {
    if (count === 0) throw corrupt(`no ${what} exists`);
    const value = this.uint(Number.MAX_SAFE_INTEGER);
    if (value >= count) throw corrupt(`${what} ${value} does not exist`);
    return value;
  }

  /** Number of items that follow, each of which takes at least this many bytes. */
  count(itemBytes = 1): number {
    return this.uint(Math.floor(this.left / itemBytes));
  }

  /** A whole number of 64 bits. */
  int(): number {
    const low = this.u32();
    const value = this.i32() * TWO_32 + low;
    if (!isWholeNumber(value, Number.MIN_SAFE_INTEGER)) throw corrupt('a number does not fit in 53 bits');
    return value;
  }

  /** 64 bits as an unsigned number. */
  big(): bigint {
    const low = BigInt(this.u32());
    return (BigInt(this.u32()) << 32n) | low;
  }

  /** 64 bits as a signed number. */
  signedBig(): bigint {
    return BigInt.asIntN(64, this.big());
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw corrupt(`${value} is not a flag`);
    return value === 1;
  }

  /** A view of the next bytes. */
  raw(byteCount: number): Uint8Array {
    const at = this.take(byteCount);
    return this.input.subarray(at, at + byteCount);
  }

  bytes(): Uint8Array {
    return this.raw(this.count());
  }

  text(): string {
    const bytes = this.bytes();
    const text = decodeUtf8(bytes);
    if (text === null) throw corrupt('a text is not UTF-8');
    return text;
  }

  /** A list preceded by its length; each item takes at least a byte. */
  list<T>(read: (index: number) => T): T[] {
    const items: T[] = [];
    for (let count = this.count(); count > 0; count--) items.push(read(items.length));
    return items;
  }

  /** Everything must have been read. */
  finish(): void {
    if (this.at !== this.end) throw corrupt(`a section has extra bytes, at byte ${this.at}`);
  }
}

/** A snapshot with a valid head, length, checksum and section table. */
export class SnapshotFile {
  private readonly bytes: Uint8Array;
  private readonly sections = new Map<number, readonly [start: number, end: number]>();

  /** @throws SnapshotError */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const known = bytes.subarray(0, MAGIC.length);
    if (known.some((byte, i) => byte !== MAGIC[i])) throw corrupt('it does not begin like a snapshot');
    if (bytes.length < HEAD_BYTES + TAIL_BYTES) throw truncated(HEAD_BYTES + TAIL_BYTES, bytes.length);
    const head = new SnapshotReader(bytes, MAGIC.length, HEAD_BYTES);
    const version = head.u32();
    if (version !== FORMAT_VERSION) {
      throw new SnapshotError('snapshot.version', {
        expected: String(FORMAT_VERSION),
        actual: version,
        detail: `version ${version}; this is version ${FORMAT_VERSION}`,
      });
    }
    const byteLength = head.int();
    if (bytes.length < byteLength) throw truncated(byteLength, bytes.length);
    if (bytes.length !== byteLength) throw corrupt(`${bytes.length} bytes instead of ${byteLength}`);
    const end = byteLength - TAIL_BYTES;
    if (new SnapshotReader(bytes, end, byteLength).u32() !== crc32(bytes, 0, end))
      throw corrupt('the checksum does not match');
    this.index(end);
  }

  private index(end: number): void {
    const reader = new SnapshotReader(this.bytes, HEAD_BYTES, end);
    let last = 0;
    while (reader.left > 0) {
      const id = reader.u8();
      if (id <= last) throw corrupt('sections are out of order');
      last = id;
      const byteLength = reader.int();
      if (byteLength < 0) throw corrupt('a section has a negative length');
      const start = end - reader.left;
      reader.raw(byteLength);
      this.sections.set(id, [start, start + byteLength]);
    }
  }

  has(name: SectionName): boolean {
    return this.sections.has(snapshotSections[name].id);
  }

  /** Reads a section to its end. */
  read<T>(name: SectionName, read: (reader: SnapshotReader) => T): T {
    const range = this.sections.get(snapshotSections[name].id);
    if (range === undefined) throw corrupt(`section "${name}" is missing`);
    const reader = new SnapshotReader(this.bytes, range[0], range[1]);
    const result = read(reader);
    reader.finish();
    return result;
  }
}

const truncated = (expected: number, actual: number): Error =>
  new SnapshotError('snapshot.truncated', {
    expected: String(expected),
    actual,
    detail: `${actual} of ${expected} bytes`,
  });
