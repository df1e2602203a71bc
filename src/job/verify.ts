/**
 * `verifyJob`: runs a job again from its beginning, with the answers in its journal and nothing from the host,
 * divided as its receipts say, and compares each of them.
 */
import { readOptions } from '../errors/arguments.ts';
import { isQuernError, JobError } from '../errors/errors.ts';
import { nameText } from '../errors/texts.ts';
import type { AbortSignalLike } from '../host/calls/call-watch.ts';
import type { HostFunctions } from '../host/linking/host-function.ts';
import type { Platform } from '../host/platform/platform.ts';
import type { CompiledPlugin } from '../host/plugin/compiled-plugin.ts';
import type { PluginOptions } from '../host/plugin/options.ts';
import { PluginOutput } from '../host/state/output.ts';
import { selectSchedule } from '../interpreter/fuel/check-schedule.ts';
import { KERNEL_NAMESPACE, kernelAbi } from '../kernel/abi.ts';
import { endOfCall, type Opened, openJob, pluginOptionsOf } from './advance.ts';
import { bytesOfHex, canonical, JOB_VERSION } from './canonical.ts';
import { linkHash, type Progress, receiptOfJob } from './chain.ts';
import { damagedJob, type Job, jobHash } from './job.ts';
import { Journal } from './journal.ts';
import { compiledModules, type JobModules } from './modules.ts';
import type { JobReceipt, SliceReceipt } from './receipt.ts';
import { isSigned } from './signing.ts';
import { runSlice } from './slice.ts';
import { storeState } from './state.ts';

/**
 * Options for the verification of a job.
 *
 * Example: see `verifyJob`.
 */
export interface VerifyJobOptions
  extends Pick<PluginOptions, 'compiler' | 'precompiled' | 'logger' | 'onLog' | 'logLevel'> {
  /** The modules of the job, by their names. */
  readonly modules: JobModules;
  /**
   * Public keys, hexadecimal: each slice must be signed with one of them. Default: signatures are optional, but must
   * be valid.
   */
  readonly keys?: readonly string[] | undefined;
  /** Most fuel of the whole job: a job that claims more is refused. Default: the fuel that its receipts name. */
  readonly fuel?: number | undefined;
  /** Stops the verification. */
  readonly signal?: AbortSignalLike | null | undefined;
}

/**
 * A job with verified receipts.
 *
 * Example: see `verifyJob`.
 */
export interface VerifiedJob {
  /** The result of the job; null before its end. */
  readonly receipt: JobReceipt | null;
  readonly output: PluginOutput | null;
  /** Public key of the signer of each slice, or null. */
  readonly keys: readonly (string | null)[];
}

/**
 * Verifies all receipts of a job.
 *
 * Example: see `verifyJob`.
 *
 * @throws JobError `job.receipt`, which names the first slice and field that differ; `job.damaged`, `job.module`
 */
export type VerifyJob = (job: Job, options: VerifyJobOptions) => Promise<VerifiedJob>;

const fails = (slice: number, name: string, detail: string, cause?: unknown): Error =>
  new JobError('job.receipt', {
    name,
    detail: `slice ${slice}: ${detail}`,
    ...(cause === undefined ? {} : { cause }),
  });

/** Stand-ins for the host: every function that the modules import, and every one that was called. */
const silentFunctions = (compiled: CompiledPlugin, { modules }: Job, asked: Journal): HostFunctions => {
  const table: Record<string, Record<string, () => never>> = {};
  const add = (module: string, name: string): void => {
    table[module] ??= {};
    table[module][name] = () => {
      throw damagedJob('it calls a function of the host');
    };
  };
  for (const { module, name, desc } of compiled.imports) {
    const isOwn = Object.hasOwn(modules, module);
    const isBuiltIn = module === KERNEL_NAMESPACE && Object.hasOwn(kernelAbi, name);
    if (desc.kind === 'func' && !isOwn && !isBuiltIn && !module.startsWith('wasi_')) add(module, name);
  }
  for (const { event, ask } of asked.known)
    if (event === 'host' && Array.isArray(ask)) add(String(ask[0]), String(ask[1]));
  return table;
};

const checkChain = async (job: Job, keys: readonly string[] | undefined): Promise<void> => {
  let previous: string | null = null;
  for (const [slice, link] of job.slices.entries()) {
    const { key, signature } = link;
    if (link.previous !== previous)
      throw fails(slice, 'previous', 'it is not the hash of the preceding receipt');
    previous = linkHash(link);
    if (key === null || signature === null) {
      if (keys !== undefined || key !== signature) throw fails(slice, 'signature', 'it is not signed');
      continue;
    }
    if (keys !== undefined && !keys.includes(key))
      throw fails(slice, 'key', `signed by ${nameText(key)}, which is not one of the given keys`);
    if (!(await isSigned(key, bytesOfHex(previous), signature)))
      throw fails(slice, 'signature', 'the signature does not match the key');
  }
};

