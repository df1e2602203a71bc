/** What goes to a thread and what comes back: data that the structured clone algorithm copies. */
import type { MessagePort } from 'node:worker_threads';
import type { ErrorDetails, QuernErrorClass } from 'quern/errors';
import * as errors from 'quern/errors';
import type { Job, JobSigner, SliceReceipt } from 'quern/job';
import type { ManifestLike, PluginOptions } from 'quern/node';

/**
 * Options of a plug-in that are data.
 *
 * ```ts
 * const limits: DataOptions = { timeoutMs: 1000, fuel: 50_000_000, memory: { maxPages: 64 } };
 * const pool = createPool('greet.wasm', { ...limits, maxInstances: 2 });
 * ```
 */
export type DataOptions = Pick<
  PluginOptions,
  | 'useWasi'
  | 'enableWasiOutput'
  | 'logLevel'
  | 'config'
  | 'memory'
  | 'allowedHosts'
  | 'allowedPaths'
  | 'maxFileBytes'
  | 'timeoutMs'
  | 'timeSliceMs'
  | 'renewAfterFailure'
  | 'allowHttpResponseHeaders'
  | 'features'
  | 'fuel'
  | 'schedule'
  | 'deterministic'
>;

/**
 * Exports of the module that each thread imports: options of a plug-in, and of `advance`, that cannot be copied.
 *
 * ```ts
 * const own = { onLog: (level: string, message: string) => console.log(level, message) } satisfies ThreadModule;
 * export const { onLog } = own;
 * ```
 */
export type ThreadModule = Pick<
  PluginOptions,
  'functions' | 'fetch' | 'compiler' | 'precompiled' | 'logger' | 'onLog' | 'onFailure' | 'wasi'
> & { readonly signer?: JobSigner };
/** TABLE: their names. */
export const moduleNames: Readonly<Record<keyof ThreadModule, true>> = {
  functions: true,
  fetch: true,
  compiler: true,
  precompiled: true,
  logger: true,
  onLog: true,
  onFailure: true,
  wasi: true,
  signer: true,
};

/** A plug-in as a thread makes it. */
export interface Source {
  readonly manifest: ManifestLike;
  readonly options: DataOptions;
}

/** TABLE: how far the thread is with a task; the pool reads it while the thread works. */
export const progress = { sent: 0, arrived: 1, runs: 2 } as const;

/** Milliseconds of a clock that all threads share, of which 31 bits are kept. */
export const milliseconds = (): number => Number((process.hrtime.bigint() / 1_000_000n) & 0x7fff_ffffn);

/** Says that the call begins: what it takes counts from now on. */
export const begin = (state: Int32Array): void => {
  state[1] = milliseconds();
  Atomics.store(state, 0, progress.runs);
};

interface Common {
  /** A `progress`, and when the call began (`milliseconds`). */
  readonly state: Int32Array;
  /** The module that the thread imports. */
  readonly module: string | null;
  /** Gets a message when the call is to stop; null where nobody can stop it. */
  readonly stop: MessagePort | null;
}
/** A call of a plug-in, or the order to compile one. */
export interface PluginTask extends Common {
  readonly kind: 'compile' | 'call' | 'callDetailed';
  /** Number of the plug-in; the thread keeps what it has compiled under it. */
  readonly plugin: number;
  /** Sent where the thread has said that it does not know the plug-in. */
  readonly source: Source | null;
  readonly functionName: string;
  readonly input: string | Uint8Array | null;
  readonly hostContext: unknown;
  readonly limits: {
    readonly timeoutMs?: number | null | undefined;
    readonly fuel?: number | null | undefined;
    readonly timeSliceMs?: number | null | undefined;
  };
}
/** A slice of a job. */
export interface JobTask extends Common {
  readonly kind: 'advance';
  readonly job: Job;
  /** Those that the thread has said that it does not have. */
  readonly modules: readonly Uint8Array[];
  readonly fuel: number | undefined;
  readonly deadline: number | undefined;
}
export type Task = PluginTask | JobTask;

/** A result of a call. */
export interface CallReply {
  readonly output: Uint8Array | null;
  readonly returnCode: number;
  readonly error: string | null;
  readonly fuelConsumed: number;
}
/** What a slice came to. */
export interface JobReply {
  readonly status: 'done' | 'failed' | 'paused' | 'waiting';
  readonly job: Job;
  readonly slice: SliceReceipt | null;
  readonly waitMs: number | null;
}
/** What a thread answers. */
export type Reply =
  | { readonly kind: 'needs'; readonly modules: readonly string[] }
  | { readonly kind: 'threw'; readonly error: ErrorText }
  | { readonly kind: 'called'; readonly result: CallReply }
  | { readonly kind: 'advanced'; readonly result: JobReply };

/** An error as data. */
interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Null for an error that is not Quern's. */
  readonly code: string | null;
  readonly details: ErrorDetails;
  /** What was thrown where it was no error. */
  readonly value: unknown;
}

const isCloneable = (value: unknown): boolean => {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
};

/** An error to send. */
export const writeError = (error: unknown): ErrorText => {
  if (!(error instanceof Error)) {
    const value = isCloneable(error) ? error : String(error);
    return { name: '', message: '', stack: undefined, code: null, details: {}, value };
  }
  const { name, message, stack } = error;
  const isOwn = errors.isQuernError(error);
  const given = isOwn ? error.details : {};
  const details = Object.fromEntries(Object.entries(given).filter(([, value]) => isCloneable(value)));
  return { name, message, stack, code: isOwn ? error.code : null, details, value: undefined };
};

/** The error that was sent: of the same class, with code and details. */
export const readError = ({ name, message, stack, code, details, value }: ErrorText): unknown => {
  if (name === '') return value;
  const cls = (errors as unknown as Record<string, QuernErrorClass<never> | undefined>)[name];
  const isOwn = code !== null && cls !== undefined;
  const error: Error = isOwn ? new cls(code as never, details, message) : new Error(message);
  if (!isOwn) error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
};
