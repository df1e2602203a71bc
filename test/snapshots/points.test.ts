/** A slice of `npm run snapshots`: random pause points, restored in processes that never ran what they restore. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPoints } from './run-points.ts';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);

test(`calls continue in a fresh process as if they had never stopped (FC_SEED=${seed})`, async () => {
  const { counts, mismatches } = await runPoints(60, seed, false, ['kernel_all', 'lua', 'sqlite_file']);
  assert.deepEqual(mismatches, []);
  assert.ok((counts.get('world') ?? 0) > 0);
});
