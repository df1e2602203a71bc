/**
 * The operators of f32 and f64, over JavaScript's numbers. @spec float-ops
 *
 * An f32 is computed as a double and rounded where it is stored. For + - * / and square root, rounding twice gives
 * the same as rounding once (Figueroa 1995). NaN is made canonical where it is stored (`setF32`, `setF64`).
 */
import { nearest } from '../../../src/interpreter/numerics/floats.ts';
import { type Float, isNan, trap } from './loop.ts';

export const float = {
  add: (x: Float, y: Float): Float => x + y,
  sub: (x: Float, y: Float): Float => x - y,
  mul: (x: Float, y: Float): Float => x * y,
  div: (x: Float, y: Float): Float => x / y,
  min: (x: Float, y: Float): Float => Math.min(x, y),
  max: (x: Float, y: Float): Float => Math.max(x, y),
  same: (x: Float): Float => x,
  ceil: (x: Float): Float => Math.ceil(x),
  floor: (x: Float): Float => Math.floor(x),
  trunc: (x: Float): Float => Math.trunc(x),
  nearest: (x: Float): Float => nearest(x),
  sqrt: (x: Float): Float => Math.sqrt(x),

  eq: (x: Float, y: Float): boolean => x === y,
  ne: (x: Float, y: Float): boolean => x !== y,
  lt: (x: Float, y: Float): boolean => x < y,
  le: (x: Float, y: Float): boolean => x <= y,
  // Not the same as "greater or equal": one of them may be NaN.
  nlt: (x: Float, y: Float): boolean => !(x < y),
  nle: (x: Float, y: Float): boolean => !(x <= y),
};

/** Bits of a float without its sign, of a sign alone, and with the other sign: of an f32, or an f64's high word. */
export const bits = {
  abs: (x: number): number => x & 0x7fffffff,
  neg: (x: number): number => x ^ -0x80000000,
  copysign: (x: number, y: number): number => (x & 0x7fffffff) | (y & -0x80000000),
};

const failTruncation = (x: Float): void => {
  if (isNan(x)) trap('trap.invalid-conversion');
  else trap('trap.integer-overflow');
};

export const conversion = {
  f64_i32_s: (x: number): Float => x,
  f64_i32_u: (x: number): Float => x >>> 0,
  f64_i64_s: (x: number, xh: number): Float => xh * 0x100000000 + (x >>> 0),
  f64_i64_u: (x: number, xh: number): Float => (xh >>> 0) * 0x100000000 + (x >>> 0),

  trunc32_s: (x: Float): number => {
    if (!(x > -2147483649 && x < 2147483648)) failTruncation(x);
    return ~~x;
  },
  trunc32_u: (x: Float): number => {
    if (!(x > -1 && x < 4294967296)) failTruncation(x);
    return (x >>> 0) | 0;
  },
};
