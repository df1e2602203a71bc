/** A small share of `npm run jobs`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runWithKills } from './kills.ts';
import { needsRedis } from './redis.ts';

test('jobs outlive the workers that run them', needsRedis, async () => {
  const { slices, kills } = await runWithKills({
    jobs: 20,
    slices: 20,
    workers: 2,
    kill: { everyQuestions: 20 },
  });
  assert.ok(slices >= 20 * 15, `${slices} slices`);
  assert.ok(kills > 0);
});
