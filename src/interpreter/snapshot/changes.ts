/**
 * The changes from one snapshot to the next: a list of ranges to copy from the preceding one, and bytes to put
 * between them. Applied to the preceding one, it gives the next, byte for byte.
 *
 * It is independent of sections: bytes that moved, because a block before them is no longer zero, are found by a
 * hash.
 */
import { corrupt, SnapshotReader } from './snapshot-reader.ts';

/** Length of the windows: shorter ranges are not worth a copy. */
const WINDOW = 32;
/**
 * Bytes after which a change in place is treated as a move. PERF: most changes are replaced words, for which the
 * index of windows, half of the work, need not be made.
 */
const PATIENCE = 64;
/** Multiplier of the rolling hash, and the factor of the oldest byte of a window. */
const FACTOR = 0x0100_0193;
let oldest = 1;
for (let i = 1; i < WINDOW; i++) oldest = Math.imul(oldest, FACTOR);
const OLDEST_FACTOR = oldest;

const hashAt = (bytes: Uint8Array, at: number): number => {
  let hash = 0;
  for (let i = 0; i < WINDOW; i++) hash = (Math.imul(hash, FACTOR) + bytes[at + i]!) | 0;
  return hash;
};
const slotOf = (hash: number, mask: number): number => (hash ^ (hash >>> 15)) & mask;

/** Offsets of the windows of a snapshot, by hash; the first of several. */
class WindowIndex {
  readonly #bytes: Uint8Array;
  /** Offset plus 1; 0 for none. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(bytes: Uint8Array) {
    let size = 256;
    while (size < bytes.length / (WINDOW / 4)) size *= 2;
    this.#bytes = bytes;
    this.#slots = new Int32Array(size);
    this.#mask = size - 1;
    for (let at = 0; at + WINDOW <= bytes.length; at += WINDOW) {
      const slot = slotOf(hashAt(bytes, at), this.#mask);
      if (this.#slots[slot] === 0) this.#slots[slot] = at + 1;
    }
  }

  /** Offset of the same window as in another snapshot; -1 if there is none. */
  find(hash: number, other: Uint8Array, at: number): number {
    const found = this.#slots[slotOf(hash, this.#mask)]! - 1;
    if (found < 0) return -1;
    for (let i = 0; i < WINDOW; i++) if (this.#bytes[found + i] !== other[at + i]) return -1;
    return found;
  }
}

/** Records bytes and numbers. */
class ChangesWriter {
  #bytes = new Uint8Array(4096);
  #size = 0;

  #room(byteCount: number): void {
    if (this.#size + byteCount <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size + byteCount));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
  uint(value: number): void {
    this.#room(8);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#size++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#size++] = rest;
  }
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }
}

const sameFrom = (a: Uint8Array, b: Uint8Array, from: number, at: number): number => {
  const most = Math.min(a.length - from, b.length - at);
  let length = 0;
  while (length < most && a[from + length] === b[at + length]) length++;
  return length;
};

/**
 * The changes from a snapshot to the next.
 *
 * @returns vec(literal:bytes from:uint count:uint) until the length, which comes first, is reached
 */
export const changesBetween = (before: Uint8Array, after: Uint8Array): Uint8Array => {
  const out = new ChangesWriter();
  let index: WindowIndex | null = null;
  out.uint(after.length);
  /** The beginning of the bytes that are not covered yet. */
  let literal = 0;
  /** The offset of the same place in the preceding snapshot, as long as nothing moved. */
  let from = 0;
  let at = 0;
  const copy = (source: number, count: number): void => {
    out.uint(at - literal);
    out.raw(after.subarray(literal, at));
    out.uint(source);
    out.uint(count);
    at += count;
    from = source + count;
    literal = at;
  };
  /** The hash of the window at a place. */
  let hash = 0;
  let hashedAt = -1;
  while (at + WINDOW <= after.length) {
    // First try the place for a replacement of the bytes between by the same number of bytes.
    const inPlace = from + at - literal;
    const stays = inPlace + WINDOW <= before.length ? sameFrom(before, after, inPlace, at) : 0;
    if (stays >= WINDOW) {
      copy(inPlace, stays);
      continue;
    }
    if (at - literal >= PATIENCE) {
      index ??= new WindowIndex(before);
      hash = hashedAt === at ? hash : hashAt(after, at);
      let found = index.find(hash, after, at);
      if (found >= 0) {
        for (; at > literal && found > 0 && before[found - 1] === after[at - 1]; at--) found--;
        copy(found, sameFrom(before, after, found, at));
        continue;
      }
      hash = (Math.imul(hash - Math.imul(after[at]!, OLDEST_FACTOR), FACTOR) + (after[at + WINDOW] ?? 0)) | 0;
      hashedAt = at + 1;
    }
    at++;
  }
  at = after.length;
  if (literal < at) copy(0, 0);
  return out.finish();
};

/** Longest snapshot that changes may make. SAFETY: a forged count must not take memory. */
const MAX_GROWTH = 0x4000_0000;

/** The snapshot that results from changes to the preceding one. @throws SnapshotError */
export const applyChanges = (before: Uint8Array, changes: Uint8Array): Uint8Array => {
  const reader = new SnapshotReader(changes, 0, changes.length);
  const byteLength = reader.uint(MAX_GROWTH);
  const parts: Uint8Array[] = [];
  let size = 0;
  while (size < byteLength) {
    const literal = reader.raw(reader.count());
    const from = reader.uint(before.length);
    const count = reader.uint(before.length - from);
    if (literal.length + count === 0) throw corrupt('an empty change');
    parts.push(literal, before.subarray(from, from + count));
    size += literal.length + count;
    if (size > byteLength) throw corrupt('changes of more bytes than the snapshot has');
  }
  reader.finish();
  const after = new Uint8Array(byteLength);
  let at = 0;
  for (const part of parts) {
    after.set(part, at);
    at += part.length;
  }
  return after;
};
