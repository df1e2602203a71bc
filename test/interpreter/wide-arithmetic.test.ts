/** 128-bit arithmetic against bigints, at the edges of every word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FuncInstance, invoke } from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';
import { onEngine, runEverywhere } from './everywhere.ts';

const main = assemble({
  types: [
    { params: ['i64', 'i64', 'i64', 'i64'], results: ['i64', 'i64'] },
    { params: ['i64', 'i64'], results: ['i64', 'i64'] },
  ],
  funcs: (['i64.add128', 'i64.sub128', 'i64.mul_wide_s', 'i64.mul_wide_u'] as const).map((name, i) => ({
    type: i < 2 ? 0 : 1,
    code: [
      ...Array.from({ length: i < 2 ? 4 : 2 }, (_, k): Instruction => ['local.get', k]),
      name,
    ] as Instruction[],
  })),
  exports: [
    ['add', 'func', 0],
    ['sub', 'func', 1],
    ['mul_s', 'func', 2],
    ['mul_u', 'func', 3],
  ],
});
const exports = onEngine({ main }, ['wide-arithmetic']);
const call = (name: string, args: readonly bigint[]): unknown[] =>
  invoke(exports.get(name) as FuncInstance, args);

const words = [0n, 1n, 2n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_fffen, 0xffff_ffffn];
const longs = words.flatMap((high) => words.map((low) => (high << 32n) | low));
const halves = (value: bigint): bigint[] => [BigInt.asUintN(64, value), BigInt.asUintN(64, value >> 64n)];
const wide = (low: bigint, high: bigint): bigint => (high << 64n) | low;

test('products are those of bigints', () => {
  for (const a of longs) {
    for (const b of longs) {
      assert.deepEqual(call('mul_u', [a, b]), halves(a * b));
      assert.deepEqual(call('mul_s', [a, b]), halves(BigInt.asIntN(64, a) * BigInt.asIntN(64, b)));
    }
  }
});

test('sums and differences carry through all words', () => {
  for (let i = 0; i < longs.length; i++) {
    for (let k = 0; k < longs.length; k++) {
      const a = [longs[i]!, longs[(i + k) % longs.length]!] as const;
      const b = [longs[k]!, longs[(i * 5 + k) % longs.length]!] as const;
      assert.deepEqual(call('add', [...a, ...b]), halves(wide(...a) + wide(...b)));
      assert.deepEqual(call('sub', [...a, ...b]), halves(wide(...a) - wide(...b)));
    }
  }
});

test('results, fuel and pauses are those of the reference', () => {
  const { result } = runEverywhere({ main }, 'mul_s', [2n ** 64n - 5n, 7n], ['wide-arithmetic']);
  assert.deepEqual(result, [2n ** 64n - 35n, 2n ** 64n - 1n]);
});
