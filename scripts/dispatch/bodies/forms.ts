/**
 * Operand forms: they make a body from an operator. `RR` is for two slots, `RI` for a slot and a constant, `R` for
 * one slot; `d` is the destination. An operator is written once and has as many bodies as forms.
 */
import { set64, setWide } from './i64.ts';
import {
  branch,
  type DoubleSlot,
  type Float,
  f32,
  f64,
  hi,
  lo,
  loop,
  type Pc,
  putF32,
  putF64,
  type Slot,
  setF32,
  setF64,
  setLo,
} from './loop.ts';

type Unary = (x: number) => number;
type Binary = (x: number, y: number) => number;
type Test = (x: number) => boolean;
type Relation = (x: number, y: number) => boolean;

// i32

export const i32R =
  (f: Unary) =>
  (d: Slot, a: Slot): void =>
    setLo(d, f(lo(a)));
export const i32RR =
  (f: Binary) =>
  (d: Slot, a: Slot, b: Slot): void =>
    setLo(d, f(lo(a), lo(b)));
export const i32RI =
  (f: Binary) =>
  (d: Slot, a: Slot, b: number): void =>
    setLo(d, f(lo(a), b));
export const i32TestR =
  (test: Test) =>
  (d: Slot, a: Slot): void =>
    setLo(d, test(lo(a)) ? 1 : 0);
export const i32TestRR =
  (test: Relation) =>
  (d: Slot, a: Slot, b: Slot): void =>
    setLo(d, test(lo(a), lo(b)) ? 1 : 0);
export const i32TestRI =
  (test: Relation) =>
  (d: Slot, a: Slot, b: number): void =>
    setLo(d, test(lo(a), b) ? 1 : 0);
export const i32BranchR =
  (test: Test) =>
  (a: Slot, target: Pc, correction: number): void => {
    if (test(lo(a))) branch(target, correction);
  };
export const i32BranchRR =
  (test: Relation) =>
  (a: Slot, b: Slot, target: Pc, correction: number): void => {
    if (test(lo(a), lo(b))) branch(target, correction);
  };
export const i32BranchRI =
  (test: Relation) =>
  (a: Slot, b: number, target: Pc, correction: number): void => {
    if (test(lo(a), b)) branch(target, correction);
  };

// i64: operators that take values and write to a place

type Unary64 = (to: Slot, x: number, xh: number) => void;
type Binary64 = (to: Slot, x: number, xh: number, y: number, yh: number) => void;
type Shift64 = (to: Slot, x: number, xh: number, amount: number) => void;
type Test64 = (x: number, xh: number) => boolean;
type Relation64 = (x: number, xh: number, y: number, yh: number) => boolean;

export const i64R =
  (f: Unary64) =>
  (d: Slot, a: Slot): void =>
    f(d, lo(a), hi(a));
export const i64RR =
  (f: Binary64) =>
  (d: Slot, a: Slot, b: Slot): void =>
    f(d, lo(a), hi(a), lo(b), hi(b));
/** With an operator over big integers, if they are as fast. */
export const i64WideRR =
  (wide: (x: bigint, y: bigint) => bigint, f: Binary64) =>
  (d: Slot, a: Slot, b: Slot): void => {
    if (loop.isWide) setWide(wide, d, a, b);
    else f(d, lo(a), hi(a), lo(b), hi(b));
  };
export const i64RI =
  (f: Binary64) =>
  (d: Slot, a: Slot, low: number, high: number): void =>
    f(d, lo(a), hi(a), low, high);
export const i64ShiftRR =
  (f: Shift64) =>
  (d: Slot, a: Slot, b: Slot): void =>
    f(d, lo(a), hi(a), lo(b) & 63);
/** A rotation to the right is one to the left by the rest. */
export const i64ShiftBackRR =
  (f: Shift64) =>
  (d: Slot, a: Slot, b: Slot): void =>
    f(d, lo(a), hi(a), -lo(b) & 63);
/** The translator has masked the amount. */
export const i64ShiftRI =
  (f: Shift64) =>
  (d: Slot, a: Slot, amount: number): void =>
    f(d, lo(a), hi(a), amount);
export const i64TestR =
  (test: Test64) =>
  (d: Slot, a: Slot): void =>
    setLo(d, test(lo(a), hi(a)) ? 1 : 0);
