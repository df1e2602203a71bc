// Written by npm run gen:api.

export interface AddOptions extends StoreOptions {
  readonly modules?: readonly Uint8Array[] | undefined;
  readonly sliceOptions?: SliceOptions | undefined;
  readonly db?: Db | undefined;
}

export interface JobEntry {
  readonly status: StoredStatus;
  readonly progress: JobProgress | null;
  readonly result: JobResult | null;
  readonly error: string | null;
}

export class JobStore {
  #private;
  readonly boss: PgBoss;
  constructor({ boss, schema, maxBytes, expireMs }: StoreOptions);
  start(): Promise<void>;
  transaction<T>(run: (transaction: Transaction) => Promise<T>, db?: Db | undefined): Promise<T>;
  putModule(bytes: Uint8Array): Promise<string>;
  module(hash: string): Promise<Uint8Array | null>;
  add(queue: string, job: Job, sliceOptions: SliceOptions, modules: readonly Uint8Array[], transaction: Transaction, judge?: string | null): Promise<boolean>;
  find(queue: string, id: string): Promise<JobEntry | null>;
  load(queue: string, id: string): Promise<StoredJob | null>;
  keep(queue: string, id: string, line: string, index: number): Promise<void>;
  save(queue: string, before: StoredJob, end: SliceEnd, transaction: Transaction): Promise<void>;
  cancel(queue: string, id: string): Promise<boolean>;
  addAgreement(judge: string, id: string, members: readonly string[], { query }: Transaction): Promise<boolean>;
  claims(judge: string, id: string): Promise<readonly Claim[] | null>;
  saveAgreement(judge: string, id: string, agreement: Agreement): Promise<void>;
  agreement(judge: string, id: string): Promise<Agreement | null>;
  deleteExpired(): Promise<void>;
}

export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

export type Row = Readonly<Record<string, unknown>>;

export interface SliceData {
  readonly id: string;
}

export interface SliceEnd {
  readonly status: StoredStatus;
  readonly job: Job;
  readonly result?: JobResult | null;
  readonly error?: string | null;
  readonly waitMs?: number;
}

export type SliceOptions = {
  readonly [Name in 'priority' | 'retryLimit' | 'retryDelay' | 'retryBackoff' | 'retryDelayMax' | 'expireInSeconds' | 'heartbeatSeconds' | 'retentionSeconds' | 'deleteAfterSeconds' | 'group' | 'deadLetter']?: SendOptions[Name] | undefined;
};

export interface StoreOptions {
  readonly boss: PgBoss;
  readonly schema?: string | undefined;
  readonly maxBytes?: number | undefined;
  readonly expireMs?: number | undefined;
}

export interface StoredJob extends JobEntry {
  readonly job: Job;
  readonly version: number;
  readonly sent: string;
  readonly sliceOptions: SliceOptions;
}

export type StoredStatus = 'active' | 'done' | 'failed' | 'cancelled';

export interface Transaction {
  readonly query: Query;
  readonly db: Db;
}

export interface WorkerOptions extends StoreOptions, Pick<AdvanceOptions, 'functions' | 'fetch' | 'signer' | 'compiler' | 'precompiled' | 'onLog' | 'logLevel'> {
  readonly sliceFuel?: number | undefined;
  readonly modules?: AdvanceOptions['modules'] | undefined;
  readonly waitMs?: number | undefined;
  readonly work?: Omit<WorkOptions, 'perJobResults' | 'transactional' | 'includeMetadata'> | undefined;
}

export const addAgreement: (definition: JobDefinition, queues: readonly string[], judge: string, { modules, sliceOptions, db, ...storage }: AddOptions) => Promise<boolean>;

export const addJob: (queue: string, definition: JobDefinition, { modules, sliceOptions, db, ...storage }: AddOptions) => Promise<boolean>;

export const agree: (judge: string, { work, ...options }: StoreOptions & {
  readonly work?: WorkOptions;
}) => Promise<string>;

export const quernWorker: (queue: string, options: WorkerOptions) => Promise<string>;

export const tablesSql: (schema?: string) => string;
