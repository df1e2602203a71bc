/** Jobs on worker processes of which one is killed every so often, and what has come of them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { addJob, JobStore, type QuernData } from '../../packages/bullmq/src/index.ts';
import { advance, type JobResult, moduleHash } from '../../src/job.ts';
import { root } from '../shared.ts';
import { RedisServer } from './redis.ts';
import { askedKey, Ledger, ledgerKey, modules, questionJob, questions } from './worlds.ts';

/** What is run. */
export interface KillRun {
  readonly jobs: number;
  readonly slices: number;
  readonly workers: number;
  /** When a worker is killed: every so many milliseconds, or whenever so many questions more were asked; null for never. */
  readonly kill: { readonly everyMs: number } | { readonly everyQuestions: number } | null;
}

/** What it came to. */
export interface KillReport {
  readonly seconds: number;
  readonly kills: number;
  readonly slices: number;
  readonly bytesPerSlice: number;
  /** Questions that were asked more than once. */
  readonly repeated: number;
}

const QUESTIONS = 4;
const QUEUE = 'kills';

/** The receipt of a job that nobody interrupts. */
const uninterrupted = async (id: string) =>
  (await advance(questionJob(id, QUESTIONS), { modules, functions: new Ledger().functions })).receipt!;

/** Waits until all jobs of the queue are over, and kills workers meanwhile; returns how many. */
const drain = async (
  queue: Queue,
  start: () => ChildProcess,
  asked: () => Promise<number>,
  { jobs, workers, kill }: KillRun,
): Promise<number> => {
  const children = Array.from({ length: workers }, start);
  let kills = 0;
  const isByTime = kill !== null && 'everyMs' in kill;
  const step = kill === null ? Number.POSITIVE_INFINITY : isByTime ? kill.everyMs : kill.everyQuestions;
  const now = async (): Promise<number> => (isByTime ? Date.now() : asked());
  let next = (await now()) + step;
  try {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const { completed = 0, failed = 0 } = await queue.getJobCounts('completed', 'failed');
      if (completed + failed >= jobs) return kills;
      if ((await now()) < next) continue;
      next += step;
      const victim = kills++ % workers;
      children[victim]!.kill('SIGKILL');
      children[victim] = start();
    }
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
};

/** Runs jobs, checks all of them against runs without interruption, and counts. */
export const runWithKills = async (run: KillRun): Promise<KillReport> => {
  const server = await RedisServer.start();
  const queue = new Queue<QuernData, JobResult>(QUEUE, { connection: server.client() });
  const redis = server.client();
  try {
    const { fuel } = await uninterrupted('measure');
    const sliceFuel = Math.ceil(fuel / run.slices);
    const ids = Array.from({ length: run.jobs }, (_, i) => `job-${i}`);
    for (const id of ids)
      await addJob(
        queue,
        { id, modules: { main: moduleHash(questions) }, function: 'questions', input: 'x'.repeat(QUESTIONS) },
        { connection: redis, modules: id === ids[0] ? modules : [] },
      );
    const child = join(root, 'build/test/jobs/worker-child.js');
    const start = (): ChildProcess =>
      spawn(process.execPath, [child, String(server.port), QUEUE, String(sliceFuel)], { stdio: 'ignore' });
    const begin = Date.now();
    const asked = async (): Promise<number> => Number(await redis.get(askedKey));
    const kills = await drain(queue, start, asked, run);
    const seconds = (Date.now() - begin) / 1000;
    const store = new JobStore({ connection: redis });
    let [slices, bytes, repeated] = [0, 0, 0];
    for (const id of ids) {
      const job = (await queue.getJob(id))!;
      const { job: stored } = await store.load(QUEUE, id, job.data.job);
      assert.deepEqual(job.returnvalue?.receipt, await uninterrupted(id), job.failedReason ?? id);
      for (const { state } of stored.slices) bytes += state?.byteLength ?? 0;
      slices += stored.slices.length;
      for (let n = 0n; n < QUESTIONS; n++) {
        const keys = await redis.lrange(ledgerKey(id, n), 0, -1);
        assert.equal(new Set(keys).size, 1, `question ${n} of ${id} has one key`);
        repeated += keys.length - 1;
      }
    }
    return { seconds, kills, slices, bytesPerSlice: Math.round(bytes / slices), repeated };
  } finally {
    await queue.close();
    await server.stop();
  }
};
