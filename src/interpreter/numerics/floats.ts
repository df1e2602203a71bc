/**
 * Floating-point operators and conversions that JavaScript has no operator for. Pure functions of numbers;
 * NaN results are made canonical by the caller (the deterministic profile).
 */

/**
 * The bits of the canonical NaN: of an f32, and of the high word of an f64, whose low word is 0. DETERMINISM: every NaN
 * that an operation makes, or that comes in from JavaScript, is this one.
 */
export const CANONICAL_NAN_32 = 0x7fc0_0000;
export const CANONICAL_NAN_64_HIGH = 0x7ff8_0000;

const TWO_32 = 4294967296;
const TWO_52 = 4503599627370496;

/** Rounds to the nearest integer, ties to even, keeping the sign of zero. @spec op-fnearest */
export const nearest = (x: number): number => {
  if (!(Math.abs(x) < TWO_52)) return x;
  const r = x < 0 ? x - TWO_52 + TWO_52 : x + TWO_52 - TWO_52;
  return r === 0 && (x < 0 || Object.is(x, -0)) ? -0 : r;
};

/** Rounds an i64, given by halves, to the nearest f32. @spec op-convert */
export const f32_convert_i64 = (lo: number, hi: number, isSigned: boolean): number => {
  const h = isSigned ? hi : hi >>> 0;
  // Over 53 bits a double would round first, and the f32 a second time. Jam the bits that cannot matter into
  // one sticky bit (round to odd), which leaves the second rounding exact.
  const isWide = h >= 2097152 || h < -2097152;
  const l = isWide ? (lo & ~0x7ff) | ((lo & 0x7ff) !== 0 ? 0x800 : 0) : lo;
  return Math.fround(h * TWO_32 + (l >>> 0));
};

/** Writes a truncated double of -2^63 … 2^64 as an i64 pair. */
export const storeTruncated = (w: Int32Array, k: number, value: number): void => {
  const whole = Math.trunc(value);
  const hi = Math.floor(whole / TWO_32);
  w[k] = whole - hi * TWO_32;
  w[k + 1] = hi;
};

/** i32.trunc_sat_f*_s. @spec op-trunc_sat */
export const truncSat32S = (x: number): number =>
  x > -2147483649 ? (x < 2147483648 ? ~~x : 2147483647) : Number.isNaN(x) ? 0 : -2147483648;
/** i32.trunc_sat_f*_u, as a signed 32-bit number. @spec op-trunc_sat */
export const truncSat32U = (x: number): number => (x > 0 ? (x < 4294967296 ? (x >>> 0) | 0 : -1) : 0);
