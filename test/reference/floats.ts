/**
 * Floating-point operators of the spec's chapter Numerics, over the bits of `N`-bit floats.
 *
 * DETERMINISM: an operator that produces a NaN produces the positive canonical one (deterministic profile).
 * `fneg`, `fabs` and `fcopysign` are bit operations and keep payloads.
 */
import type { Binary, Unary } from './integers.ts';

const view = new DataView(new ArrayBuffer(8));

/** The number that the bits mean; a NaN's payload is lost, which no operator here observes. */
export const toNumber = (width: number, bits: bigint): number => {
  view.setBigUint64(0, bits << BigInt(64 - width));
  return width === 32 ? view.getFloat32(0) : view.getFloat64(0);
};

const canonicalNan = (width: number): bigint => (width === 32 ? 0x7fc0_0000n : 0x7ff8_0000_0000_0000n);

/** Rounds to the format; NaN becomes canonical. @spec aux-ieee */
export const fromNumber = (width: number, value: number): bigint => {
  if (Number.isNaN(value)) return canonicalNan(width);
  if (width === 32) {
    view.setFloat32(0, value);
    return BigInt(view.getUint32(0));
  }
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};

/**
 * Computing in double and rounding once more to single is exact for + - * / and square root: 53 ≥ 2 * 24 + 2.
 */
const arithmetic =
  (operator: (a: number, b: number) => number): Binary =>
  (n, a, b) =>
    fromNumber(n, operator(toNumber(n, a), toNumber(n, b)));
const rounding =
  (operator: (a: number) => number): Unary =>
  (n, a) =>
    fromNumber(n, operator(toNumber(n, a)));
const comparison =
  (operator: (a: number, b: number) => boolean): Binary =>
  (n, a, b) =>
    operator(toNumber(n, a), toNumber(n, b)) ? 1n : 0n;

/** @spec op-fadd */
export const fadd: Binary = arithmetic((a, b) => a + b);
/** @spec op-fsub */
export const fsub: Binary = arithmetic((a, b) => a - b);
/** @spec op-fmul */
export const fmul: Binary = arithmetic((a, b) => a * b);
/** @spec op-fdiv */
export const fdiv: Binary = arithmetic((a, b) => a / b);
/** @spec op-fmin */
export const fmin: Binary = arithmetic(Math.min);
/** @spec op-fmax */
export const fmax: Binary = arithmetic(Math.max);

const signBit = (n: number): bigint => 1n << BigInt(n - 1);
/** @spec op-fcopysign */
export const fcopysign: Binary = (n, a, b) => (a & ~signBit(n)) | (b & signBit(n));
/** @spec op-fabs */
export const fabs: Unary = (n, a) => a & ~signBit(n);
/** @spec op-fneg */
export const fneg: Unary = (n, a) => a ^ signBit(n);

/** @spec op-fsqrt */
export const fsqrt: Unary = rounding(Math.sqrt);
/** @spec op-fceil */
export const fceil: Unary = rounding(Math.ceil);
/** @spec op-ffloor */
export const ffloor: Unary = rounding(Math.floor);
/** @spec op-ftrunc */
export const ftrunc: Unary = rounding(Math.trunc);

/** To the nearest integer, ties to even, keeping the sign of zero. @spec op-fnearest */
export const fnearest: Unary = rounding((a) => {
  if (!Number.isFinite(a) || Math.abs(a) >= 2 ** 52) return a;
  const below = Math.floor(a);
  const distance = a - below;
  const up = distance > 0.5 || (distance === 0.5 && below % 2 !== 0);
  const result = up ? below + 1 : below;
  return result === 0 && (a < 0 || Object.is(a, -0)) ? -0 : result;
});

/** @spec op-feq */
export const feq: Binary = comparison((a, b) => a === b);
/** @spec op-fne */
export const fne: Binary = comparison((a, b) => a !== b);
/** @spec op-flt */
export const flt: Binary = comparison((a, b) => a < b);
/** @spec op-fgt */
export const fgt: Binary = comparison((a, b) => a > b);
/** @spec op-fle */
export const fle: Binary = comparison((a, b) => a <= b);
/** @spec op-fge */
export const fge: Binary = comparison((a, b) => a >= b);
