/** The group `base` of the suite, beside the reference executor: the shortest look at whether the engine is right. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsShared } from '../shared.ts';
import { runSuite } from './run-suite.ts';

test('results, traps, fuel and memories of the base group equal the reference', needsShared, async () => {
  const run = await runSuite('--engine', 'both', 'base');
  assert.equal(run.exitCode, 0, run.output);
  assert.ok(run.passed > 18_000, `only ${run.passed} commands passed`);
});
