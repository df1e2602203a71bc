/**
 * The budget of objects is an upper bound of what they take: a guest that holds as many as it may, of whatever kind,
 * ends with an error in a process whose heap is twice the budget.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const child = fileURLToPath(new URL('./heap-child.js', import.meta.url));

/** Prints what ended each of three calls. */
const run = async (megabytes: number, kind: string, ...budget: string[]): Promise<string> => {
  const args = [`--max-old-space-size=${megabytes}`, child, kind, ...budget];
  return (await promisify(execFile)(process.execPath, args)).stdout;
};

const exhausted = 'exhaustion.heap\n'.repeat(3);

describe('objects that a guest holds do not end the process', () => {
  for (const kind of ['empty', 'words', 'arrays', 'bytes', 'longs', 'refs', 'exceptions', 'elements']) {
    test(kind, async () => assert.equal(await run(128, kind, String(2 ** 26)), exhausted));
  }
  test('by default, in a process with 1 GB', async () => assert.equal(await run(1024, 'words'), exhausted));
});
