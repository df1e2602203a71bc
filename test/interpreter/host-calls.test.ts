/** Host functions that answer later: the same results for the same fuel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type FuncInstance,
  type HostResult,
  hostFunction,
  I32,
  quern1,
  rawHostFunction,
  startExecution,
} from '../../src/wasm.ts';
import { assemble } from '../assembler.ts';
import { onEngine } from './everywhere.ts';

const main = assemble({
  types: [{ params: ['i32'], results: ['i32'] }],
  imports: [['host', 'f', [0, 0]]],
  funcs: [{ type: 0, code: [['local.get', 0], ['call', 0], ['i32.const', 1], 'i32.add'] }],
  exports: [['run', 'func', 1]],
});

const runner = (answer: (value: bigint) => HostResult | Promise<HostResult>): FuncInstance => {
  const type = { kind: 'func', params: [I32], results: [I32] } as const;
  const f = hostFunction(type, ([arg]) => answer(arg as bigint));
  return onEngine({ main }, [], { f }).get('run') as FuncInstance;
};
const { entry, cost, hostCall } = quern1;
const beforeAnswer = entry + cost.simple + cost.call + hostCall;
const total = beforeAnswer + 2 * cost.simple;

for (const careful of [false, true]) {
  test(`a call that waits for a promise costs what an answer at once costs, careful: ${careful}`, async () => {
    const atOnce = startExecution(
      runner((value) => value + 1n),
      [4n],
      { careful },
    );
    assert.equal(atOnce.run(), 'done');
    assert.equal(atOnce.fuelConsumed, total);

    const later = startExecution(
      runner((value) => Promise.resolve(value + 1n)),
      [4n],
      { careful },
    );
    assert.equal(later.run(), 'paused');
    assert.equal(later.fuelConsumed, beforeAnswer);
    later.resolveHost(await later.hostPromise!);
    assert.equal(later.run(), 'done');
    assert.deepEqual(later.results, [6n]);
    assert.equal(later.fuelConsumed, total);
  });

  test(`fuel that ends with the wait pauses after it, careful: ${careful}`, async () => {
    const execution = startExecution(
      runner((value) => Promise.resolve(value)),
      [4n],
      {
        careful,
        fuel: beforeAnswer,
      },
    );
    assert.equal(execution.run(), 'paused');
    assert.equal(execution.pause, 'host');
    execution.resolveHost(await execution.hostPromise!);
    assert.equal(execution.run(), 'paused');
    assert.equal(execution.pause, 'fuel');
    assert.equal(execution.fuelConsumed, beforeAnswer);
    execution.addFuel(total - beforeAnswer);
    assert.equal(execution.run(), 'done');
    assert.deepEqual(execution.results, [5n]);
  });
}

test('a host function that the embedder calls waits for the fuel that it costs, and has not run before', () => {
  const price = 1000;
  let calls = 0;
  const type = { kind: 'func', params: [], results: [] } as const;
  const func = rawHostFunction(type, () => void calls++, price);
  const execution = startExecution(func, [], { fuel: hostCall + price - 1 });
  assert.equal(execution.run(), 'paused', String(execution.error));
  assert.equal(execution.pause, 'fuel');
  assert.deepEqual([calls, execution.fuelConsumed], [0, 0]);
  execution.addFuel(1);
  assert.equal(execution.run(), 'done');
  assert.deepEqual([calls, execution.fuelConsumed], [1, hostCall + price]);
});
