/** Lanes of 32 and 64 bits that scalars do not have the operators of, moves of lanes, and conversions. */
import { truncSat32S, truncSat32U } from '../../../src/interpreter/numerics/floats.ts';
import { set64 } from './i64.ts';
import {
  type Float,
  f32Lane,
  f64Lane,
  hi,
  lo,
  loop,
  putF32Lane,
  putF64Lane,
  type Slot,
  setF32Lane,
  setF64Lane,
  setHi,
  setLo,
  setWord,
  uint8,
  uint16,
  word,
  words,
} from './loop.ts';
import { at, doublesOf, four, lane64, move4, two, write4 } from './vector-forms.ts';

export const mov = (d: Slot, a: Slot): void => move4(d, a);
export const const128 = (d: Slot, x: number, y: number, z: number, t: number): void => write4(d, x, y, z, t);
export const select = (d: Slot, a: Slot, b: Slot, condition: Slot): void => {
  const from = lo(condition) === 0 ? b : a;
  move4(d, from);
};

// Globals: in the words of the instance, or anywhere

export const globalGet = (d: Slot, index: number): void => {
  const from: Int32Array = loop.instance.globalWords;
  four((n) => setWord(d, n, from[at(index, n)]));
};
export const globalSet = (_d: Slot, a: Slot, index: number): void => {
  const to: Int32Array = loop.instance.globalWords;
  four((n) => {
    to[at(index, n)] = word(a, n);
  });
};
export const globalGetFar = (d: Slot, global: number): void => {
  const index = loop.instance.globals[global]!.offset;
  const from: Int32Array = loop.instance.globals[global]!.words;
  four((n) => setWord(d, n, from[at(index, n)]));
};
export const globalSetFar = (_d: Slot, a: Slot, global: number): void => {
  const index = loop.instance.globals[global]!.offset;
  const to: Int32Array = loop.instance.globals[global]!.words;
  four((n) => {
    to[at(index, n)] = word(a, n);
  });
};

// Moves of lanes. Immediates are places in the frame, of words or of bytes.

export const shuffle32 = (d: Slot, x: number, y: number, z: number, t: number): void => {
  write4(
    d,
    words[(loop.fp + x) | 0],
    words[(loop.fp + y) | 0],
    words[(loop.fp + z) | 0],
    words[(loop.fp + t) | 0],
  );
};
/** A word of two halves. */
const gather16 = (base: number, p: number, q: number): number =>
  uint16[(base + p) | 0] | (uint16[(base + q) | 0] << 16);
export const shuffle16 = (
  d: Slot,
  p0: number,
  p1: number,
  p2: number,
  p3: number,
  p4: number,
  p5: number,
  p6: number,
  p7: number,
): void => {
  const frame = loop.fp << 1;
  const x = gather16(frame, p0, p1);
  const y = gather16(frame, p2, p3);
  const z = gather16(frame, p4, p5);
  const t = gather16(frame, p6, p7);
  write4(d, x, y, z, t);
};
/** A word of four bytes. */
const gather = (base: number, p: number, q: number, r: number, s: number): number => {
  const low = uint8[(base + p) | 0] | (uint8[(base + q) | 0] << 8);
  return low | (uint8[(base + r) | 0] << 16) | (uint8[(base + s) | 0] << 24);
};
export const shuffle = (
  d: Slot,
  p0: number,
  p1: number,
  p2: number,
  p3: number,
  p4: number,
  p5: number,
  p6: number,
  p7: number,
  p8: number,
  p9: number,
  p10: number,
  p11: number,
  p12: number,
  p13: number,
  p14: number,
  p15: number,
): void => {
  const frame = loop.fp << 2;
  const x = gather(frame, p0, p1, p2, p3);
  const y = gather(frame, p4, p5, p6, p7);
  const z = gather(frame, p8, p9, p10, p11);
  const t = gather(frame, p12, p13, p14, p15);
  write4(d, x, y, z, t);
};
/** Word n of the bytes that indices pick; an index beyond the vector picks zero. */
const pick = (from: number, indices: number, n: number): number => {
  let result = 0;
  four((i) => {
    const index = uint8[at(indices, 4 * n + i)];
    if (index < 16) result = result | (uint8[(from + index) | 0] << (8 * i));
  });
  return result;
};
export const swizzle = (d: Slot, a: Slot, b: Slot): void => {
  const from = a << 2;
  const indices = b << 2;
  const x = pick(from, indices, 0);
  const y = pick(from, indices, 1);
  const z = pick(from, indices, 2);
  const t = pick(from, indices, 3);
  write4(d, x, y, z, t);
};

