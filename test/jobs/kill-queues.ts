/** The queues whose workers are killed, each with its server, and a ledger of what host functions were asked. */
import { join } from 'node:path';
import { Queue } from 'bullmq';
import * as bullmq from '../../packages/bullmq/src/index.ts';
import * as pgBoss from '../../packages/pg-boss/src/index.ts';
import type { JobDefinition, JobReceipt, SliceReceipt } from '../../src/job.ts';
import { root } from '../shared.ts';
import { LEDGER, needsPostgres, PostgresServer } from './postgres.ts';
import { needsRedis, RedisServer } from './redis.ts';
import { askedKey, ledgerKey, modules } from './worlds.ts';

const QUEUE = 'kills';

/** What has become of a job. */
interface Outcome {
  readonly receipt: JobReceipt | undefined;
  readonly slices: readonly SliceReceipt[];
  readonly failure: string | undefined;
}

/** A queue on a server of its own. */
export interface KillQueue {
  /** Arguments of Node for a worker process. */
  workerArgs(sliceFuel: number): readonly string[];
  add(definitions: readonly JobDefinition[]): Promise<void>;
  /** How many jobs are over. */
  ended(): Promise<number>;
  /** How many questions were asked. */
  asked(): Promise<number>;
  outcome(id: string): Promise<Outcome>;
  /** The keys that a question came with, one for each time. */
  keys(id: string, question: bigint): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const childOf = (name: string): string => join(root, 'build/test/jobs', name);

const startBullMq = async (): Promise<KillQueue> => {
  const server = await RedisServer.start();
  const queue = new Queue(QUEUE, { connection: server.client() });
  const redis = server.client();
  const store = new bullmq.JobStore({ connection: redis });
  return {
    workerArgs: (sliceFuel) => [childOf('bullmq-child.js'), String(server.port), QUEUE, String(sliceFuel)],
    add: async (definitions) => {
      for (const bytes of modules) await store.putModule(bytes);
      for (const definition of definitions) await bullmq.addJob(queue, definition, { connection: redis });
    },
    ended: async () => {
      const { completed = 0, failed = 0 } = await queue.getJobCounts('completed', 'failed');
      return completed + failed;
    },
    asked: async () => Number(await redis.get(askedKey)),
    outcome: async (id) => {
      const job = (await queue.getJob(id))!;
      const { slices } = (await store.load(QUEUE, id, job.data.job)).job;
      return { receipt: job.returnvalue?.receipt, slices, failure: job.failedReason };
    },
    keys: (id, question) => redis.lrange(ledgerKey(id, question), 0, -1),
    stop: async () => {
      await queue.close();
      await server.stop();
    },
  };
};

const startPgBoss = async (): Promise<KillQueue> => {
  const server = await PostgresServer.start();
  const boss = await server.boss(QUEUE);
  const store = new pgBoss.JobStore({ boss });
  await store.start();
  await server.query(LEDGER);
  const count = async (sql: string): Promise<number> => Number((await server.query(sql))[0]!['count']);
  return {
    workerArgs: (sliceFuel) => [childOf('pg-boss-child.js'), server.url, QUEUE, String(sliceFuel)],
    add: async (definitions) => {
      for (const bytes of modules) await store.putModule(bytes);
      // A worker that dies is found by the end of its claim, which can be shorter than a heartbeat.
      const sliceOptions = { expireInSeconds: 3, heartbeatSeconds: undefined, retryDelay: 0 };
      for (const definition of definitions) await pgBoss.addJob(QUEUE, definition, { boss, sliceOptions });
    },
    ended: () => count(`SELECT count(*) FROM quern.job WHERE status <> 'active'`),
    asked: () => count('SELECT count(*) FROM ledger'),
    outcome: async (id) => {
      const { job, result, error } = (await store.load(QUEUE, id))!;
      return { receipt: result?.receipt, slices: job.slices, failure: error ?? undefined };
    },
    keys: async (id, question) => {
      const rows = await server.query('SELECT key FROM ledger WHERE job = $1 AND question = $2', [
        ...[id, String(question)],
      ]);
      return rows.map(({ key }) => String(key));
    },
    stop: () => server.stop(),
  };
};

/** TABLE: queues by name, with why one is not here. */
export const killQueues = {
  bullmq: { needs: needsRedis, start: startBullMq },
  'pg-boss': { needs: needsPostgres, start: startPgBoss },
} as const;
/** Name of a queue. */
export type KillQueueName = keyof typeof killQueues;
/** Their names. */
export const killQueueNames = Object.keys(killQueues) as readonly KillQueueName[];
