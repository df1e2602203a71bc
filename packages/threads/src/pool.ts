/** Pools of plug-ins on threads: the interface of `createPool`, for plug-ins that compute. */
import { UsageError } from 'quern/errors';
import type { Advanced, AdvanceOptions, Job } from 'quern/job';
import {
  type BytesLike,
  type CallOptions,
  type CallResult,
  type DetailedCallOptions,
  type ManifestLike,
  type PluginInput,
  PluginOutput,
} from 'quern/node';
import type { CallReply, DataOptions, JobTask, PluginTask, Reply, Source } from './messages.ts';
import { type TaskOf, Threads, type ThreadsOptions } from './threads.ts';

/**
 * Options of `createPool`: those of the plug-in that are data, and those of the threads.
 *
 * ```ts
 * const options: PoolOptions = { maxInstances: 2, maxWaiting: 100, timeoutMs: 1000, fuel: 50_000_000 };
 * const pool = createPool('greet.wasm', options);
 * ```
 */
export interface PoolOptions extends DataOptions, Omit<ThreadsOptions, 'maxThreads'> {
  /** Most instances, each on a thread of its own. Default: as many as the machine runs at once. */
  readonly maxInstances?: number | undefined;
  /** Threads that other pools use, too; they have `maxInstances`, `maxWaiting` and the rest then. */
  readonly threads?: Threads | undefined;
}

const outputOf = (bytes: Uint8Array | null): PluginOutput | null =>
  bytes && new PluginOutput(bytes as Uint8Array<ArrayBuffer>);

const copyOf = (bytes: BytesLike): Uint8Array =>
  ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice()
    : new Uint8Array(bytes).slice();
const isBytes = (value: unknown): value is BytesLike =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;

/** A copy of what threads make the plug-in of. @throws UsageError for what is no data */
const sourceOf = (manifest: ManifestLike, options: DataOptions): Source => {
  try {
    const { features } = options;
    const own = features === undefined ? options : { ...options, features: [...features] };
    const given = isBytes(manifest) ? copyOf(manifest) : manifest instanceof URL ? manifest.href : manifest;
    return structuredClone({ manifest: given, options: own });
  } catch (cause) {
    const detail = `what a pool of threads is made of must be data: ${(cause as Error).message}`;
    throw new UsageError('usage.argument', { cause, detail });
  }
};

let pluginCount = 0;

/**
 * A pool of instances of one plug-in, on threads. Made by `createPool`.
 *
 * ```ts
 * const pool: ThreadPool = createPool('greet.wasm');
 * const { output, fuelConsumed } = await pool.callDetailed('greet', 'Ada');
 * console.log(output?.text(), fuelConsumed, pool.size, pool.waiting);
 * ```
 */
export class ThreadPool {
  readonly #plugin = ++pluginCount;
  readonly #threads: Threads;
  readonly #isOwner: boolean;
  readonly #source: Source;
  #isClosed = false;

  /** Users call `createPool`. @internal */
  constructor(source: Source, threads: Threads, isOwner: boolean) {
    this.#source = source;
    this.#threads = threads;
    this.#isOwner = isOwner;
  }

  /** Threads that there are, busy or not. */
  get size(): number {
    return this.#threads.size;
  }
  /** Calls that wait for a thread. */
  get waiting(): number {
    return this.#threads.waiting;
  }

  /**
   * Compiles the plug-in on a thread, if that has not been done there.
   *
   * @throws what `compilePlugin` throws
   */
  async compile({ signal }: Pick<CallOptions, 'signal'> = {}): Promise<void> {
    await this.#run('compile', '', null, { signal });
  }

  /**
   * Calls a function of an instance on any thread, as `PluginPool.call` does. Input and host context are copied. Time in
   * line does not count against `timeoutMs`.
   *
   * @throws ExhaustionError `exhaustion.pool` when the line is full; HostError `host.thread` when the thread dies
   */
  async call(
    functionName: string,
    input?: PluginInput,
    hostContext?: unknown,
    options: CallOptions = {},
  ): Promise<PluginOutput | null> {
    const { output } = await this.#run('call', functionName, input, { ...options, hostContext });
    return outputOf(output);
  }

  /** As `Plugin.callDetailed`: what return codes and messages mean is left to the caller. */
  async callDetailed(
    functionName: string,
    input?: PluginInput,
    options: DetailedCallOptions = {},
  ): Promise<CallResult> {
    const result = await this.#run('callDetailed', functionName, input, options);
    return { ...result, output: outputOf(result.output) };
  }

