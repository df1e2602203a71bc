/**
 * Integer lanes of 8 and 16 bits, four or two at a time in a word: operators of words, for a packing. Carries never
 * cross lanes.
 */
import { lo, type Slot, setLo, setWord, word } from './loop.ts';
import { four } from './vector-forms.ts';

export interface Packing {
  /** The highest bit of each lane, all others, the lowest. */
  readonly high: number;
  readonly low: number;
  readonly one: number;
  /** Position of the highest bit, and a lane of ones. */
  readonly top: number;
  readonly full: number;
}
export const bytes: Packing = { high: 0x80808080 | 0, low: 0x7f7f7f7f, one: 0x01010101, top: 7, full: 255 };
export const halves: Packing = {
  high: 0x80008000 | 0,
  low: 0x7fff7fff,
  one: 0x00010001,
  top: 15,
  full: 65535,
};

/** Lanes of ones from lanes of which only the highest bit may be set. */
const fill = (p: Packing, top: number): number => Math.imul(top >>> p.top, p.full);
/** Highest bits of the lanes that are zero. */
const zeros = (p: Packing, x: number): number => ~(((x & p.low) + p.low) | x | p.low);
/** Highest bits of the lanes where x < y. */
const less = (p: Packing, isSigned: boolean, x: number, y: number): number => {
  const rest = ((x | p.high) - (y & p.low)) | 0;
  return ((isSigned ? x & ~y : ~x & y) | (~(x ^ y) & ~rest)) & p.high;
};
const add = (p: Packing, x: number, y: number): number => ((x & p.low) + (y & p.low)) ^ ((x ^ y) & p.high);
const sub = (p: Packing, x: number, y: number): number => ((x | p.high) - (y & p.low)) ^ ((x ^ ~y) & p.high);
/** A result, but in lanes of ones of `left` the largest number, or for a negative x the one after it: the smallest. */
const saturate = (p: Packing, x: number, result: number, left: number): number =>
  (result & ~left) | ((((x >>> p.top) & p.one) + p.low) & left);

type Operator = (p: Packing) => (x: number, y: number) => number;
type Signed = (p: Packing, isSigned: boolean) => (x: number, y: number) => number;

export const packed = {
  add:
    (p: Packing) =>
    (x: number, y: number): number =>
      add(p, x, y),
  sub:
    (p: Packing) =>
    (x: number, y: number): number =>
      sub(p, x, y),
  neg:
    (p: Packing) =>
    (x: number): number =>
      (p.high - (x & p.low)) ^ (~x & p.high),
  abs:
    (p: Packing) =>
    (x: number): number => {
      const sign = fill(p, x & p.high);
      const y = x ^ sign;
      return sub(p, y, sign);
    },
  eq:
    (p: Packing) =>
    (x: number, y: number): number =>
      fill(p, zeros(p, x ^ y)),
  ne:
    (p: Packing) =>
    (x: number, y: number): number =>
      ~fill(p, zeros(p, x ^ y)),
  lt:
    (p: Packing, isSigned: boolean) =>
    (x: number, y: number): number =>
      fill(p, less(p, isSigned, x, y)),
  le:
    (p: Packing, isSigned: boolean) =>
    (x: number, y: number): number =>
      ~fill(p, less(p, isSigned, y, x)),
  min:
    (p: Packing, isSigned: boolean) =>
    (x: number, y: number): number => {
      const isLess = fill(p, less(p, isSigned, x, y));
      return (x & isLess) | (y & ~isLess);
    },
  max:
    (p: Packing, isSigned: boolean) =>
    (x: number, y: number): number => {
      const isLess = fill(p, less(p, isSigned, x, y));
      return (y & isLess) | (x & ~isLess);
    },
  add_sat_u:
    (p: Packing) =>
    (x: number, y: number): number => {
      const sum = add(p, x, y);
      return sum | fill(p, ((x & y) | ((x | y) & ~sum)) & p.high);
    },
  sub_sat_u:
    (p: Packing) =>
    (x: number, y: number): number => {
      const difference = sub(p, x, y);
      return difference & ~fill(p, less(p, false, x, y));
    },
  add_sat_s:
    (p: Packing) =>
    (x: number, y: number): number => {
      const sum = add(p, x, y);
      const left = fill(p, ~(x ^ y) & (x ^ sum) & p.high);
      return saturate(p, x, sum, left);
    },
  sub_sat_s:
    (p: Packing) =>
    (x: number, y: number): number => {
      const difference = sub(p, x, y);
      const left = fill(p, (x ^ y) & (x ^ difference) & p.high);
      return saturate(p, x, difference, left);
    },
  avgr_u:
    (p: Packing) =>
    (x: number, y: number): number =>
      (x | y) - (((x ^ y) >>> 1) & p.low),
} satisfies Record<string, Operator | Signed>;

/** Shifts: the lanes that are left, as a mask of what may be set. */
export const packedShift = {
  shl:
    (p: Packing) =>
    (d: Slot, a: Slot, b: Slot): void => {
      const count = lo(b) & p.top;
      const kept = Math.imul(p.one, (p.full << count) & p.full);
      four((n) => setWord(d, n, (word(a, n) << count) & kept));
    },
  shr_u:
    (p: Packing) =>
    (d: Slot, a: Slot, b: Slot): void => {
      const count = lo(b) & p.top;
      const kept = Math.imul(p.one, p.full >>> count);
      four((n) => setWord(d, n, (word(a, n) >>> count) & kept));
    },
  shr_s:
    (p: Packing) =>
    (d: Slot, a: Slot, b: Slot): void => {
      const count = lo(b) & p.top;
      const kept = Math.imul(p.one, p.full >>> count);
      for (const end = (d + 4) | 0; d < end; d = ((d + 1) | 0) as Slot, a = ((a + 1) | 0) as Slot) {
        const x = word(a, 0);
        setWord(d, 0, ((x >>> count) & kept) | (fill(p, x & p.high) & ~kept));
      }
    },
};

export const packedAllTrue =
  (p: Packing) =>
  (d: Slot, a: Slot): void => {
    let found = 0;
    four((n) => {
      const x = word(a, n);
      found = found | zeros(p, x);
    });
    setLo(d, found === 0 ? 1 : 0);
  };
/** One multiplication brings the four bits of a word side by side. */
export const bitmask8 = (d: Slot, a: Slot): void => {
  let bits = 0;
  four((n) => {
    bits = bits | ((Math.imul((word(a, n) >>> 7) & 0x01010101, 0x10204080) >>> 28) << (4 * n));
  });
  setLo(d, bits);
};
export const bitmask16 = (d: Slot, a: Slot): void => {
  let bits = 0;
  four((n) => {
    const signs = (word(a, n) >>> 15) & 0x00010001;
    bits = bits | (((signs | (signs >>> 15)) & 3) << (2 * n));
  });
  setLo(d, bits);
};
export const popcnt8 = (x: number): number => {
  const pairs = (x - ((x >>> 1) & 0x55555555)) | 0;
  const nibbles = ((pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)) | 0;
  return (nibbles + (nibbles >>> 4)) & 0x0f0f0f0f;
};
