/**
 * Runs every hot operation a few times before the first call.
 *
 * PERF: V8 compiles the loop with the types it has seen. An operation that first occurs later invalidates the
 * compiled loop, and compiling it again takes 0.5–1 s; without training SQLite never settled.
 */

import { decodeModule } from '../../decoder/decode-module.ts';
import { defaultFeatures } from '../../syntax/features.ts';
import { validateModule } from '../../validator/validate-module.ts';
import { type CodeSpace, FIRST_FREE, HALT_PC } from '../code/code-space.ts';
import { CompiledModule } from '../code/compiled-module.ts';
import { ENTRY_COST, FRAME_WORDS, packSlots, packVector, ZERO_END, ZERO_START } from '../code/encoding.ts';
import { firstColdOp, firstFusedOp, type Op, type Operand, opOf, ops } from '../code/isa.ts';
import { EVENTS_END, NEXT_EVENT } from '../code/observer.ts';
import { accessesMemory, namesGlobal, type VectorOperation, vectorNames } from '../code/vector-isa.ts';
import { scalarsOfWide } from '../code/vector-scalars.ts';
import type { Stacks } from '../cold/tools.ts';
import { GlobalInstance } from '../instances/global.ts';
import { MemoryInstance } from '../instances/memory.ts';
import {
  allocateFunc,
  allocateHostFunc,
  ModuleInstance,
  type WasmFuncInstance,
} from '../instances/module-instance.ts';
import { Store } from '../instances/store.ts';
import { TableInstance } from '../instances/table.ts';
import type { Dispatch } from '../loop/dispatch.generated.ts';
import { MachineState } from '../loop/machine-state.ts';
import type { RunVectors, VectorLoops } from '../loop/vector.generated.ts';
import { type Operands, prepareTraining, trainFused } from './fused-training.ts';

/**
 * Operands: low and high word of the first, then of the second; i32 operations use the low ones, and immediates are
 * the second. Together they cover every path through every operation (test/interpreter/training.test.ts).
 */
const integers: readonly Operands[] = [
  [16, 0, 24, 0],
  [-1, -1, 3, 0],
  [0x7fffffff, 0, -0x80000000, -1],
  [0, 5, 7, 0],
  [5, 0, 5, 0],
  [3, 0, 0, 0],
  [5, 1, 5, 2],
  [7, 0, 40, 0],
  [-0x80000000, -0x80000000, -1, -1],
  [0, -0x80000000, -1, -1],
  [0, 0, 1, 0],
];
const doubles: readonly (readonly [number, number])[] = [
  [1.5, -2.25],
  [Number.NaN, 3],
  [1e300, 0],
  [16, 24],
  [2.5, 2.5],
];
/** Each operation runs twice on everything: then V8 has seen its types. */
const PASSES = 2 * integers.length;
/** Fused operations consist of plain ones, and need not run as often. PERF: a pass takes 0.5 ms. */
const FUSED_PASSES = 10;

/** First word of the code that training writes; the words after it are not allocated. */
const TRAINING_PC = FIRST_FREE - 64;
const ENTRY = TRAINING_PC + 40;
const BASE_SLOT = 8;
/** Place of the word in which calls through the table find their index. */
const INDEX_SLOT = 4;

/** The operands of operations that are not words. */
const heldBy = new Map<Op, Operand['holds']>(
  ops.map((op) => [
    op,
    op.operands.find(({ role, holds }) => role === 'read' && holds !== 'words' && holds !== undefined)?.holds,
  ]),
);
const isAccess = ({ layout }: Op): boolean => layout.includes('o');

/** Two types, an empty function of the first, a table, a page of memory and three globals. */
// biome-ignore format: sections, one a line
const moduleBytes = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 8, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 0,
  3, 2, 1, 0,
  4, 4, 1, 0x70, 0, 4,
  5, 3, 1, 0, 1,
  6, 16, 3, 0x7f, 1, 0x41, 0, 0x0b, 0x7f, 1, 0x41, 0, 0x0b, 0x7f, 1, 0x41, 0, 0x0b,
  10, 4, 1, 2, 0, 0x0b,
);

