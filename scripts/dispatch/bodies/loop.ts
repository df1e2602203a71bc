/**
 * The loop as bodies see it: its arrays, its variables, and the functions that read and change them.
 *
 * A body is written against these names, and the generator puts it into the loops, where the arrays and the
 * properties of `loop` are variables of the same names. This file is also executable: a small machine on which a test
 * can call a body like any other function (`run`). Then, ways out of an operation are exceptions.
 *
 * The functions under "Places" are the primitives: the inliner knows what they read and write, and replaces them
 * last. Code that does not run in the loop can replace them by others.
 */
import {
  COST_AHEAD,
  ENTRY_COST,
  FRAME_WORDS,
  ZERO_END,
  ZERO_START,
} from '../../../src/interpreter/code/encoding.ts';
import { EVENTS_END } from '../../../src/interpreter/code/observer.ts';
import type { ModuleInstance } from '../../../src/interpreter/instances/module-instance.ts';
import { NO_FUEL, type TrapCode, trapStatus } from '../../../src/interpreter/loop/status.ts';
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../../../src/interpreter/numerics/floats.ts';

declare const operand: unique symbol;
/** The place of a value in the frames: the index of its first 32-bit word, an even number. */
export type Slot = number & { readonly [operand]: 'slot' };
/** The same place as an index of doubles. */
export type DoubleSlot = number & { readonly [operand]: 'doubleSlot' };
/** An index of code. */
export type Pc = number & { readonly [operand]: 'pc' };
/** A number that needs a variable for doubles; all others are whole numbers of 32 bits. */
export type Float = number;

// Arrays

const frames = new ArrayBuffer(1024);
/** The frames: two words, or one double, for each slot. */
export const words: Int32Array = new Int32Array(frames);
export const doubles: Float64Array = new Float64Array(frames);
export const floats: Float32Array = new Float32Array(frames);
/** The same as whole numbers of 64 bits, where `loop.isWide`. */
export const bigs: BigUint64Array = new BigUint64Array(frames);
export const signedBigs: BigInt64Array = new BigInt64Array(frames);
export const int8: Int8Array = new Int8Array(frames);
export const uint8: Uint8Array = new Uint8Array(frames);
export const int16: Int16Array = new Int16Array(frames);
export const uint16: Uint16Array = new Uint16Array(frames);
/** Internal code. */
export const code: Int32Array = new Int32Array(256);
/** The call stack: a return pc and a caller's frame for each call; then events. */
export const calls: Int32Array = new Int32Array(EVENTS_END);
/** Globals that the instance owns. */
export const globals: Int32Array = new Int32Array(64);

// Variables

/** The variables that persist from one operation to the next. */
export interface Loop {
  /** Where the operation begins. */
  pc: Pc;
  /** Where the next operation begins. */
  readonly next: Pc;
  /** The frame. */
  fp: Slot;
  /** Words in use on the call stack, and how many there may be. */
  sp: number;
  readonly callLimit: number;
  /** How many words all frames may have. */
  readonly stackLimit: number;
  /** Fuel in hand beyond what remains of the current stretch. */
  fuel: number;
  /** The fuel that an operation requested and lacked. */
  need: number;
  /** 1 while every instruction must run in careful code. */
  readonly isArmed: 0 | 1;
  /** The instance, and its memory 0. */
  readonly instance: ModuleInstance;
  readonly memory: DataView;
  /** At how many of its places an access of 1, 2, 4, 8 or 16 bytes can begin. */
  readonly places1: number;
  readonly places2: number;
  readonly places4: number;
  readonly places8: number;
  /** Only in vector loops. */
  readonly places16: number;
  /** Whether the JavaScript engine computes with big integers of 64 bits as fast as with two words. */
  readonly isWide: boolean;
}
export const loop: { -readonly [K in keyof Loop]: Loop[K] } = {
  pc: 0 as Pc,
  next: 0 as Pc,
  fp: 0 as Slot,
  sp: 0,
  callLimit: 64,
  stackLimit: 256,
  fuel: 0,
  need: 0,
  isArmed: 0,
  instance: null as unknown as ModuleInstance,
  memory: new DataView(new ArrayBuffer(128)),
  places1: 128,
  places2: 127,
  places4: 125,
  places8: 121,
  places16: 113,
  isWide: false,
};

// Places: halves of values, lanes, and floats

export const lo = (a: Slot): number => words[a];
export const hi = (a: Slot): number => words[(a + 1) | 0];
export const setLo = (a: Slot, value: number): void => {
  words[a] = value;
};
export const setHi = (a: Slot, value: number): void => {
  words[(a + 1) | 0] = value;
};
export const f32 = (a: Slot): Float => floats[a];
export const f64 = (a: DoubleSlot): Float => doubles[a];
/** Writes a float that is not a NaN, or whose NaN is set immediately afterwards. */
export const putF32 = (a: Slot, value: Float): void => {
  floats[a] = value;
};
export const putF64 = (a: DoubleSlot, value: Float): void => {
  doubles[a] = value;
};
/** A whole number of 64 bits. PERF: V8 does not allocate it, as long as it is used where it is read. */
export const big = (a: Slot): bigint => bigs[a >> 1];
export const putBig = (a: Slot, value: bigint): void => {
  bigs[a >> 1] = value;
};
export const signedBig = (a: Slot): bigint => signedBigs[a >> 1];
export const putSignedBig = (a: Slot, value: bigint): void => {
  signedBigs[a >> 1] = value;
};
/** Word n of a vector. */
export const word = (a: Slot, n: number): number => words[n === 0 ? a : a + n];
export const setWord = (a: Slot, n: number, value: number): void => {
  words[n === 0 ? a : a + n] = value;
};
/** Float n of a vector. */
export const f32Lane = (a: Slot, n: number): Float => floats[n === 0 ? a : a + n];
export const putF32Lane = (a: Slot, n: number, value: Float): void => {
  floats[n === 0 ? a : a + n] = value;
};
/** Double n of a vector. */
export const f64Lane = (a: DoubleSlot, n: number): Float => doubles[n === 0 ? a : a + n];
export const putF64Lane = (a: DoubleSlot, n: number, value: Float): void => {
  doubles[n === 0 ? a : a + n] = value;
};

