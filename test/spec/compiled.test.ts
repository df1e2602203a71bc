/**
 * The official suite with every function and loop compiled before it first runs: the whole of it, on the fast code of
 * both kinds of hosts; and the base group beside the reference executor, left at every second place where it can be.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsShared } from '../shared.ts';
import { runCompiledSuite } from './run-suite.ts';

test('passes as a whole', needsShared, async () => {
  const run = await runCompiledSuite();
  assert.equal(run.exitCode, 0, run.output);
  assert.ok(run.passed > 66_000, `only ${run.passed} commands passed`);
});

const seed = process.env['FC_SEED'] ?? String(Date.now() % 1_000_000_000);
for (const [target, exits] of [
  ['jit', '0.5'],
  ['nojit', '0.5'],
  ['jit', '1'],
] as const)
  test(`agrees with the reference, left with ${exits}, ${target}, FC_SEED=${seed}`, needsShared, async () => {
    const flags = ['--exits', exits, '--seed', seed, '--target', target];
    const run = await runCompiledSuite('--engine', 'both', ...flags, 'base');
    assert.equal(run.exitCode, 0, run.output);
    assert.ok(run.passed > 18_000, `only ${run.passed} commands passed`);
  });
