/**
 * Numeric operators by their definition in the spec, over raw bits: integers as BigInt arithmetic, floats with
 * explicit rounding. Written apart from the engine and the reference executor, as a third opinion.
 */
import type { Mnemonic } from '../../src/syntax/instructions.ts';

/** Operands and results as unsigned bits; a string is the trap that it ends in. */
export type Oracle = (a: bigint, b: bigint) => bigint | string;

const view = new DataView(new ArrayBuffer(8));
const canonical = { 32: 0x7fc0_0000n, 64: 0x7ff8_0000_0000_0000n } as const;
type Width = 32 | 64;

/** The number that bits stand for; signalling NaNs may come out quiet. */
export const numberOf = (width: Width, bits: bigint): number => {
  if (width === 32) {
    view.setUint32(0, Number(bits));
    return view.getFloat32(0);
  }
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
};

/** The bits of a number after rounding to the width; any NaN is the canonical one. */
export const bitsOf = (width: Width, value: number): bigint => {
  if (Number.isNaN(value)) return canonical[width];
  if (width === 64) {
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  }
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
};

/** An integer as a float of the width, rounded once, to nearest, ties to even. @spec op-convert */
export const roundInteger = (width: Width, value: bigint): number => {
  const magnitude = value < 0n ? -value : value;
  const precision = width === 32 ? 24 : 53;
  const excess = Math.max(0, magnitude.toString(2).length - precision);
  const unit = 1n << BigInt(excess);
  const down = magnitude / unit;
  const rest = 2n * (magnitude % unit);
  const isUp = rest > unit || (rest === unit && (down & 1n) === 1n);
  const rounded = Number((down + (isUp ? 1n : 0n)) * unit);
  return value < 0n ? -rounded : rounded;
};

const integer = (width: Width): Readonly<Record<string, Oracle>> => {
  const n = BigInt(width);
  const wrap = (value: bigint): bigint => BigInt.asUintN(width, value);
  const signed = (value: bigint): bigint => BigInt.asIntN(width, value);
  const digits = (value: bigint): string => value.toString(2).padStart(width, '0');
  const bool = (condition: boolean): bigint => (condition ? 1n : 0n);
  const extend =
    (from: number): Oracle =>
    (a) =>
      wrap(BigInt.asIntN(from, a));
  const rotl: Oracle = (a, b) => wrap((a << (b % n)) | (a >> ((n - (b % n)) % n)));
  return {
    add: (a, b) => wrap(a + b),
    sub: (a, b) => wrap(a - b),
    mul: (a, b) => wrap(a * b),
    div_s: (a, b) => {
      if (b === 0n) return 'trap.divide-by-zero';
      const quotient = signed(a) / signed(b);
      return quotient === 1n << (n - 1n) ? 'trap.integer-overflow' : wrap(quotient);
    },
    div_u: (a, b) => (b === 0n ? 'trap.divide-by-zero' : a / b),
    rem_s: (a, b) => (b === 0n ? 'trap.divide-by-zero' : wrap(signed(a) % signed(b))),
    rem_u: (a, b) => (b === 0n ? 'trap.divide-by-zero' : a % b),
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    shl: (a, b) => wrap(a << (b % n)),
    shr_u: (a, b) => a >> (b % n),
    shr_s: (a, b) => wrap(signed(a) >> (b % n)),
    rotl,
    rotr: (a, b) => rotl(a, (n - (b % n)) % n),
    eq: (a, b) => bool(a === b),
    ne: (a, b) => bool(a !== b),
    lt_s: (a, b) => bool(signed(a) < signed(b)),
    lt_u: (a, b) => bool(a < b),
    gt_s: (a, b) => bool(signed(a) > signed(b)),
    gt_u: (a, b) => bool(a > b),
    le_s: (a, b) => bool(signed(a) <= signed(b)),
    le_u: (a, b) => bool(a <= b),
    ge_s: (a, b) => bool(signed(a) >= signed(b)),
    ge_u: (a, b) => bool(a >= b),
    eqz: (a) => bool(a === 0n),
    clz: (a) => BigInt(a === 0n ? width : digits(a).indexOf('1')),
    ctz: (a) => BigInt(a === 0n ? width : width - 1 - digits(a).lastIndexOf('1')),
    popcnt: (a) => BigInt(digits(a).replaceAll('0', '').length),
    extend8_s: extend(8),
    extend16_s: extend(16),
    ...(width === 64
      ? { extend32_s: extend(32), extend_i32_s: extend(32), extend_i32_u: (a) => a }
      : { wrap_i64: wrap }),
  };
};

