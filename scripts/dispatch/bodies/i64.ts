/**
 * The operators of i64. @spec int-ops
 *
 * An i64 is two words, low and high: `x` and `xh`, `y` and `yh`. Results go to a place, since a function has only one
 * result. A place may be that of an operand: arguments are values, and were read before.
 */
import { popcnt32 } from '../../../src/interpreter/numerics/i64.ts';
import { MOST_NEGATIVE } from './i32.ts';
import {
  big,
  type Float,
  hi,
  lo,
  loop,
  putBig,
  putSignedBig,
  type Slot,
  setHi,
  setLo,
  signedBig,
  trap,
  words,
} from './loop.ts';

export const set64 = (to: Slot, low: number, high: number): void => {
  setHi(to, high);
  setLo(to, low);
};
/** A 32-bit number as an i64 of the same value. */
const setExtended = (to: Slot, x: number): void => {
  setLo(to, x);
  setHi(to, x >> 31);
};
/** A count, which is never negative. */
const setCount = (to: Slot, x: number): void => {
  setLo(to, x);
  setHi(to, 0);
};

/**
 * High word of the product of two unsigned words: exact once the low word of the product is subtracted from the
 * product of doubles.
 */
export const highProduct = (x: number, y: number, low: number): number => {
  const high: Float = ((x >>> 0) * (y >>> 0) - (low >>> 0)) * (1 / 0x100000000) + 0.5;
  return high | 0;
};

type Wide = (x: bigint, y: bigint) => bigint;
/** Division by place, which `numerics/i64.ts` does if numbers are words. */
type Divide = (frame: Int32Array, to: number, a: number, b: number) => void;

const checkDivisor64 = (b: Slot): void => {
  if ((lo(b) | hi(b)) === 0) trap('trap.divide-by-zero');
};
/** PERF: V8 has no unsigned division of big integers; as signed ones, those below 2^63 have the same quotient. */
const divideUnsigned =
  (wide: Wide, operator: Divide) =>
  (to: Slot, a: Slot, b: Slot): void => {
    checkDivisor64(b);
    if (loop.isWide && (hi(a) | hi(b)) >= 0)
      putSignedBig(to, BigInt.asIntN(64, wide(signedBig(a), signedBig(b))));
    else operator(words, to, a, b);
  };
const divideWide = (wide: Wide, operator: Divide, to: Slot, a: Slot, b: Slot): void => {
  if (loop.isWide) putSignedBig(to, BigInt.asIntN(64, wide(signedBig(a), signedBig(b))));
  else operator(words, to, a, b);
};
const divideSigned =
  (wide: Wide, operator: Divide) =>
  (to: Slot, a: Slot, b: Slot): void => {
    checkDivisor64(b);
    if ((lo(b) & hi(b)) === -1 && hi(a) === MOST_NEGATIVE && lo(a) === 0) trap('trap.integer-overflow');
    divideWide(wide, operator, to, a, b);
  };
const remainderSigned =
  (wide: Wide, operator: Divide) =>
  (to: Slot, a: Slot, b: Slot): void => {
    checkDivisor64(b);
    divideWide(wide, operator, to, a, b);
  };

/** Operators over big integers; the result is taken modulo 2^64. */
export const wide = {
  add: (x: bigint, y: bigint): bigint => x + y,
  sub: (x: bigint, y: bigint): bigint => x - y,
  mul: (x: bigint, y: bigint): bigint => x * y,
  div: (x: bigint, y: bigint): bigint => x / y,
  rem: (x: bigint, y: bigint): bigint => x % y,
};
/** Stores the result of an operator over big integers. */
export const setWide = (operator: Wide, to: Slot, a: Slot, b: Slot): void =>
  putBig(to, BigInt.asUintN(64, operator(big(a), big(b))));
/** All 64 bits from one place to another. */
export const copy64 = (to: Slot, from: Slot): void => {
  if (loop.isWide) putBig(to, big(from));
  else {
    setLo(to, lo(from));
    setHi(to, hi(from));
  }
};

