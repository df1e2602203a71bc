/**
 * Runs every hot operation a few times before the first call.
 *
 * PERF: V8 compiles the loop with the types it has seen. An operation that is first met later throws the
 * compiled loop away, and compiling it again takes 0.5–1 s; without training SQLite never settled (engine.md §3).
 */

import { funcDefType, I32 } from '../syntax/types.ts';
import type { FuncCode } from './code.ts';
import { type CodeSpace, FIRST_FREE } from './code-space.ts';
import { HALT_PC, type Stacks } from './cold.ts';
import type { Dispatch } from './dispatch.generated.ts';
import { quern1 } from './fuel.ts';
import { FuncInstance } from './function.ts';
import { firstColdOp, type Op, opOf, ops } from './isa.ts';
import { MachineState } from './machine-state.ts';
import { MemoryInstance } from './memory.ts';
import type { ModuleInstance } from './module-instance.ts';
import type { RunVectors } from './vector.generated.ts';
import { vectorNames } from './vector-isa.ts';

/** Pairs of operands: small, large and negative integers; the same bits serve as floats. */
const integers: readonly (readonly [number, number])[] = [
  [16, 24],
  [-1, 3],
  [0x7fffffff, -0x80000000],
  [0, 7],
];
const doubles: readonly (readonly [number, number])[] = [
  [1.5, -2.25],
  [Number.NaN, 3],
  [1e300, 0],
  [16, 24],
];
const REPETITIONS = 4;

/** First word of the code that training writes; the room behind it is not handed out. */
const TRAINING_PC = FIRST_FREE - 64;
const ENTRY = TRAINING_PC + 40;
const BASE_SLOT = 8;

const isFloat = (op: Op): boolean => /f64/.test(op.name) && !/^f64_(convert|promote)/.test(op.name);
const isFloat32 = (op: Op): boolean => /f32/.test(op.name) && !/^f32_(convert|demote)/.test(op.name);
const isAccess = (op: Op): boolean => /load|store/.test(op.name);

/** Trains a loop; leaves stacks and code as they were. */
export const train = (space: CodeSpace, stacks: Stacks, dispatch: Dispatch): void => {
  const { words: C } = space;
  const memory = new MemoryInstance({
    limits: { min: 1n, max: 1n, address: I32 },
    isShared: false,
    pageSizeLog2: 16,
  });
  const type = funcDefType([], []);
  const instance = {
    memory0: memory,
    memories: [memory],
    globalWords: new Int32Array(8),
    tables: [{ elements: [] as unknown[] }],
  };
  const func = new FuncInstance(
    type,
    instance as unknown as ModuleInstance,
    { entry: ENTRY } as FuncCode,
    null,
  );
  instance.tables[0]!.elements.push(null, func, func);
  const state = new MachineState(instance as unknown as ModuleInstance, quern1);
  state.callLimit = 64;
  state.stackLimit = 4096;
  // A function that returns at once.
  C.set([1, 3, 8, 0], ENTRY - 4);
  C[ENTRY] = ops.find((op) => op.name === 'return_none')!.code;

  for (let pass = 0; pass < integers.length * REPETITIONS; pass++) {
    for (const op of ops.slice(0, firstColdOp)) {
      if (op.name === 'unreachable') continue;
      writeOperation(C, op, type.id);
      writeOperands(stacks, op, pass % integers.length);
      stacks.callStack.set([HALT_PC, 0]);
      state.sp = 2;
      state.fp = 0;
      state.pc = TRAINING_PC;
      state.fuel = 1000;
      dispatch(state);
    }
  }
  stacks.words.fill(0, 0, 4096);
  stacks.callStack.fill(0, 0, 64);
  C.fill(0, TRAINING_PC, FIRST_FREE);
};

