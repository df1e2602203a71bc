/**
 * A host function that the embedder calls itself, with less fuel than such a call costs. There is no code to pause
 * in, and looking for it failed with an internal error.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostFunction, I32, invoke, quern1, startExecution } from '../../../src/wasm.ts';

const type = { kind: 'func', params: [I32], results: [I32] } as const;
const cost = quern1.hostCall;

test('pauses before the call, and continues', () => {
  const seen: unknown[] = [];
  const double = hostFunction(type, ([value]) => {
    seen.push(value);
    return 2n * (value as bigint);
  });
  const call = startExecution(double, [21n], { fuel: cost - 1 });
  assert.equal(call.run(), 'paused');
  assert.equal(call.pause, 'fuel');
  assert.equal(call.fuelConsumed, 0);
  // Another call takes the machine in the meantime; the arguments must not be lost.
  assert.deepEqual(invoke(double, [4n]), [8n]);
  assert.equal(call.run(), 'paused');
  call.addFuel(1);
  assert.equal(call.run(), 'done');
  assert.deepEqual(call.results, [42n]);
  assert.equal(call.fuelConsumed, cost);
  assert.deepEqual(seen, [4n, 21n]);
});

test('is out of fuel, where nobody can give more', () => {
  const nothing = hostFunction(type, () => 0n);
  assert.throws(() => invoke(nothing, [1n], { fuel: 0 }), { code: 'exhaustion.fuel' });
});
