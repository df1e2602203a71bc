/** Benchmarks have the same outcome on the official SDK, and pictures and table show the committed figures. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { needsShared, root } from './shared.ts';

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

test('pictures and table are drawn from the committed figures', () => {
  const run = runNode('build/bench/draw.js', '--check');
  assert.equal(run.status, 0, run.stderr);
});

test('bench:plugins measures both plug-ins on every engine, with equal outputs', needsShared, () => {
  const run = runNode('build/bench/plugins.js', '--rounds', '3', '--processes', '0', '--json');
  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.stderr, '');
  const { plugins } = JSON.parse(run.stdout) as {
    readonly plugins: Readonly<Record<string, Readonly<Record<string, { readonly round: number } | null>>>>;
  };
  assert.deepEqual(Object.keys(plugins), ['sqlite', 'quickjs']);
  for (const engines of Object.values(plugins)) {
    assert.deepEqual(Object.keys(engines), [
      ...['native', 'quern', 'quern-compiled', 'quern-compiled-0', 'polywasm'],
    ]);
    for (const times of Object.values(engines)) assert.ok(times!.round > 0);
  }
});
