/** Writes the parts of a snapshot: numbers, texts, sections. */
import { SnapshotError } from '../../errors/errors.ts';
import { crc32 } from './crc32.ts';
import { FORMAT_VERSION, HEAD_BYTES, MAGIC, type SectionName, snapshotSections } from './format.ts';

const TWO_32 = 2 ** 32;

/** The UTF-8 bytes of a text; lone surrogates become replacement characters. */
const encodeText = (text: string): number[] => {
  const bytes: number[] = [];
  for (const char of text) {
    let point = char.codePointAt(0)!;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x1_0000)
      bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else
      bytes.push(
        0xf0 | (point >> 18),
        0x80 | ((point >> 12) & 63),
        0x80 | ((point >> 6) & 63),
        0x80 | (point & 63),
      );
  }
  return bytes;
};

/** Most bytes of a buffer that is kept for the next snapshot. */
const MAX_SPARE_BYTES = 2 ** 22;
/** A buffer that is not in use. PERF: growing one from nothing took a tenth of a snapshot. */
let spare: Uint8Array | null = null;
const takeBuffer = (): Uint8Array => {
  const buffer = spare ?? new Uint8Array(4096);
  spare = null;
  return buffer;
};

export class SnapshotWriter {
  private buffer = takeBuffer();
  private view = new DataView(this.buffer.buffer);
  private size = 0;
  private lastSection = 0;

  constructor() {
    for (const byte of MAGIC) this.u8(byte);
    this.u32(FORMAT_VERSION);
    this.int(0);
  }

  private room(byteCount: number): number {
    const at = this.size;
    this.size += byteCount;
    if (this.size > this.buffer.length) this.enlarge();
    return at;
  }

  private enlarge(): void {
    try {
      const larger = new Uint8Array(Math.max(this.size, this.buffer.length * 2));
      larger.set(this.buffer);
      this.buffer = larger;
      this.view = new DataView(larger.buffer);
    } catch (cause) {
      throw new SnapshotError('snapshot.unsupported', { detail: `no memory for ${this.size} bytes`, cause });
    }
  }

  u8(value: number): void {
    const at = this.room(1);
    this.buffer[at] = value;
  }

  /** 32 bits, from a signed or an unsigned number. */
  u32(value: number): void {
    const at = this.room(4);
    this.view.setInt32(at, value | 0, true);
  }

  /** A whole number from 0 to 2^53-1, in LEB128. */
  uint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.u8(rest);
  }

  /** A whole number from -(2^53-1) to 2^53-1, in 64 bits of two's complement. */
  int(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.u32(value - high * TWO_32);
    this.u32(high);
  }

  /** 64 bits, from a signed or an unsigned number. */
  big(value: bigint): void {
    const bits = BigInt.asUintN(64, value);
    this.u32(Number(bits & 0xffff_ffffn));
    this.u32(Number(bits >> 32n));
  }

  /** A flag. */
  flag(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  /** Bytes without their length. */
  raw(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    this.buffer.set(bytes, at);
  }

  bytes(bytes: Uint8Array): void {
    this.uint(bytes.length);
    this.raw(bytes);
  }

  text(text: string): void {
    this.bytes(Uint8Array.from(encodeText(text)));
  }

  /** A list preceded by its length. */
  list<T>(items: readonly T[], write: (item: T, index: number) => void): void {
    this.uint(items.length);
    items.forEach(write);
  }

  /** Writes a section; they come in order of their numbers. */
  section(name: SectionName, write: () => void): void {
    const { id } = snapshotSections[name];
    if (id <= this.lastSection) throw new RangeError(`section ${name} is out of order`);
    this.lastSection = id;
    this.u8(id);
    const at = this.room(8);
    write();
    const byteLength = this.size - at - 8;
    this.view.setUint32(at, byteLength % TWO_32, true);
    this.view.setUint32(at + 4, Math.floor(byteLength / TWO_32), true);
  }

  /** Everything after the head, to become part of another snapshot. */
  contents(): Uint8Array {
    return this.buffer.subarray(HEAD_BYTES, this.size);
  }

  /** The snapshot: length and checksum are filled in. */
  finish(): Uint8Array {
    const byteLength = this.size + 4;
    this.view.setUint32(HEAD_BYTES - 8, byteLength % TWO_32, true);
    this.view.setUint32(HEAD_BYTES - 4, Math.floor(byteLength / TWO_32), true);
    this.u32(crc32(this.buffer, 0, this.size));
    const snapshot = this.buffer.slice(0, this.size);
    if (this.buffer.length <= MAX_SPARE_BYTES) spare = this.buffer;
    this.buffer = snapshot;
    return snapshot;
  }
}