const roundToEven = (x: number): number => {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const floor = Math.floor(x);
  const rest = x - floor;
  const nearest = rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
  return nearest === 0 && (x < 0 || Object.is(x, -0)) ? -0 : nearest;
};

const float = (width: Width): Readonly<Record<string, Oracle>> => {
  const sign = 1n << BigInt(width - 1);
  const binary =
    (f: (x: number, y: number) => number): Oracle =>
    (a, b) =>
      bitsOf(width, f(numberOf(width, a), numberOf(width, b)));
  const unary =
    (f: (x: number) => number): Oracle =>
    (a) =>
      bitsOf(width, f(numberOf(width, a)));
  const relation =
    (f: (x: number, y: number) => boolean): Oracle =>
    (a, b) =>
      f(numberOf(width, a), numberOf(width, b)) ? 1n : 0n;
  const fromInteger =
    (from: number, isSigned: boolean): Oracle =>
    (a) =>
      bitsOf(width, roundInteger(width, isSigned ? BigInt.asIntN(from, a) : a));
  return {
    // A double holds the exact result of these on floats well enough for one further rounding.
    add: binary((x, y) => x + y),
    sub: binary((x, y) => x - y),
    mul: binary((x, y) => x * y),
    div: binary((x, y) => x / y),
    min: binary(Math.min),
    max: binary(Math.max),
    abs: (a) => a & ~sign,
    neg: (a) => a ^ sign,
    copysign: (a, b) => (a & ~sign) | (b & sign),
    ceil: unary(Math.ceil),
    floor: unary(Math.floor),
    trunc: unary(Math.trunc),
    nearest: unary(roundToEven),
    sqrt: unary(Math.sqrt),
    eq: relation((x, y) => x === y),
    ne: relation((x, y) => x !== y),
    lt: relation((x, y) => x < y),
    gt: relation((x, y) => x > y),
    le: relation((x, y) => x <= y),
    ge: relation((x, y) => x >= y),
    convert_i32_s: fromInteger(32, true),
    convert_i32_u: fromInteger(32, false),
    convert_i64_s: fromInteger(64, true),
    convert_i64_u: fromInteger(64, false),
    ...(width === 32
      ? { demote_f64: (a) => bitsOf(32, numberOf(64, a)), reinterpret_i32: (a) => a }
      : { promote_f32: (a) => bitsOf(64, numberOf(32, a)), reinterpret_i64: (a) => a }),
  };
};

/** Float to integer, trapping and saturating. @spec op-trunc, op-trunc_sat */
const truncations = (to: Width): Readonly<Record<string, Oracle>> => {
  const entries: [string, Oracle][] = [];
  for (const from of [32, 64] as const) {
    for (const isSigned of [true, false]) {
      const low = isSigned ? -(1n << BigInt(to - 1)) : 0n;
      const high = (1n << BigInt(isSigned ? to - 1 : to)) - 1n;
      const suffix = `f${from}_${isSigned ? 's' : 'u'}`;
      const trunc =
        (isSaturating: boolean): Oracle =>
        (a) => {
          const x = Math.trunc(numberOf(from, a));
          if (Number.isNaN(x)) return isSaturating ? 0n : 'trap.invalid-conversion';
          const isInfinite = !Number.isFinite(x);
          if (!isInfinite && BigInt(x) >= low && BigInt(x) <= high) return BigInt.asUintN(to, BigInt(x));
          if (!isSaturating) return 'trap.integer-overflow';
          return BigInt.asUintN(to, x < 0 ? low : high);
        };
      entries.push([`trunc_${suffix}`, trunc(false)], [`trunc_sat_${suffix}`, trunc(true)]);
    }
  }
  return Object.fromEntries(entries);
};

const named = (type: string, operators: Readonly<Record<string, Oracle>>): [Mnemonic, Oracle][] =>
  Object.entries(operators).map(([name, oracle]) => [`${type}.${name}` as Mnemonic, oracle]);

/** Every numeric instruction of the core spec but constants. */
export const oracles: ReadonlyMap<Mnemonic, Oracle> = new Map([
  ...named('i32', { ...integer(32), ...truncations(32), reinterpret_f32: (a: bigint) => a }),
  ...named('i64', { ...integer(64), ...truncations(64), reinterpret_f64: (a: bigint) => a }),
  ...named('f32', float(32)),
  ...named('f64', float(64)),
]);
