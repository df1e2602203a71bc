/**
 * Operand forms of vectors: they make a body from an operator on words, on i64s, or on floats.
 *
 * A body takes one argument for each word of the operation, in their order: a `Slot` is a vector, a number an
 * immediate. A vector is four words. A source may be at the same place as the destination, so lanes that cross are
 * all read before one is written.
 *
 * PERF: words are unrolled if the text is short, and processed in a loop if it is long (`…Loop`): the whole must stay
 * under the size that V8 optimises, and a short loop costs less than a call.
 */

import { CANONICAL_NAN_32 } from '../../../src/interpreter/numerics/floats.ts';
import { set64 } from './i64.ts';
import {
  type DoubleSlot,
  type Float,
  f32Lane,
  f64Lane,
  hi,
  isNan,
  lo,
  putF32Lane,
  type Slot,
  setF32Lane,
  setF64Lane,
  setWord,
  word,
} from './loop.ts';

type Unary = (x: number) => number;
type Binary = (x: number, y: number) => number;

/** An index with a constant added. */
export const at = (index: number, n: number): number => (n === 0 ? index : index + n);
export const four = (f: (n: number) => void): void => {
  f(0);
  f(1);
  f(2);
  f(3);
};
export const two = (f: (n: number) => void): void => {
  f(0);
  f(1);
};
export const write4 = (to: Slot, x: number, y: number, z: number, t: number): void => {
  setWord(to, 0, x);
  setWord(to, 1, y);
  setWord(to, 2, z);
  setWord(to, 3, t);
};
export const move4 = (to: Slot, from: Slot): void => {
  write4(to, word(from, 0), word(from, 1), word(from, 2), word(from, 3));
};

// Words

const next = (index: Slot): Slot => ((index + 1) | 0) as Slot;

export const unary =
  (f: Unary) =>
  (d: Slot, a: Slot): void =>
    four((n) => setWord(d, n, f(word(a, n))));
export const binary =
  (f: Binary) =>
  (d: Slot, a: Slot, b: Slot): void =>
    four((n) => setWord(d, n, f(word(a, n), word(b, n))));
export const unaryLoop =
  (f: Unary) =>
  (d: Slot, a: Slot): void => {
    for (const end = (d + 4) | 0; d < end; d = next(d), a = next(a)) setWord(d, 0, f(word(a, 0)));
  };
export const binaryLoop =
  (f: Binary) =>
  (d: Slot, a: Slot, b: Slot): void => {
    for (const end = (d + 4) | 0; d < end; d = next(d), a = next(a), b = next(b)) {
      setWord(d, 0, f(word(a, 0), word(b, 0)));
    }
  };
/** A relation of words: lanes of ones where it is true. */
export const relation =
  (test: (x: number, y: number) => boolean) =>
  (d: Slot, a: Slot, b: Slot): void =>
    four((n) => setWord(d, n, test(word(a, n), word(b, n)) ? -1 : 0));
/** A shift of words by the number of bits in the last operand, modulo the width. */
export const shift =
  (f: Binary) =>
  (d: Slot, a: Slot, b: Slot): void => {
    const count = lo(b) & 31;
    four((n) => setWord(d, n, f(word(a, n), count)));
  };

// i64s

/** One of the two i64s of a vector. */
export const lane64 = (a: Slot, n: number): Slot => (n === 0 ? a : a + 2) as Slot;

export const unary64 =
  (f: (to: Slot, x: number, xh: number) => void) =>
  (d: Slot, a: Slot): void =>
    two((n) => f(lane64(d, n), lo(lane64(a, n)), hi(lane64(a, n))));
export const binary64 =
  (f: (to: Slot, x: number, xh: number, y: number, yh: number) => void) =>
  (d: Slot, a: Slot, b: Slot): void =>
    two((n) => f(lane64(d, n), lo(lane64(a, n)), hi(lane64(a, n)), lo(lane64(b, n)), hi(lane64(b, n))));
export const relation64 =
  (test: (x: number, xh: number, y: number, yh: number) => boolean) =>
  (d: Slot, a: Slot, b: Slot): void =>
    two((n) => {
      const x = lo(lane64(a, n));
      const xh = hi(lane64(a, n));
      const y = lo(lane64(b, n));
      const yh = hi(lane64(b, n));
      const mask = test(x, xh, y, yh) ? -1 : 0;
      set64(lane64(d, n), mask, mask);
    });
