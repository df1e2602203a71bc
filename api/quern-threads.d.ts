// Written by npm run gen:api.

export type DataOptions = Pick<PluginOptions, 'useWasi' | 'enableWasiOutput' | 'logLevel' | 'config' | 'memory' | 'allowedHosts' | 'allowedPaths' | 'maxFileBytes' | 'timeoutMs' | 'timeSliceMs' | 'renewAfterFailure' | 'allowHttpResponseHeaders' | 'features' | 'fuel' | 'schedule' | 'deterministic'>;

export interface PoolOptions extends DataOptions, Omit<ThreadsOptions, 'maxThreads'> {
  readonly maxInstances?: number | undefined;
  readonly threads?: Threads | undefined;
}

export interface ThreadAdvanceOptions extends Pick<AdvanceOptions, 'fuel' | 'deadline' | 'signal'> {
  readonly modules: readonly Uint8Array[];
}

export type ThreadModule = Pick<PluginOptions, 'functions' | 'fetch' | 'compiler' | 'precompiled' | 'logger' | 'onLog' | 'onFailure' | 'wasi'> & {
  readonly signer?: JobSigner;
};

export class ThreadPool {
  #private;
  get size(): number;
  get waiting(): number;
  compile({ signal }?: Pick<CallOptions, 'signal'>): Promise<void>;
  call(functionName: string, input?: PluginInput, hostContext?: unknown, options?: CallOptions): Promise<PluginOutput | null>;
  callDetailed(functionName: string, input?: PluginInput, options?: DetailedCallOptions): Promise<CallResult>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export class Threads {
  #private;
  constructor(options?: ThreadsOptions);
  get size(): number;
  get waiting(): number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ThreadsOptions {
  readonly maxThreads?: number | undefined;
  readonly maxWaiting?: number | undefined;
  readonly module?: URL | string | undefined;
  readonly killAfterMs?: number | undefined;
  readonly resourceLimits?: ResourceLimits | undefined;
}

export const advanceOn: (threads: Threads, job: Job, { modules, fuel, deadline, signal }: ThreadAdvanceOptions) => Promise<Advanced>;

export const createPool: (manifest: ManifestLike, options?: PoolOptions) => ThreadPool;