const splatWord = (d: Slot, x: number): void => four((n) => setWord(d, n, x));
export const splat8 = (d: Slot, a: Slot): void => splatWord(d, Math.imul(lo(a) & 255, 0x01010101));
export const splat16 = (d: Slot, a: Slot): void => {
  const x = lo(a) & 65535;
  splatWord(d, x | (x << 16));
};
export const splat32 = (d: Slot, a: Slot): void => splatWord(d, lo(a));
export const splat64 = (d: Slot, a: Slot): void => {
  const x = lo(a);
  const y = hi(a);
  write4(d, x, y, x, y);
};

type Lanes = Int8Array | Uint8Array | Int16Array | Uint16Array;
/** The operand is the place of the lane, counted in lanes from the frame; a word has 2^`log` lanes. */
export const extractLane =
  (lanes: Lanes, log: number) =>
  (d: Slot, place: number): void =>
    setLo(d, lanes[((loop.fp << log) + place) | 0]);
export const extractWord = (d: Slot, a: Slot): void => setLo(d, lo(a));
export const replaceLane =
  (lanes: Lanes, log: number) =>
  (d: Slot, a: Slot, b: Slot, lane: number): void => {
    const value = lo(b);
    move4(d, a);
    lanes[((d << log) + lane) | 0] = value;
  };
export const replaceWord = (d: Slot, a: Slot, b: Slot, lane: number): void => {
  const value = lo(b);
  move4(d, a);
  words[(d + lane) | 0] = value;
};
export const replace64 = (d: Slot, a: Slot, b: Slot, lane: number): void => {
  const low = lo(b);
  const high = hi(b);
  move4(d, a);
  const to = ((d + (lane << 1)) | 0) as Slot;
  setLo(to, low);
  setHi(to, high);
};

// Bits

export const v128 = {
  not: (x: number): number => ~x,
  andnot: (x: number, y: number): number => x & ~y,
};
export const bitselect = (d: Slot, a: Slot, b: Slot, c: Slot): void =>
  four((n) => {
    const mask = word(c, n);
    setWord(d, n, (word(a, n) & mask) | (word(b, n) & ~mask));
  });
export const anyTrue = (d: Slot, a: Slot): void =>
  setLo(d, (word(a, 0) | word(a, 1) | word(a, 2) | word(a, 3)) !== 0 ? 1 : 0);
export const allTrue32 = (d: Slot, a: Slot): void =>
  setLo(d, word(a, 0) !== 0 && word(a, 1) !== 0 && word(a, 2) !== 0 && word(a, 3) !== 0 ? 1 : 0);
export const allTrue64 = (d: Slot, a: Slot): void =>
  setLo(d, (word(a, 0) | word(a, 1)) !== 0 && (word(a, 2) | word(a, 3)) !== 0 ? 1 : 0);
export const bitmask32 = (d: Slot, a: Slot): void =>
  setLo(
    d,
    (word(a, 0) >>> 31) |
      ((word(a, 1) >>> 31) << 1) |
      ((word(a, 2) >>> 31) << 2) |
      ((word(a, 3) >>> 31) << 3),
  );
export const bitmask64 = (d: Slot, a: Slot): void =>
  setLo(d, (word(a, 1) >>> 31) | ((word(a, 3) >>> 31) << 1));

// Integer lanes

