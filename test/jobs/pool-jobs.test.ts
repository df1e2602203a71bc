/** Slices of jobs on worker threads: they come to the same as slices of this thread. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { advanceOn, Threads } from '../../packages/threads/src/index.ts';
import { advance, createJob, moduleHash, verifyJob } from '../../src/job.ts';
import { actor } from './pool-actor.ts';
import { functions, signer } from './pool-host.ts';

const module = new URL('./pool-host.js', import.meta.url);

describe('jobs on threads', () => {
  const threads = new Threads({
    maxThreads: 2,
    module,
    killAfterMs: 60_000,
  });
  after(() => threads.close());
  const modules = [actor];
  const jobOf = (name: string, input = '') =>
    createJob({ id: name, modules: { main: moduleHash(actor) }, function: name, input, fuel: 100_000_000 });

  test('a job in slices has the receipts of the same job here', async () => {
    const job = jobOf('compute', 'xxx');
    let [here, there] = [
      await advance(job, { modules, functions, signer, fuel: 20_000 }),
      await advanceOn(threads, job, { modules, fuel: 20_000 }),
    ];
    while (here.status === 'paused') {
      assert.deepEqual(there.job, here.job);
      here = await advance(here.job, { modules, functions, signer, fuel: 20_000 });
      there = await advanceOn(threads, there.job, { modules, fuel: 20_000 });
    }
    assert.equal(there.status, 'done');
    assert.deepEqual([there.job, there.receipt, there.slice], [here.job, here.receipt, here.slice]);
    assert.deepEqual(there.output?.bytes(), here.output?.bytes());
    assert.ok(there.job.slices.length > 2);
    await verifyJob(there.job, { modules, keys: [signer.key] });
  });

  test('a deadline ends a slice, a host function that blocks loses its thread', async () => {
    const paused = await advanceOn(threads, jobOf('spin'), {
      modules,
      deadline: Date.now() + 50,
      fuel: 1e15,
    });
    assert.ok(['paused', 'failed'].includes(paused.status));
    await using strict = new Threads({ maxThreads: 1, module, killAfterMs: 100 });
    const blocked = advanceOn(strict, jobOf('act', 'xxx'), { modules, deadline: Date.now() + 50 });
    await assert.rejects(blocked, { code: 'interrupted.timeout' });
    const dying = advanceOn(threads, jobOf('act', 'x'), { modules });
    await assert.rejects(dying, { code: 'host.thread' });
    const other = advanceOn(threads, jobOf('none'), { modules });
    await assert.rejects(other, { code: 'plugin.function' });
    const lost = advanceOn(threads, { ...jobOf('count'), modules: { main: '0'.repeat(64) } }, { modules });
    await assert.rejects(lost, { code: 'job.module' });
  });
});
