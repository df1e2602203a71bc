/** A worker process: `PORT QUEUE SLICE_FUEL`. Its host function keeps a ledger in Redis, so that killing it loses nothing. */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { quernProcessor } from '../../packages/bullmq/src/index.ts';
import type { CurrentPlugin } from '../../src/index.ts';
import type { JobContext } from '../../src/job.ts';
import { answerTo, askedKey, ledgerKey } from './worlds.ts';

const [port, queue, sliceFuel] = process.argv.slice(2);
const connect = (): Redis => new Redis(Number(port), '127.0.0.1', { maxRetriesPerRequest: null });
const redis = connect();

const ask = async (plugin: CurrentPlugin, n: bigint): Promise<bigint> => {
  const { jobId, key } = plugin.hostContext<JobContext>();
  plugin.setVariable(`answer ${n}`, String(answerTo(n)));
  plugin.charge(3);
  await redis.rpush(ledgerKey(jobId, n), key);
  await redis.incr(askedKey);
  return answerTo(n);
};

const processor = quernProcessor({
  connection: redis,
  functions: { 'extism:host/user': { ask } },
  sliceFuel: Number(sliceFuel),
});
const worker = new Worker(queue!, processor as never, {
  connection: connect(),
  concurrency: 4,
  lockDuration: 3000,
  stalledInterval: 500,
  maxStalledCount: 1_000_000,
});
// A slice that another worker has taken over cannot be stored; the queue says so.
worker.on('error', () => {});
