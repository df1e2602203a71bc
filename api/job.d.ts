// Written by npm run gen:api.

export type Advance = (job: Job, options: AdvanceOptions) => Promise<Advanced>;

export interface AdvanceOptions extends Pick<PluginOptions, 'functions' | 'fetch' | 'compiler' | 'precompiled' | 'logger' | 'onLog' | 'logLevel'> {
  readonly modules: JobModules;
  readonly fuel?: number | undefined;
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignalLike | null | undefined;
  readonly keep?: KeepAnswer | undefined;
  readonly signer?: JobSigner | undefined;
}

export interface Advanced {
  readonly status: JobStatus;
  readonly job: Job;
  readonly output: PluginOutput | null;
  readonly receipt: JobReceipt | null;
  readonly slice: SliceReceipt | null;
  readonly waitMs: number | null;
}

export interface Agreement {
  readonly result: JobResult | null;
  readonly agreed: readonly string[];
  readonly differing: readonly {
    readonly name: string;
    readonly fields: readonly string[];
  }[];
}

export interface Claim {
  readonly name: string;
  readonly result: JobResult | null;
}

export interface Job {
  readonly version: 1;
  readonly id: string;
  readonly modules: Readonly<Record<string, string>>;
  readonly function: string;
  readonly input: Uint8Array;
  readonly options: JobOptions;
  readonly fuel: number | null;
  readonly state: readonly Uint8Array[];
  readonly journal: readonly string[];
  readonly slices: readonly SliceReceipt[];
  readonly output: Uint8Array | null;
}

export class JobContext {
  #private;
  readonly jobId: string;
  get key(): string;
  wait(afterMs?: number): Promise<never>;
}

export interface JobDefinition {
  readonly id: string;
  readonly modules: Readonly<Record<string, string>>;
  readonly function: string;
  readonly input?: string | BytesLike | null | undefined;
  readonly options?: JobOptions | undefined;
  readonly fuel?: number | null | undefined;
}

export type JobModules = readonly BytesLike[] | ((sha256: string) => BytesLike | null | undefined | Promise<BytesLike | null | undefined>);

export interface JobOptions {
  readonly config?: PluginConfig | undefined;
  readonly memory?: MemoryOptions | undefined;
  readonly allowedHosts?: readonly string[] | undefined;
  readonly allowHttpResponseHeaders?: boolean | undefined;
  readonly useWasi?: boolean | undefined;
  readonly wasi?: {
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly stdin?: string;
  } | undefined;
  readonly schedule?: string | undefined;
  readonly features?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly epoch?: number | undefined;
  readonly idempotencyKeys?: boolean | undefined;
}

export interface JobProgress {
  readonly fuel: number;
  readonly of: number | null;
  readonly slices: number;
  readonly answers: number;
}

export interface JobReceipt {
  readonly version: 1;
  readonly job: string;
  readonly modules: Readonly<Record<string, string>>;
  readonly function: string;
  readonly inputHash: string;
  readonly outputHash: string | null;
  readonly returnCode: number;
  readonly error: string | null;
  readonly failure: string | null;
  readonly fuel: number;
  readonly schedule: string;
  readonly memoryHash: string | null;
  readonly answers: number;
  readonly transcriptHash: string;
}

export interface JobResult {
  readonly status: 'done' | 'failed';
  readonly output: string | null;
  readonly receipt: JobReceipt;
}

export interface JobSigner {
  readonly key: string;
  sign(message: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

export type JobStatus = 'done' | 'failed' | 'paused' | 'waiting';

export type KeepAnswer = (line: string, index: number) => unknown;

export interface SliceReceipt {
  readonly version: 1;
  readonly job: string;
  readonly slice: number;
  readonly previous: string | null;
  readonly limit: number;
  readonly fuel: number;
  readonly answers: number;
  readonly transcriptHash: string;
  readonly state: StateMark | null;
  readonly end: JobReceipt | null;
  readonly key: string | null;
  readonly signature: string | null;
}

export interface StateMark {
  readonly kind: 'whole' | 'changes';
  readonly hash: string;
  readonly byteLength: number;
}

export interface VerifiedJob {
  readonly receipt: JobReceipt | null;
  readonly output: PluginOutput | null;
  readonly keys: readonly (string | null)[];
}

export type VerifyJob = (job: Job, options: VerifyJobOptions) => Promise<VerifiedJob>;

export interface VerifyJobOptions extends Pick<PluginOptions, 'compiler' | 'precompiled' | 'logger' | 'onLog' | 'logLevel'> {
  readonly modules: JobModules;
  readonly keys?: readonly string[] | undefined;
  readonly fuel?: number | undefined;
  readonly signal?: AbortSignalLike | null | undefined;
}

export const advance: Advance;

export const advanceStored: Advance;

export const compareClaims: (claims: readonly Claim[]) => Agreement;

export const createJob: (definition: JobDefinition) => Job;

export const createSigner: (seed: BytesLike) => Promise<JobSigner>;

export const isLasting: (error: unknown) => boolean;

export const moduleHash: (bytes: BytesLike) => string;

export const progressOf: ({ slices, fuel }: Job) => JobProgress;

export const readJob: (text: string) => Job;

export const resultOf: ({ status, output, receipt }: Advanced) => JobResult | null;

export const stateHashes: (slices: readonly SliceReceipt[]) => readonly string[];

export const verifyJob: VerifyJob;

export const writeJob: (job: Job) => string;
