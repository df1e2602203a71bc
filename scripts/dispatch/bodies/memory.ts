/** Accesses to memory 0, and to globals. */
import { CANONICAL_NAN_64_HIGH } from '../../../src/interpreter/numerics/floats.ts';
import {
  type DoubleSlot,
  f64,
  globals,
  hi,
  isNan,
  lo,
  loop,
  putF64,
  type Slot,
  setHi,
  setLo,
  trap,
} from './loop.ts';

/**
 * The place of an access: base plus offset, both unsigned; traps if a byte of it is out of bounds. A sum of 2^31 and
 * more becomes negative, so that it is too large as an unsigned number: memories are smaller. @spec exec-load-val
 */
export const address = (base: number, offset: number, places: number): number => {
  const ea = (base + offset) | 0 | (base >> 31);
  if (ea >>> 0 >= places) trap('trap.memory-bounds');
  return ea;
};
/** At how many places an access can begin, by its size. */
export const placesOf = (size: number): number =>
  size < 4
    ? size === 1
      ? loop.places1
      : loop.places2
    : size === 4
      ? loop.places4
      : size === 8
        ? loop.places8
        : loop.places16;

/** What loads read: the 32-bit numbers at an address. */
export const get = {
  int8: (ea: number): number => loop.memory.getInt8(ea),
  uint8: (ea: number): number => loop.memory.getUint8(ea),
  int16: (ea: number): number => loop.memory.getInt16(ea, true),
  uint16: (ea: number): number => loop.memory.getUint16(ea, true),
  int32: (ea: number): number => loop.memory.getInt32(ea, true),
};
export const set = {
  int8: (ea: number, value: number): void => loop.memory.setInt8(ea, value),
  int16: (ea: number, value: number): void => loop.memory.setInt16(ea, value, true),
  int32: (ea: number, value: number): void => loop.memory.setInt32(ea, value, true),
};

type Get = (ea: number) => number;
type Set = (ea: number, value: number) => void;

export const load =
  (read: Get, size: number) =>
  (d: Slot, a: Slot, offset: number): void => {
    const ea = address(lo(a), offset, placesOf(size));
    setLo(d, read(ea));
  };
/** A signed number becomes an i64. */
export const loadSigned64 =
  (read: Get, size: number) =>
  (d: Slot, a: Slot, offset: number): void => {
    const ea = address(lo(a), offset, placesOf(size));
    const value = read(ea);
    setLo(d, value);
    setHi(d, value >> 31);
  };
export const loadUnsigned64 =
  (read: Get, size: number) =>
  (d: Slot, a: Slot, offset: number): void => {
    const ea = address(lo(a), offset, placesOf(size));
    setLo(d, read(ea));
    setHi(d, 0);
  };
export const load64 = (d: Slot, a: Slot, offset: number): void => {
  const ea = address(lo(a), offset, placesOf(8));
  setLo(d, get.int32(ea));
  setHi(d, get.int32((ea + 4) | 0));
};

export const store =
  (write: Set, size: number) =>
  (a: Slot, value: Slot, offset: number): void => {
    const ea = address(lo(a), offset, placesOf(size));
    write(ea, lo(value));
  };
/** Stores a constant. */
export const storeImmediate =
  (write: Set, size: number) =>
  (a: Slot, offset: number, value: number): void => {
    const ea = address(lo(a), offset, placesOf(size));
    write(ea, value);
  };
export const store64 = (a: Slot, value: Slot, offset: number): void => {
  const ea = address(lo(a), offset, placesOf(8));
  set.int32((ea + 4) | 0, hi(value));
  set.int32(ea, lo(value));
};

/** An f64 that neighbouring operations pass as a double. */
export const loadDouble = (d: DoubleSlot, a: Slot, offset: number): void => {
  const ea = address(lo(a), offset, placesOf(8));
  putF64(d, loop.memory.getFloat64(ea, true));
};
export const storeDouble = (a: Slot, value: DoubleSlot, offset: number): void => {
  const ea = address(lo(a), offset, placesOf(8));
  if (!isNan(f64(value))) loop.memory.setFloat64(ea, f64(value), true);
  else {
    set.int32((ea + 4) | 0, CANONICAL_NAN_64_HIGH);
    set.int32(ea, 0);
  }
};

/**
 * An address of 64 bits as one of 32. One beyond 2^32 is out of bounds of every memory, and so is 2^32 - 1. PERF: a
 * separate trap here made programs that never reach it 8 % slower (one more way out of the loop).
 */
export const narrowAddress = (d: Slot, a: Slot): void => setLo(d, hi(a) === 0 ? lo(a) : -1);

export const globalGet32 = (d: Slot, index: number): void => setLo(d, globals[index]);
export const globalGet64 = (d: Slot, index: number): void => {
  setLo(d, globals[index]);
  setHi(d, globals[(index + 1) | 0]);
};
export const globalSet32 = (a: Slot, index: number): void => {
  globals[index] = lo(a);
};
export const globalSet64 = (a: Slot, index: number): void => {
  globals[index] = lo(a);
  globals[(index + 1) | 0] = hi(a);
};
