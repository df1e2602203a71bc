/** Jobs of Quern on BullMQ: a processor that runs one slice at a time, and what adds jobs for it. */
import {
  type Job as BullJob,
  DelayedError,
  type JobsOptions,
  type Processor,
  type Queue,
  UnrecoverableError,
  WaitingError,
} from 'bullmq';
import { isQuernError } from 'quern/errors';
import {
  type AdvanceOptions,
  advanceStored,
  createJob,
  isLasting,
  type JobDefinition,
  type JobResult,
  progressOf,
  resultOf,
  writeJob,
} from 'quern/job';
import { JobStore, type StoreOptions } from './store.ts';

/**
 * Options of `quernProcessor`.
 *
 * Example: see `quernProcessor`.
 */
export interface ProcessorOptions
  extends StoreOptions,
    Pick<
      AdvanceOptions,
      'functions' | 'fetch' | 'signer' | 'compiler' | 'precompiled' | 'onLog' | 'logLevel'
    > {
  /** Fuel of one slice. Default: 10,000,000. */
  readonly sliceFuel?: number | undefined;
  /** Where modules are. Default: in Redis, where `addJob` puts them. */
  readonly modules?: AdvanceOptions['modules'] | undefined;
  /** Milliseconds until a host function that waits is asked again, where it does not say. Default: 1000. */
  readonly waitMs?: number | undefined;
}

/**
 * Data of a job in the queue.
 *
 * Example: see `addJob`.
 */
export interface QuernData {
  /** The job as it was added. */
  readonly job: string;
  /** Whether a job that fails by itself has a result, and not an error: its receipt is wanted. */
  readonly reports?: boolean;
}

const SLICE_FUEL = 10_000_000;
const WAIT_MS = 1000;

/** What a job of the queue ends with. @throws UnrecoverableError for a job that failed by itself */
const finish = (result: JobResult, { reports }: QuernData): JobResult => {
  const { failure, error, returnCode } = result.receipt;
  if (result.status === 'failed' && reports !== true)
    throw new UnrecoverableError(failure ?? error ?? `return code ${returnCode}`);
  return result;
};

/**
 * A processor for `new Worker(name, quernProcessor(…), …)`. It runs one slice and gives the job back to the queue, so
 * that other jobs have their turn; the next worker that takes it continues from Redis, on any machine.
 *
 * Set `maxStalledCount` of the worker high: a job whose worker dies is stalled, and nothing is lost by that.
 *
 * ```ts
 * const ask: HostFunction = (plugin, n: bigint) => n + 1n;
 * const functions = { 'extism:host/user': { ask } };
 * const options: ProcessorOptions = { connection, functions, sliceFuel: 10_000_000 };
 * const worker = new Worker('plug-ins', quernProcessor(options), { connection, maxStalledCount: 1_000_000 });
 * ```
 */
export const quernProcessor = (options: ProcessorOptions): Processor<QuernData, JobResult> => {
  const { sliceFuel = SLICE_FUEL, waitMs = WAIT_MS, functions, fetch, signer } = options;
  const { compiler, precompiled, onLog, logLevel } = options;
  const store = new JobStore(options);
  const modules = options.modules ?? ((hash: string) => store.module(hash));
  const own = { functions, fetch, signer, compiler, precompiled, onLog, logLevel };
  return async (bull: BullJob<QuernData, JobResult>, token, signal) => {
    const [queue, id] = [bull.queueName, bull.id!];
    try {
      const stored = await store.load(queue, id, bull.data.job);
      if (stored.isCancelled) throw new UnrecoverableError('cancelled');
      const keep = (line: string, index: number): Promise<void> => store.keep(queue, id, line, index);
      const advanced = await advanceStored(stored.job, { ...own, modules, fuel: sliceFuel, keep, signal });
      if (advanced.status === 'waiting') {
        await bull.moveToDelayed(Date.now() + (advanced.waitMs ?? waitMs), token);
        throw new DelayedError();
      }
      if (stored.job.slices.length === 0 || advanced.job !== stored.job)
        await store.save(queue, id, advanced.job, stored);
      await bull.updateProgress(progressOf(advanced.job) as never);
      const result = resultOf(advanced);
      if (result !== null) return finish(result, bull.data);
      await bull.moveToWait(token);
      throw new WaitingError();
    } catch (error) {
      if (!isLasting(error) && !isQuernError(error, 'interrupted.cancelled')) throw error;
      throw new UnrecoverableError((error as Error).message);
    }
  };
};

/**
 * How a job is added.
 *
 * Example: see `addJob`.
 */
export interface AddOptions extends StoreOptions {
  /** Modules that Redis may not have yet. */
  readonly modules?: readonly Uint8Array[] | undefined;
  /** How BullMQ treats the job. Default: 1,000 attempts a second apart. */
  readonly jobOptions?: JobsOptions | undefined;
}

/**
 * Adds a job: its modules to Redis, and the job to the queue, whose id of it is the id of the definition.
 *
 * ```ts
 * const queue = new Queue<QuernData, JobResult>('plug-ins', { connection });
 * const definition: JobDefinition = { id: 'report-7', modules: { main: moduleHash(wasm) }, function: 'run' };
 * const options: AddOptions = { connection, modules: [wasm], jobOptions: { priority: 1 } };
 * await addJob(queue, definition, options);
 * ```
 *
 * @throws JobError, UsageError
 */
export const addJob = async (
  queue: Pick<Queue, 'add'>,
  definition: JobDefinition,
  { modules = [], jobOptions = {}, ...storage }: AddOptions,
): Promise<void> => {
  const store = new JobStore(storage);
  for (const bytes of modules) await store.putModule(bytes);
  const data: QuernData = { job: writeJob(createJob(definition)) };
  // What the host or Redis fails with passes, so it is tried again for long.
  const retries: JobsOptions = { attempts: 1000, backoff: { type: 'fixed', delay: 1000 } };
  await queue.add('quern', data, { ...retries, ...jobOptions, jobId: definition.id });
};
