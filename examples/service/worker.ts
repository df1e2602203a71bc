/** Runs jobs of the queue, a slice at a time. The server starts one as a thread; on other machines it is a program. */
import { type Job as BullJob, UnrecoverableError, Worker } from 'bullmq';
import type { JobResult } from 'quern/job';
import { JobStore, type QuernData, quernProcessor } from 'quern-bullmq';
import { fuelOf, QUEUE } from './calls.ts';
import { Quotas } from './quotas.ts';
import { connect, readSettings } from './settings.ts';
import { signer } from './thread.ts';

const settings = readSettings();
const { sliceFuel, lockMs, keepMs: expireMs } = settings.limits;
const connection = connect();
const store = new JobStore({ connection, expireMs });
const quotas = new Quotas(connection, settings);
const run = quernProcessor({ connection, expireMs, sliceFuel, signer });

/** Bills a job that is over; where that fails, the queue runs its end again. */
const bill = async ({ id, data }: BullJob<QuernData>): Promise<void> => {
  const [tenant, own] = id!.split('.') as [string, string];
  const { job } = await store.load(QUEUE, id!, data.job);
  await quotas.settle(tenant, own, fuelOf(job));
};

const worker = new Worker<QuernData, JobResult>(
  QUEUE,
  async (bull, token, signal) => {
    try {
      const result = await run(bull, token, signal);
      await bill(bull);
      return result;
    } catch (error) {
      if (error instanceof UnrecoverableError) await bill(bull);
      throw error;
    }
  },
  {
    connection: connect(),
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    // A worker that dies is no fault of the job.
    maxStalledCount: 1_000_000,
  },
);
worker.on('error', (error) => console.error(`worker: ${error.message}`));
