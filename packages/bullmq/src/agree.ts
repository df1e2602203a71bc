/** One job run by several workers, whose receipts are compared. */
import type { FlowJob, Processor } from 'bullmq';
import {
  type Agreement,
  compareClaims,
  createJob,
  type JobDefinition,
  type JobResult,
  writeJob,
} from 'quern/job';
import type { QuernData } from './processor.ts';

/**
 * The flow of a job that one worker of each queue runs, for `new FlowProducer(…).add`. The worker of `parentQueue` has
 * `agree` as its processor, and its result is the agreement.
 *
 * ```ts
 * const definition: JobDefinition = { id: 'vote-1', modules: { main: moduleHash(wasm) }, function: 'run' };
 * await new JobStore({ connection }).putModule(wasm);
 * await new FlowProducer({ connection }).add(agreementFlow(definition, ['berlin', 'oslo', 'lima'], 'judge'));
 * ```
 */
export const agreementFlow = (
  definition: JobDefinition,
  queues: readonly string[],
  parentQueue: string,
): FlowJob => {
  const data: QuernData = { job: writeJob(createJob(definition)), reports: true };
  return {
    name: 'agree',
    queueName: parentQueue,
    data: { queues },
    opts: { jobId: definition.id },
    children: queues.map((queueName, i) => ({
      name: 'quern',
      queueName,
      data,
      opts: { jobId: `${definition.id}-${i}`, attempts: 10, ignoreDependencyOnFailure: true },
    })),
  };
};

/**
 * The processor of `parentQueue` of `agreementFlow`.
 *
 * ```ts
 * const worker = new Worker('judge', agree, { connection });
 * worker.on('completed', ({ returnvalue }) => {
 *   for (const { name, fields } of returnvalue.differing) console.log(`${name} lies: ${fields.join()}`);
 * });
 * ```
 */
export const agree: Processor<{ readonly queues: readonly string[] }, Agreement> = async (bull) => {
  const values = Object.entries(await bull.getChildrenValues<JobResult>());
  const claims = bull.data.queues.map((name) => ({
    name,
    result: values.find(([key]) => key.includes(`:${name}:`))?.[1] ?? null,
  }));
  return compareClaims(claims);
};
