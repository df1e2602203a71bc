/**
 * Accesses of vectors. The action is written once, for its place in memory; `near` and `far` make bodies from it. A
 * body takes the destination, the address, a vector, the offset, the memory if it is far, and possibly a lane.
 */
import type { MemoryInstance } from '../../../src/interpreter/instances/memory.ts';
import { lo, loop, type Slot, setHi, setLo, setWord, trap, uint8, uint16, word, words } from './loop.ts';
import { address, placesOf } from './memory.ts';
import { at, four, move4, write4 } from './vector-forms.ts';

/** The action at an address: with the destination, the vector operand, and the memory. */
type Act = (d: Slot, b: Slot, view: DataView, ea: number) => void;
type LaneAct = (d: Slot, b: Slot, view: DataView, ea: number, lane: number) => void;

/** In memory 0, at an offset of less than 2^31. */
export const near = {
  all:
    (size: number, act: Act) =>
    (d: Slot, a: Slot, b: Slot, offset: number): void => {
      const ea = address(lo(a), offset, placesOf(size));
      act(d, b, loop.memory, ea);
    },
  lane:
    (size: number, act: LaneAct) =>
    (d: Slot, a: Slot, b: Slot, offset: number, lane: number): void => {
      const ea = address(lo(a), offset, placesOf(size));
      act(d, b, loop.memory, ea, lane);
    },
};

/** The end of a memory, and the place of an access in it. @spec exec-load-val */
const farAddress = (base: number, offset: number, size: number, memory: MemoryInstance): number => {
  const ea = (base + offset) | 0 | (base >> 31) | (offset >> 31);
  if (ea < 0 || ea > ((memory.byteLength - size) | 0)) trap('trap.memory-bounds');
  return ea;
};
/** In any memory. */
export const far = {
  all:
    (size: number, act: Act) =>
    (d: Slot, a: Slot, b: Slot, offset: number, index: number): void => {
      const memory: MemoryInstance = loop.instance.memories[index]!;
      const ea = farAddress(lo(a), offset, size, memory);
      const view: DataView = memory.view;
      act(d, b, view, ea);
    },
  lane:
    (size: number, act: LaneAct) =>
    (d: Slot, a: Slot, b: Slot, offset: number, index: number, lane: number): void => {
      const memory: MemoryInstance = loop.instance.memories[index]!;
      const ea = farAddress(lo(a), offset, size, memory);
      const view: DataView = memory.view;
      act(d, b, view, ea, lane);
    },
};
type Place = typeof near | typeof far;

const get32 = (view: DataView, ea: number, n: number): number => view.getInt32(at(ea, n), true);

export const vectorLoad = (place: Place) =>
  place.all(16, (d, _b, view, ea) => four((n) => setWord(d, n, get32(view, ea, 4 * n))));
export const vectorStore = (place: Place) =>
  place.all(16, (_d, b, view, ea) => four((n) => view.setInt32(at(ea, 4 * n), word(b, n), true)));
/** The address is a sum with a constant. */
export const loadAt = (d: Slot, a: Slot, summand: number, offset: number): void => {
  const base = (lo(a) + summand) | 0;
  const ea = address(base, offset, placesOf(16));
  four((n) => setWord(d, n, get32(loop.memory, ea, 4 * n)));
};
/** Lanes of eight bytes, twice as wide. */
export const loadExtend = (
  place: Place,
  widen: (to: Slot, x: number, y: number, isSigned: boolean) => void,
  isSigned: boolean,
) =>
  place.all(8, (d, _b, view, ea) => {
    const x = get32(view, ea, 0);
    const y = get32(view, ea, 4);
    widen(d, x, y, isSigned);
  });
const splat = (d: Slot, x: number): void => write4(d, x, x, x, x);
export const loadSplat8 = (place: Place) =>
  place.all(1, (d, _b, view, ea) => splat(d, Math.imul(view.getUint8(ea), 0x01010101)));
export const loadSplat16 = (place: Place) =>
  place.all(2, (d, _b, view, ea) => {
    const x = view.getUint16(ea, true);
    splat(d, x | (x << 16));
  });
export const loadSplat32 = (place: Place) => place.all(4, (d, _b, view, ea) => splat(d, get32(view, ea, 0)));
export const loadSplat64 = (place: Place) =>
  place.all(8, (d, _b, view, ea) => {
    const x = get32(view, ea, 0);
    const y = get32(view, ea, 4);
    write4(d, x, y, x, y);
  });
export const loadZero32 = (place: Place) =>
  place.all(4, (d, _b, view, ea) => write4(d, get32(view, ea, 0), 0, 0, 0));
export const loadZero64 = (place: Place) =>
  place.all(8, (d, _b, view, ea) => write4(d, get32(view, ea, 0), get32(view, ea, 4), 0, 0));

type Put = (vector: Slot, lane: number, view: DataView, ea: number) => void;
/** Replaces a lane by a value from memory. */
export const loadLane = (place: Place, size: number, put: Put) =>
  place.lane(size, (d, b, view, ea, lane) => {
    move4(d, b);
    put(d, lane, view, ea);
  });
export const storeLane = (place: Place, size: number, put: Put) =>
  place.lane(size, (_d, b, view, ea, lane) => put(b, lane, view, ea));

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
