/**
 * The tables of the internal code against what its operations do: where references lie, which words are costs, and
 * that every instruction has a translation. Frames begin as the words before an entry say.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instructions } from '../../src/inspect.ts';
import { CodeSpace } from '../../src/interpreter/code/code-space.ts';
import { packSlots } from '../../src/interpreter/code/encoding.ts';
import { coldOps, firstColdOp, type Op, opOf, ops } from '../../src/interpreter/code/isa.ts';
import { createCold } from '../../src/interpreter/cold/cold.ts';
import { newArray, StructInstance } from '../../src/interpreter/instances/aggregate.ts';
import { MachineState } from '../../src/interpreter/loop/machine-state.ts';
import { DONE } from '../../src/interpreter/loop/status.ts';
import { rowLowerings } from '../../src/interpreter/translate/translate.ts';
import {
  compileModule,
  decodeModule,
  type FuncInstance,
  instantiate,
  invoke,
  Store,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type Type } from '../assembler.ts';

/** Operands lie in slots from here on; immediates name slots below. */
const FIRST_SLOT = 8;
const PC = 200;
const IMMEDIATE = 1;

/** A structure of a reference and a number, and an array of references. */
const { types } = decodeModule(
  assemble({
    types: [
      [0x5f, 2, 0x6e, 1, 0x7f, 1],
      [0x5e, 0x6e, 1],
    ],
  }),
);

test('letters say which slots hold references', () => {
  const touched = new Set<number>();
  const note = (key: string | symbol): void => {
    const index = typeof key === 'string' ? Number(key) : Number.NaN;
    if (index >= FIRST_SLOT) touched.add(index);
  };
  let held: unknown = null;
  const refs = new Proxy<unknown[]>([], {
    get: (target, key, receiver) => {
      note(key);
      if (typeof key === 'string' && /^\d+$/.test(key)) return held;
      return key === 'length' ? 64 : Reflect.get(target, key, receiver);
    },
    set: (_, key) => {
      note(key);
      return true;
    },
  });
  const buffer = new ArrayBuffer(1024);
  const words = new Int32Array(buffer);
  const stacks = {
    words,
    doubles: new Float64Array(buffer),
    floats: new Float32Array(buffer),
    callStack: new Int32Array(64),
    refs,
  };
  const space = new CodeSpace(1024);
  const { cold } = createCold(
    space,
    stacks,
    { vectors: () => DONE, wideVectors: () => DONE, oneVector: () => DONE },
    () => 0,
    () => null,
    { enter_careful: () => DONE, stop: () => DONE },
  );
  const struct = new StructInstance(types[0]!);
  Object.assign(struct, { descriptor: struct });
  const array = newArray(types[1]!, 4);

  /** Slots of references that an operation touches, with some contents of its slots. */
  const run = (op: Op, value: number, ref: unknown): void => {
    held = ref;
    words.fill(value);
    const slots = op.operands.map((_, i) => FIRST_SLOT + i);
    space.words.fill(0);
    space.words[PC] = packSlots(op.code, op.packed > 0 ? slots[0]! : 0, op.packed > 1 ? slots[1]! : 0);
    op.operands.slice(op.packed).forEach(({ holds }, i) => {
      const slot = slots[op.packed + i]!;
      space.words[PC + 1 + i] = holds === undefined ? IMMEDIATE : 2 * slot;
    });
    const table = { elements: [null, null, null, null], is64: false };
    const type = types[op.name.startsWith('array') ? 1 : 0]!;
    const memory = { view: new DataView(new ArrayBuffer(64)), byteLength: 64 };
    const instance = {
      tables: [table, table],
      memories: [memory, memory],
      globals: Array(2).fill({ words: new Int32Array(4), offset: 0, refs: [null], refIndex: 0 }),
      funcs: Array(2).fill({ host: () => undefined, borderWords: 0, fuel: 0 }),
      compiled: { module: { types: [type, type] } },
      store: { takeHeap: () => true },
      unit: { funcs: [] },
      memory0: memory,
    };
    const m = new MachineState(instance as never, { hostCall: 0 } as never);
    Object.assign(m, { pc: PC, fp: 0, sp: 2, fuel: 1e6, callLimit: 64, stackLimit: 256 });
    try {
      cold(m, op.code);
    } catch {
      // Not all that an operation needs is there: what it touched before counts.
    }
  };

  for (const op of ops.slice(firstColdOp)) {
    touched.clear();
    for (const value of [0, 1]) for (const ref of [null, struct, array]) run(op, value, ref);
    const expected = op.operands.flatMap(({ holds }, i) => (holds === 'reference' ? [FIRST_SLOT + i] : []));
    assert.deepEqual(
      [...touched].sort((a, b) => a - b),
      expected,
      `${op.name} ${op.layout}`,
    );
  }
  // The loop has no references at all.
  assert.ok(!ops.slice(0, firstColdOp).some((op) => op.operands.some(({ holds }) => holds === 'reference')));
});

test('costs are last words, and calls are what execution returns to', () => {
  for (const { name, layout } of ops) assert.match(layout, /^[^cr]*[cr]?$/, name);
  assert.deepEqual(
    ops.filter(({ isCall }) => isCall).map(({ name }) => name),
    ['call', 'call_indirect', 'call_lazy', 'call_import', 'call_far', 'call_indirect_far', 'call_ref'],
  );
});

test('lengths are those of the words that the writer puts', () => {
  const lengths = { const64: 3, br_i64_lt_s_ri: 5, call_indirect_far: 6, array_copy: 3, f64_add: 2, halt: 1 };
  for (const [name, length] of Object.entries(lengths))
    assert.equal(opOf[name as keyof typeof lengths].length, length, name);
  assert.equal(Object.keys(coldOps).length, ops.length - firstColdOp);
});

test('locals are zero whatever lay there before, however a function is called', () => {
  const LOCALS = 9;
  const all = (each: (index: number) => Instruction[]): Instruction[] =>
    Array.from({ length: LOCALS }, (_, index) => each(index)).flat();
  const locals: [number, Type][] = [[LOCALS, 'i64']];
  // Fills its frame; gives what is in its own.
  const fill = all((index) => [
    ['i64.const', -1n],
    ['local.set', index],
  ]);
  const sum: Instruction[] = [
    ['i64.const', 0n],
    ...all((index): Instruction[] => [['local.get', index], 'i64.or']),
  ];
  const wasm = assemble({
    types: [{}, { results: ['i64'] }],
    funcs: [
      { type: 0, locals, code: fill },
      { type: 1, locals, code: sum },
      {
        type: 1,
        code: [
          ['call', 0],
          ['call', 1],
          ['call', 0],
          ['call', 1],
          'i64.or',
          ['call', 0],
          ['i32.const', 0],
          ['call_indirect', 1, 0],
          'i64.or',
        ],
      },
    ],
    tables: [{ min: 1 }],
    elements: [[0, 0x41, 0, 0x0b, 1, 1]],
    exports: [['run', 'func', 2]],
  });
  const instance = instantiate(new Store(), compileModule(wasm), () => undefined);
  const run = instance.exports.get('run') as FuncInstance;
  // The second time each call goes straight to translated code.
  for (let i = 0; i < 2; i++) assert.deepEqual(invoke(run, []), [0n]);
});

test('every instruction has a translation', () => {
  assert.deepEqual(
    instructions.filter((_, row) => rowLowerings[row] === undefined).map(({ name }) => name),
    [],
  );
});
