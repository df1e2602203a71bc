/** The reference executor passes the suite, and the engine agrees with it on every command. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsShared } from '../shared.ts';
import { runSuite } from './run-suite.ts';

test('the reference executor passes the required groups', needsShared, async () => {
  const run = await runSuite('--engine', 'reference', '--required');
  assert.equal(run.exitCode, 0, run.output);
  assert.ok(run.passed >= 26_000, `only ${run.passed} commands passed`);
});

test('results, traps, fuel and memories of every command equal the reference', needsShared, async () => {
  const run = await runSuite('--engine', 'both', '--required');
  assert.equal(run.exitCode, 0, run.output);
});

test('so they do on careful code', needsShared, async () => {
  const run = await runSuite('--engine', 'both', '--careful', '--required');
  assert.equal(run.exitCode, 0, run.output);
});

test(
  'engine and reference pause before the same instructions for every amount of fuel',
  needsShared,
  async () => {
    const run = await runSuite('--engine', 'both', '--unit-fuel', '--required');
    assert.equal(run.exitCode, 0, run.output);
  },
);