/** An instance with a function; both have the classes of real code, since V8 compiles for those. */
const makeInstance = (): { readonly instance: ModuleInstance; readonly func: WasmFuncInstance } => {
  const module = decodeModule(moduleBytes);
  validateModule(module, defaultFeatures);
  const instance = new ModuleInstance(new Store(), new CompiledModule(module, defaultFeatures), new Map());
  instance.memory0 = new MemoryInstance(module.memories[0]!);
  instance.memories.push(instance.memory0);
  instance.tables.push(new TableInstance(module.tables[0]!.type, null));
  instance.globals.push(new GlobalInstance(module.globals[0]!.type, 0n, instance.globalWords));
  const func = allocateFunc(module.funcs[0]!.type, instance, instance.unit.funcs[0]!);
  instance.funcs.push(func);
  return { instance, func };
};

/** Trains a loop; restores stacks and code. */
export const train = (space: CodeSpace, stacks: Stacks, dispatch: Dispatch): void => {
  const { words: C } = space;
  const { instance, func } = makeInstance();
  // The function of the code below, which returns immediately, and one of another instance, whose code is translated.
  func.code.entry = ENTRY;
  const other = makeInstance().func;
  // One of the host, too expensive to ever run.
  const host = allocateHostFunc(func.type, () => undefined, 1e6);
  instance.tables[0]!.elements.splice(0, 4, null, func, other, host);
  const [type, otherType] = instance.compiled.module.types;
  const state = new MachineState(instance, instance.store.schedule);
  // PERF: calls have the hidden class that they get when amounts of fuel are doubles; otherwise V8 discards the loop
  // at the first call with that much.
  state.reserve = Number.MAX_SAFE_INTEGER;
  state.given = Number.MAX_SAFE_INTEGER;
  state.need = Number.MAX_SAFE_INTEGER;
  C[ENTRY - ZERO_START] = 1;
  C[ENTRY - ZERO_END] = 3;
  C[ENTRY - FRAME_WORDS] = 8;
  C[ENTRY - ENTRY_COST] = 0;
  C[ENTRY] = opOf.return_none.code;

  const memory = new Uint8Array(instance.memory0!.view.buffer);
  const start = (): void => {
    stacks.callStack.set([HALT_PC, 0]);
    state.sp = 2;
    state.fp = 0;
    state.pc = TRAINING_PC;
    state.callLimit = 64;
    state.stackLimit = 4096;
    state.fuel = 1000;
    state.isArmed = 0;
    state.instance = instance;
  };
  let filling = 0;
  const runFused = (words: Int32Array): void => {
    // Values stored by preceding operations would hide it.
    instance.globalWords.fill(filling % 3);
    memory.fill(fillings[filling % fillings.length]!, 0, 128);
    C.set(words, TRAINING_PC);
    start();
    dispatch(state);
  };
  const halt = { pc: HALT_PC, code: opOf.halt.code };
  const fusedOps = ops.slice(firstFusedOp, firstColdOp).map((op) => prepareTraining(op, halt));
  for (let pass = 0; pass < PASSES; pass++) {
    filling = pass;
    const typeId = (pass % 7 === 6 ? otherType! : type!).id;
    for (const op of trainedOps) {
      writeOperation(C, op, typeId, integers[pass % integers.length]!);
      writeOperands(stacks, op, pass);
      start();
      state.fuel = op.name === 'charge' && pass % 5 === 0 ? 2 : 1000;
      // Some calls do not fit.
      state.callLimit = pass % 5 === 4 && op.isCall ? 2 : 64;
      if (pass % 5 === 4 && op.name === 'return_call') state.stackLimit = 0;
      state.isArmed = pass % 2 === 0 ? 0 : 1;
      // Some events do not fit, either.
      if (op.name === 'observe' && pass % 5 === 4) stacks.callStack[NEXT_EVENT] = EVENTS_END;
      dispatch(state);
    }
    if (pass >= FUSED_PASSES) continue;
    for (const fused of fusedOps) trainFused(fused, pass, stacks, { integers, doubles }, runFused);
  }
  stacks.words.fill(0, 0, 4096);
  stacks.callStack.fill(0, 0, 64);
  C.fill(0, TRAINING_PC, FIRST_FREE);
};

