/**
 * Every fused operation of the loop does what its parts do one after the other: to the frame, to memory and globals,
 * to the fuel; and where a part traps or branches, the loop stands where that part would.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { packSlots } from '../../src/interpreter/code/encoding.ts';
import { LINKED } from '../../src/interpreter/code/fusing.ts';
import { firstColdOp, firstFusedOp, type Op, opOf, ops } from '../../src/interpreter/code/isa.ts';
import { EVENTS_END, FIRST_EVENT, NEXT_EVENT } from '../../src/interpreter/code/observer.ts';
import { createDispatch, type Dispatch } from '../../src/interpreter/loop/dispatch.generated.ts';
import { MachineState } from '../../src/interpreter/loop/machine-state.ts';
import { FIRST_TRAP } from '../../src/interpreter/loop/status.ts';
import { randomWords } from './rule-of.ts';

const code = new Int32Array(256);
const frames = new ArrayBuffer(1024);
const words = new Int32Array(frames);
const calls = new Int32Array(EVENTS_END);
calls[NEXT_EVENT] = FIRST_EVENT;
const memory = new Uint8Array(64);
const globalWords = new Int32Array(8);
const instance = { memory0: { view: new DataView(memory.buffer), byteLength: 64 }, globalWords };
const loopOf = (isWide: boolean): Dispatch =>
  createDispatch(
    ...([code, calls, words, new Float64Array(frames), new Float32Array(frames), isWide] as const),
    () => assert.fail('the loop asks for a cold operation'),
    () => false,
    () => assert.fail('nothing is observed'),
  );
/** One for each way in which an engine may compute with 64 bits; they agree. */
const loops = [loopOf(false), loopOf(true)] as const;
const PC = 16;
const TARGET = 200;
/** Where the outermost call returns to, after what the code there costs. */
const RETURN = 220;
const FRAME = 32;

interface Result {
  readonly status: number;
  readonly pc: number;
  readonly fuel: number;
  readonly words: Int32Array;
  readonly memory: Uint8Array;
  readonly globals: Int32Array;
}
interface Start {
  readonly words: Int32Array;
  readonly memory: Uint8Array;
}

/** Runs code that lies at `PC`, and that ends where a `halt` lies. */
const run = (dispatch: Dispatch, list: readonly number[], start: Start): Result => {
  code.fill(opOf.halt.code);
  code.set(list, PC);
  code[RETURN - 1] = 9;
  words.set(start.words);
  memory.set(start.memory);
  globalWords.set(start.words.subarray(0, 8));
  calls.set([RETURN, 8]);
  const state = new MachineState(instance as never, { hostCall: 0 } as never);
  Object.assign(state, { pc: PC, fp: FRAME, sp: 2, fuel: 100, callLimit: 64, stackLimit: 256 });
  const status = dispatch(state);
  const { pc, fuel } = state;
  return {
    ...{ status, pc, fuel },
    words: words.slice(),
    memory: memory.slice(),
    globals: globalWords.slice(),
  };
};

/** An operation with its operands, in the order of its layout. */
const encode = (op: Op, operands: readonly number[]): number[] => {
  const [a = 0, b = 0] = operands;
  const list = [packSlots(op.code, op.packed > 0 ? a : 0, op.packed > 1 ? b : 0)];
  op.operands.forEach(({ role, holds }, i) => {
    if (role === 'branch') list.push(TARGET, -3);
    else if (i >= op.packed) list.push(holds === undefined ? operands[i]! : 2 * operands[i]!);
  });
  return list;
};

/** Numbers around which something changes. */
const seeds = [
  0, 1, 5, 31, 40, 62, 63, 64, -1, -2, 0x7fffffff, -0x80000000, 0x3ff80000, 0x7ff80000, 0x7ff80001,
];

/** A slot that the result of one part goes to on its way to the next, when no operand is it. */
const LINK = 20;

const check = (op: Op, random: () => number): void => {
  const parts = op.parts.map(({ name }) => opOf[name] as Op);
  const isTable = parts[parts.length - 1]!.name === 'br_table';
  const pick = (): number => (random() % 2 === 0 ? seeds[random() % seeds.length]! : random() | 0);
  // Few slots, so that parts meet in them.
  const operands = op.operands.map(({ role, holds }, i) =>
    role === 'read' || role === 'written'
      ? 1 + (random() % 6)
      : holds === undefined && 'gn'.includes(op.layout[i]!)
        ? op.layout[i] === 'g'
          ? 2 * (random() % 3)
          : random() % 32
        : isTable && i === op.operands.length - 1
          ? 1
          : pick(),
  );
  const start = {
    words: Int32Array.from({ length: 256 }, pick),
    memory: Uint8Array.from({ length: 64 }, random),
  };
  // By a constant that is 0 or -1, nobody divides without a check.
  if (op.parts.some(({ name }) => /_(div|rem)_[su]_ri$/.test(name))) operands.fill(7, op.packed);
  let linked = LINK;
  const separate = op.parts.map(({ from, takes, gives }, n) => {
    const list = from.map((to, i) => (to === LINKED ? (i === takes ? linked : LINK) : operands[to]!));
    if (gives === 'alone') linked = LINK;
    else if (gives === 'too') linked = list[0]!;
    return encode(parts[n]!, list);
  });
  const table = isTable ? [TARGET, 5, TARGET + 1, -4] : [];
  const expected = run(loops[0], [...separate.flat(), ...table], start);
  const result = run(loops[1], [...encode(op, operands), ...table], start);
  const shown = `${op.name} ${operands.join(' ')}`;
  assert.equal(result.status, expected.status, shown);
  assert.equal(result.fuel, expected.fuel, shown);
  // A slot that nobody reads any more may hold what it will.
  const unread = expected.words.map((word, i) => (i >> 1 === FRAME / 2 + LINK ? result.words[i]! : word));
  assert.deepEqual(result.words, unread, shown);
  assert.deepEqual(result.memory, expected.memory, shown);
  assert.deepEqual(result.globals, expected.globals, shown);
  if (expected.status < FIRST_TRAP) {
    const isEnd = expected.pc < TARGET;
    assert.equal(
      isEnd ? result.pc - PC - op.length : result.pc,
      isEnd ? table.length * 0 : expected.pc,
      shown,
    );
    return;
  }
  const starts = separate.map((_, n) => PC + separate.slice(0, n).flat().length);
  assert.equal(result.pc - PC, starts.indexOf(expected.pc), shown);
};

describe('fused operations do what their parts do', () => {
  for (const op of ops.slice(firstFusedOp, firstColdOp)) {
    test(op.name, () => {
      const random = randomWords(op.code);
      for (let i = 0; i < 200; i++) check(op, () => random() >>> 0);
    });
  }
});

test('a part that can trap has a word of its own to stand at', () => {
  for (const op of ops.slice(firstFusedOp, firstColdOp))
    assert.ok(
      op.length >= op.parts.length || op.parts.every(({ name }) => !/load|store|div|rem|trunc/.test(name)),
      op.name,
    );
});
