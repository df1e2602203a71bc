/**
 * Jobs: one call of a plug-in as data. The definition of a job never changes. Its progress is a snapshot (complete,
 * or a complete one and the changes since), a journal of the host's answers, and a receipt for each slice.
 *
 * A job is a function of its definition and of the answers in its journal: it is always deterministic.
 */
import { badArgument, reading, readOptions } from '../errors/arguments.ts';
import { asBytes, type BytesLike } from '../errors/bytes.ts';
import { isObject, isRecord } from '../errors/checks.ts';
import { JobError } from '../errors/errors.ts';
import { nameText, valueText } from '../errors/texts.ts';
import type { MemoryOptions, PluginConfig } from '../host/manifest/manifest.ts';
import { checkFuel } from '../host/plugin/options.ts';
import { sha256Hex } from '../syntax/sha256.ts';
import { encodeUtf8 } from '../syntax/utf8.ts';
import { canonical, hashOf, JOB_VERSION } from './canonical.ts';
import type { SliceReceipt } from './receipt.ts';

/**
 * Settings of the plug-in of a job: those of `PluginOptions` that are data. The defaults are those of `createPlugin`;
 * `deterministic` is always on.
 *
 * Example: see `JobDefinition`.
 */
export interface JobOptions {
  /** Configuration that the plug-in can read. */
  readonly config?: PluginConfig | undefined;
  /** Limits on memory. */
  readonly memory?: MemoryOptions | undefined;
  /** Hosts that the plug-in may send requests to, by patterns. Default: none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Lets the plug-in read the headers of answers. Default: false. */
  readonly allowHttpResponseHeaders?: boolean | undefined;
  /** Lets modules import WASI preview 1. Default: false, or true when `wasi` is given. */
  readonly useWasi?: boolean | undefined;
  /** Arguments, environment and all of standard input; a job has no directories. */
  readonly wasi?:
    | {
        readonly args?: readonly string[];
        readonly env?: Readonly<Record<string, string>>;
        readonly stdin?: string;
      }
    | undefined;
  /** Name of a published fuel schedule. */
  readonly schedule?: string | undefined;
  /** Keys of the features that modules may use. */
  readonly features?: readonly string[] | undefined;
  /** Seed of the random source. Default: 0. */
  readonly seed?: number | undefined;
  /** Where the virtual clock starts: milliseconds since 1970. Default: 2020-01-01. */
  readonly epoch?: number | undefined;
  /**
   * Whether requests of `http_request` with POST or PATCH carry the key of their question as `Idempotency-Key`, unless
   * the plug-in sets that header itself. Default: true.
   */
  readonly idempotencyKeys?: boolean | undefined;
}
/** TABLE: their names. */
const jobOptionNames: Readonly<Record<keyof JobOptions, true>> = {
  config: true,
  memory: true,
  allowedHosts: true,
  allowHttpResponseHeaders: true,
  useWasi: true,
  wasi: true,
  schedule: true,
  features: true,
  seed: true,
  epoch: true,
  idempotencyKeys: true,
};

/**
 * The definition of a job.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const options: JobOptions = { config: { greeting: 'Salut' } };
 * const definition: JobDefinition = {
 *   id: 'greeting-1',
 *   modules: { main: moduleHash(greet) },
 *   function: 'greet',
 *   input: 'Ada',
 *   options,
 *   fuel: 1_000_000,
 * };
 * const { output } = await advance(createJob(definition), { modules: [greet] });
 * console.log(output?.text()); // → Salut, Ada!
 * ```
 */
export interface JobDefinition {
  /** Identifies the job; part of the keys that host functions get, so no two jobs may have the same id. */
  readonly id: string;
  /** SHA-256 of each module, by its name; one is named `main`. */
  readonly modules: Readonly<Record<string, string>>;
  readonly function: string;
  readonly input?: string | BytesLike | null | undefined;
  readonly options?: JobOptions | undefined;
  /** Fuel of the whole job, initialisation included; null for no limit. */
  readonly fuel?: number | null | undefined;
}

/**
 * A job and its progress: plain data, which `writeJob` writes as text. It contains the state of the plug-in,
 * including secrets.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * let job: Job = createJob({ id: 'greeting-2', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * const options: AdvanceOptions = { modules: [greet], fuel: 500 };
 * let advanced: Advanced = await advance(job, options);
 * for (; advanced.status === 'paused'; advanced = await advance(job, options)) job = advanced.job;
 * console.log(advanced.status, advanced.output?.text(), job.slices.length > 0); // → done Hello, Ada! true
 * ```
 */