/** Hot operations, and a cold one: the loop handles all cold ones alike. */
const trainedOps: readonly Op[] = [...ops.slice(0, firstFusedOp), opOf.mov64_far];
/** The contents of memory in each pass: loaded values decide what follows. */
const fillings = [0, 1, 0xff, 16];

/** Slot 1 is the destination, 2 to 4 are sources; a branch goes to the stub that ends the call. */
const writeOperation = (C: Int32Array, op: Op, typeId: number, operands: Operands): void => {
  const { name, packed } = op;
  let first = 2;
  let second = 3;
  if (name === 'call' || name === 'return_call') [first, second] = [BASE_SLOT, 0];
  else if (name === 'call_indirect') [first, second] = [INDEX_SLOT, BASE_SLOT];
  else if (op.operands[0]?.role === 'written') [first, second] = [1, 2];
  let at = TRAINING_PC;
  C[at++] = packSlots(op.code, packed > 0 ? first : 0, packed > 1 ? second : 0);
  for (let i = packed; i < op.operands.length; i++) {
    const { role, holds } = op.operands[i]!;
    if (role === 'branch') {
      C[at++] = HALT_PC;
      C[at++] = 0;
    } else if (role === 'cost' || role === 'ahead') C[at++] = 0;
    else C[at++] = holds === undefined ? immediate(op, i, typeId, operands) : 2 * (i + 1);
  }
  // Operations that do not leave the loop themselves end at a halt.
  if (name === 'br_table') for (let i = 0; i < 8; i++) C[at++] = i % 2 === 0 ? HALT_PC : 0;
  C[at] = opOf.halt.code;
};

const immediate = (op: Op, position: number, typeId: number, [, , low, high]: Operands): number => {
  if (op.name === 'call') return position === 1 ? ENTRY : 0;
  if (op.name === 'return_call') return position === 1 ? ENTRY : 4;
  if (op.name === 'call_indirect') return position === 2 ? typeId : 0;
  if (op.name === 'resume_fast') return position === 0 ? HALT_PC : 3;
  if (op.name === 'br_table' || op.name === 'charge') return 3;
  if (op.name === 'mov64_far') return 2;
  const letter = op.layout[position];
  if (letter === 'o') return 3;
  if (letter === 'g') return 4;
  if (letter === 'n') return low & 63;
  return op.layout[position - 1] === 'i' ? high : low;
};

const writeOperands = ({ words, doubles: D, floats }: Stacks, op: Op, pass: number): void => {
  const [low, high, low2, high2] = integers[pass % integers.length]!;
  const [x, y] = doubles[pass % doubles.length]!;
  words.fill(0, 0, 64);
  const held = heldBy.get(op);
  for (let slot = 2; slot <= 4; slot++) {
    const isOdd = slot === 3;
    if (held === 'f64') D[slot] = isOdd ? y : x;
    else if (held === 'f32') floats[2 * slot] = isOdd ? y : x;
    else {
      words[2 * slot] = isOdd ? low2 : low;
      words[2 * slot + 1] = isOdd ? high2 : high;
    }
  }
  if (isAccess(op)) words[4] = pass % 4 === 1 ? 70000 : 16 + pass;
  if (op.name === 'call_indirect') words[2 * INDEX_SLOT] = pass % 6;
};

/** Words of a frame for training vector operations: its slots 0 to 15, and what `writeOperands` clears. */
const VECTOR_FRAME = 64;
/**
 * Pairs of vectors, by their lanes: ordinary numbers in both orders, NaN in every lane, integers at their limits,
 * equal ones, zeros.
 */
