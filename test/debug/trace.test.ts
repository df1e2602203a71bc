/** Traces: each instruction with its operands, and functions with what they are given and return. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { debugExecution, type TraceOptions } from '../../src/debug.ts';
import {
  compileModule,
  type FuncInstance,
  instantiate,
  invoke,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';

const { module } = compileWat({
  module: `(module $m
    (func $fib (export "fib") (param i32) (result i32)
      (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func $mixed (export "mixed") (result f64)
      (drop (f32.const -0.5)) (drop (i64.const -3)) (drop (ref.null func))
      (drop (v128.const i32x4 1 2 3 4)) (f64.const nan))
    (func $helper (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func $tail (export "tail") (param i32) (result i32) (return_call $helper (local.get 0)))
    (func (export "fails") (param i32) (result i32)
      (call $helper (i32.div_u (i32.const 1) (local.get 0)))))`,
});

interface Trace {
  readonly lines: readonly string[];
  readonly reason: string;
  readonly results: readonly unknown[];
}
const trace = async (
  name: string,
  args: readonly bigint[],
  options: Partial<TraceOptions> = {},
): Promise<Trace> => {
  const instance = instantiate(new Store(), compileModule(module), () => undefined);
  const execution = startExecution(instance.exports.get(name) as FuncInstance, args);
  const session = debugExecution(execution, [{ name: 'm', instance }]);
  const lines: string[] = [];
  const { reason } = await session.trace({ onLine: (line) => lines.push(line), ...options });
  session.detach();
  return { lines, reason, results: execution.results };
};

describe('a trace', () => {
  test('has a line for each instruction, with the operands that it finds', async () => {
    const { lines, reason, results } = await trace('fib', [1n]);
    assert.deepEqual(lines, [
      '1 fib+0x0 local.get 0 (1)',
      '1 fib+0x2 i32.const 2 (1)',
      '1 fib+0x4 i32.lt_s (1, 2)',
      '1 fib+0x5 if (result i32) (1)',
      '1 fib+0x7 local.get 0 (1)',
      '1 fib+0x9 else (1)',
      '1 fib+0x1a end (1)',
    ]);
    assert.deepEqual([reason, results], ['done', [1n]]);
  });

  test('is as long as the call has instructions, whatever costs nothing included', async () => {
    // `else` and `end` cost nothing; the entry of each call costs something and is no instruction.
    const { lines } = await trace('fib', [10n]);
    const calls = lines.filter((line) => line.includes('fib+0x0 ')).length;
    assert.equal(calls, 177);
    const whole = instantiate(new Store(), compileModule(module), () => undefined);
    const execution = startExecution(whole.exports.get('fib') as FuncInstance, [10n]);
    execution.run();
    const paid = lines.filter((line) => !/ (?:else|end)\b/.test(line)).length;
    assert.ok(paid <= execution.fuelConsumed && paid > execution.fuelConsumed / 2);
  });

  test('shows values of every type', async () => {
    const { lines } = await trace('mixed', []);
    const values = lines.map((line) => /\(([^)]*)\)$/.exec(line)?.[1]).filter((text) => text !== undefined);
    assert.deepEqual(values, ['-0.5', '-3', 'null', '0x00000004000000030000000200000001', 'NaN']);
  });

  test('of calls has what they are given, and what they return to a function', async () => {
    const { lines } = await trace('fib', [3n], { detail: 'calls' });
    assert.deepEqual(lines, [
      ...['1 > fib (3)', '2 > fib (2)', '3 > fib (1)', '3 < fib (1)', '3 > fib (0)', '3 < fib (0)'],
      ...['2 < fib (1)', '2 > fib (1)', '2 < fib (1)', '1 < fib'],
    ]);
  });

  test('a tail call leaves its caller', async () => {
    const { lines } = await trace('tail', [4n], { detail: 'calls' });
    assert.deepEqual(lines, ['1 > tail (4)', '1 < tail', '1 > helper (4)', '1 < helper']);
  });

  test('leaves out functions that are not wanted', async () => {
    const { lines, reason, results } = await trace('fails', [1n], { includes: (name) => name === 'helper' });
    assert.deepEqual(lines, [
      '2 helper+0x0 local.get 0 (1)',
      '2 helper+0x2 i32.const 2 (1)',
      '2 helper+0x4 i32.mul (1, 2)',
      '2 helper+0x5 end (2)',
    ]);
    assert.deepEqual([reason, results], ['done', [2n]]);
  });

  test('ends where the call fails', async () => {
    const { lines, reason } = await trace('fails', [0n]);
    assert.equal(lines[lines.length - 1], '1 fails+0x4 i32.div_u (1, 0)');
    assert.equal(reason, 'failure');
  });

  test('changes neither results nor fuel, and leaves nothing behind', async () => {
    const instance = instantiate(new Store(), compileModule(module), () => undefined);
    const fib = instance.exports.get('fib') as FuncInstance;
    const plain = startExecution(fib, [12n]);
    plain.run();
    const traced = startExecution(fib, [12n]);
    const session = debugExecution(traced, [{ name: 'm', instance }]);
    let count = 0;
    await session.trace({ onLine: () => count++ });
    session.detach();
    assert.deepEqual([traced.results, traced.fuelConsumed], [plain.results, plain.fuelConsumed]);
    const before = count;
    assert.deepEqual(invoke(fib, [12n]), plain.results);
    assert.equal(count, before);
  });
});
