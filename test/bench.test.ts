/** Benchmarks of the host have the same outcome on the official SDK, and the picture shows the committed figures. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { root } from './shared.ts';

const runNode = (...args: readonly string[]) =>
  spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });

test('bench:host measures every row', () => {
  const run = runNode('build/bench/host.js', '--time', '1', '--rounds', '1');
  assert.equal(run.status, 0, run.stdout + run.stderr);
  const [, , head, ...rows] = run.stdout.trimEnd().split('\n');
  assert.match(head!, /quern +@extism\/extism +ratio$/);
  assert.ok(rows.length > 8);
  for (const row of rows) assert.match(row, /\d [µm]s( +[\d.e+-]+ [µm]s +[\d.]+)?$/);
});

test('the picture is drawn from the committed figures', () => {
  const run = runNode('build/bench/draw.js', '--check');
  assert.equal(run.status, 0, run.stderr);
});
