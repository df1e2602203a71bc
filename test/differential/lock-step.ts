/**
 * The interpreter beside the reference executor, both with the same little fuel, more of it each time: after every
 * pause both must have used the same, and at the end say the same.
 */
import assert from 'node:assert/strict';
import type { StoreOptions } from '../../src/wasm.ts';
import type { Random } from '../generators/random.ts';
import type { Program } from '../generators/world.ts';
import type { ReferenceOptions } from '../reference/instances.ts';
import { EngineWorld } from './engine.ts';
import { ReferenceWorld } from './reference.ts';

/** Steps are single units up to here, so that every place of short programs is paused at. */
const UNIT_STEPS = 400;
/** Pauses of one call; beyond it continues without a limit. */
const MOST_PAUSES = 2000;
const UNLIMITED = 1e9;

export const runInLockStep = (
  world: Program,
  store: StoreOptions,
  reference: ReferenceOptions,
  random: Random,
  isCareful: boolean,
  unitSteps = UNIT_STEPS,
): void => {
  const left = new EngineWorld(world, store);
  const right = new ReferenceWorld(world, reference);
  for (const { module, name } of world.entries) {
    const call = left.start(module, name, { fuel: 0, careful: isCareful });
    const machine = right.start(module, name, 0);
    for (let pauses = 0; ; pauses++) {
      const status = call.run();
      const expected = machine.run();
      const place = `${name}, pause ${pauses}`;
      assert.equal(status, expected, place);
      assert.equal(call.fuelConsumed, machine.fuelConsumed, `fuel of ${place}`);
      if (status !== 'paused') {
        assert.equal(left.outcome(name, call, status), right.outcome(name, machine, expected), place);
        break;
      }
      const more = pauses < unitSteps ? 1 : pauses < MOST_PAUSES ? 1 + random.below(40) : UNLIMITED;
      call.addFuel(more);
      machine.addFuel(more);
    }
  }
  assert.equal(left.tables, right.tables);
};
