/** Workers of pg-boss that run one slice of a job at a time, and what adds jobs for them. */
import type { Job as BossJob, Db, JobResult as Settled, WorkOptions } from 'pg-boss';
import { isQuernError, JobError } from 'quern/errors';
import {
  type AdvanceOptions,
  advanceStored,
  createJob,
  isLasting,
  type JobDefinition,
  type JobResult,
  resultOf,
} from 'quern/job';
import type { JobEntry, SliceEnd, SliceOptions, StoredJob } from './rows.ts';
import { JobStore, type StoreOptions } from './store.ts';

/**
 * Options of `quernWorker`.
 *
 * Example: see `quernWorker`.
 */
export interface WorkerOptions
  extends StoreOptions,
    Pick<
      AdvanceOptions,
      'functions' | 'fetch' | 'signer' | 'compiler' | 'precompiled' | 'onLog' | 'logLevel'
    > {
  /** Fuel of one slice. Default: 10,000,000. */
  readonly sliceFuel?: number | undefined;
  /** Where modules are. Default: in the database, where `addJob` puts them. */
  readonly modules?: AdvanceOptions['modules'] | undefined;
  /** Milliseconds until a host function that waits is asked again, where it does not say. Default: 1000. */
  readonly waitMs?: number | undefined;
  /**
   * Options of `work`. A batch ends with its slowest slice. Default: batches of 8, fetched without a pause while there are slices, and twice a second else.
   */
  readonly work?: Omit<WorkOptions, 'perJobResults' | 'transactional' | 'includeMetadata'> | undefined;
}

const SLICE_FUEL = 10_000_000;
const WAIT_MS = 1000;
/** How often a worker deletes what has expired, in milliseconds. */
const SWEEP_MS = 60_000;
const RETRY_LIMIT = 1000;

/**
 * What a slice in the queue holds: the id of its job.
 *
 * ```ts
 * const active = await boss.findJobs<SliceData>('plug-ins');
 * console.log(active.map(({ data }) => data.id));
 * ```
 */
export interface SliceData {
  readonly id: string;
}

/** How a slice in the queue ends for pg-boss; `deadletter` is the failure that is not tried again. */
type Settlement = Omit<Settled, 'id'>;

/** How the slice of a job that is over ends. */
const settlementOf = ({ status, result, error }: JobEntry): Settlement => {
  if (status === 'done') return { status: 'completed', output: result };
  return { status: 'deadletter', output: { status, error, receipt: result?.receipt ?? null } };
};

/** The code of what a job has failed with; null for one that has not. */
const failureOf = ({ receipt: { failure, error, returnCode } }: JobResult): string | null =>
  failure ?? (error !== null ? 'plugin.error' : returnCode !== 0 ? 'plugin.return-code' : null);

const codeOf = (error: unknown): string => (isQuernError(error) ? error.code : 'internal.bug');

/** Runs slices of the jobs of one queue. */
class SliceRunner {
  readonly #queue: string;
  readonly #store: JobStore;
  readonly #options: WorkerOptions;
  readonly #modules: AdvanceOptions['modules'];

  constructor(queue: string, store: JobStore, options: WorkerOptions) {
    this.#queue = queue;
    this.#store = store;
    this.#options = options;
    this.#modules = options.modules ?? ((hash) => store.module(hash));
  }

  async run(slice: BossJob<SliceData>): Promise<Settled> {
    const { id } = slice;
    try {
      return { id, ...(await this.#run(slice)) };
    } catch (error) {
      return { id, status: 'failed', output: { code: codeOf(error), message: (error as Error).message } };
    }
  }

  async #run(slice: BossJob<SliceData>): Promise<Settlement> {
    const stored = await this.#store.load(this.#queue, slice.data.id);
    if (stored === null) {
      const { code, message } = new JobError('job.store', { detail: `"${slice.data.id}" is not stored` });
      return { status: 'deadletter', output: { code, message } };
    }
    if (stored.status !== 'active') return settlementOf(stored);
    // Another worker has stored it that seemed to be dead, and the next one is in the queue.
    if (stored.sent !== slice.id) return { status: 'completed' };
    let end: SliceEnd;
    try {
      end = await this.#advance(stored, slice);
    } catch (error) {
      const isLast = slice.retryCount >= (stored.sliceOptions.retryLimit ?? RETRY_LIMIT);
      if (!isLasting(error) && !isLast) throw error;
      end = { status: 'failed', job: stored.job, error: codeOf(error) };
    }
    return this.#save(stored, end, slice);
  }

  async #advance({ job }: StoredJob, slice: BossJob<SliceData>): Promise<SliceEnd> {
    const { sliceFuel = SLICE_FUEL, waitMs = WAIT_MS, functions, fetch, signer } = this.#options;
    const { compiler, precompiled, onLog, logLevel } = this.#options;
    const own = { functions, fetch, signer, compiler, precompiled, onLog, logLevel };
    const advanced = await advanceStored(job, {
      ...own,
      modules: this.#modules,
      fuel: sliceFuel,
      // A slice that is longer than its claim could never be stored.
      deadline: Date.now() + slice.expireInSeconds * 500,
      keep: (line, index) => this.#store.keep(this.#queue, job.id, line, index),
      signal: slice.signal,
    });
    if (advanced.status === 'waiting')
      return { status: 'active', job: advanced.job, waitMs: advanced.waitMs ?? waitMs };
    const result = resultOf(advanced);
    if (result === null) return { status: 'active', job: advanced.job };
    return { status: result.status, job: advanced.job, result, error: failureOf(result) };
  }

