/**
 * 64-bit integer operators on pairs of 32-bit halves in an Int32Array: index k is the low half, k+1 the high.
 * The only place of the i64 representation. Without BigInt: V8 allocates for each BigInt operation, which makes i64
 * code 2–8 times slower.
 */

const TWO_32 = 4294967296;

/** Quotient or remainder of |a| / |b| as unsigned 64-bit numbers, into `out[k]`, `out[k + 1]`; b is not 0. */
const divide = (
  out: Int32Array,
  k: number,
  al: number,
  ah: number,
  bl: number,
  bh: number,
  wantQuotient: boolean,
): void => {
  const a0 = al >>> 0;
  const a1 = ah >>> 0;
  const b0 = bl >>> 0;
  const b1 = bh >>> 0;
  if (a1 < 2097152 && b1 < 2097152) {
    // Both below 2^53: exact in doubles; the quotient may have been rounded up to the next integer.
    const x = a1 * TWO_32 + a0;
    const y = b1 * TWO_32 + b0;
    let q = Math.floor(x / y);
    let r = x - q * y;
    if (r < 0) {
      q -= 1;
      r += y;
    }
    store(out, k, wantQuotient ? q : r);
    return;
  }
  if (b1 === 0 && b0 < 2097152) {
    // Schoolbook by halves: every intermediate stays below 2^53.
    const q1 = Math.floor(a1 / b0);
    const rest = (a1 - q1 * b0) * TWO_32 + a0;
    let q0 = Math.floor(rest / b0);
    let r = rest - q0 * b0;
    if (r < 0) {
      q0 -= 1;
      r += b0;
    }
    if (wantQuotient) {
      out[k] = q0;
      out[k + 1] = q1;
    } else store(out, k, r);
    return;
  }
  // b is at least 2^21, so the quotient is below 2^43; scaled down by more than the rounding of three doubles,
  // its estimate is right or one too small, and the remainder stays below 2^64.
  const q = Math.floor(((a1 * TWO_32 + a0) / (b1 * TWO_32 + b0)) * (1 - 2 ** -50));
  const q0 = q | 0;
  const q1 = (q / TWO_32) | 0;
  const low = Math.imul(q0, bl) >>> 0;
  let r0 = (al - low) | 0;
  const carried = highProduct(q0 >>> 0, b0, low) + (a0 < low ? 1 : 0);
  let r1 = (ah - (Math.imul(q0, bh) + Math.imul(q1, bl)) - carried) | 0;
  const isOneMore = r1 >>> 0 > b1 || (r1 === bh && r0 >>> 0 >= b0);
  if (wantQuotient) {
    store(out, k, isOneMore ? q + 1 : q);
    return;
  }
  if (isOneMore) {
    const borrow = r0 >>> 0 < b0 ? 1 : 0;
    r0 = (r0 - bl) | 0;
    r1 = (r1 - bh - borrow) | 0;
  }
  out[k] = r0;
  out[k + 1] = r1;
};

/** High word of the product of two unsigned words: exact once the low word is subtracted from the double product. */
export const highProduct = (a: number, b: number, low: number): number =>
  Math.floor((a * b - low) / TWO_32 + 0.5);

/** Stores a whole number of 0 … 2^53 as a 64-bit pair. */
const store = (out: Int32Array, k: number, value: number): void => {
  out[k] = value | 0;
  out[k + 1] = (value / TWO_32) | 0;
};

const negate = (out: Int32Array, k: number): void => {
  const lo = -out[k]! | 0;
  out[k + 1] = lo === 0 ? -out[k + 1]! | 0 : ~out[k + 1]!;
  out[k] = lo;
};

/** Signed quotient or remainder; the divisor is not 0 and the quotient does not overflow. */
const divideSigned = (out: Int32Array, k: number, a: number, b: number, wantQuotient: boolean): void => {
  let al = out[a]!;
  let ah = out[a + 1]!;
  let bl = out[b]!;
  let bh = out[b + 1]!;
  const isNegative = wantQuotient ? (ah ^ bh) < 0 : ah < 0;
  if (ah < 0) {
    al = -al | 0;
    ah = al === 0 ? -ah | 0 : ~ah;
  }
  if (bh < 0) {
    bl = -bl | 0;
    bh = bl === 0 ? -bh | 0 : ~bh;
  }
  divide(out, k, al, ah, bl, bh, wantQuotient);
  if (isNegative) negate(out, k);
};

/** @spec op-idiv */
export const i64_div_u = (w: Int32Array, k: number, a: number, b: number): void =>
  divide(w, k, w[a]!, w[a + 1]!, w[b]!, w[b + 1]!, true);
/** @spec op-irem */
export const i64_rem_u = (w: Int32Array, k: number, a: number, b: number): void =>
  divide(w, k, w[a]!, w[a + 1]!, w[b]!, w[b + 1]!, false);
/** @spec op-idiv */
export const i64_div_s = (w: Int32Array, k: number, a: number, b: number): void =>
  divideSigned(w, k, a, b, true);
/** @spec op-irem */
export const i64_rem_s = (w: Int32Array, k: number, a: number, b: number): void =>
  divideSigned(w, k, a, b, false);

/** Number of set bits of a 32-bit number. @spec op-ipopcnt */
export const popcnt32 = (value: number): number => {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};
