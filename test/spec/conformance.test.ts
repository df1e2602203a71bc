/** The official suite passes, whichever code runs it and however fuel is handed out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { needsShared, shared } from '../shared.ts';
import { runSuite, type SuiteRun } from './run-suite.ts';

/** Commands of the required groups that neither need a text parser nor a feature that is not executed. */
const leastPassed = 39_000;

const assertConforms = (run: SuiteRun, least = leastPassed): void => {
  assert.equal(run.exitCode, 0, run.output);
  assert.equal(run.failed, 0);
  assert.ok(run.passed >= least, `only ${run.passed} commands passed`);
};

test('the required groups pass on fast code', needsShared, async () => {
  assertConforms(await runSuite('--required'));
});

test('the required groups pass on careful code', needsShared, async () => {
  assertConforms(await runSuite('--required', '--careful'));
});

test('the required groups pass with fuel handed out one unit at a time', needsShared, async () => {
  assertConforms(await runSuite('--required', '--unit-fuel'));
});

test('threads are worker threads on one memory', needsShared, async () => {
  const run = await runSuite('--threads', 'workers', 'extra/threads', 'proposals/threads');
  assertConforms(run, 1100);
  assert.deepEqual(
    [...run.reasons.keys()].filter((reason) => reason.includes('thread')),
    [],
  );
});

test('threads that take turns wait and are woken, for every size of a turn', needsShared, async () => {
  for (const flags of [[], ['--unit-fuel']]) {
    assertConforms(await runSuite('--threads', 'turns', ...flags, 'extra/threads'), 550);
  }
});

test(
  'only what needs a text parser, and contradictions that the data lists, are skipped',
  needsShared,
  async () => {
    const run = await runSuite();
    assert.equal(run.exitCode, 0, run.output);
    const known = JSON.parse(readFileSync(shared('spec-suite', 'known.json'), 'utf8')) as {
      superseded: { why: string }[];
    };
    const allowed = new Set(['text format', ...known.superseded.map(({ why }) => why)]);
    assert.deepEqual(
      [...run.reasons.keys()].filter((reason) => !allowed.has(reason)),
      [],
    );
  },
);

test('every failure text begins as the suite says', needsShared, async () => {
  const run = await runSuite('--required');
  assert.match(run.output, /^failure texts: [5-9]\d{3} compared, 0 mismatches$/m);
});

test('a name selects one file', needsShared, async () => {
  const run = await runSuite('i32');
  assert.equal(run.exitCode, 0, run.output);
  assert.match(run.output, /core: base +1 /);
});

test('an unknown name is an error, not an empty success', needsShared, async () => {
  assert.equal((await runSuite('no-such-file')).exitCode, 2);
});
