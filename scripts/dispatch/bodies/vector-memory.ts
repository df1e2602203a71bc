/** Accesses of vectors, to any memory. Words: the address, a vector, the offset, the memory, and maybe a lane. */
import type { MemoryInstance } from '../../../src/interpreter/instances/memory.ts';
import {
  type Float,
  lo,
  loop,
  type Slot,
  setHi,
  setLo,
  setWord,
  trap,
  uint8,
  uint16,
  word,
  words,
} from './loop.ts';
import { at, four, move4, write4 } from './vector-forms.ts';

type Access = (view: DataView, ea: number) => void;

/** Does something at the place of an access, in range. @spec exec-load-val */
const access = (a: Slot, offset: number, index: number, size: number, act: Access): void => {
  const memory: MemoryInstance = index === 0 ? loop.instance.memory0 : loop.instance.memories[index]!;
  const end: Float = (lo(a) >>> 0) + (offset >>> 0);
  if (end + size > memory.byteLength) trap('trap.memory-bounds');
  const view: DataView = memory.view;
  const ea = end | 0;
  act(view, ea);
};
const get32 = (view: DataView, ea: number, n: number): number => view.getInt32(at(ea, n), true);

export const vectorLoad = (d: Slot, a: Slot, _b: Slot, offset: number, memory: number): void =>
  access(a, offset, memory, 16, (view, ea) => four((n) => setWord(d, n, get32(view, ea, 4 * n))));
export const vectorStore = (_d: Slot, a: Slot, b: Slot, offset: number, memory: number): void =>
  access(a, offset, memory, 16, (view, ea) => four((n) => view.setInt32(at(ea, 4 * n), word(b, n), true)));
/** Lanes of eight bytes, twice as wide. */
export const loadExtend =
  (widen: (to: Slot, x: number, y: number, isSigned: boolean) => void, isSigned: boolean) =>
  (d: Slot, a: Slot, _b: Slot, offset: number, memory: number): void =>
    access(a, offset, memory, 8, (view, ea) => {
      const x = get32(view, ea, 0);
      const y = get32(view, ea, 4);
      widen(d, x, y, isSigned);
    });
const splat = (d: Slot, x: number): void => write4(d, x, x, x, x);
export const loadSplat8 = (d: Slot, a: Slot, _b: Slot, offset: number, memory: number): void =>
  access(a, offset, memory, 1, (view, ea) => splat(d, Math.imul(view.getUint8(ea), 0x01010101)));
export const loadSplat16 = (d: Slot, a: Slot, _b: Slot, offset: number, memory: number): void =>
  access(a, offset, memory, 2, (view, ea) => {
    const x = view.getUint16(ea, true);
    splat(d, x | (x << 16));
  });
export const loadSplat32 = (d: Slot, a: Slot, _b: Slot, offset: number, memory: number): void =>
  access(a, offset, memory, 4, (view, ea) => splat(d, get32(view, ea, 0)));
export const loadSplat64 = (d: Slot, a: Slot, _b: Slot, offset: number, memory: number): void =>
  access(a, offset, memory, 8, (view, ea) => {
    const x = get32(view, ea, 0);
    const y = get32(view, ea, 4);
    write4(d, x, y, x, y);
  });
export const loadZero32 = (d: Slot, a: Slot, _b: Slot, offset: number, memory: number): void =>
  access(a, offset, memory, 4, (view, ea) => write4(d, get32(view, ea, 0), 0, 0, 0));
export const loadZero64 = (d: Slot, a: Slot, _b: Slot, offset: number, memory: number): void =>
  access(a, offset, memory, 8, (view, ea) => write4(d, get32(view, ea, 0), get32(view, ea, 4), 0, 0));

type Put = (vector: Slot, lane: number, view: DataView, ea: number) => void;
/** Replaces a lane by what is in memory. */
export const loadLane =
  (size: number, put: Put) =>
  (d: Slot, a: Slot, b: Slot, offset: number, memory: number, lane: number): void =>
    access(a, offset, memory, size, (view, ea) => {
      move4(d, b);
      put(d, lane, view, ea);
    });
export const storeLane =
  (size: number, put: Put) =>
  (_d: Slot, a: Slot, b: Slot, offset: number, memory: number, lane: number): void =>
    access(a, offset, memory, size, (view, ea) => put(b, lane, view, ea));

export const loadLanes = {
  lane8: (to: Slot, lane: number, view: DataView, ea: number): void => {
    uint8[((to << 2) + lane) | 0] = view.getUint8(ea);
  },
  lane16: (to: Slot, lane: number, view: DataView, ea: number): void => {
    uint16[((to << 1) + lane) | 0] = view.getUint16(ea, true);
  },
  lane32: (to: Slot, lane: number, view: DataView, ea: number): void => {
    words[(to + lane) | 0] = get32(view, ea, 0);
  },
  lane64: (to: Slot, lane: number, view: DataView, ea: number): void => {
    const place = ((to + (lane << 1)) | 0) as Slot;
    setLo(place, get32(view, ea, 0));
    setHi(place, get32(view, ea, 4));
  },
};
export const storeLanes = {
  lane8: (from: Slot, lane: number, view: DataView, ea: number): void =>
    view.setUint8(ea, uint8[((from << 2) + lane) | 0]),
  lane16: (from: Slot, lane: number, view: DataView, ea: number): void =>
    view.setUint16(ea, uint16[((from << 1) + lane) | 0], true),
  lane32: (from: Slot, lane: number, view: DataView, ea: number): void =>
    view.setInt32(ea, words[(from + lane) | 0], true),
  lane64: (from: Slot, lane: number, view: DataView, ea: number): void => {
    const place = ((from + (lane << 1)) | 0) as Slot;
    view.setInt32(ea, word(place, 0), true);
    view.setInt32(at(ea, 4), word(place, 1), true);
  },
};