export const shift64 =
  (f: (to: Slot, x: number, xh: number, amount: number) => void) =>
  (d: Slot, a: Slot, b: Slot): void => {
    const amount = lo(b) & 63;
    two((n) => f(lane64(d, n), lo(lane64(a, n)), hi(lane64(a, n)), amount));
  };

// Floats

/** A vector as an index of doubles. */
export const doublesOf = (a: Slot): DoubleSlot => (a >> 1) as DoubleSlot;

type FloatUnary = (x: Float) => Float;
type FloatBinary = (x: Float, y: Float) => Float;
type FloatRelation = (x: Float, y: Float) => boolean;

/** Writes four floats. PERF: their sum is NaN if one of them is, so that one test is enough nearly always. */
const writeFloats = (to: Slot, x: Float, y: Float, z: Float, t: Float): void => {
  putF32Lane(to, 0, x);
  putF32Lane(to, 1, y);
  putF32Lane(to, 2, z);
  putF32Lane(to, 3, t);
  if (isNan(x + y + z + t)) {
    if (isNan(x)) setWord(to, 0, CANONICAL_NAN_32);
    if (isNan(y)) setWord(to, 1, CANONICAL_NAN_32);
    if (isNan(z)) setWord(to, 2, CANONICAL_NAN_32);
    if (isNan(t)) setWord(to, 3, CANONICAL_NAN_32);
  }
};

export const f32x4 = {
  unary:
    (f: FloatUnary) =>
    (d: Slot, a: Slot): void =>
      four((n) => setF32Lane(d, n, f(f32Lane(a, n)))),
  binary:
    (f: FloatBinary) =>
    (d: Slot, a: Slot, b: Slot): void => {
      const x: Float = f(f32Lane(a, 0), f32Lane(b, 0));
      const y: Float = f(f32Lane(a, 1), f32Lane(b, 1));
      const z: Float = f(f32Lane(a, 2), f32Lane(b, 2));
      const t: Float = f(f32Lane(a, 3), f32Lane(b, 3));
      writeFloats(d, x, y, z, t);
    },
  ternary:
    (f: (x: Float, y: Float, z: Float) => Float) =>
    (d: Slot, a: Slot, b: Slot, c: Slot): void => {
      const third = c;
      const x: Float = f(f32Lane(a, 0), f32Lane(b, 0), f32Lane(third, 0));
      const y: Float = f(f32Lane(a, 1), f32Lane(b, 1), f32Lane(third, 1));
      const z: Float = f(f32Lane(a, 2), f32Lane(b, 2), f32Lane(third, 2));
      const t: Float = f(f32Lane(a, 3), f32Lane(b, 3), f32Lane(third, 3));
      writeFloats(d, x, y, z, t);
    },
  relation:
    (test: FloatRelation) =>
    (d: Slot, a: Slot, b: Slot): void =>
      four((n) => setWord(d, n, test(f32Lane(a, n), f32Lane(b, n)) ? -1 : 0)),
};
export const f64x2 = {
  unary:
    (f: FloatUnary) =>
    (d: Slot, a: Slot): void => {
      const to = doublesOf(d);
      const x = doublesOf(a);
      two((n) => setF64Lane(d, to, n, f(f64Lane(x, n))));
    },
  binary:
    (f: FloatBinary) =>
    (d: Slot, a: Slot, b: Slot): void => {
      const to = doublesOf(d);
      const x = doublesOf(a);
      const y = doublesOf(b);
      two((n) => setF64Lane(d, to, n, f(f64Lane(x, n), f64Lane(y, n))));
    },
  ternary:
    (f: (x: Float, y: Float, z: Float) => Float) =>
    (d: Slot, a: Slot, b: Slot, c: Slot): void => {
      const to = doublesOf(d);
      const x = doublesOf(a);
      const y = doublesOf(b);
      const z = doublesOf(c);
      two((n) => setF64Lane(d, to, n, f(f64Lane(x, n), f64Lane(y, n), f64Lane(z, n))));
    },
  relation:
    (test: FloatRelation) =>
    (d: Slot, a: Slot, b: Slot): void => {
      const x = doublesOf(a);
      const y = doublesOf(b);
      two((n) => {
        const mask = test(f64Lane(x, n), f64Lane(y, n)) ? -1 : 0;
        set64(lane64(d, n), mask, mask);
      });
    },
};
