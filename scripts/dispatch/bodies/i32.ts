/**
 * The operators of i32, over whole numbers of 32 bits. @spec int-ops
 *
 * Results are signed, as in an `Int32Array`. Relations are booleans: the operand form turns them into a number or a
 * branch.
 */
import { popcnt32 } from '../../../src/interpreter/numerics/i64.ts';
import { trap } from './loop.ts';

export const MOST_NEGATIVE = -0x80000000;
const checkDivisor = (y: number): void => {
  if (y === 0) trap('trap.divide-by-zero');
};

export const i32 = {
  add: (x: number, y: number): number => (x + y) | 0,
  sub: (x: number, y: number): number => (x - y) | 0,
  mul: (x: number, y: number): number => Math.imul(x, y),
  and: (x: number, y: number): number => x & y,
  or: (x: number, y: number): number => x | y,
  xor: (x: number, y: number): number => x ^ y,
  shl: (x: number, y: number): number => x << y,
  shr_s: (x: number, y: number): number => x >> y,
  shr_u: (x: number, y: number): number => (x >>> y) | 0,
  rotl: (x: number, y: number): number => (x << y) | (x >>> ((32 - y) & 31)),
  rotr: (x: number, y: number): number => (x >>> y) | (x << ((32 - y) & 31)),

  div_s: (x: number, y: number): number => {
    checkDivisor(y);
    if (y === -1 && x === MOST_NEGATIVE) trap('trap.integer-overflow');
    return (x / y) | 0;
  },
  div_u: (x: number, y: number): number => {
    checkDivisor(y);
    return ((x >>> 0) / (y >>> 0)) | 0;
  },
  rem_s: (x: number, y: number): number => {
    checkDivisor(y);
    return (x % y) | 0;
  },
  rem_u: (x: number, y: number): number => {
    checkDivisor(y);
    return ((x >>> 0) % (y >>> 0)) | 0;
  },
  // By a constant that is neither 0 nor -1: the translator uses the others for those.
  div_s_safe: (x: number, y: number): number => (x / y) | 0,
  div_u_safe: (x: number, y: number): number => ((x >>> 0) / (y >>> 0)) | 0,
  rem_s_safe: (x: number, y: number): number => (x % y) | 0,
  rem_u_safe: (x: number, y: number): number => ((x >>> 0) % (y >>> 0)) | 0,

  clz: (x: number): number => Math.clz32(x),
  ctz: (x: number): number => (x === 0 ? 32 : 31 - Math.clz32(x & -x)),
  popcnt: (x: number): number => popcnt32(x),
  extend8_s: (x: number): number => (x << 24) >> 24,
  extend16_s: (x: number): number => (x << 16) >> 16,

  z: (x: number): boolean => x === 0,
  nz: (x: number): boolean => x !== 0,
  eq: (x: number, y: number): boolean => x === y,
  ne: (x: number, y: number): boolean => x !== y,
  lt_s: (x: number, y: number): boolean => x < y,
  le_s: (x: number, y: number): boolean => x <= y,
  ge_s: (x: number, y: number): boolean => x >= y,
  lt_u: (x: number, y: number): boolean => x >>> 0 < y >>> 0,
  le_u: (x: number, y: number): boolean => x >>> 0 <= y >>> 0,
  ge_u: (x: number, y: number): boolean => x >>> 0 >= y >>> 0,
};
