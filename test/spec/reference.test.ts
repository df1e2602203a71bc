/**
 * The engine beside the reference executor on every command of the suite: results, traps, fuel and memories are equal
 * on fast code, on careful code, and with fuel given out one unit at a time. Since what both say is what the suite
 * expects, neither needs a run alone. Fast code of the group `base` has a file of its own, which is a fast test.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsShared } from '../shared.ts';
import { runSuite } from './run-suite.ts';

/** The required groups but `base` and those with loops of a million tail calls. */
const groups = [
  ...['bulk memory', 'reference types', 'multi-memory', 'text and names', 'exceptions', 'memory64', 'gc'],
  ...['legacy', 'proposals', 'extra/threads'],
];
const withTailCalls = ['tail calls', 'function references'];
/** The group of function references without `return_call_ref`. */
const functionReferences = [
  ...['br_on_non_null', 'br_on_null', 'call_ref', 'local_init', 'ref', 'ref_as_non_null', 'table-sub'],
  ...['type-canon', 'type-equivalence', 'type-rec'],
];

const assertAgree = async (least: number, ...args: string[]): Promise<void> => {
  const run = await runSuite('--engine', 'both', ...args);
  assert.equal(run.exitCode, 0, run.output);
  assert.ok(run.passed >= least, `only ${run.passed} commands passed`);
};

test('they agree on fast code', needsShared, () => assertAgree(22_000, ...groups, ...withTailCalls));

test('they agree on careful code', needsShared, () =>
  assertAgree(40_000, '--careful', 'base', ...groups, ...functionReferences),
);

test('they pause before the same instructions for every amount of fuel', needsShared, () =>
  assertAgree(40_000, '--unit-fuel', 'base', ...groups, ...functionReferences),
);

// The reference executor takes 40 s for these loops.
test(
  'the engine alone makes a million tail calls on careful code, and unit by unit',
  needsShared,
  async () => {
    const careful = await runSuite('--careful', 'tail calls', 'return_call_ref');
    assert.equal(careful.exitCode, 0, careful.output);
    const units = await runSuite('--unit-fuel', 'return_call_ref');
    assert.equal(units.exitCode, 0, units.output);
  },
);
