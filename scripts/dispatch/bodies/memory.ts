/** Accesses to memory 0, and to globals. */
import { globals, hi, lo, loop, type Slot, setHi, setLo, trap } from './loop.ts';

/**
 * The place of an access: base plus offset, both unsigned; traps if a byte of it lies outside. A sum of 2^31 and more
 * becomes negative: memories are smaller. @spec exec-load-val
 */
export const address = (base: number, offset: number, size: number): number => {
  const ea = (base + offset) | 0 | (base >> 31);
  if (ea < 0 || ea > ((loop.memorySize - size) | 0)) trap('trap.memory-bounds');
  return ea;
};

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
    const ea = address(lo(a), offset, size);
    setLo(d, read(ea));
  };
/** A signed number becomes an i64. */
export const loadSigned64 =
  (read: Get, size: number) =>
  (d: Slot, a: Slot, offset: number): void => {
    const ea = address(lo(a), offset, size);
    const value = read(ea);
    setLo(d, value);
    setHi(d, value >> 31);
  };
export const loadUnsigned64 =
  (read: Get, size: number) =>
  (d: Slot, a: Slot, offset: number): void => {
    const ea = address(lo(a), offset, size);
    setLo(d, read(ea));
    setHi(d, 0);
  };
export const load64 = (d: Slot, a: Slot, offset: number): void => {
  const ea = address(lo(a), offset, 8);
  setLo(d, get.int32(ea));
  setHi(d, get.int32((ea + 4) | 0));
};

export const store =
  (write: Set, size: number) =>
  (a: Slot, value: Slot, offset: number): void => {
    const ea = address(lo(a), offset, size);
    write(ea, lo(value));
  };
/** Stores a constant. */
export const storeImmediate =
  (write: Set, size: number) =>
  (a: Slot, offset: number, value: number): void => {
    const ea = address(lo(a), offset, size);
    write(ea, value);
  };
export const store64 = (a: Slot, value: Slot, offset: number): void => {
  const ea = address(lo(a), offset, 8);
  set.int32((ea + 4) | 0, hi(value));
  set.int32(ea, lo(value));
};

/**
 * An address of 64 bits as one of 32. One beyond 2^32 is outside of every memory, and so is 2^32 - 1. PERF: a trap of
 * its own here made programs that never come here 8 % slower (one more way out of the loop).
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