// Ways out of an operation: statements of the loop

/** How a body left: with a status, or for the operation at `loop.pc`. */
export class Way extends Error {
  readonly status: number | null;

  constructor(status: number | null) {
    super(`status ${status}`);
    this.status = status;
  }
}
/** Leaves the loop with a status. */
export const stop: (status: number) => never = (status) => {
  throw new Way(status);
};
/** Leaves the loop with a trap. */
export const trap: (code: TrapCode) => never = (code) => stop(trapStatus(code));
/** Continues with the operation at `loop.pc`. */
export const resume: () => never = () => {
  throw new Way(null);
};

/** Calls a body; returns the status with which it left the loop, or null if the loop continues. */
export const run = (body: () => void): number | null => {
  try {
    body();
    loop.pc = loop.next;
    return null;
  } catch (error) {
    if (error instanceof Way) return error.status;
    throw error;
  }
};

// Fuel: a loop without metering omits these calls

/** Takes the cost of a stretch. */
export const charge = (amount: number): void => {
  loop.fuel = (loop.fuel - amount) | 0;
};
/** Refunds what remains of the stretch that a branch leaves, and takes what remains of the one that it enters. */
export const correct = (amount: number): void => {
  loop.fuel = (loop.fuel + amount) | 0;
};
/** Stops if the code ahead cannot be paid. */
export const stopUnpaid = (): void => {
  if (loop.fuel < 0) stop(NO_FUEL);
};

// Transfers of control

/** Takes a branch. */
export const branch = (target: Pc, correction: number): void => {
  correct(correction);
  loop.pc = target;
  stopUnpaid();
  resume();
};

/** Enters a function of the instance; its frame, which contains the arguments, is `base`. */
export const enter = (base: Slot, entry: Pc, returnPc: Pc): void => {
  if (((base + code[(entry - FRAME_WORDS) | 0]) | 0) > loop.stackLimit || loop.sp >= loop.callLimit) {
    trap('exhaustion.call-stack');
  }
  calls[loop.sp] = returnPc;
  calls[(loop.sp + 1) | 0] = loop.fp;
  loop.sp = (loop.sp + 2) | 0;
  loop.fp = base;
  begin(base, entry);
};

/** Begins a function: sets its locals to zero, and pays for its first stretch. */
export const begin = (base: Slot, entry: Pc): void => {
  const end = ((base >> 1) + code[(entry - ZERO_END) | 0]) | 0;
  for (let slot = ((base >> 1) + code[(entry - ZERO_START) | 0]) | 0; slot < end; slot = (slot + 1) | 0) {
    doubles[slot] = 0;
  }
  loop.pc = entry;
  charge(code[(entry - ENTRY_COST) | 0]);
  stopUnpaid();
  resume();
};

/** Returns to the caller. */
export const leave = (): void => {
  loop.sp = (loop.sp - 2) | 0;
  loop.pc = calls[loop.sp] as Pc;
  loop.fp = calls[(loop.sp + 1) | 0] as Slot;
  charge(code[(loop.pc - COST_AHEAD) | 0]);
  stopUnpaid();
  resume();
};

// Results

/**
 * NaN and the other floats. DETERMINISM: every NaN that an operation makes is the positive canonical one, so that no
 * bit depends on the processor or the JavaScript engine.
 */
// biome-ignore lint/suspicious/noSelfCompare: PERF: a call of Number.isNan takes three times the bytecode
export const isNan = (x: Float): boolean => x !== x;

export const setF32 = (to: Slot, value: Float): void => {
  putF32(to, value);
  if (isNan(value)) setLo(to, CANONICAL_NAN_32);
};
export const setF64 = (to: DoubleSlot, value: Float): void => {
  putF64(to, value);
  if (isNan(value)) {
    setLo((to << 1) as Slot, 0);
    setHi((to << 1) as Slot, CANONICAL_NAN_64_HIGH);
  }
};
/** The same for a lane of a vector. */
export const setF32Lane = (to: Slot, n: number, value: Float): void => {
  if (!isNan(value)) putF32Lane(to, n, value);
  else setWord(to, n, CANONICAL_NAN_32);
};
/** The vector as an index of words, and of doubles. */
export const setF64Lane = (to: Slot, toDouble: DoubleSlot, n: number, value: Float): void => {
  if (!isNan(value)) putF64Lane(toDouble, n, value);
  else {
    setWord(to, 2 * n, 0);
    setWord(to, 2 * n + 1, CANONICAL_NAN_64_HIGH);
  }
};
