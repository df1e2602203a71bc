/** A small share of `npm run jobs`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killQueueNames, killQueues } from './kill-queues.ts';
import { runWithKills } from './kills.ts';

for (const name of killQueueNames)
  test(`jobs outlive the workers that run them: ${name}`, killQueues[name].needs, async () => {
    const run = { jobs: 20, slices: 20, workers: 2, kill: { everyQuestions: 30 } };
    const { slices, kills } = await runWithKills(name, run);
    assert.ok(slices >= 20 * 15, `${slices} slices`);
    assert.ok(kills > 0);
  });
