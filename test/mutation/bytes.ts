/** Changes to bytes that know nothing of what the bytes mean. */
import type { Random } from '../generators/random.ts';

/** Parts put together. */
export const join = (...parts: readonly ArrayLike<number>[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** The bytes with a range replaced. */
export const replaceRange = (
  bytes: Uint8Array,
  start: number,
  end: number,
  middle: ArrayLike<number>,
): Uint8Array => join(bytes.subarray(0, start), middle, bytes.subarray(end));

/** Bytes that mean something in LEB128, in types and in opcodes. */
const edges = [
  0, 1, 2, 0x0b, 0x3f, 0x40, 0x41, 0x5e, 0x60, 0x63, 0x6f, 0x70, 0x7b, 0x7f, 0x80, 0xfb, 0xfd, 0xff,
];
const bigEdges = [
  ...[0x80n, 0xffffn, 0x1_0000n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n],
  ...[0x1f_ffff_ffff_ffffn, 0x7fff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn],
];

/** An unsigned LEB128, by no more than `padding` bytes longer than it must be. */
export const leb = (value: number | bigint, padding = 0): number[] => {
  const bytes: number[] = [];
  for (let rest = BigInt(value); rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(BigInt(value) >> BigInt(7 * bytes.length)));
  for (let i = 0; i < padding; i++) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(0);
  }
  return bytes;
};

/** Where the LEB128 at a place ends. */
const lebEnd = (bytes: Uint8Array, start: number): number => {
  let at = start;
  while (at < bytes.length && bytes[at]! >= 0x80 && at - start < 9) at++;
  return Math.min(at + 1, bytes.length);
};

/** A number of a LEB128, which may be too large, or longer than it must be. */
export const someLeb = (random: Random): number[] => {
  const value = random.chance(60)
    ? BigInt(random.below(20))
    : random.chance(70)
      ? random.pick(bigEdges)
      : BigInt(random.bits());
  return leb(value, random.chance(15) ? 1 + random.below(4) : 0);
};

type Change = (random: Random, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

/** A place and a number of bytes from there, mostly few. */
const range = (random: Random, bytes: Uint8Array): [start: number, end: number] => {
  const start = random.below(bytes.length + 1);
  const most = random.chance(80) ? 8 : bytes.length;
  return [start, Math.min(bytes.length, start + 1 + random.below(most))];
};

const changes: readonly (readonly [weight: number, change: Change])[] = [
  [
    6,
    (random, bytes) => {
      const copy = bytes.slice();
      for (let count = 1 + random.below(3); count > 0; count--)
        copy[random.below(copy.length)]! ^= 1 << random.below(8);
      return copy;
    },
  ],
  [
    6,
    (random, bytes) => {
      const copy = bytes.slice();
      copy[random.below(copy.length)] = random.chance(80) ? random.pick(edges) : random.below(256);
      return copy;
    },
  ],
  [
    2,
    (random, bytes) => {
      const copy = bytes.slice();
      copy[random.below(copy.length)]! += random.pick([1, -1]);
      return copy;
    },
  ],
  [3, (random, bytes) => replaceRange(bytes, ...range(random, bytes), [])],
  [
    3,
    (random, bytes) => {
      const at = random.below(bytes.length + 1);
      return replaceRange(bytes, at, at, someLeb(random));
    },
  ],
  [
    3,
    (random, bytes) => {
      const [start, end] = range(random, bytes);
      return replaceRange(bytes, end, end, bytes.slice(start, end));
    },
  ],
  [
    2,
    (random, bytes) => {
      const at = random.below(bytes.length + 1);
      return replaceRange(bytes, at, at, other(random, bytes));
    },
  ],
  [2, (random, bytes, from) => replaceRange(bytes, ...range(random, bytes), other(random, from))],
  [
    4,
    (random, bytes) => {
      const start = random.below(bytes.length);
      return replaceRange(bytes, start, lebEnd(bytes, start), someLeb(random));
    },
  ],
];
const other = (random: Random, bytes: Uint8Array): Uint8Array => bytes.slice(...range(random, bytes));

/** One change somewhere; `from` lends bytes. */
export const changeBytes: Change = (random, bytes, from) =>
  bytes.length === 0 ? Uint8Array.of(random.pick(edges)) : random.weighted(changes)(random, bytes, from);

/** The beginning of the bytes. */
export const truncate = (random: Random, bytes: Uint8Array): Uint8Array =>
  bytes.slice(0, random.below(bytes.length + 1));
