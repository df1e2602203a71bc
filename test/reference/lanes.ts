/**
 * Operators on the lanes of vectors (spec, Execution/Numerics) that the scalar types do not have, over unsigned
 * bigints, and the packing of lanes. Where the relaxed operators leave a choice, this is the deterministic one.
 */
import { fadd, flt, fmul, fneg } from './floats.ts';
import { type Binary, signed, type Unary } from './integers.ts';

export type Ternary = (width: number, a: bigint, b: bigint, c: bigint) => bigint;

/** The lanes of a vector, lowest first. @spec aux-lanes */
export const split = (width: number, bits: bigint, total = 128): bigint[] =>
  Array.from({ length: total / width }, (_, i) => BigInt.asUintN(width, bits >> BigInt(i * width)));
/** The vector of some lanes; what is missing is zero. @spec aux-lanes */
export const join = (width: number, lanes: readonly bigint[]): bigint =>
  lanes.reduceRight((bits, lane) => (bits << BigInt(width)) | lane, 0n);

const ones = (width: number): bigint => (1n << BigInt(width)) - 1n;
/** A relation as a mask of ones or zeros. @spec exec-vrelop */
export const mask =
  (relation: Binary): Binary =>
  (n, a, b) =>
    relation(n, a, b) === 1n ? ones(n) : 0n;

/** @spec aux-sat */
const sat_s = (width: number, value: bigint): bigint => {
  const high = ones(width - 1);
  return BigInt.asUintN(width, value > high ? high : value < -high - 1n ? -high - 1n : value);
};
/** @spec aux-sat */
const sat_u = (width: number, value: bigint): bigint =>
  value < 0n ? 0n : value > ones(width) ? ones(width) : value;

/** @spec op-ineg */
export const ineg: Unary = (n, a) => BigInt.asUintN(n, -a);
/** @spec op-iabs */
export const iabs: Unary = (n, a) => (signed(n, a) < 0n ? ineg(n, a) : a);
/** @spec op-inot */
export const inot: Unary = (n, a) => a ^ ones(n);
/** @spec op-iandnot */
export const iandnot: Binary = (n, a, b) => a & inot(n, b);
/** @spec op-ibitselect */
export const ibitselect: Ternary = (n, a, b, c) => (a & c) | (b & inot(n, c));
/** @spec op-imin */
export const imin_s: Binary = (n, a, b) => (signed(n, a) < signed(n, b) ? a : b);
/** @spec op-imin */
export const imin_u: Binary = (_, a, b) => (a < b ? a : b);
/** @spec op-imax */
export const imax_s: Binary = (n, a, b) => (signed(n, a) > signed(n, b) ? a : b);
/** @spec op-imax */
export const imax_u: Binary = (_, a, b) => (a > b ? a : b);
/** @spec op-iadd_sat */
export const iadd_sat_s: Binary = (n, a, b) => sat_s(n, signed(n, a) + signed(n, b));
/** @spec op-iadd_sat */
export const iadd_sat_u: Binary = (n, a, b) => sat_u(n, a + b);
/** @spec op-isub_sat */
export const isub_sat_s: Binary = (n, a, b) => sat_s(n, signed(n, a) - signed(n, b));
/** @spec op-isub_sat */
export const isub_sat_u: Binary = (n, a, b) => sat_u(n, a - b);
/** @spec op-iavgr */
export const iavgr_u: Binary = (_, a, b) => (a + b + 1n) / 2n;
/** @spec op-iq15mulrsat */
export const iq15mulr_sat_s: Binary = (n, a, b) =>
  sat_s(n, (signed(n, a) * signed(n, b) + (1n << 14n)) >> 15n);

/** The second operand where it is the smaller, bit for bit. @spec op-fpmin */
export const fpmin: Binary = (n, a, b) => (flt(n, b, a) === 1n ? b : a);
/** @spec op-fpmax */
export const fpmax: Binary = (n, a, b) => (flt(n, a, b) === 1n ? b : a);
/** Rounds twice. @spec op-frelaxed_madd */
export const frelaxed_madd: Ternary = (n, a, b, c) => fadd(n, fmul(n, a, b), c);
/** @spec op-frelaxed_nmadd */
export const frelaxed_nmadd: Ternary = (n, a, b, c) => frelaxed_madd(n, fneg(n, a), b, c);

/** @spec op-narrow */
export const narrow_s = (from: number, to: number, a: bigint): bigint => sat_s(to, signed(from, a));
/** @spec op-narrow */
export const narrow_u = (from: number, to: number, a: bigint): bigint => sat_u(to, signed(from, a));

type Sign = 's' | 'u';
const wide = (sign: Sign, from: number, a: bigint): bigint => (sign === 's' ? signed(from, a) : a);

/** @spec op-extend */
export const extend =
  (sign: Sign) =>
  (from: number, to: number, a: bigint): bigint =>
    BigInt.asUintN(to, wide(sign, from, a));
/** Products of lanes at twice the width. @spec op-vextbinop */
export const extmul =
  (sign: Sign) =>
  (from: number, to: number, a: bigint, b: bigint): bigint =>
    BigInt.asUintN(to, wide(sign, from, a) * wide(sign, from, b));

/** Sums of neighbouring lanes. @spec op-ivadd_pairwise */
export const extadd_pairwise = (sign: Sign, from: number, a: bigint): bigint => {
  const lanes = split(from, a).map((lane) => wide(sign, from, lane));
  const sums = lanes.flatMap((lane, i) => (i % 2 === 0 ? [lane + lanes[i + 1]!] : []));
  return join(
    2 * from,
    sums.map((value) => BigInt.asUintN(2 * from, value)),
  );
};

/** Sums of two products of neighbouring lanes, wrapped or saturated. @spec op-ivdot, op-ivdot_sat */
export const dot = (from: number, a: bigint, b: bigint, isSaturating: boolean): bigint => {
  const left = split(from, a);
  const right = split(from, b);
  const products = left.map((lane, i) => signed(from, lane) * signed(from, right[i]!));
  const to = 2 * from;
  const sums = products.flatMap((value, i) => (i % 2 === 0 ? [value + products[i + 1]!] : []));
  return join(
    to,
    sums.map((value) => (isSaturating ? sat_s(to, value) : BigInt.asUintN(to, value))),
  );
};
