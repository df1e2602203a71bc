/** The suite gives the same through the JavaScript API; `npm run spec -- --engine javascript-api` runs all of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsShared } from '../shared.ts';
import { runSuite } from './run-suite.ts';

/** Groups and files with values of every type, and imports and exports of every kind. */
const slice = [
  'gc',
  'exceptions',
  'reference types',
  'function references',
  'linking',
  'imports',
  'f32',
  'i64',
];

test('commands pass, and are skipped for the same reasons', needsShared, async () => {
  const through = await runSuite('--engine', 'javascript-api', ...slice);
  assert.equal(through.exitCode, 0, through.output);
  const direct = await runSuite(...slice);
  assert.deepEqual([through.passed, through.failed], [direct.passed, 0]);
  assert.deepEqual(through.reasons, direct.reasons);
  assert.ok(through.passed > 4500, `${through.passed}`);
});
