/**
 * A thousand calls on one thread, each waiting for three host functions with real timers: they run at the same time,
 * each with its own results, and leave nothing behind. In a process of its own, whose heap can be measured.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { proof } from '../proof.ts';

test('a thousand calls that wait interleave on one thread, and memory returns to its start', () => {
  const script = fileURLToPath(new URL('./thousand-calls-child.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [...proof, script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const report = JSON.parse(stdout) as {
    wrong: number;
    calls: number;
    mostWaiting: number;
    alive: number;
    heapGrowth: readonly number[];
  };
  assert.deepEqual([report.calls, report.wrong], [1000, 0]);
  // All of them wait at some moment: none blocks another.
  assert.equal(report.mostWaiting, 1000);
  assert.equal(report.alive, 0, 'plug-ins that are still reachable');
  // The first round fills caches; the ones after it must not add to it: less than a kilobyte for each call.
  assert.ok(Math.min(...report.heapGrowth) < 1_000_000, `grew by ${report.heapGrowth.join(', ')} bytes`);
});
