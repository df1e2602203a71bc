/**
 * The heap budget: what a guest makes outside of memories ends in an error of its own and not in the end of the
 * process, at the same place in fast and careful code; and what it drops stops counting.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExhaustionError, isQuernError } from '../../src/errors.ts';
import {
  compileModule,
  FUNCREF,
  type FuncInstance,
  I32,
  instantiate,
  invoke,
  Store,
  startExecution,
  TableInstance,
} from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';

const get = (index: number): Instruction => ['local.get', index];
const i32 = (value: number): Instruction => ['i32.const', value];
const [NODE, BYTES, SPIN, GROW] = [0, 1, 2, 3] as const;

/** Repeats code as often as parameter 0 says. */
const times = (code: readonly Instruction[]): Instruction[] => [
  ['block', null],
  ['loop', null],
  ...([get(0), 'i32.eqz', ['br_if', 1]] as Instruction[]),
  ...code,
  ...([get(0), i32(1), 'i32.sub', ['local.set', 0], ['br', 0], 'end', 'end'] as Instruction[]),
];

/**
 * `chain` makes structures, each with a reference to the one before, and holds them in a global; `garbage` makes
 * structures and drops them; `clear` empties the global; `arrays` holds arrays of 100 MiB; `throwing` throws and
 * catches; `grow` grows a table.
 */
const bytes = assemble({
  types: [
    [0x5f, 2, 0x7f, 1, 0x63, NODE, 1],
    [0x5e, 0x78, 1],
    { params: ['i32'] },
    { params: ['i32'], results: ['i32'] },
    {},
  ],
  tables: [{ element: 'funcref', min: 0 }],
  tags: [4],
  globals: [
    { type: { heap: NODE, nullable: true }, isMutable: true, init: [['ref.null', NODE]] },
    { type: { heap: BYTES, nullable: true }, isMutable: true, init: [['ref.null', BYTES]] },
  ],
  funcs: [
    { type: SPIN, code: times([i32(7), ['global.get', 0], ['struct.new', NODE], ['global.set', 0]]) },
    { type: SPIN, code: times([['struct.new_default', NODE], 'drop']) },
    {
      type: SPIN,
      code: [
        ['ref.null', NODE],
        ['global.set', 0],
      ],
    },
    { type: SPIN, code: times([i32(100 << 20), ['array.new_default', BYTES], ['global.set', 1]]) },
    {
      type: SPIN,
      code: times([
        ['block', null],
        ['try_table', null, [{ tag: null, withRef: false, label: 0 }]],
        ['throw', 0],
        'end',
        'end',
      ]),
    },
    { type: GROW, code: [['ref.null', 'func'], get(0), ['table.grow', 0]] },
  ],
  exports: ['chain', 'garbage', 'clear', 'arrays', 'throwing', 'grow'].map(
    (name, i) => [name, 'func', i] as const,
  ),
});

const MAX = 1_000_000;
/** Bytes that a structure of `bytes` counts as. */
const NODE_BYTES = 112 + 8 * 2;
/** Bytes that the empty table counts as. */
const TABLE_BYTES = 384;
/** How many fit. */
const FITTING = Math.floor((MAX - TABLE_BYTES) / NODE_BYTES);

const start = (options: { readonly maxHeapBytes?: number } = { maxHeapBytes: MAX }) => {
  const store = new Store(options);
  const { exports } = instantiate(store, compileModule(bytes), () => undefined);
  const call = (name: string, count: number, careful = false): unknown =>
    invoke(exports.get(name) as FuncInstance, [BigInt(count)], { careful })[0];
  return { store, call, exports };
};

const isExhausted = (error: unknown): boolean => isQuernError(error, 'exhaustion.heap');

test('as many objects as fit', () => {
  for (const careful of [false, true]) {
    start().call('chain', FITTING, careful);
    assert.throws(() => start().call('chain', FITTING + 1, careful), isExhausted);
  }
});

test('the error comes after the same fuel in fast code, careful code, and pieces', () => {
  const fuelOf = (careful: boolean, piece: number | null): number => {
    const func = start({ maxHeapBytes: 50_000 }).exports.get('chain') as FuncInstance;
    const call = startExecution(func, [100_000n], piece === null ? { careful } : { careful, fuel: 0 });
    while (call.run() === 'paused') call.addFuel(piece!);
    assert.ok(call.error instanceof ExhaustionError);
    assert.ok(call.error.details.backtrace!.length > 0);
    return call.fuelConsumed;
  };
  const expected = fuelOf(false, null);
  for (const piece of [null, 1, 7, 1000]) {
    for (const careful of [false, true])
      assert.equal(fuelOf(careful, piece), expected, `${piece}, ${careful}`);
  }
});

