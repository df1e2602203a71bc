/** 64-bit memories and tables: addresses beyond what a memory can have, and operations of mixed width. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_MEMORY_PAGES, MAX_TABLE_ELEMENTS } from '../../src/syntax/limits.ts';
import { quern1 } from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, u32 } from '../assembler.ts';
import { onEngine, runEverywhere } from './everywhere.ts';

const local = (index: number): Instruction => ['local.get', index];
const i32 = (value: number): Instruction => ['i32.const', value];
const i64 = (value: bigint): Instruction => ['i64.const', value];

/** One function `run` of type `[i64 i64 i64] -> results` over a 64-bit memory, a 32-bit one and two tables. */
const moduleOf = (results: readonly ['i32' | 'i64'] | readonly [], code: readonly Instruction[]) => ({
  main: assemble({
    types: [{ params: ['i64', 'i64', 'i64'], results }, { results: ['i32'] }],
    memories: [
      { min: 1, max: 3, is64: true },
      { min: 1, max: 3 },
    ],
    tables: [
      { min: 4, max: 6, is64: true },
      { min: 4, max: 6 },
    ],
    funcs: [
      { type: 0, code },
      { type: 1, code: [i32(7)] },
    ],
    exports: [['run', 'func', 0]],
    elements: [[0, ...[0x42, 1, 0x0b], ...u32(1), 1]],
  } satisfies ModuleSource),
});
const run = (
  results: readonly ['i32' | 'i64'] | readonly [],
  code: readonly Instruction[],
  ...args: bigint[]
): readonly unknown[] | string =>
  runEverywhere(moduleOf(results, code), 'run', [...args, 0n, 0n, 0n].slice(0, 3)).result;

const PAGE = 65_536n;

test('an access is in bounds by all 64 bits of address and offset', () => {
  const load = (offset: bigint): Instruction[] => [local(0), ['i32.load', { offset }]];
  assert.deepEqual(run(['i32'], load(0n), PAGE - 4n), [0n]);
  for (const address of [PAGE - 3n, 1n << 31n, 1n << 32n, (1n << 32n) + 4n, 1n << 63n, (1n << 64n) - 4n])
    assert.equal(run(['i32'], load(0n), address), 'trap.memory-bounds', String(address));
  for (const offset of [1n << 31n, 1n << 32n, (1n << 64n) - 4n])
    assert.equal(run(['i32'], load(offset), 4n), 'trap.memory-bounds', String(offset));
});

test('constant addresses and stores are checked in the same way', () => {
  assert.equal(run(['i64'], [i64(1n << 32n), ['i64.load', {}]]), 'trap.memory-bounds');
  for (const value of [[i32(1)], [local(1), 'i32.wrap_i64']] as const)
    assert.equal(run([], [local(0), ...value, ['i32.store', {}]], 1n << 32n, 5n), 'trap.memory-bounds');
  assert.deepEqual(run(['i32'], [local(0), i32(-2), ['i32.store16', {}], local(0), ['i32.load', {}]], 8n), [
    0xfffen,
  ]);
});

test('sizes and growth are i64, and a growth that fails is -1 of 64 bits', () => {
  const grow: Instruction[] = [local(0), ['memory.grow', 0]];
  assert.deepEqual(run(['i64'], [['memory.size', 0]]), [1n]);
  assert.deepEqual(run(['i64'], grow, 2n), [1n]);
  for (const count of [3n, 1n << 32n, (1n << 64n) - 1n])
    assert.deepEqual(run(['i64'], grow, count), [(1n << 64n) - 1n]);
  assert.deepEqual(run(['i64'], [['ref.null', 'func'], local(0), ['table.grow', 0]], 2n), [4n]);
  for (const count of [3n, 1n << 32n])
    assert.deepEqual(run(['i64'], [['ref.null', 'func'], local(0), ['table.grow', 0]], count), [
      (1n << 64n) - 1n,
    ]);
  assert.deepEqual(run(['i64'], [['table.size', 0]]), [4n]);
});