export const i64 = {
  divideUnsigned,
  divideSigned,
  remainderSigned,

  add: (to: Slot, x: number, xh: number, y: number, yh: number): void => {
    const low = (x + y) | 0;
    set64(to, low, (((xh + yh) | 0) + (low >>> 0 < y >>> 0 ? 1 : 0)) | 0);
  },
  sub: (to: Slot, x: number, xh: number, y: number, yh: number): void => {
    set64(to, (x - y) | 0, (((xh - yh) | 0) - (x >>> 0 < y >>> 0 ? 1 : 0)) | 0);
  },
  mul: (to: Slot, x: number, xh: number, y: number, yh: number): void => {
    const low = Math.imul(x, y);
    set64(to, low, (highProduct(x, y, low) + ((Math.imul(x, yh) + Math.imul(xh, y)) | 0)) | 0);
  },
  and: (to: Slot, x: number, xh: number, y: number, yh: number): void => {
    setLo(to, x & y);
    setHi(to, xh & yh);
  },
  or: (to: Slot, x: number, xh: number, y: number, yh: number): void => {
    setLo(to, x | y);
    setHi(to, xh | yh);
  },
  xor: (to: Slot, x: number, xh: number, y: number, yh: number): void => {
    setLo(to, x ^ y);
    setHi(to, xh ^ yh);
  },

  // Amounts of shifts and rotations are 0 to 63.
  shl: (to: Slot, x: number, xh: number, n: number): void => {
    if (n === 0) set64(to, x, xh);
    else if (n < 32) set64(to, x << n, (xh << n) | (x >>> (32 - n)));
    else set64(to, 0, x << n);
  },
  shr_s: (to: Slot, x: number, xh: number, n: number): void => {
    if (n === 0) set64(to, x, xh);
    else if (n < 32) set64(to, (x >>> n) | (xh << (32 - n)), xh >> n);
    else set64(to, xh >> n, xh >> 31);
  },
  shr_u: (to: Slot, x: number, xh: number, n: number): void => {
    if (n === 0) set64(to, x, xh);
    else if (n < 32) set64(to, (x >>> n) | (xh << (32 - n)), xh >>> n);
    else set64(to, xh >>> n, 0);
  },
  rotl: (to: Slot, x: number, xh: number, n: number): void => {
    if (n >= 32) {
      const low = x;
      x = xh;
      xh = low;
      n = (n - 32) | 0;
    }
    if (n === 0) set64(to, x, xh);
    else set64(to, (x << n) | (xh >>> (32 - n)), (xh << n) | (x >>> (32 - n)));
  },

  clz: (to: Slot, x: number, xh: number): void =>
    setCount(to, xh === 0 ? (32 + Math.clz32(x)) | 0 : Math.clz32(xh)),
  ctz: (to: Slot, x: number, xh: number): void =>
    setCount(to, x !== 0 ? 31 - Math.clz32(x & -x) : xh !== 0 ? 63 - Math.clz32(xh & -xh) : 64),
  popcnt: (to: Slot, x: number, xh: number): void => setCount(to, popcnt32(x) + popcnt32(xh)),
  extend8_s: (to: Slot, x: number): void => setExtended(to, (x << 24) >> 24),
  extend16_s: (to: Slot, x: number): void => setExtended(to, (x << 16) >> 16),
  extend32_s: (to: Slot, x: number): void => setExtended(to, x),
  extend32_u: (to: Slot, x: number): void => setCount(to, x),

  z: (x: number, xh: number): boolean => (x | xh) === 0,
  nz: (x: number, xh: number): boolean => (x | xh) !== 0,
  eq: (x: number, xh: number, y: number, yh: number): boolean => x === y && xh === yh,
  ne: (x: number, xh: number, y: number, yh: number): boolean => x !== y || xh !== yh,
  lt_s: (x: number, xh: number, y: number, yh: number): boolean =>
    xh < yh || (xh === yh && x >>> 0 < y >>> 0),
  le_s: (x: number, xh: number, y: number, yh: number): boolean =>
    xh < yh || (xh === yh && x >>> 0 <= y >>> 0),
  ge_s: (x: number, xh: number, y: number, yh: number): boolean =>
    xh > yh || (xh === yh && x >>> 0 >= y >>> 0),
  lt_u: (x: number, xh: number, y: number, yh: number): boolean =>
    xh >>> 0 < yh >>> 0 || (xh === yh && x >>> 0 < y >>> 0),
  ge_u: (x: number, xh: number, y: number, yh: number): boolean =>
    xh >>> 0 > yh >>> 0 || (xh === yh && x >>> 0 >= y >>> 0),
};
