/**
 * 128-bit arithmetic of the wide arithmetic proposal, on words in a frame: the low i64 first, each i64 low word
 * first. Results replace the operands.
 */
import { highProduct } from './i64.ts';

const TWO_32 = 2 ** 32;

/** (words k … k+3) + (words k+4 … k+7), modulo 2^128. */
export const add128 = (I: Int32Array, k: number): void => {
  let carry = 0;
  for (let i = k; i < k + 4; i++) {
    const sum = (I[i]! >>> 0) + (I[i + 4]! >>> 0) + carry;
    I[i] = sum | 0;
    carry = sum >= TWO_32 ? 1 : 0;
  }
};

/** (words k … k+3) − (words k+4 … k+7), modulo 2^128. */
export const sub128 = (I: Int32Array, k: number): void => {
  let borrow = 0;
  for (let i = k; i < k + 4; i++) {
    const difference = (I[i]! >>> 0) - (I[i + 4]! >>> 0) - borrow;
    I[i] = difference | 0;
    borrow = difference < 0 ? 1 : 0;
  }
};

/** Full product of the i64 at words k and k+2 into words k … k+3. */
export const mulWide = (I: Int32Array, k: number, isSigned: boolean): void => {
  const a0 = I[k]! >>> 0;
  const a1 = I[k + 1]! >>> 0;
  const b0 = I[k + 2]! >>> 0;
  const b1 = I[k + 3]! >>> 0;
  const low00 = Math.imul(a0, b0) >>> 0;
  const low01 = Math.imul(a0, b1) >>> 0;
  const low10 = Math.imul(a1, b0) >>> 0;
  const low11 = Math.imul(a1, b1) >>> 0;
  const word1 = highProduct(a0, b0, low00) + low01 + low10;
  const carry1 = Math.floor(word1 / TWO_32);
  const word2 = highProduct(a0, b1, low01) + highProduct(a1, b0, low10) + low11 + carry1;
  const carry2 = Math.floor(word2 / TWO_32);
  I[k] = low00;
  I[k + 1] = word1 | 0;
  I[k + 2] = word2 | 0;
  I[k + 3] = highProduct(a1, b1, low11) + carry2;
  if (!isSigned) return;
  // A negative factor was read as 2^64 more than its value: subtract the other factor from the high half.
  if (a1 >>> 31 === 1) subtract64(I, k + 2, b0, b1);
  if (b1 >>> 31 === 1) subtract64(I, k + 2, a0, a1);
};

const subtract64 = (I: Int32Array, k: number, low: number, high: number): void => {
  const difference = (I[k]! >>> 0) - low;
  I[k] = difference | 0;
  I[k + 1] = (I[k + 1]! >>> 0) - high - (difference < 0 ? 1 : 0);
};
