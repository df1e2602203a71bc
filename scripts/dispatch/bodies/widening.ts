/** Lanes that become twice as wide, or half as wide; sums and products of neighbours. */
import { dot8, narrow8S, narrow8U, narrow16S, narrow16U } from '../../../src/interpreter/numerics/lanes.ts';
import { highProduct, set64 } from './i64.ts';
import { type Slot, setWord, word } from './loop.ts';
import { four, lane64, write4 } from './vector-forms.ts';

/** Lane i of a word of four, and of two. */
const lane8 = (x: number, i: number, isSigned: boolean): number =>
  isSigned
    ? i === 3
      ? x >> 24
      : (x << (24 - 8 * i)) >> 24
    : i === 3
      ? x >>> 24
      : i === 0
        ? x & 255
        : (x >>> (8 * i)) & 255;
const lane16 = (x: number, i: number, isSigned: boolean): number =>
  isSigned ? (i === 1 ? x >> 16 : (x << 16) >> 16) : i === 1 ? x >>> 16 : x & 65535;
/** Two lanes of 16 bits. */
const pair = (low: number, high: number): number => (low & 65535) | (high << 16);

/** Writes the lanes of two words, twice as wide. */
type Widen = (to: Slot, x: number, y: number, isSigned: boolean) => void;
export const widen8: Widen = (to, x, y, isSigned) => {
  setWord(to, 0, pair(lane8(x, 0, isSigned), lane8(x, 1, isSigned)));
  setWord(to, 1, pair(lane8(x, 2, isSigned), lane8(x, 3, isSigned)));
  setWord(to, 2, pair(lane8(y, 0, isSigned), lane8(y, 1, isSigned)));
  setWord(to, 3, pair(lane8(y, 2, isSigned), lane8(y, 3, isSigned)));
};
export const widen16: Widen = (to, x, y, isSigned) => {
  setWord(to, 0, lane16(x, 0, isSigned));
  setWord(to, 1, lane16(x, 1, isSigned));
  setWord(to, 2, lane16(y, 0, isSigned));
  setWord(to, 3, lane16(y, 1, isSigned));
};
export const widen32: Widen = (to, x, y, isSigned) => {
  setWord(to, 0, x);
  setWord(to, 1, isSigned ? x >> 31 : 0);
  setWord(to, 2, y);
  setWord(to, 3, isSigned ? y >> 31 : 0);
};

/** The words of the lower or of the upper half of a vector, twice as wide. */
export const extend =
  (widen: Widen, half: number, isSigned: boolean) =>
  (d: Slot, a: Slot): void => {
    const x = word(a, half);
    const y = word(a, half + 1);
    widen(d, x, y, isSigned);
  };

/** Writes the products of the lanes of the words x and y with those of z and t. */
type Multiply = (to: Slot, x: number, y: number, z: number, t: number, isSigned: boolean) => void;
const product8 = (x: number, y: number, i: number, isSigned: boolean): number =>
  Math.imul(lane8(x, i, isSigned), lane8(y, i, isSigned));
const product16 = (x: number, y: number, i: number, isSigned: boolean): number =>
  Math.imul(lane16(x, i, isSigned), lane16(y, i, isSigned));
const product32 = (to: Slot, x: number, y: number, isSigned: boolean): void => {
  const low = Math.imul(x, y);
  const high = highProduct(x, y, low);
  set64(to, low, isSigned ? (high - ((x >> 31) & y) - ((y >> 31) & x)) | 0 : high);
};
export const multiply8: Multiply = (to, x, y, z, t, isSigned) => {
  setWord(to, 0, pair(product8(x, z, 0, isSigned), product8(x, z, 1, isSigned)));
  setWord(to, 1, pair(product8(x, z, 2, isSigned), product8(x, z, 3, isSigned)));
  setWord(to, 2, pair(product8(y, t, 0, isSigned), product8(y, t, 1, isSigned)));
  setWord(to, 3, pair(product8(y, t, 2, isSigned), product8(y, t, 3, isSigned)));
};
export const multiply16: Multiply = (to, x, y, z, t, isSigned) => {
  setWord(to, 0, product16(x, z, 0, isSigned));
  setWord(to, 1, product16(x, z, 1, isSigned));
  setWord(to, 2, product16(y, t, 0, isSigned));
  setWord(to, 3, product16(y, t, 1, isSigned));
};
export const multiply32: Multiply = (to, x, y, z, t, isSigned) => {
  product32(lane64(to, 0), x, z, isSigned);
  product32(lane64(to, 1), y, t, isSigned);
};
export const extmul =
  (multiply: Multiply, half: number, isSigned: boolean) =>
  (d: Slot, a: Slot, b: Slot): void => {
    const x = word(a, half);
    const y = word(a, half + 1);
    const z = word(b, half);
    const t = word(b, half + 1);
    multiply(d, x, y, z, t, isSigned);
  };

/** Sums of neighbouring lanes of a word. */
export const extadd = {
  i8_s: (x: number): number =>
    pair(lane8(x, 0, true) + lane8(x, 1, true), lane8(x, 2, true) + lane8(x, 3, true)),
  i8_u: (x: number): number => (x & 0x00ff00ff) + ((x >>> 8) & 0x00ff00ff),
  i16_s: (x: number): number => lane16(x, 0, true) + lane16(x, 1, true),
  i16_u: (x: number): number => lane16(x, 0, false) + lane16(x, 1, false),
};

export const mul16 = (x: number, y: number): number => pair(Math.imul(x, y), Math.imul(x >>> 16, y >>> 16));
export const dot16 = (x: number, y: number): number => product16(x, y, 0, true) + product16(x, y, 1, true);
export const dotAdd = (d: Slot, a: Slot, b: Slot, c: Slot): void =>
  four((n) => {
    const sums = dot8(word(a, n), word(b, n));
    setWord(d, n, lane16(sums, 0, true) + lane16(sums, 1, true) + word(c, n));
  });

/** Two words to one with lanes half as wide: the first vector's, then the second's. */
const narrow =
  (f: (x: number, y: number) => number) =>
  (d: Slot, a: Slot, b: Slot): void => {
    write4(
      d,
      f(word(a, 0), word(a, 1)),
      f(word(a, 2), word(a, 3)),
      f(word(b, 0), word(b, 1)),
      f(word(b, 2), word(b, 3)),
    );
  };
export const narrows = {
  i16_s: narrow(narrow8S),
  i16_u: narrow(narrow8U),
  i32_s: narrow(narrow16S),
  i32_u: narrow(narrow16U),
};