const contents: Readonly<Record<'floats' | 'doubles' | 'words', readonly (readonly number[])[]>> = {
  floats: [
    [1.5, -2.25, 1e30, 0, 3, -0.5, 7, 1],
    [3, -0.5, 7, 1, 1.5, -2.25, 1e30, 0],
    [Number.NaN, 1, Number.POSITIVE_INFINITY, -3e9, 2, Number.NaN, -1, 4e9],
    Array(8).fill(Number.NaN),
  ],
  doubles: [
    [1.5, -2.25, 3, -2.5],
    [3, -2.5, 1.5, -2.25],
    [Number.NaN, 1e300, 4e9, Number.NaN],
    Array(4).fill(Number.NaN),
  ],
  words: [
    [0x01020304, -1, 0x7fff8000, 0, 0x00ff80ff, 5, 0x12345678, -0x80000000],
    [-1, 0x7fffffff, -0x80000000, 1, 3, -2, 0x7f80ff00, 16],
    [0, -1, 0, -3, -1, 1, 0, -1],
    Array(8).fill(0x01020304),
    Array(8).fill(0),
  ],
};
/** The same, one after another. */
const passes = (['floats', 'doubles', 'words'] as const).flatMap((unit) =>
  contents[unit].map((lanes) => ({ unit, lanes })),
);

/**
 * Runs every operation of the vector loops a few times, before the first code with vectors: programs without vectors
 * do not wait for it. The stack and the code are in use by then; both are restored.
 */
export const trainVectors = (space: CodeSpace, stacks: Stacks, loops: VectorLoops): void => {
  const { words: C } = space;
  const { instance } = makeInstance();
  const state = new MachineState(instance, instance.store.schedule);
  const base = stacks.words.length - VECTOR_FRAME;
  const saved = stacks.words.slice(base);
  const frame: Stacks = {
    ...stacks,
    words: stacks.words.subarray(base),
    doubles: stacks.doubles.subarray(base / 2),
    floats: stacks.floats.subarray(base),
  };
  const start = (run: RunVectors): void => {
    state.pc = TRAINING_PC;
    state.fp = base;
    state.fuel = 1000;
    run(state);
  };
  const { vectors, wideVectors, oneVector } = loops;
  // Operands are written once: no result overwrites them.
  for (let pass = 0; pass < passes.length; pass++) {
    for (const [number, name] of vectorNames.entries()) {
      writeVector(C, frame, number, name, pass);
      for (const run of [vectors, wideVectors, oneVector]) start(run);
    }
  }
  C.fill(0, TRAINING_PC, FIRST_FREE);
  for (let pass = 0; pass < integers.length; pass++) {
    for (const name of scalarsOfWide) {
      const op: Op = opOf[name];
      for (const run of [vectors, wideVectors]) {
        writeOperation(C, op, 0, integers[pass]!);
        writeOperands(frame, op, pass);
        start(run);
      }
    }
  }
  stacks.words.set(saved, base);
  C.fill(0, TRAINING_PC, FIRST_FREE);
};

/** A vector operation and its operands: destination, address or first vector, second vector. */
const writeVector = (
  C: Int32Array,
  frame: Stacks,
  number: number,
  name: VectorOperation,
  pass: number,
): void => {
  const { words } = frame;
  C.fill(0, TRAINING_PC, FIRST_FREE);
  // The operations after it move slot 0 to itself, up to the end.
  C[FIRST_FREE - 1] = opOf.halt.code;
  // All indices of globals and memories are 0.
  C.set([packVector(opOf.vector.code, number), 0, 4, 8], TRAINING_PC);
  if (namesGlobal(name)) C.fill(0, TRAINING_PC + 2, TRAINING_PC + 4);
  words.fill(0);
  words[0] = pass % 2;
  const { unit, lanes } = passes[pass]!;
  frame[unit].set(lanes, unit === 'doubles' ? 2 : 4);
  if (accessesMemory(name)) words[4] = 16 + pass;
};
