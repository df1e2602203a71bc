/**
 * What happens between vector instructions: scalar instructions that the vector loops do themselves, and pairs that are
 * one operation. Fast code does what careful code does, which has neither, with the same bill, whatever stops it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import {
  compileModule,
  type FuncInstance,
  instantiate,
  type RawValue,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type Type } from '../assembler.ts';

/** A function with a page of memory that begins with the bytes 0, 1, 2, …, 99. */
const functionOf = (
  params: readonly Type[],
  results: readonly Type[],
  code: readonly Instruction[],
  locals: readonly (readonly [number, Type])[] = [],
): FuncInstance => {
  const source = {
    types: [{ params, results }],
    memories: [{ min: 1 }],
    funcs: [{ code, locals }],
    data: [[0, 0x41, 0, 0x0b, 100, ...Array(100).keys()]],
  } as const;
  const made = instantiate(new Store(), compileModule(assemble(source as never)), () => undefined);
  return made.funcs[0]!;
};

interface End {
  readonly outcome: string;
  readonly error: string | undefined;
  /** Where it failed, by bytes of the module. */
  readonly offset: number | undefined;
  readonly fuel: number;
  readonly results: readonly RawValue[];
}
const endOf = (f: FuncInstance, args: readonly RawValue[], careful: boolean, step = 0): End => {
  const execution = startExecution(f, args, step > 0 ? { careful, fuel: 0 } : { careful });
  let outcome = execution.run();
  while (outcome === 'paused') {
    execution.addFuel(step);
    outcome = execution.run();
  }
  const { error } = execution;
  const known = isQuernError(error) ? error : undefined;
  return {
    outcome,
    error: known?.code,
    offset: known?.details.backtrace?.[0]?.offset,
    fuel: execution.fuelConsumed,
    results: outcome === 'done' ? (execution.results ?? []) : [],
  };
};
/** How a call ends, which is the same in fast and in careful code, and in portions of fuel. */
const end = (f: FuncInstance, ...args: readonly RawValue[]): End => {
  const fast = endOf(f, args, false);
  assert.deepEqual(endOf(f, args, true), fast);
  for (const step of [1, 3]) assert.deepEqual(endOf(f, args, false, step), fast);
  return fast;
};

const bytesFrom = (address: number): bigint =>
  Array.from({ length: 16 }, (_, i) => BigInt(address + i)).reduceRight((bits, x) => (bits << 8n) | x, 0n);

test('a load from a sum reads there, and traps as a load does', () => {
  const f = functionOf(['i32'], ['v128'], [
    ['local.get', 0],
    ['i32.const', 24],
    'i32.add',
    ['v128.load', { offset: 8 }],
    ['local.get', 0],
    ['i32.const', 1],
    'i32.sub',
    ['v128.load', null],
    'v128.xor',
  ] as never);
  assert.deepEqual(end(f, 10n).results, [bytesFrom(42) ^ bytesFrom(9)]);
  // The first sum wraps, and is in range; the second is the last in range, and one more.
  assert.equal(end(f, BigInt(2 ** 32 - 8)).error, 'trap.memory-bounds');
  assert.equal(end(f, BigInt(65536 - 48)).outcome, 'done');
  const first = end(f, BigInt(65536 - 47));
  const second = end(f, 0n);
  assert.equal(first.error, 'trap.memory-bounds');
  assert.equal(second.error, 'trap.memory-bounds');
  assert.ok(second.fuel > first.fuel);
  assert.ok(second.offset! > first.offset! && first.offset! > 0);
});

test('a sum that something else reads is there after a load from it', () => {
  const f = functionOf(
    ['i32'],
    ['v128', 'i32'],
    [
      ['local.get', 0],
      ['i32.const', 5],
      'i32.add',
      ['local.tee', 1],
      ['v128.load', null],
      ['local.get', 1],
    ] as never,
    [[1, 'i32']],
  );
  assert.deepEqual(end(f, 1n).results, [bytesFrom(6), 6n]);
});

const f32x4 = (...lanes: readonly number[]): bigint => {
  const words = new BigUint64Array(new Float32Array(lanes).buffer);
  return (words[1]! << 64n) | words[0]!;
};

