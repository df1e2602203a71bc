/** Names on the command line of the suite's runner select what it runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsShared } from '../shared.ts';
import { runSuite } from './run-suite.ts';

test('a group selects its files', needsShared, async () => {
  const run = await runSuite('exceptions');
  assert.equal(run.exitCode, 0, run.output);
  assert.deepEqual(
    [...run.output.matchAll(/^core: (\w+)/gm)].map(([, group]) => group),
    ['exceptions'],
  );
});

test('a name selects one file', needsShared, async () => {
  const run = await runSuite('i32');
  assert.equal(run.exitCode, 0, run.output);
  assert.match(run.output, /core: base +1 /);
});

test('an unknown name is an error, not an empty success', needsShared, async () => {
  assert.equal((await runSuite('no-such-file')).exitCode, 2);
});
