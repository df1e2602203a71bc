/**
 * Integer operators of the spec's chapter Numerics, over unsigned bigints of `N` bits.
 *
 * Each function is the definition in the spec, read aloud; none is meant to be fast.
 */
import { TrapError } from '../../src/errors.ts';

export type Binary = (width: number, a: bigint, b: bigint) => bigint;
export type Unary = (width: number, a: bigint) => bigint;

const wrap = (width: number, value: bigint): bigint => BigInt.asUintN(width, value);
/** @spec aux-signed */
export const signed = (width: number, value: bigint): bigint => BigInt.asIntN(width, value);
const bool = (condition: boolean): bigint => (condition ? 1n : 0n);

/** @spec op-iadd */
export const iadd: Binary = (n, a, b) => wrap(n, a + b);
/** @spec op-isub */
export const isub: Binary = (n, a, b) => wrap(n, a - b);
/** @spec op-imul */
export const imul: Binary = (n, a, b) => wrap(n, a * b);
/** @spec op-idiv */
export const idiv_u: Binary = (_, a, b) => {
  if (b === 0n) throw new TrapError('trap.divide-by-zero');
  return a / b;
};
/** @spec op-idiv */
export const idiv_s: Binary = (n, a, b) => {
  if (b === 0n) throw new TrapError('trap.divide-by-zero');
  const quotient = signed(n, a) / signed(n, b);
  if (quotient === 1n << BigInt(n - 1)) throw new TrapError('trap.integer-overflow');
  return wrap(n, quotient);
};
/** @spec op-irem */
export const irem_u: Binary = (_, a, b) => {
  if (b === 0n) throw new TrapError('trap.divide-by-zero');
  return a % b;
};
/** @spec op-irem */
export const irem_s: Binary = (n, a, b) => {
  if (b === 0n) throw new TrapError('trap.divide-by-zero');
  return wrap(n, signed(n, a) % signed(n, b));
};
/** @spec op-iand */
export const iand: Binary = (_, a, b) => a & b;
/** @spec op-ior */
export const ior: Binary = (_, a, b) => a | b;
/** @spec op-ixor */
export const ixor: Binary = (_, a, b) => a ^ b;
/** @spec op-ishl */
export const ishl: Binary = (n, a, b) => wrap(n, a << (b % BigInt(n)));
/** @spec op-ishr */
export const ishr_u: Binary = (n, a, b) => a >> (b % BigInt(n));
/** @spec op-ishr */
export const ishr_s: Binary = (n, a, b) => wrap(n, signed(n, a) >> (b % BigInt(n)));
/** @spec op-irotl */
export const irotl: Binary = (n, a, b) => {
  const k = b % BigInt(n);
  return wrap(n, (a << k) | (a >> (BigInt(n) - k)));
};
/** @spec op-irotr */
export const irotr: Binary = (n, a, b) => irotl(n, a, BigInt(n) - (b % BigInt(n)));

/** @spec op-iclz */
export const iclz: Unary = (n, a) => BigInt(n - (a === 0n ? 0 : a.toString(2).length));
/** @spec op-ictz */
export const ictz: Unary = (n, a) => {
  let count = 0;
  while (count < n && ((a >> BigInt(count)) & 1n) === 0n) count++;
  return BigInt(count);
};
/** @spec op-ipopcnt */
export const ipopcnt: Unary = (_, a) => BigInt(a.toString(2).replaceAll('0', '').length);
/** Sign extension from the low `from` bits. @spec op-iextendn */
export const iextend_s =
  (from: number): Unary =>
  (n, a) =>
    wrap(n, signed(from, a));

/** @spec op-ieqz */
export const ieqz: Unary = (_, a) => bool(a === 0n);
/** @spec op-ieq */
export const ieq: Binary = (_, a, b) => bool(a === b);
/** @spec op-ine */
export const ine: Binary = (_, a, b) => bool(a !== b);
/** @spec op-ilt */
export const ilt_u: Binary = (_, a, b) => bool(a < b);
/** @spec op-ilt */
export const ilt_s: Binary = (n, a, b) => bool(signed(n, a) < signed(n, b));
/** @spec op-igt */
export const igt_u: Binary = (_, a, b) => bool(a > b);
/** @spec op-igt */
export const igt_s: Binary = (n, a, b) => bool(signed(n, a) > signed(n, b));
/** @spec op-ile */
export const ile_u: Binary = (_, a, b) => bool(a <= b);
/** @spec op-ile */
export const ile_s: Binary = (n, a, b) => bool(signed(n, a) <= signed(n, b));
/** @spec op-ige */
export const ige_u: Binary = (_, a, b) => bool(a >= b);
/** @spec op-ige */
export const ige_s: Binary = (n, a, b) => bool(signed(n, a) >= signed(n, b));
