/**
 * Strings of bytes as small numbers: equal bytes, equal number. Keywords and identifiers are compared and looked up
 * by their numbers, so that reading a text makes no JavaScript strings.
 */
import { grown } from '../syntax/byte-writer.ts';
import { decodeUtf8 } from '../syntax/utf8.ts';

export class ByteStrings {
  private arena = new Uint8Array(1024);
  /** The end of each string in the arena, which is the start of the next one. */
  private ends = new Int32Array(64);
  private hashes = new Int32Array(64);
  /** Open addressing: number + 1, or 0. */
  private slots = new Int32Array(128);
  count = 0;

  /** The number of a string, assigned if it has none. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const slot = this.slotOf(bytes, start, end, hash);
    const known = this.slots[slot]!;
    return known !== 0 ? known - 1 : this.add(bytes, start, end, slot);
  }

  /** The number of a string, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.slots[this.slotOf(bytes, start, end, hashOf(bytes, start, end))]! - 1;
  }

  /** The text of a number; bytes that are not UTF-8 give an empty one. */
  text(number: number): string {
    return decodeUtf8(this.arena, this.startOf(number), this.ends[number]) ?? '';
  }

  /** The bytes of a number. */
  bytesOf(number: number): Uint8Array {
    return this.arena.subarray(this.startOf(number), this.ends[number]);
  }

  private startOf(number: number): number {
    return number === 0 ? 0 : this.ends[number - 1]!;
  }

  private slotOf(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const known = this.slots[slot]! - 1;
      if (known < 0) return slot;
      if (this.hashes[known] === hash && this.isEqual(known, bytes, start, end)) return slot;
    }
  }

  private isEqual(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.startOf(number);
    if (this.ends[number]! - own !== end - start) return false;
    for (let i = start; i < end; i++) if (this.arena[own + i - start] !== bytes[i]) return false;
    return true;
  }

  private add(bytes: Uint8Array, start: number, end: number, slot: number): number {
    const number = this.count++;
    const from = this.startOf(number);
    const to = from + end - start;
    if (to > this.arena.length) this.arena = grown(this.arena, Math.max(to, this.arena.length * 2));
    this.arena.set(bytes.subarray(start, end), from);
    if (number === this.ends.length) {
      this.ends = grown(this.ends, number * 2);
      this.hashes = grown(this.hashes, number * 2);
    }
    this.ends[number] = to;
    this.hashes[number] = hashOf(bytes, start, end);
    this.slots[slot] = number + 1;
    if (this.count * 2 > this.slots.length) this.rehash();
    return number;
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      let slot = this.hashes[number]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.slots = slots;
  }
}

const hashOf = (bytes: Uint8Array, start: number, end: number): number => {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
};