test('garbage of earlier calls does not count', () => {
  const { call, store } = start({ maxHeapBytes: 4 * MAX });
  for (let i = 0; i < 50; i++) call('garbage', FITTING);
  assert.ok(store.heapBytes <= 4 * MAX);
  assert.throws(() => call('garbage', 5 * FITTING), isExhausted);
  call('garbage', FITTING);
});

test('what is still reachable still counts, until it is not', () => {
  const { call } = start({ maxHeapBytes: 4 * MAX });
  call('chain', 3 * FITTING);
  for (let i = 0; i < 20; i++) call('garbage', Math.floor(FITTING / 2));
  assert.throws(() => call('chain', 2 * FITTING), isExhausted);
  call('clear', 0);
  for (let i = 0; i < 20; i++) call('garbage', Math.floor(FITTING / 2));
  call('chain', 3 * FITTING);
});

test('arrays that nobody could hold do not end the process', () => {
  assert.throws(() => start({}).call('arrays', 1_000), isExhausted);
});

test('exceptions count', () => {
  const { call } = start();
  call('throwing', 1_000);
  assert.throws(() => call('throwing', 100_000), isExhausted);
});

test('elements of tables count: growth fails, and a table that is too large is not made', () => {
  const { call } = start();
  assert.equal(call('grow', 50_000), 0n);
  assert.equal(call('grow', 50_000), 0xffff_ffffn);
  assert.equal(call('grow', 10_000), 50_000n);
  const tables = assemble({
    tables: Array.from({ length: 100 }, () => ({ element: 'funcref' as const, min: 10_000 })),
  });
  const store = new Store({ maxHeapBytes: MAX });
  assert.throws(() => instantiate(store, compileModule(tables), () => undefined), { code: 'limit.table' });
  // Nothing of it was made.
  assert.equal(store.heapBytes, 0);
});

test('twenty tables of the largest size are refused by default, before there is one', () => {
  const tables = Array.from({ length: 20 }, () => ({ element: 'externref' as const, min: 10_000_000 }));
  const before = process.memoryUsage().heapTotal;
  assert.throws(() => instantiate(new Store(), compileModule(assemble({ tables })), () => undefined), {
    code: 'limit.table',
  });
  assert.ok(process.memoryUsage().heapTotal - before < 50e6);
});

test('a table of the embedder never counts', () => {
  const importing = assemble({
    types: [[0x5e, 0x78, 1], { params: ['i32'] }],
    imports: [['env', 'table', [1, 0x70, 0, 0]]],
    globals: [{ type: { heap: 0, nullable: true }, isMutable: true, init: [['ref.null', 0]] }],
    funcs: [{ type: 1, code: [get(0), ['array.new_default', 0], ['global.set', 0]] }],
    exports: [['hold', 'func', 0]],
  });
  const table = new TableInstance(
    { limits: { min: 200_000n, max: null, address: I32 }, element: FUNCREF },
    null,
  );
  const store = new Store({ maxHeapBytes: MAX });
  const { exports } = instantiate(store, compileModule(importing), () => table);
  const hold = exports.get('hold') as FuncInstance;
  // Each call finds the array of the one before.
  for (let i = 0; i < 10; i++) invoke(hold, [BigInt(MAX / 2 - 1000)]);
  assert.ok(store.heapBytes < MAX);
});

test('objects of a call that waits keep counting', async () => {
  const { store, call, exports } = start({ maxHeapBytes: 4 * MAX });
  const waiting = startExecution(exports.get('chain') as FuncInstance, [BigInt(3 * FITTING)], {
    fuel: 100_000,
  });
  assert.equal(waiting.run(), 'paused');
  const counted = store.heapBytes;
  call('clear', 0);
  call('garbage', 1);
  assert.ok(store.heapBytes > counted);
  waiting.addFuel(1e9);
  assert.equal(waiting.run(), 'done');
  assert.equal(store.openCalls, 0);
});

test('a budget must be a number of bytes', () => {
  for (const maxHeapBytes of [0, -1, 1.5, Number.NaN])
    assert.throws(() => new Store({ maxHeapBytes }), { code: 'usage.argument' });
  start({ maxHeapBytes: Number.POSITIVE_INFINITY }).call('chain', 10);
});
