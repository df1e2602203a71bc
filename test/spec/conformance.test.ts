/**
 * The official suite passes on fast code, its threads run in both ways, and nothing is skipped without a reason. Careful
 * code and fuel in units run it beside the reference executor: see `reference.test.ts`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { needsShared, needsSuite, root } from '../shared.ts';
import { runSuite, type SuiteRun } from './run-suite.ts';

const assertConforms = (run: SuiteRun, least: number): void => {
  assert.equal(run.exitCode, 0, run.output);
  assert.equal(run.failed, 0);
  assert.ok(run.passed >= least, `only ${run.passed} commands passed`);
};

describe('the whole suite', needsSuite, () => {
  // Run once, for all that is asked of it.
  const whole = needsSuite.skip ? null : runSuite();

  test('passes', async (context) => {
    const run = await whole!;
    for (const line of run.output.split('\n')) context.diagnostic(line);
    assertConforms(run, 67_100);
  });

  test('skips only contradictions that are listed', async () => {
    const known = JSON.parse(readFileSync(join(root, 'spec-tests/known.json'), 'utf8')) as {
      superseded: { lines: number[]; why: string }[];
    };
    const expected = new Map<string, number>();
    for (const { lines, why } of known.superseded) expected.set(why, (expected.get(why) ?? 0) + lines.length);
    assert.deepEqual(new Map([...(await whole!).reasons].sort()), new Map([...expected].sort()));
  });

  test('begins every failure text as the suite says', async () => {
    const compared = /^failure texts: (\d+) compared, 0 mismatches$/m.exec((await whole!).output);
    assert.ok(Number(compared?.[1]) >= 10_000, compared?.[0]);
  });
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
