// Written by npm run gen:api.

export interface AddOptions extends StoreOptions {
  readonly modules?: readonly Uint8Array[] | undefined;
  readonly jobOptions?: JobsOptions | undefined;
}

export class JobStore {
  #private;
  constructor({ connection, prefix, maxBytes, expireMs }: StoreOptions);
  putModule(bytes: Uint8Array): Promise<string>;
  module(hash: string): Promise<Uint8Array | null>;
  load(queue: string, id: string, first: string): Promise<StoredJob>;
  keep(queue: string, id: string, line: string, index: number): Promise<void>;
  save(queue: string, id: string, job: Job, before: StoredJob): Promise<void>;
  cancel(queue: string, id: string): Promise<void>;
}

export interface ProcessorOptions extends StoreOptions, Pick<AdvanceOptions, 'functions' | 'fetch' | 'signer' | 'compiler' | 'precompiled' | 'onLog' | 'logLevel'> {
  readonly sliceFuel?: number | undefined;
  readonly modules?: AdvanceOptions['modules'] | undefined;
  readonly waitMs?: number | undefined;
}

export interface QuernData {
  readonly job: string;
  readonly reports?: boolean;
}

export interface StoreOptions {
  readonly connection: Redis;
  readonly prefix?: string | undefined;
  readonly maxBytes?: number | undefined;
  readonly expireMs?: number | undefined;
}

export interface StoredJob {
  readonly job: Job;
  readonly version: number;
  readonly isCancelled: boolean;
}

export const addJob: (queue: Pick<Queue, "add">, definition: JobDefinition, { modules, jobOptions, ...storage }: AddOptions) => Promise<void>;

export const agree: Processor<{
  readonly queues: readonly string[];
}, Agreement>;

export const agreementFlow: (definition: JobDefinition, queues: readonly string[], parentQueue: string) => FlowJob;

export const quernProcessor: (options: ProcessorOptions) => Processor<QuernData, JobResult>;