test('a product is rounded before it is added, on either side', () => {
  const product: readonly Instruction[] = [['local.get', 0], ['local.get', 1], 'f32x4.mul'] as never;
  const left = functionOf(['v128', 'v128', 'v128'], ['v128'], [
    ...product,
    ['local.get', 2],
    'f32x4.add',
  ] as never);
  const right = functionOf(['v128', 'v128', 'v128'], ['v128'], [
    ['local.get', 2],
    ...product,
    'f32x4.add',
  ] as never);
  const both = functionOf(['v128', 'v128', 'v128'], ['v128'], [
    ...product,
    ...product,
    'f32x4.add',
    ['local.get', 2],
    'f32x4.add',
  ] as never);
  const x = f32x4(1 + 2 ** -12, 1e30, 0, Number.NaN);
  const y = f32x4(1 + 2 ** -12, 1e30, Number.POSITIVE_INFINITY, 2);
  const z = f32x4(-1, Number.NEGATIVE_INFINITY, 1, 3);
  const nan = Math.fround(Number.NaN);
  const square = Math.fround((1 + 2 ** -12) ** 2);
  const expected = f32x4(Math.fround(square - 1), nan, nan, nan);
  assert.deepEqual(end(left, x, y, z).results, [expected]);
  assert.deepEqual(end(right, x, y, z).results, [expected]);
  const twice = f32x4(Math.fround(2 * square - 1), nan, nan, nan);
  assert.deepEqual(end(both, x, y, z).results, [twice]);
});

test('a product that something else reads is there after a sum with it', () => {
  const f = functionOf(
    ['v128', 'v128'],
    ['v128', 'v128'],
    [
      ['local.get', 0],
      ['local.get', 0],
      'f32x4.mul',
      ['local.tee', 2],
      ['local.get', 1],
      'f32x4.add',
      ['local.get', 2],
    ] as never,
    [[1, 'v128']],
  );
  const [sum, product] = end(f, f32x4(3, 3, 3, 3), f32x4(1, 2, 3, 4)).results;
  assert.equal(sum, f32x4(10, 11, 12, 13));
  assert.equal(product, f32x4(9, 9, 9, 9));
});

/** A loop over vectors that counts down from its argument, with something scalar in it. */
const loopWith = (scalar: readonly Instruction[]): FuncInstance =>
  functionOf(
    ['i32'],
    ['v128', 'i32'],
    [
      'loop',
      ['local.get', 1],
      ['local.get', 0],
      'i8x16.splat',
      'i8x16.add',
      ['local.set', 1],
      ...scalar,
      ['local.get', 0],
      ['i32.const', 1],
      'i32.sub',
      ['local.tee', 0],
      ['br_if', 0],
      'end',
      ['local.get', 1],
      ['local.get', 2],
    ] as never,
    [
      [1, 'v128'],
      [1, 'i32'],
    ],
  );

test('scalar instructions that trap between vectors stop where they are', () => {
  // Divides by the counter minus three, and reads at 65,535 and less.
  const divides = loopWith([
    ['i32.const', 100],
    ['local.get', 0],
    ['i32.const', 3],
    'i32.sub',
    'i32.div_u',
    ['local.set', 2],
  ] as never);
  const reads = loopWith([
    ['i32.const', 0],
    ['local.get', 0],
    'i32.sub',
    ['i32.load', { offset: 65535 }],
    ['local.set', 2],
  ] as never);
  assert.equal(end(divides, 2n).outcome, 'done');
  const early = end(divides, 4n);
  const late = end(divides, 9n);
  assert.deepEqual([early.error, late.error], ['trap.divide-by-zero', 'trap.divide-by-zero']);
  assert.equal((late.fuel - early.fuel) % 5, 0);
  assert.ok(late.fuel > early.fuel);
  assert.equal(end(reads, 3n).error, 'trap.memory-bounds');
});

test('shuffles of words, halves and bytes', () => {
  const lanes = {
    words: [4, 5, 6, 7, 16, 17, 18, 19, 0, 1, 2, 3, 28, 29, 30, 31],
    halves: [2, 3, 16, 17, 0, 1, 30, 31, 4, 5, 20, 21, 8, 9, 14, 15],
    bytes: [1, 2, 16, 17, 0, 1, 30, 31, 4, 5, 20, 21, 8, 9, 14, 15],
  };
  for (const places of Object.values(lanes)) {
    const f = functionOf(['v128', 'v128'], ['v128'], [
      ['local.get', 0],
      ['local.get', 1],
      ['i8x16.shuffle', places],
    ] as never);
    const expected = places.reduceRight((bits, n) => (bits << 8n) | BigInt(n), 0n);
    assert.deepEqual(end(f, bytesFrom(0), bytesFrom(16)).results, [expected]);
  }
});
