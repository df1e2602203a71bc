/** Proofs of the runner itself: it fails where it must, and a second engine passes it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsShared } from '../shared.ts';
import { runSuite } from './run-suite.ts';

/** Groups that native Wasm of every supported Node version has, but for single modules that are skipped. */
const nativeGroups = ['base', 'bulk memory', 'reference types', 'text and names', 'simd'];

for (const [engine, names] of [
  ['quern', ['--required']],
  ['native', nativeGroups],
] as const) {
  test(`every falsified assertion fails on ${engine}`, needsShared, async () => {
    const run = await runSuite('--flip', '--engine', engine, ...names);
    assert.equal(run.exitCode, 0, run.output);
    const [failed, assertions] = run.flipped!;
    assert.equal(failed, assertions);
    assert.ok(assertions > 20_000, `only ${assertions} assertions were tried`);
  });
}

test('native Wasm passes what its version supports', needsShared, async () => {
  const run = await runSuite('--engine', 'native', ...nativeGroups);
  assert.equal(run.exitCode, 0, run.output);
  assert.ok(run.passed > 50_000, `only ${run.passed} commands passed`);
});
