/** Memories with pages of one byte, and shared ones with atomics. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compileModule,
  defaultFeatures,
  type FuncInstance,
  I32,
  instantiate,
  invoke,
  MemoryInstance,
  quern1,
  Store,
} from '../../src/wasm.ts';
import { assemble, header, type Instruction, section } from '../assembler.ts';
import { onEngine, runEverywhere } from './everywhere.ts';

/** `assemble`, with a memory section of given bytes in its place between functions and exports. */
const withMemory = (
  memory: readonly number[],
  funcs: readonly { type: number; code: readonly Instruction[] }[],
  names: readonly string[],
): Uint8Array => {
  const types = [
    { results: ['i32'] },
    { params: ['i32'], results: ['i32'] },
    { params: ['i32', 'i32', 'i32'], results: ['i32'] },
    { params: ['i32', 'i32', 'i64'], results: ['i32'] },
  ] as const;
  const bytes = assemble({ types, funcs, exports: names.map((name, i) => [name, 'func', i] as const) });
  const at = header.length + sectionLength(bytes, header.length);
  const cut = at + sectionLength(bytes, at);
  return Uint8Array.from([...bytes.subarray(0, cut), ...section(5, [1, ...memory]), ...bytes.subarray(cut)]);
};
/** Length of a short section with its head. */
const sectionLength = (bytes: Uint8Array, at: number): number => 2 + bytes[at + 1]!;

const local = (index: number): Instruction => ['local.get', index];
const sizeAndGrow = [
  { type: 0, code: [['memory.size', 0]] as Instruction[] },
  { type: 1, code: [local(0), ['memory.grow', 0]] as Instruction[] },
  { type: 1, code: [local(0), ['i32.load', {}]] as Instruction[] },
];
/** Limits 5 … 70,000 in pages of 2^0 bytes. */
const bytePages = withMemory([0x09, 5, ...[0xf0, 0xa2, 0x04], 0], sizeAndGrow, ['size', 'grow', 'load']);

test('pages of one byte: sizes, bounds and growth count bytes', () => {
  const features = ['custom-page-sizes'] as const;
  const each = (name: string, ...args: bigint[]): unknown =>
    runEverywhere({ main: bytePages }, name, args, features).result;
  assert.deepEqual(each('size'), [5n]);
  assert.deepEqual(each('load', 1n), [0n]);
  assert.equal(each('load', 2n), 'trap.memory-bounds');
  assert.deepEqual(each('grow', 69_995n), [5n]);
  assert.deepEqual(each('grow', 69_996n), [0xffff_ffffn]);
});

test('growth costs by 64 KiB, whatever the page size', () => {
  const { fuel } = runEverywhere({ main: bytePages }, 'grow', [65_537n], ['custom-page-sizes']);
  const { entry, cost, growPage } = quern1;
  assert.equal(fuel, entry + cost.simple + cost.bulk + 2 * growPage);
});

test('the budget of a store counts begun pages of 64 KiB', () => {
  const store = new Store({ maxMemoryPages: 1 });
  const compiled = compileModule(bytePages, new Set([...defaultFeatures, 'custom-page-sizes']));
  const { exports } = instantiate(store, compiled, () => undefined);
  const grow = exports.get('grow') as FuncInstance;
  assert.deepEqual(invoke(grow, [100n]), [5n]);
  assert.equal(store.pagesInUse, 1);
  assert.deepEqual(invoke(grow, [65_536n]), [0xffff_ffffn]);
  assert.deepEqual(invoke(grow, [65_431n]), [105n]);
});

test('a memory beyond what the host can give is refused, not thrown through', () => {
  const type = { limits: { min: 2n ** 40n, max: null, address: I32 }, isShared: false, pageSizeLog2: 0 };
  assert.throws(() => new MemoryInstance(type), { code: 'limit.memory' });
});

const features = ['threads'] as const;
const atomics = (flags: number): Uint8Array =>
  withMemory(
    [flags, 1, 2],
    [
      {
        type: 3,
        code: [local(0), local(1), local(2), ['memory.atomic.wait32', {}]],
      },
      { type: 1, code: [local(0), ['i32.const', 1], ['memory.atomic.notify', {}]] },
      {
        type: 2,
        code: [local(0), local(1), local(2), ['i32.atomic.rmw8.cmpxchg_u', { offset: 3 }]],
      },
      { type: 1, code: [local(0), ['i32.atomic.load', { offset: 4 }]] },
    ],
    ['wait', 'notify', 'exchange', 'load'],
  );
const shared = { main: atomics(3) };
const plain = { main: atomics(1) };

test('a wait that could block ends at once, or says that it never would', () => {
  const wait = (expected: bigint, timeout: bigint): unknown =>
    runEverywhere(shared, 'wait', [0n, expected, BigInt.asUintN(64, timeout)], features).result;
  assert.deepEqual(wait(1n, -1n), [1n]);
  assert.deepEqual(wait(0n, 0n), [2n]);
  assert.deepEqual(wait(0n, 10n ** 12n), [2n]);
  assert.equal(wait(0n, -1n), 'trap.deadlock');
});

test('waiting needs a shared memory, notifying does not', () => {
  assert.equal(runEverywhere(plain, 'wait', [0n, 0n, 0n], features).result, 'trap.expected-shared');
  for (const modules of [shared, plain]) {
    assert.deepEqual(runEverywhere(modules, 'notify', [8n], features).result, [0n]);
    assert.equal(runEverywhere(modules, 'notify', [65_536n], features).result, 'trap.memory-bounds');
  }
});

test('alignment is that of the effective address, and comes before the bounds', () => {
  assert.equal(runEverywhere(plain, 'load', [2n], features).result, 'trap.unaligned-atomic');
  assert.equal(runEverywhere(plain, 'load', [65_533n], features).result, 'trap.unaligned-atomic');
  assert.equal(runEverywhere(plain, 'load', [65_532n], features).result, 'trap.memory-bounds');
  assert.equal(runEverywhere(plain, 'load', [0xffff_fffcn], features).result, 'trap.memory-bounds');
});

test('a narrow exchange compares and writes its own width only', () => {
  const exports = onEngine(plain, features);
  const exchange = exports.get('exchange') as FuncInstance;
  assert.deepEqual(invoke(exchange, [1n, 0xabcd_ef00n, 0x1234_5678n]), [0n]);
  assert.deepEqual(invoke(exports.get('load') as FuncInstance, [0n]), [0x78n]);
  assert.deepEqual(invoke(exchange, [1n, 0n, 1n]), [0x78n]);
});

test('shared memories lie in shared buffers where the host has them', () => {
  const limits = { min: 1n, max: 2n, address: I32 };
  const memory = new MemoryInstance({ limits, isShared: true, pageSizeLog2: 16 });
  assert.ok(memory.view.buffer instanceof SharedArrayBuffer);
  memory.bytes[7] = 9;
  assert.equal(memory.grow(1), 1);
  assert.ok(memory.view.buffer instanceof SharedArrayBuffer);
  assert.equal(memory.bytes[7], 9);
});

test('the flag of a page size belongs to the feature, also where it names the usual size', () => {
  const named = withMemory([0x08, 1, 16], [], []);
  assert.throws(() => compileModule(named), { code: 'unsupported.feature' });
  assert.ok(compileModule(named, new Set([...defaultFeatures, 'custom-page-sizes'])));
  const imported = assemble({ imports: [['env', 'memory', [2, 0x08, 1, 16]]] });
  assert.throws(() => compileModule(imported), { code: 'unsupported.feature' });
});