  /** Refuses further calls; with threads of its own, ends them as `Threads.close` does. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#isOwner) await this.#threads.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(
    kind: PluginTask['kind'],
    functionName: string,
    input: PluginInput,
    options: DetailedCallOptions,
  ): Promise<CallReply> {
    if (this.#isClosed) throw new UsageError('usage.state', { detail: 'the pool is closed' });
    const { signal = null, timeoutMs, fuel, timeSliceMs, hostContext } = options;
    const task: TaskOf<PluginTask> = {
      kind,
      plugin: this.#plugin,
      source: null,
      functionName,
      input: isBytes(input) ? copyOf(input) : (input ?? null),
      hostContext,
      limits: { timeoutMs, fuel, timeSliceMs },
    };
    const limit = timeoutMs === undefined ? this.#source.options.timeoutMs : timeoutMs;
    const watch = { signal, timeoutMs: limit ?? null };
    let reply: Reply = await this.#threads.run<PluginTask>(task, watch);
    if (reply.kind === 'needs')
      reply = await this.#threads.run<PluginTask>({ ...task, source: this.#source }, watch);
    return (reply as Extract<Reply, { readonly kind: 'called' }>).result;
  }
}

/**
 * Makes a pool of a plug-in on worker threads: modules are compiled once for each thread, and calls run on all cores.
 *
 * @param manifest as for `createPlugin`, but data: a path, a URL, bytes, or a manifest of them
 *
 * ```ts
 * const pool = createPool('greet.wasm', { maxInstances: 2 });
 * const outputs = await Promise.all(['Ada', 'Grace'].map((name) => pool.call('greet', name)));
 * await pool.close();
 * ```
 */
export const createPool = (manifest: ManifestLike, options: PoolOptions = {}): ThreadPool => {
  const { threads, maxInstances, maxWaiting, module, killAfterMs, resourceLimits, ...own } = options;
  const ofThreads = { maxThreads: maxInstances, maxWaiting, module, killAfterMs, resourceLimits };
  const source = sourceOf(manifest, own);
  if (threads === undefined) return new ThreadPool(source, new Threads(ofThreads), true);
  for (const [name, value] of Object.entries(ofThreads))
    if (value !== undefined)
      throw new UsageError('usage.argument', {
        detail: `${name} is an option of the threads that are given`,
      });
  return new ThreadPool(source, threads, false);
};

/**
 * Options of `advanceOn`: the parts of a slice that are data.
 *
 * ```ts
 * const options: ThreadAdvanceOptions = { modules: [wasm], fuel: 10_000_000 };
 * ```
 */
export interface ThreadAdvanceOptions extends Pick<AdvanceOptions, 'fuel' | 'deadline' | 'signal'> {
  /** The modules of the job. */
  readonly modules: readonly Uint8Array[];
}

/**
 * `advance` of `quern/job` on a thread: host functions and the signer are those of the threads' module. Answers of the
 * host are in the job that comes back, and nowhere before.
 *
 * ```ts
 * const threads = new Threads({ maxThreads: 2 });
 * let job = createJob({ id: 'a', modules: { main: moduleHash(wasm) }, function: 'greet', input: 'Ada' });
 * const { status, job: next } = await advanceOn(threads, job, { modules: [wasm], fuel: 1_000_000 });
 * job = next;
 * ```
 */
export const advanceOn = async (
  threads: Threads,
  job: Job,
  { modules, fuel, deadline, signal = null }: ThreadAdvanceOptions,
): Promise<Advanced> => {
  const task: TaskOf<JobTask> = { kind: 'advance', job, modules: [], fuel, deadline };
  const timeoutMs = deadline === undefined ? null : Math.max(0, deadline - Date.now());
  const watch = { signal, timeoutMs };
  let reply = await threads.run<JobTask>(task, watch);
  if (reply.kind === 'needs') reply = await threads.run<JobTask>({ ...task, modules }, watch);
  const { result } = reply as Extract<Reply, { readonly kind: 'advanced' }>;
  const { job: next } = result;
  const receipt = result.slice?.end ?? null;
  const bytes = receipt === null ? null : next.output;
  return { ...result, receipt, output: outputOf(bytes === null ? null : bytes.slice()) };
};