export interface Job {
  readonly version: 1;
  readonly id: string;
  readonly modules: Readonly<Record<string, string>>;
  readonly function: string;
  readonly input: Uint8Array;
  readonly options: JobOptions;
  readonly fuel: number | null;
  /**
   * The snapshot that the next slice begins with: a complete one, and the changes since. Empty before the first slice
   * and after the last.
   */
  readonly state: readonly Uint8Array[];
  /** The answers of the host, one per line. */
  readonly journal: readonly string[];
  /** The receipt of each slice, oldest first. */
  readonly slices: readonly SliceReceipt[];
  /** The output of the job; null before its end, and if it set none. */
  readonly output: Uint8Array | null;
}

/** The error for a job whose parts are inconsistent. */
export const damagedJob = (detail: string, cause?: unknown): Error =>
  new JobError('job.damaged', cause === undefined ? { detail } : { detail, cause });

/** The identity of a job: a hash of its definition. */
export const jobHash = ({ version, id, modules, function: name, input, options, fuel }: Job): string =>
  hashOf({ version, id, modules, function: name, input: sha256Hex(input), options, fuel });

const isHash = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

const checkText = (value: unknown, what: string): string => {
  if (typeof value === 'string' && value !== '') return value;
  throw badArgument(`${what} of a job must be a text, not ${valueText(value)}`);
};

const checkHashes = (value: unknown): Readonly<Record<string, string>> => {
  if (!isRecord(value) || !Object.hasOwn(value, 'main'))
    throw badArgument('modules of a job must be hashes by name, one of them for "main"');
  for (const [name, hash] of Object.entries(value))
    if (!isHash(hash)) throw badArgument(`modules["${nameText(name)}"] is not a SHA-256 of 64 digits`);
  return { ...value } as Readonly<Record<string, string>>;
};

/** Options are part of a hash and are stored as JSON: what JSON would lose is refused. */
const checkJobOptions = (value: JobOptions | undefined): JobOptions => {
  const own = readOptions(value, 'options of a job');
  for (const key of Object.keys(own))
    if (!Object.hasOwn(jobOptionNames, key)) throw badArgument(`a job has no option "${nameText(key)}"`);
  const isData = (item: unknown): boolean =>
    item === undefined ||
    item === null ||
    ['string', 'boolean'].includes(typeof item) ||
    (typeof item === 'number' ? Number.isFinite(item) : isObject(item) && Object.values(item).every(isData));
  if (!isData(own)) throw badArgument('options of a job must be data that JSON can represent');
  const { idempotencyKeys = true } = own;
  if (typeof idempotencyKeys !== 'boolean')
    throw badArgument(`idempotencyKeys must be a boolean, not ${valueText(idempotencyKeys)}`);
  return JSON.parse(canonical(own)) as JobOptions;
};

const inputOf = (input: JobDefinition['input']): Uint8Array => {
  if (input === undefined || input === null) return new Uint8Array(0);
  if (typeof input === 'string') return encodeUtf8(input);
  const bytes = asBytes(input);
  if (bytes === null) throw badArgument(`input of a job must be text or bytes, not ${valueText(input)}`);
  return bytes.slice();
};

/**
 * Makes a job that has not begun.
 *
 * ```js
 * const hash = moduleHash(doubleWasm);
 * const job = createJob({ id: 'twice', modules: { main: hash }, function: 'double' });
 * console.log(job.state.length, job.journal.length, job.fuel); // → 0 0 null
 * ```
 *
 * @throws UsageError
 */
export const createJob = (definition: JobDefinition): Job => {
  const own = readOptions(definition, 'the definition of a job');
  return reading('the definition of a job', () => ({
    version: JOB_VERSION,
    id: checkText(own.id, 'id'),
    modules: checkHashes(own.modules),
    function: checkText(own.function, 'function'),
    input: inputOf(own.input),
    options: checkJobOptions(own.options),
    fuel: checkFuel(own.fuel),
    state: [],
    journal: [],
    slices: [],
    output: null,
  }));
};

/**
 * The SHA-256 by which jobs identify a module: of its bytes, as 64 hexadecimal digits.
 *
 * ```js
 * console.log(moduleHash(doubleWasm).length); // → 64
 * ```
 */
export const moduleHash = (bytes: BytesLike): string => {
  const given = reading('a module', () => asBytes(bytes));
  if (given === null) throw badArgument(`a module must be bytes, not ${valueText(bytes)}`);
  return sha256Hex(given);
};