export const i64TestRR =
  (test: Relation64) =>
  (d: Slot, a: Slot, b: Slot): void => {
    const x = lo(a);
    const xh = hi(a);
    const y = lo(b);
    const yh = hi(b);
    setLo(d, test(x, xh, y, yh) ? 1 : 0);
  };
export const i64TestRI =
  (test: Relation64) =>
  (d: Slot, a: Slot, low: number, high: number): void => {
    const x = lo(a);
    const xh = hi(a);
    const y = low;
    const yh = high;
    setLo(d, test(x, xh, y, yh) ? 1 : 0);
  };
export const i64BranchR =
  (test: Test64) =>
  (a: Slot, target: Pc, correction: number): void => {
    if (test(lo(a), hi(a))) branch(target, correction);
  };
export const i64BranchRR =
  (test: Relation64) =>
  (a: Slot, b: Slot, target: Pc, correction: number): void => {
    const x = lo(a);
    const xh = hi(a);
    const y = lo(b);
    const yh = hi(b);
    if (test(x, xh, y, yh)) branch(target, correction);
  };
export const i64BranchRI =
  (test: Relation64) =>
  (a: Slot, low: number, high: number, target: Pc, correction: number): void => {
    const x = lo(a);
    const xh = hi(a);
    const y = low;
    const yh = high;
    if (test(x, xh, y, yh)) branch(target, correction);
  };

// f32 and f64

type FloatUnary = (x: Float) => Float;
type FloatBinary = (x: Float, y: Float) => Float;
type FloatRelation = (x: Float, y: Float) => boolean;

export const f32R =
  (f: FloatUnary) =>
  (d: Slot, a: Slot): void =>
    setF32(d, f(f32(a)));
export const f32RR =
  (f: FloatBinary) =>
  (d: Slot, a: Slot, b: Slot): void =>
    setF32(d, f(f32(a), f32(b)));
export const f32TestRR =
  (test: FloatRelation) =>
  (d: Slot, a: Slot, b: Slot): void =>
    setLo(d, test(f32(a), f32(b)) ? 1 : 0);
export const f32BranchRR =
  (test: FloatRelation) =>
  (a: Slot, b: Slot, target: Pc, correction: number): void => {
    if (test(f32(a), f32(b))) branch(target, correction);
  };
export const f64R =
  (f: FloatUnary) =>
  (d: DoubleSlot, a: DoubleSlot): void =>
    setF64(d, f(f64(a)));
export const f64RR =
  (f: FloatBinary) =>
  (d: DoubleSlot, a: DoubleSlot, b: DoubleSlot): void =>
    setF64(d, f(f64(a), f64(b)));
export const f64TestRR =
  (test: FloatRelation) =>
  (d: Slot, a: DoubleSlot, b: DoubleSlot): void =>
    setLo(d, test(f64(a), f64(b)) ? 1 : 0);
export const f64BranchRR =
  (test: FloatRelation) =>
  (a: DoubleSlot, b: DoubleSlot, target: Pc, correction: number): void => {
    if (test(f64(a), f64(b))) branch(target, correction);
  };
/** An f64 by its bits: the low word is unchanged. */
export const f64BitsR =
  (f: Unary) =>
  (d: Slot, a: Slot): void =>
    set64(d, lo(a), f(hi(a)));
export const f64BitsRR =
  (f: Binary) =>
  (d: Slot, a: Slot, b: Slot): void =>
    set64(d, lo(a), f(hi(a), hi(b)));

// Conversions

type ToFloat = (x: number) => Float;
type FromFloat = (x: Float) => number;

export const i32ToF32 =
  (f: ToFloat) =>
  (d: Slot, a: Slot): void =>
    putF32(d, f(lo(a)));
export const i32ToF64 =
  (f: ToFloat) =>
  (d: DoubleSlot, a: Slot): void =>
    putF64(d, f(lo(a)));
export const i64ToF64 =
  (f: (x: number, xh: number) => Float) =>
  (d: DoubleSlot, a: Slot): void =>
    putF64(d, f(lo(a), hi(a)));
export const f64ToI32 =
  (f: FromFloat) =>
  (d: Slot, a: DoubleSlot): void =>
    setLo(d, f(f64(a)));
export const f32ToF64 = (d: DoubleSlot, a: Slot): void => setF64(d, f32(a));
export const f64ToF32 = (d: Slot, a: DoubleSlot): void => setF32(d, f64(a));