export const i32Lane = {
  add: (x: number, y: number): number => x + y,
  sub: (x: number, y: number): number => x - y,
  neg: (x: number): number => 0 - x,
  abs: (x: number): number => (x < 0 ? 0 - x : x),
  shr_u: (x: number, y: number): number => x >>> y,
  min_s: (x: number, y: number): number => (x < y ? x : y),
  min_u: (x: number, y: number): number => (x >>> 0 < y >>> 0 ? x : y),
  max_s: (x: number, y: number): number => (x < y ? y : x),
  max_u: (x: number, y: number): number => (x >>> 0 < y >>> 0 ? y : x),
};
export const i64Lane = {
  neg: (to: Slot, x: number, xh: number): void => set64(to, 0 - x, ~xh + (x === 0 ? 1 : 0)),
  abs: (to: Slot, x: number, xh: number): void => {
    if (xh < 0) {
      xh = (~xh + (x === 0 ? 1 : 0)) | 0;
      x = (0 - x) | 0;
    }
    set64(to, x, xh);
  },
};

// Floats

export const floatLane = {
  madd: (x: Float, y: Float, z: Float): Float => x * y + z,
  nmadd: (x: Float, y: Float, z: Float): Float => -x * y + z,
  madd32: (x: Float, y: Float, z: Float): Float => Math.fround(x * y) + z,
  nmadd32: (x: Float, y: Float, z: Float): Float => Math.fround(-x * y) + z,
  abs64: (to: Slot, x: number, xh: number): void => set64(to, x, xh & 0x7fffffff),
  neg64: (to: Slot, x: number, xh: number): void => set64(to, x, xh ^ -0x80000000),
};
// These choose between bits, and make none. @spec op-fpmin, op-fpmax
export const f32Min = (d: Slot, a: Slot, b: Slot): void =>
  four((n) => setWord(d, n, f32Lane(b, n) < f32Lane(a, n) ? word(b, n) : word(a, n)));
export const f32Max = (d: Slot, a: Slot, b: Slot): void =>
  four((n) => setWord(d, n, f32Lane(a, n) < f32Lane(b, n) ? word(b, n) : word(a, n)));
const choose64 = (to: Slot, from: Slot): void => set64(to, lo(from), hi(from));
export const f64Min = (d: Slot, a: Slot, b: Slot): void => {
  const x = doublesOf(a);
  const y = doublesOf(b);
  two((n) => {
    const from = f64Lane(y, n) < f64Lane(x, n) ? b : a;
    choose64(lane64(d, n), lane64(from, n));
  });
};
export const f64Max = (d: Slot, a: Slot, b: Slot): void => {
  const x = doublesOf(a);
  const y = doublesOf(b);
  two((n) => {
    const from = f64Lane(x, n) < f64Lane(y, n) ? b : a;
    choose64(lane64(d, n), lane64(from, n));
  });
};

// Conversions

type Truncate = (x: Float) => number;
export const truncate32 =
  (f: Truncate) =>
  (d: Slot, a: Slot): void =>
    four((n) => setWord(d, n, f(f32Lane(a, n))));
export const truncate64 =
  (f: Truncate) =>
  (d: Slot, a: Slot): void => {
    const from = doublesOf(a);
    write4(d, f(f64Lane(from, 0)), f(f64Lane(from, 1)), 0, 0);
  };
export const truncations = { s: truncSat32S, u: truncSat32U };

type Convert = (x: number) => Float;
export const convert32 =
  (f: Convert) =>
  (d: Slot, a: Slot): void =>
    four((n) => putF32Lane(d, n, f(word(a, n))));
export const convert64 =
  (f: Convert) =>
  (d: Slot, a: Slot): void => {
    const to = doublesOf(d);
    const x = word(a, 0);
    const y = word(a, 1);
    putF64Lane(to, 0, f(x));
    putF64Lane(to, 1, f(y));
  };
export const demote = (d: Slot, a: Slot): void => {
  const from = doublesOf(a);
  const second: Float = f64Lane(from, 1);
  setF32Lane(d, 0, f64Lane(from, 0));
  setF32Lane(d, 1, second);
  setWord(d, 2, 0);
  setWord(d, 3, 0);
};
export const promote = (d: Slot, a: Slot): void => {
  const to = doublesOf(d);
  const second: Float = f32Lane(a, 1);
  setF64Lane(d, to, 0, f32Lane(a, 0));
  setF64Lane(d, to, 1, second);
};
