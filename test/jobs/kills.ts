/** Jobs on worker processes of which one is killed every so often, and what has come of them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { advance, type JobReceipt, moduleHash } from '../../src/job.ts';
import { type KillQueue, type KillQueueName, killQueues } from './kill-queues.ts';
import { Ledger, modules, questionJob, questions } from './worlds.ts';

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

/** The receipt of a job that nobody interrupts. */
const uninterrupted = async (id: string): Promise<JobReceipt> =>
  (await advance(questionJob(id, QUESTIONS), { modules, functions: new Ledger().functions })).receipt!;

/** Waits until all jobs of the queue are over, and kills workers meanwhile; returns how many. */
const drain = async (
  queue: KillQueue,
  start: () => ChildProcess,
  { jobs, workers, kill }: KillRun,
): Promise<number> => {
  const children = Array.from({ length: workers }, start);
  let kills = 0;
  const isByTime = kill !== null && 'everyMs' in kill;
  const step = kill === null ? Number.POSITIVE_INFINITY : isByTime ? kill.everyMs : kill.everyQuestions;
  const now = async (): Promise<number> => (isByTime ? Date.now() : queue.asked());
  let next = (await now()) + step;
  try {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if ((await queue.ended()) >= jobs) return kills;
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
export const runWithKills = async (name: KillQueueName, run: KillRun): Promise<KillReport> => {
  const queue = await killQueues[name].start();
  try {
    const { fuel } = await uninterrupted('measure');
    const args = queue.workerArgs(Math.ceil(fuel / run.slices));
    const ids = Array.from({ length: run.jobs }, (_, i) => `job-${i}`);
    const definition = {
      modules: { main: moduleHash(questions) },
      function: 'questions',
      input: 'x'.repeat(QUESTIONS),
    };
    await queue.add(ids.map((id) => ({ ...definition, id })));
    const begin = Date.now();
    const kills = await drain(queue, () => spawn(process.execPath, args, { stdio: 'ignore' }), run);
    const seconds = (Date.now() - begin) / 1000;
    let [slices, bytes, repeated] = [0, 0, 0];
    for (const id of ids) {
      const outcome = await queue.outcome(id);
      assert.deepEqual(outcome.receipt, await uninterrupted(id), outcome.failure ?? id);
      for (const { state } of outcome.slices) bytes += state?.byteLength ?? 0;
      slices += outcome.slices.length;
      for (let n = 0n; n < QUESTIONS; n++) {
        const keys = await queue.keys(id, n);
        assert.equal(new Set(keys).size, 1, `question ${n} of ${id} has one key`);
        repeated += keys.length - 1;
      }
    }
    return { seconds, kills, slices, bytesPerSlice: Math.round(bytes / slices), repeated };
  } finally {
    await queue.stop();
  }
};