  /** Stores the slice, sends the next and completes this one in one transaction. */
  async #save(stored: StoredJob, end: SliceEnd, slice: BossJob<SliceData>): Promise<Settlement> {
    const { boss } = this.#store;
    const { status, result = null, error = null } = end;
    const settlement: Settlement =
      status === 'active' ? { status: 'completed' } : settlementOf({ status, result, error, progress: null });
    await this.#store.transaction(async (transaction) => {
      await this.#store.save(this.#queue, stored, end, transaction);
      // Within a transaction, pg-boss has no failure that is not tried again: the end is stored, and the one that gets the
      // slice again finds it.
      if (settlement.status === 'completed')
        await boss.complete(this.#queue, slice, settlement.output, { db: transaction.db });
    });
    return settlement;
  }
}

/**
 * Runs the jobs of a queue, slice by slice: what a slice came to, the next slice in the queue and the completion of this
 * one are stored in one transaction. The worker that takes the next slice continues, on any machine.
 *
 * ```ts
 * const ask: HostFunction = (plugin, n: bigint) => n + 1n;
 * const options: WorkerOptions = {
 *   boss,
 *   functions: { 'extism:host/user': { ask } },
 *   sliceFuel: 10_000_000,
 *   work: { localConcurrency: 2 },
 * };
 * await boss.createQueue('plug-ins');
 * const workerId: string = await quernWorker('plug-ins', options);
 * ```
 *
 * @returns what `boss.work` returns
 * @throws JobError, UsageError
 */
export const quernWorker = async (queue: string, options: WorkerOptions): Promise<string> => {
  const store = new JobStore(options);
  await store.start();
  const runner = new SliceRunner(queue, store, options);
  let swept = 0;
  const sweep = (): void => {
    if (Date.now() < swept + SWEEP_MS) return;
    swept = Date.now();
    // What could not be deleted is deleted a minute later.
    void store.deleteExpired().catch(() => {});
  };
  const work = { batchSize: 8, pollingIntervalSeconds: 0.5, ...options.work };
  const workerId: string = await options.boss.work<
    SliceData,
    Settled[],
    WorkOptions & { perJobResults: true }
  >(queue, { ...work, perJobResults: true }, async (slices: BossJob<SliceData>[]) => {
    sweep();
    const settled = await Promise.all(slices.map((slice) => runner.run(slice)));
    // PERF: without it, a job that is alone runs one slice for each look at the queue: two a second.
    if (settled.some(({ status }) => status === 'completed')) options.boss.notifyWorker(workerId);
    return settled;
  });
  return workerId;
};

/**
 * How a job is added.
 *
 * Example: see `addJob`.
 */
export interface AddOptions extends StoreOptions {
  /** Modules that the database may not have yet. */
  readonly modules?: readonly Uint8Array[] | undefined;
  /** How pg-boss sends the slices. Default: 1,000 retries a second apart, and a heartbeat of 10 seconds. */
  readonly sliceOptions?: SliceOptions | undefined;
  /** A transaction of yours, as pg-boss takes it: the job is there when it is committed. */
  readonly db?: Db | undefined;
}

/** What the host or the database fails with passes, so it is tried again for long. */
export const defaultSliceOptions: SliceOptions = {
  retryLimit: RETRY_LIMIT,
  retryDelay: 1,
  heartbeatSeconds: 10,
};

/**
 * Adds a job: its modules and itself to the database, and its first slice to the queue, all in one transaction.
 *
 * ```ts
 * const definition: JobDefinition = { id: 'report-7', modules: { main: moduleHash(wasm) }, function: 'run' };
 * const sliceOptions: SliceOptions = { priority: 1, retryLimit: 100, retryDelay: 5, heartbeatSeconds: 10 };
 * const options: AddOptions = { boss, modules: [wasm], sliceOptions };
 * const isNew: boolean = await addJob('plug-ins', definition, options);
 * ```
 *
 * @returns false where the queue has had a job of this id: it stays as it is
 * @throws JobError, UsageError
 */
export const addJob = async (
  queue: string,
  definition: JobDefinition,
  { modules = [], sliceOptions, db, ...storage }: AddOptions,
): Promise<boolean> => {
  const store = new JobStore(storage);
  const options = { ...defaultSliceOptions, ...sliceOptions };
  const job = createJob(definition);
  return store.transaction((transaction) => store.add(queue, job, options, modules, transaction), db);
};
