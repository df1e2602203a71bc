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

/** Without `core: tail calls` and `core: function references`, whose loops of a million calls take 80 s in pieces. */
const groups = [
  ...[
    'base',
    'bulk memory',
    'reference types',
    'multi-memory',
    'text and names',
    'exceptions',
    'memory64',
    'gc',
  ],
].map((name) => `core: ${name}`);
const folders = ['legacy', 'proposals', 'extra/threads'];

test(
  'engine and reference pause before the same instructions for every amount of fuel',
  needsShared,
  async () => {
    const run = await runSuite('--engine', 'both', '--unit-fuel', ...groups, ...folders);
    assert.equal(run.exitCode, 0, run.output);
    assert.ok(run.passed >= 39_000, `only ${run.passed} commands passed`);
  },
);
