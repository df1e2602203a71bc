/** Jobs on BullMQ, against a real Redis. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Job as BullJob, FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import {
  addJob,
  agree,
  agreementFlow,
  JobStore,
  type ProcessorOptions,
  type QuernData,
  quernProcessor,
} from '../../packages/bullmq/src/index.ts';
import { isQuernError } from '../../src/errors.ts';
import {
  type Agreement,
  advance,
  type JobContext,
  type JobReceipt,
  type JobResult,
  moduleHash,
} from '../../src/job.ts';
import { needsRedis, RedisServer } from './redis.ts';
import { changedResult, Ledger, modules, questionJob, questions } from './worlds.ts';

describe('BullMQ', needsRedis, () => {
  let server: RedisServer;
  let redis: Redis;
  const closing: { close(): Promise<unknown> }[] = [];

  before(async () => {
    server = await RedisServer.start();
    redis = server.client();
  });
  after(async () => {
    for (const item of closing.reverse()) await item.close();
    await server.stop();
  });

  const queueOf = (name: string): Queue<QuernData, JobResult> => {
    const queue = new Queue<QuernData, JobResult>(name, { connection: server.client() });
    closing.push(queue);
    return queue;
  };
  const workOn = (name: string, options: Partial<ProcessorOptions> = {}): Worker => {
    const { functions } = new Ledger();
    const processor = quernProcessor({
      connection: redis,
      functions,
      sliceFuel: 1000,
      waitMs: 20,
      ...options,
    });
    const worker = new Worker(name, processor as never, {
      connection: server.client(),
      lockDuration: 1000,
      stalledInterval: 300,
      maxStalledCount: 1000,
    });
    worker.on('error', () => {});
    closing.push(worker);
    return worker;
  };
  const definitionOf = (id: string, count: number, more: object = {}) => ({
    id,
    modules: { main: moduleHash(questions) },
    function: 'questions',
    input: 'x'.repeat(count),
    ...more,
  });
  const expected = async (id: string, count: number): Promise<JobReceipt> =>
    (await advance(questionJob(id, count), { modules, functions: new Ledger().functions })).receipt!;

  /** Waits until a job of a queue is over. */
  const ended = async (queue: Queue<QuernData, JobResult>, id: string): Promise<BullJob> => {
    const events = new QueueEvents(queue.name, { connection: server.client() });
    // Connections that a test cuts.
    events.on('error', () => {});
    closing.push(events);
    await events.waitUntilReady();
    const job = (await queue.getJob(id))!;
    await job.waitUntilFinished(events).catch(() => {});
    return (await queue.getJob(id))!;
  };

  test('a job goes through in slices, with progress, result and receipt', async () => {
    const queue = queueOf('whole');
    await addJob(queue, definitionOf('first', 8), { connection: redis, modules });
    workOn('whole');
    const job = await ended(queue, 'first');
    const { status, receipt, output } = job.returnvalue as JobResult;
    assert.equal(status, 'done');
    assert.deepEqual(receipt, await expected('first', 8));
    assert.equal(moduleHash(Buffer.from(output!, 'base64')), receipt.outputHash);
    assert.equal((job.progress as { fuel: number }).fuel, receipt.fuel);
    assert.ok((job.progress as { slices: number }).slices > 10);
  });

  test('a job that fails by itself fails once, with its code', async () => {
    const queue = queueOf('failing');
    await addJob(queue, definitionOf('spin', 1, { function: 'spin', fuel: 5000 }), {
      connection: redis,
      modules,
    });
    workOn('failing');
    const job = await ended(queue, 'spin');
    assert.equal(job.failedReason, 'exhaustion.fuel');
    const { job: stored } = await new JobStore({ connection: redis }).load('failing', 'spin', '');
    assert.equal(stored.slices[stored.slices.length - 1]!.end!.failure, 'exhaustion.fuel');
  });

  test('host functions that wait are asked again later', async () => {
    const queue = queueOf('waiting');
    const ledger = new Ledger();
    ledger.onAsk = (n, plugin) =>
      n === 1n && ledger.asked.get(n)!.length < 3 ? plugin.hostContext<JobContext>().wait(15) : undefined;
    await addJob(queue, definitionOf('waits', 3), { connection: redis, modules });
    workOn('waiting', { functions: ledger.functions });
    const job = await ended(queue, 'waits');
    assert.deepEqual((job.returnvalue as JobResult).receipt, await expected('waits', 3));
    assert.equal(ledger.asked.get(1n)!.length, 3);
    assert.equal(new Set(ledger.asked.get(1n)).size, 1);
  });

  test('cancel ends a job between its slices', async () => {
    const queue = queueOf('cancelled');
    await addJob(queue, definitionOf('long', 1, { function: 'spin' }), { connection: redis, modules });
    workOn('cancelled');
    await new JobStore({ connection: redis }).cancel('cancelled', 'long');
    assert.equal((await ended(queue, 'long')).failedReason, 'cancelled');
  });

  test('a worker cancels a job in the middle of a slice', async () => {
    const queue = queueOf('stopped');
    await addJob(queue, definitionOf('endless', 1, { function: 'spin' }), { connection: redis, modules });
    const worker = workOn('stopped', { sliceFuel: Number.MAX_SAFE_INTEGER });
    worker.on('active', ({ id }) => setTimeout(() => worker.cancelJob(id!), 50));
    assert.match((await ended(queue, 'endless')).failedReason!, /cancel/);
  });

  test('a snapshot that is missing or cut is made again from the answers', async () => {
    for (const [i, damage] of [
      (key: string, field: string) => redis.hdel(key, field),
      (key: string, field: string) => redis.hset(key, field, 'cut'),
    ].entries()) {
      const id = `damaged-${i}`;
      const queue = queueOf(id);
      const ledger = new Ledger();
      ledger.onAsk = (n, plugin) =>
        n === 3n && ledger.asked.get(n)!.length === 1
          ? plugin.hostContext<JobContext>().wait(500)
          : undefined;
      await addJob(queue, definitionOf(id, 5), { connection: redis, modules });
      workOn(id, { functions: ledger.functions });
      const key = `quern:job:${id}:${id}`;
      while (ledger.asked.get(3n) === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      const fields = await redis.hkeys(key);
      const pieces = fields.filter((field) => field.startsWith('piece:'));
      assert.ok(pieces.length > 0);
      for (const field of pieces) await damage(key, field);
      const job = await ended(queue, id);
      assert.deepEqual((job.returnvalue as JobResult).receipt, await expected(id, 5));
      assert.equal(ledger.asked.get(2n)!.length, 1, 'what was answered is not asked again');
    }
  });

  test('a journal that is damaged ends the job, with its code', async () => {
    const queue = queueOf('forged');
    const ledger = new Ledger();
    ledger.onAsk = (n, plugin) => (n === 1n ? plugin.hostContext<JobContext>().wait(300) : undefined);
    await addJob(queue, definitionOf('forged', 2), { connection: redis, modules });
    workOn('forged', { functions: ledger.functions });
    while (ledger.asked.get(1n) === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    await redis.hset('quern:job:forged:forged', 'line:0', '{"event":"ho');
    assert.match((await ended(queue, 'forged')).failedReason!, /the job is damaged/);
  });

  test('a module that is not there is waited for', async () => {
    const queue = queueOf('unknown');
    const jobOptions = { attempts: 50, backoff: { type: 'fixed', delay: 30 } };
    await addJob(queue, definitionOf('lost', 2), { connection: redis, prefix: 'other', jobOptions });
    const worker = workOn('unknown', { prefix: 'other' });
    const first = await new Promise<Error>((resolve) => worker.once('failed', (_, error) => resolve(error)));
    assert.match(first.message, /a module of the job is not here/);
    await new JobStore({ connection: redis, prefix: 'other' }).putModule(questions);
    assert.deepEqual(
      ((await ended(queue, 'lost')).returnvalue as JobResult).receipt,
      await expected('lost', 2),
    );
  });

  test('two workers cannot both store a slice, or keep an answer', async () => {
    const store = new JobStore({ connection: redis });
    const job = questionJob('twice', 3);
    const { functions } = new Ledger();
    const { job: next } = await advance(job, { modules, functions, fuel: 500 });
    const before = { job, version: 0, isCancelled: false };
    await store.save('q', 'twice', next, before);
    await assert.rejects(store.save('q', 'twice', next, before), { code: 'job.store' });
    await store.keep('q', 'twice', 'one', 0);
    await store.keep('q', 'twice', 'one', 0);
    await assert.rejects(store.keep('q', 'twice', 'other', 0), { code: 'job.store' });
  });

  for (const [name, trouble] of [
    [
      'is full for a while',
      async () => {
        await redis.config('SET', 'maxmemory', '1');
        await new Promise((resolve) => setTimeout(resolve, 100));
        await redis.config('SET', 'maxmemory', '0');
      },
    ],
    [
      'is read-only for a while',
      async () => {
        await redis.replicaof('127.0.0.1', '1');
        await new Promise((resolve) => setTimeout(resolve, 100));
        await redis.replicaof('NO', 'ONE');
      },
    ],
    ['loses its connections', () => redis.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')],
  ] as const)
    test(`a job continues when Redis ${name}`, async () => {
      const id = name.replaceAll(' ', '-');
      const queue = queueOf(id);
      const ledger = new Ledger();
      const troubles: Promise<unknown>[] = [];
      ledger.onAsk = (n) => {
        if (ledger.asked.get(n)!.length === 1 && n % 3n === 1n) troubles.push(trouble());
        return undefined;
      };
      const jobOptions = { attempts: 1000, backoff: { type: 'fixed', delay: 20 } };
      await addJob(queue, definitionOf(id, 7), { connection: redis, modules, jobOptions });
      workOn(id, { functions: ledger.functions });
      const job = await ended(queue, id);
      assert.deepEqual(
        (job.returnvalue as JobResult | null)?.receipt,
        await expected(id, 7),
        job.failedReason,
      );
      assert.equal(troubles.length, 2);
      await Promise.all(troubles);
      for (const keys of ledger.asked.values()) assert.equal(new Set(keys).size, 1);
    });

  test('what Redis refuses has a typed error', async () => {
    const own = server.client();
    const store = new JobStore({ connection: own });
    const all: readonly (() => Promise<unknown>)[] = [
      () => store.putModule(questions),
      () => store.keep('q', 'refused', 'line', 0),
      () => store.cancel('q', 'refused'),
    ];
    const refused = async (pattern: RegExp): Promise<void> => {
      for (const attempt of all)
        await assert.rejects(
          attempt,
          (error) => isQuernError(error, 'job.store') && pattern.test(error.message),
        );
    };
    await redis.config('SET', 'maxmemory', '1');
    await refused(/OOM/);
    await redis.config('SET', 'maxmemory', '0');
    await redis.replicaof('127.0.0.1', '1');
    await refused(/READONLY/);
    await redis.replicaof('NO', 'ONE');
    own.disconnect();
    await refused(/closed/);
    await assert.rejects(store.load('q', 'refused', ''), { code: 'job.store' });
    await assert.rejects(store.module('00'), { code: 'job.store' });
  });

  test('what is stored has a limit, and expires', async () => {
    const store = new JobStore({ connection: redis, prefix: 'small', maxBytes: 100, expireMs: 5000 });
    await assert.rejects(store.putModule(questions), { code: 'job.store' });
    await assert.rejects(store.keep('q', 'small', 'x'.repeat(101), 0), { code: 'job.store' });
    await store.putModule(new Uint8Array(8));
    const left = await redis.pttl(`small:module:${moduleHash(new Uint8Array(8))}`);
    assert.ok(left > 0 && left <= 5000);
  });

  test('agree names the workers that lie', async () => {
    const names = ['honest', 'worthy', 'forger', 'miser', 'true', 'changer', 'just'];
    const other = await changedResult(definitionOf('vote', 4));
    const flow = new FlowProducer({ connection: server.client() });
    closing.push(flow);
    const lies: Readonly<Record<string, (result: JobResult) => JobResult>> = {
      forger: (result) => ({ ...result, output: Buffer.from('forged').toString('base64') }),
      miser: (result) => ({ ...result, receipt: { ...result.receipt, fuel: 1 } }),
      changer: (result) => ({ ...other, receipt: { ...other.receipt, job: result.receipt.job } }),
    };
    await new JobStore({ connection: redis }).putModule(questions);
    for (const name of names) {
      const processor = quernProcessor({
        connection: redis,
        functions: new Ledger().functions,
        sliceFuel: 5000,
      });
      const run = async (...args: Parameters<typeof processor>): Promise<JobResult> => {
        const result = await processor(...args);
        return lies[name]?.(result) ?? result;
      };
      closing.push(new Worker(name, run as never, { connection: server.client() }));
    }
    closing.push(new Worker('judge', agree as never, { connection: server.client() }));
    const queue = queueOf('judge');
    await flow.add(agreementFlow(definitionOf('vote', 4), names, 'judge'));
    const { result, agreed, differing } = (await ended(queue, 'vote')).returnvalue as never as Agreement;
    assert.deepEqual(result!.receipt, await expected('vote', 4));
    assert.deepEqual(agreed, ['honest', 'worthy', 'true', 'just']);
    assert.deepEqual(differing, [
      { name: 'forger', fields: ['output'] },
      { name: 'miser', fields: ['fuel'] },
      { name: 'changer', fields: ['modules', 'outputHash', 'memoryHash', 'transcriptHash'] },
    ]);
  });
});
