/** Conversions of the spec's chapter Numerics, from bits of `from` width to bits of `to` width. */
import { TrapError } from '../../src/errors.ts';
import { fromNumber, toNumber } from './floats.ts';
import { signed } from './integers.ts';

export type Conversion = (from: number, to: number, a: bigint) => bigint;
type Sign = 's' | 'u';

/** @spec op-wrap */
export const wrap: Conversion = (_, to, a) => BigInt.asUintN(to, a);
/** @spec op-extend */
export const extend_u: Conversion = (_, __, a) => a;
/** @spec op-extend */
export const extend_s: Conversion = (from, to, a) => BigInt.asUintN(to, signed(from, a));
/** @spec op-reinterpret */
export const reinterpret: Conversion = (_, __, a) => a;
/** @spec op-promote */
export const promote: Conversion = (from, to, a) => fromNumber(to, toNumber(from, a));
/** @spec op-demote */
export const demote: Conversion = (from, to, a) => fromNumber(to, toNumber(from, a));

const bounds = (width: number, sign: Sign): readonly [low: bigint, high: bigint] =>
  sign === 'u'
    ? [0n, (1n << BigInt(width)) - 1n]
    : [-(1n << BigInt(width - 1)), (1n << BigInt(width - 1)) - 1n];

/** @spec op-trunc */
export const trunc =
  (sign: Sign): Conversion =>
  (from, to, a) => {
    const value = toNumber(from, a);
    if (Number.isNaN(value)) throw new TrapError('trap.invalid-conversion');
    if (!Number.isFinite(value)) throw new TrapError('trap.integer-overflow');
    const integer = BigInt(Math.trunc(value));
    const [low, high] = bounds(to, sign);
    if (integer < low || integer > high) throw new TrapError('trap.integer-overflow');
    return BigInt.asUintN(to, integer);
  };

/** @spec op-trunc_sat */
export const trunc_sat =
  (sign: Sign): Conversion =>
  (from, to, a) => {
    const value = toNumber(from, a);
    const [low, high] = bounds(to, sign);
    if (Number.isNaN(value)) return 0n;
    if (value === -Infinity) return BigInt.asUintN(to, low);
    if (value === Infinity) return high;
    const integer = BigInt(Math.trunc(value));
    return BigInt.asUintN(to, integer < low ? low : integer > high ? high : integer);
  };

/**
 * The nearest float of `precision` bits, ties to even: rounding by way of a double would round twice.
 */
const nearestNumber = (integer: bigint, precision: number): number => {
  const magnitude = integer < 0n ? -integer : integer;
  const excess = magnitude.toString(2).length - precision;
  if (excess <= 0) return Number(integer);
  const shift = BigInt(excess);
  const half = 1n << (shift - 1n);
  const rest = magnitude & ((1n << shift) - 1n);
  let kept = magnitude >> shift;
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  const rounded = Number(kept << shift);
  return integer < 0n ? -rounded : rounded;
};

/** @spec op-convert */
export const convert =
  (sign: Sign): Conversion =>
  (from, to, a) =>
    fromNumber(to, nearestNumber(sign === 's' ? signed(from, a) : a, to === 32 ? 24 : 53));
