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
  type Advanced,
  type AdvanceOptions,
  advance,
  createJob,
  type Job,
  type JobDefinition,
  type JobReceipt,
  writeJob,
} from 'quern/job';
import { JobStore, type StoredJob, type StoreOptions } from './store.ts';

/** Options of `quernProcessor`. */
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

/** Data of a job in the queue. */
export interface QuernData {
  /** The job as it was added. */
  readonly job: string;
  /** Whether a job that fails by itself has a result, and not an error: its receipt is wanted. */
  readonly reports?: boolean;
}

/** Result of a job in the queue. */
export interface QuernResult {
  readonly status: 'done' | 'failed';
  /** Base64; null where the plug-in gave nothing. */
  readonly output: string | null;
  readonly receipt: JobReceipt;
}

/** Progress of a job in the queue. */
export interface QuernProgress {
  readonly fuel: number;
  /** Fuel of the whole job; null for no limit. */
  readonly of: number | null;
  readonly slices: number;
  readonly answers: number;
}

const SLICE_FUEL = 10_000_000;
const WAIT_MS = 1000;

const progressOf = ({ slices, fuel }: Job): QuernProgress => {
  const last = slices[slices.length - 1];
  return { fuel: last?.fuel ?? 0, of: fuel, slices: slices.length, answers: last?.answers ?? 0 };
};

/** Advances a job; one whose snapshot is missing or damaged begins again, with the answers that were kept. */
const advanceStored = async ({ job }: StoredJob, options: AdvanceOptions): Promise<Advanced> => {
  try {
    return await advance(job, options);
  } catch (error) {
    if (!isQuernError(error, 'job.damaged') || job.slices.length === 0) throw error;
    return advance({ ...job, state: [], slices: [] }, options);
  }
};

/** What a job of the queue ends with. @throws UnrecoverableError for a job that failed by itself */
const finish = ({ status, output, receipt }: Advanced, { reports }: QuernData): QuernResult => {
  const end = receipt!;
  if (status === 'failed' && reports !== true) {
    const { failure, error, returnCode } = end;
    throw new UnrecoverableError(failure ?? error ?? `return code ${returnCode}`);
  }
  const text = output === null ? null : Buffer.from(output.bytes()).toString('base64');
  return { status: status as QuernResult['status'], output: text, receipt: end };
};

/** What is the same however often it is tried. */
const isFinal = (error: unknown): boolean =>
  ['plugin.function', 'usage.argument', 'job.damaged', 'interrupted.cancelled'].some(
    (code) => isQuernError(error) && error.code === code,
  );

/**
 * A processor for `new Worker(name, quernProcessor(…), …)`. It runs one slice and gives the job back to the queue, so
 * that other jobs have their turn; the worker that takes it next goes on from Redis, on whatever machine.
 *
 * Set `maxStalledCount` of the worker high: a job whose worker dies is stalled, and nothing is lost by that.
 */
export const quernProcessor = (options: ProcessorOptions): Processor<QuernData, QuernResult> => {
  const { sliceFuel = SLICE_FUEL, waitMs = WAIT_MS, functions, fetch, signer } = options;
  const { compiler, precompiled, onLog, logLevel } = options;
  const store = new JobStore(options);
  const modules = options.modules ?? ((hash: string) => store.module(hash));
  const own = { functions, fetch, signer, compiler, precompiled, onLog, logLevel };
  return async (bull: BullJob<QuernData, QuernResult>, token, signal) => {
    const [queue, id] = [bull.queueName, bull.id!];
    try {
      const stored = await store.load(queue, id, bull.data.job);
      if (stored.isCancelled) throw new UnrecoverableError('cancelled');
      const keep = (line: string, index: number): Promise<void> => store.keep(queue, id, line, index);
      const advanced = await advanceStored(stored, { ...own, modules, fuel: sliceFuel, keep, signal });
      if (advanced.status === 'waiting') {
        await bull.moveToDelayed(Date.now() + (advanced.waitMs ?? waitMs), token);
        throw new DelayedError();
      }
      if (stored.job.slices.length === 0 || advanced.job !== stored.job)
        await store.save(queue, id, advanced.job, stored);
      await bull.updateProgress(progressOf(advanced.job) as never);
      if (advanced.status !== 'paused') return finish(advanced, bull.data);
      await bull.moveToWait(token);
      throw new WaitingError();
    } catch (error) {
      if (!isFinal(error)) throw error;
      throw new UnrecoverableError((error as Error).message);
    }
  };
};

/** Adds a job: its modules to Redis, and the job to the queue, whose id of it is the id of the definition. */
export const addJob = async (
  queue: Pick<Queue, 'add'>,
  definition: JobDefinition,
  {
    modules = [],
    jobOptions = {},
    ...storage
  }: StoreOptions & {
    readonly modules?: readonly Uint8Array[];
    readonly jobOptions?: JobsOptions;
  },
): Promise<void> => {
  const store = new JobStore(storage);
  for (const bytes of modules) await store.putModule(bytes);
  const data: QuernData = { job: writeJob(createJob(definition)) };
  // What the host or Redis fails with passes, so it is tried again for long.
  const retries: JobsOptions = { attempts: 1000, backoff: { type: 'fixed', delay: 1000 } };
  await queue.add('quern', data, { ...retries, ...jobOptions, jobId: definition.id });
};
