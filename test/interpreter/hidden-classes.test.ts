/**
 * V8 compiles the loop for the hidden classes of the registers, instances and memories that it has seen. If an amount
 * outgrows a small integer, every later object has another class, and the loop is compiled again.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noWasm } from '../proof.ts';

test('registers, instances and memories have the same hidden classes in all calls', () => {
  const script = fileURLToPath(new URL('./hidden-classes-child.js', import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...noWasm, '--allow-natives-syntax', script],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  assert.equal(stdout, '3 kinds\n');
});