/** Slot 1 is the destination, 2 to 4 are sources; a branch goes to the stub that ends the call. */
const writeOperation = (C: Int32Array, op: Op, typeId: number): void => {
  const slots = op.name === 'call' || op.name === 'call_indirect' ? [BASE_SLOT, BASE_SLOT] : [1, 2];
  if (op.name === 'call_indirect') slots[0] = 4;
  else if (!/^[dD]/.test(op.layout)) [slots[0], slots[1]] = [slots[0] === BASE_SLOT ? BASE_SLOT : 2, 3];
  const out = [op.code | (op.packed > 0 ? slots[0]! << 10 : 0) | (op.packed > 1 ? slots[1]! << 21 : 0)];
  for (let i = op.packed; i < op.layout.length; i++) {
    const kind = op.layout[i];
    if (kind === 'p') out.push(HALT_PC, 0);
    else if (kind === 's' || kind === 'd') out.push(2 * (i + 1));
    else if (kind === 'S' || kind === 'D') out.push(i + 1);
    else out.push(immediate(op, i, typeId));
  }
  // Whatever does not leave by itself ends at a halt.
  out.push(
    ...(op.name === 'br_table' ? Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? HALT_PC : 0)) : []),
  );
  C.set(out, TRAINING_PC);
  C[TRAINING_PC + out.length] = ops.find((o) => o.name === 'halt')!.code;
};

const immediate = (op: Op, position: number, typeId: number): number => {
  if (op.name === 'call') return position === 1 ? ENTRY : 0;
  if (op.name === 'call_indirect') return position === 2 ? typeId : 0;
  if (op.name === 'resume_fast') return position === 0 ? HALT_PC : 0;
  if (op.name === 'br_table') return 3;
  return op.name.startsWith('global') ? 4 : 3;
};

const writeOperands = ({ words, doubles: D, floats }: Stacks, op: Op, pass: number): void => {
  const [a, b] = integers[pass]!;
  const [x, y] = doubles[pass]!;
  words.fill(0, 0, 64);
  for (const slot of [2, 3, 4]) {
    const isOdd = slot === 3;
    if (isFloat(op)) D[slot] = isOdd ? y : x;
    else if (isFloat32(op)) floats[2 * slot] = isOdd ? y : x;
    else {
      words[2 * slot] = isOdd ? b : a;
      words[2 * slot + 1] = isOdd ? b >> 31 : a >> 31;
    }
  }
  if (isAccess(op)) words[4] = pass === 1 ? 70000 : 16 + pass;
  if (op.name === 'call_indirect') words[8] = 1 + (pass & 1);
};

/** Words of a frame for training vector operations: its slots 0 to 15. */
const VECTOR_FRAME = 32;
/** Pairs of lane contents: floats of ordinary size, NaN beside infinity, and integers at their borders. */
const vectors: readonly (readonly number[])[] = [
  [1.5, -2.25, 1e30, 0, 3, -0.5, 7, 1],
  [Number.NaN, 1, Number.POSITIVE_INFINITY, -3e9, 2, Number.NaN, -1, 4e9],
];
const lanes: readonly (readonly number[])[] = [
  [0x01020304, -1, 0x7fff8000, 0, 0x00ff80ff, 5, 0x12345678, -0x80000000],
  [-1, 0x7fffffff, -0x80000000, 1, 3, -2, 0x7f80ff00, 16],
];

/**
 * Runs every vector operation a few times, before the first code that has any: programs without do not wait
 * for it. The stack and the code are in use by then; both are left as they were.
 */
export const trainVectors = (space: CodeSpace, { words, floats }: Stacks, run: RunVectors): void => {
  const { words: C } = space;
  const memory = new MemoryInstance({
    limits: { min: 1n, max: 1n, address: I32 },
    isShared: false,
    pageSizeLog2: 16,
  });
  const globalWords = new Int32Array(8);
  const instance = {
    memory0: memory,
    memories: [memory],
    globalWords,
    globals: [{ words: globalWords, offset: 4 }],
  } as unknown as ModuleInstance;
  const base = words.length - VECTOR_FRAME;
  const saved = words.slice(base);
  for (let pass = 0; pass < 2 * vectors.length; pass++) {
    for (const number of vectorNames.keys()) {
      C.fill(0, TRAINING_PC, FIRST_FREE);
      // Destination, address or first vector, second vector; as indices of globals and memories all are 0.
      C.set([opOf.vector.code | (number << 10), 0, 4, 8], TRAINING_PC);
      if (vectorNames[number]!.startsWith('global')) C.fill(0, TRAINING_PC + 2, TRAINING_PC + 4);
      words.fill(0, base);
      if (pass < vectors.length) floats.set(vectors[pass]!, base + 4);
      else words.set(lanes[pass - vectors.length]!, base + 4);
      if (isAccess({ name: vectorNames[number] } as Op)) words[base + 4] = 16 + pass;
      run(TRAINING_PC, base, instance);
    }
  }
  words.set(saved, base);
  C.fill(0, TRAINING_PC, FIRST_FREE);
};
