/**
 * Snapshots that are taken while compiled code runs are restored in processes that have none, and the reverse.
 * `npm run snapshots -- COUNT SEED --compiled` tries many.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPoints } from '../snapshots/run-points.ts';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);

test(`calls go on in code of the other kind (FC_SEED=${seed})`, async () => {
  const { counts, mismatches } = await runPoints(80, seed, false, [], true);
  assert.deepEqual(mismatches, []);
  assert.equal(counts.get('world'), 80);
});