test('bulk operations take all 64 bits, and one out of bounds is not billed for its size', () => {
  const fill: Instruction[] = [local(0), i32(9), local(1), ['memory.fill', 0]];
  for (const [at, count] of [
    [1n << 32n, 0n],
    [0n, 1n << 32n],
    [PAGE, 1n],
  ] as const) {
    const { result, fuel } = runEverywhere(moduleOf([], fill), 'run', [at, count, 0n]);
    assert.equal(result, 'trap.memory-bounds');
    assert.equal(fuel, quern1.entry + 3 * quern1.cost.simple + quern1.cost.bulk);
  }
  assert.deepEqual(run([], fill, PAGE, 0n), []);
});

test('copies between memories of both widths take the length in the smaller type', () => {
  const wrap: Instruction = 'i32.wrap_i64';
  const fill: Instruction[] = [local(0), i32(0x55), i64(4n), ['memory.fill', 0]];
  const to32: Instruction[] = [...fill, i32(16), local(0), local(2), wrap, ['memory.copy', 1, 0]];
  assert.deepEqual(
    run(['i32'], [...to32, i32(16), ['i32.load', { memory: 1 }]], 8n, 0n, 0xffff_ffff_0000_0003n),
    [0x0055_5555n],
  );
  assert.equal(run([], to32.slice(4), 1n << 32n, 0n, 0n), 'trap.memory-bounds');
  const elements: Instruction[] = [i32(3), local(0), local(2), wrap, ['table.copy', 1, 0]];
  const call: Instruction[] = [i32(3), ['call_indirect', 1, 1]];
  assert.deepEqual(run(['i32'], [...elements, ...call], 1n, 0n, (1n << 32n) + 1n), [7n]);
  assert.equal(run([], elements, 1n << 32n), 'trap.table-bounds');
});

test('an index of a 64-bit table counts in full', () => {
  const call: Instruction[] = [local(0), ['call_indirect', 1, 0]];
  assert.deepEqual(run(['i32'], call, 1n), [7n]);
  assert.equal(run(['i32'], call, 0n), 'trap.uninitialised-element');
  for (const index of [4n, (1n << 32n) + 1n]) {
    assert.equal(run(['i32'], call, index), 'trap.undefined-element');
    assert.equal(run(['i32'], [local(0), ['table.get', 0], 'ref.is_null'], index), 'trap.table-bounds');
    assert.equal(run([], [local(0), ['ref.null', 'func'], ['table.set', 0]], index), 'trap.table-bounds');
  }
});

test('a tail call through a 64-bit table', () => {
  const code: Instruction[] = [local(0), ['return_call_indirect', 1, 0]];
  assert.deepEqual(run(['i32'], code, 1n), [7n]);
  assert.equal(run(['i32'], code, (1n << 32n) + 1n), 'trap.undefined-element');
});

test('what a module asks for beyond the implementation limits is refused, declared maxima are not', () => {
  const memory = (min: number | bigint): Uint8Array =>
    assemble({ memories: [{ min, max: 1n << 48n, is64: true }] });
  assert.throws(() => onEngine({ main: memory(MAX_MEMORY_PAGES + 1) }), { code: 'limit.memory' });
  assert.throws(() => onEngine({ main: memory(1n << 48n) }), { code: 'limit.memory' });
  assert.doesNotThrow(() => onEngine({ main: memory(1) }));
  const table = assemble({ tables: [{ min: BigInt(MAX_TABLE_ELEMENTS) + (1n << 32n), is64: true }] });
  assert.throws(() => onEngine({ main: table }), { code: 'limit.table' });
});

test('an active segment beyond 2^32 is out of bounds', () => {
  const data = assemble({
    memories: [{ min: 1, is64: true }],
    data: [[0, ...[0x42, 0x80, 0x80, 0x80, 0x80, 0x10, 0x0b], 1, 0xff]],
  });
  assert.throws(() => onEngine({ main: data }), { code: 'trap.memory-bounds' });
});