/** TABLE: the fields of a link that follow from the job; the rest is checked with the chain. */
const recomputed = [
  'version',
  'job',
  'slice',
  'limit',
  'fuel',
  'answers',
  'transcriptHash',
  'state',
  'end',
] as const;

const compare = (
  link: SliceReceipt,
  actual: Pick<SliceReceipt, (typeof recomputed)[number]>,
  slice: number,
): void => {
  for (const name of recomputed) {
    const [claimed, found] = [canonical(link[name]), canonical(actual[name])];
    if (claimed !== found)
      throw fails(slice, name, `${name} is ${claimed} in the receipt and ${found} in the run`);
  }
};

/** A job that is being run again. */
class Rerun {
  readonly #job: Job;
  readonly #opened: Opened;
  readonly #platform: Platform;
  #limit = 0;
  #pieces: readonly Uint8Array[] = [];
  #snapshot: Uint8Array | null = null;
  output: Uint8Array | null = null;

  constructor(job: Job, opened: Opened, platform: Platform) {
    this.#job = job;
    this.#opened = opened;
    this.#platform = platform;
  }

  /** Runs up to the point that a link names, and compares. @throws JobError */
  async follow(link: SliceReceipt, slice: number): Promise<void> {
    const job = this.#job;
    const { call, journal, plugin } = this.#opened;
    const total = job.fuel ?? Number.MAX_SAFE_INTEGER;
    const fuel = link.limit - this.#limit;
    if (!Number.isSafeInteger(fuel) || fuel < 0)
      throw fails(slice, 'limit', 'its limit is below the preceding one');
    const { end, limit } = await runSlice(
      this.#opened,
      { fuel, total, deadline: null, isExact: true },
      this.#limit,
      this.#platform,
    );
    this.#limit = limit;
    const callEnd = endOfCall(this.#opened, end);
    const { answers, transcriptHash } = journal;
    const known = { limit, fuel: call.fuelConsumed, answers, transcriptHash };
    const schedule = selectSchedule(job.options.schedule).name;
    const progress: Progress = { ...known, state: null, end: null };
    const base = { version: JOB_VERSION, job: jobHash(job), slice } as const;
    if (callEnd !== null) {
      compare(link, { ...base, ...progress, end: receiptOfJob(job, callEnd, known, schedule) }, slice);
      this.output = 'result' in callEnd ? (callEnd.result.output?.bytes() ?? null) : null;
      return;
    }
    const stored = storeState(this.#pieces, this.#snapshot, plugin.snapshot());
    this.#pieces = stored.pieces;
    this.#snapshot = stored.snapshot;
    compare(link, { ...base, ...progress, state: stored.mark }, slice);
  }
}

/** `verifyJob` for a platform. */
export const verifyJobOn =
  (platform: Platform): VerifyJob =>
  async (job, given) => {
    const { modules, keys, fuel, ...options } = readOptions(given);
    const { slices } = job;
    const most = slices.reduce((sum, { limit, fuel: used }) => Math.max(sum, Math.min(limit, used)), 0);
    if (fuel !== undefined && most > fuel)
      throw fails(slices.length - 1, 'fuel', `it claims ${most}, and ${fuel} are allowed`);
    await checkChain(job, keys);
    const compiled = await compiledModules(platform, job, modules, pluginOptionsOf(job));
    const unbegun = { ...job, state: [], slices: [] };
    const journal = new Journal(unbegun, null, true);
    const functions = silentFunctions(compiled, job, journal);
    const fetch = async (): Promise<never> => {
      throw damagedJob('it uses the network');
    };
    const opened = await openJob(unbegun, compiled, journal, { ...options, functions, fetch });
    const rerun = new Rerun(job, opened, platform);
    let current = 0;
    try {
      for (const [slice, link] of slices.entries()) {
        current = slice;
        await rerun.follow(link, slice);
      }
    } catch (cause) {
      if (isQuernError(cause, 'replay.diverged') || isQuernError(cause, 'replay.log'))
        throw fails(
          current,
          'transcriptHash',
          'it asks the host for something that is not in its journal',
          cause,
        );
      throw cause;
    } finally {
      journal.tape.closeCall();
      await opened.plugin.close();
    }
    const receipt = slices[slices.length - 1]?.end ?? null;
    const output = rerun.output === null ? null : new PluginOutput(rerun.output.slice());
    if (canonical(output && [...output.bytes()]) !== canonical(job.output && [...job.output]))
      throw fails(current, 'output', 'the output of the job differs from that of the replay');
    return { receipt, output, keys: slices.map(({ key }) => key) };
  };
