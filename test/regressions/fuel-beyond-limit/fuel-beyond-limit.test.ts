/**
 * Fuel given to a call without a limit. The sum passed 2^53, where numbers lose units, and the bill went down with
 * every unit that was added.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble } from '../../assembler.ts';
import { EngineWorld } from '../../differential/engine.ts';

const bytes = assemble({
  funcs: [{ code: [['loop', null], ['br', 0], 'end'] }],
  exports: [['spin', 'func', 0]],
});

test('the bill stays what was used', () => {
  const call = new EngineWorld({ modules: [bytes], entries: [] }, {}).start(0, 'spin', {
    onSlice: () => true,
  });
  // Once when the function was translated, and once when fuel was used.
  assert.equal(call.run(), 'paused');
  assert.equal(call.run(), 'paused');
  const { fuelConsumed, fuelLeft } = call;
  assert.ok(fuelConsumed > 0);
  for (const added of [1, 1, 2, 1001, Number.MAX_SAFE_INTEGER]) {
    call.addFuel(added);
    assert.equal(call.fuelConsumed, fuelConsumed);
    assert.equal(call.fuelLeft, fuelLeft);
  }
});
