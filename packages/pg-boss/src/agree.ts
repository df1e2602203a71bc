/** One job run by the workers of several queues, whose receipts are compared: who differs is named. */
import type { Job as BossJob, WorkOptions } from 'pg-boss';
import { JobError } from 'quern/errors';
import { type Agreement, compareClaims, createJob, type JobDefinition } from 'quern/job';
import { JobStore, type StoreOptions } from './store.ts';
import { type AddOptions, defaultSliceOptions, type SliceData } from './worker.ts';

/**
 * Adds a job to each of several queues, whose workers run it without knowing of each other. When the last of them is
 * over, the queue `judge` gets the agreement: `agree` compares what they say.
 *
 * ```ts
 * const definition: JobDefinition = { id: 'vote-1', modules: { main: moduleHash(wasm) }, function: 'run' };
 * await addAgreement(definition, ['berlin', 'oslo', 'lima'], 'judge', { boss, modules: [wasm] });
 * ```
 *
 * @returns false where `judge` has had an agreement of this id
 * @throws JobError, UsageError
 */
export const addAgreement = async (
  definition: JobDefinition,
  queues: readonly string[],
  judge: string,
  { modules = [], sliceOptions, db, ...storage }: AddOptions,
): Promise<boolean> => {
  const store = new JobStore(storage);
  const options = { ...defaultSliceOptions, ...sliceOptions };
  const job = createJob(definition);
  return store.transaction(async (transaction) => {
    if (!(await store.addAgreement(judge, job.id, queues, transaction))) return false;
    for (const queue of queues)
      if (!(await store.add(queue, job, options, modules, transaction, judge)))
        throw new JobError('job.store', { detail: `the queue "${queue}" has had a job "${job.id}"` });
    return true;
  }, db);
};

/**
 * Runs the queue `judge` of `addAgreement`: each of its jobs is completed with the agreement, which the store keeps, too.
 *
 * ```ts
 * await boss.createQueue('judge');
 * await agree('judge', { boss });
 * const agreement: Agreement | null = await new JobStore({ boss }).agreement('judge', 'vote-1');
 * for (const { name, fields } of agreement?.differing ?? []) console.log(`${name} lies: ${fields.join()}`);
 * ```
 *
 * @returns what `boss.work` returns
 * @throws JobError, UsageError
 */
export const agree = async (
  judge: string,
  { work, ...options }: StoreOptions & { readonly work?: WorkOptions },
): Promise<string> => {
  const store = new JobStore(options);
  await store.start();
  return options.boss.work<SliceData, Agreement>(
    judge,
    { pollingIntervalSeconds: 0.5, ...work, batchSize: 1 },
    async ([job]: BossJob<SliceData>[]) => {
      const { id } = job!.data;
      const claims = await store.claims(judge, id);
      if (claims === null) throw new JobError('job.store', { detail: `the agreement "${id}" is not stored` });
      const agreement = compareClaims(claims);
      await store.saveAgreement(judge, id, agreement);
      return agreement;
    },
  );
};
