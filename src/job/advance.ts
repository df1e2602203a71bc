/** `advance`: advances a job by one slice. */
import { checkFunction, checkWholeNumber, readOptions } from '../errors/arguments.ts';
import { isRecord } from '../errors/checks.ts';
import { ExhaustionError, isQuernError } from '../errors/errors.ts';
import type { AbortSignalLike } from '../host/calls/call-watch.ts';
import type { Platform } from '../host/platform/platform.ts';
import type { CompiledPlugin } from '../host/plugin/compiled-plugin.ts';
import type { PluginOptions } from '../host/plugin/options.ts';
import type { Plugin } from '../host/plugin/plugin.ts';
import type { PluginCall } from '../host/plugin/plugin-call.ts';
import { PluginOutput } from '../host/state/output.ts';
import { selectSchedule } from '../interpreter/fuel/check-schedule.ts';
import { type CallEnd, isSuccess, lastSlice, nextLink, receiptOfJob, stateOf } from './chain.ts';
import { JobContext } from './context.ts';
import { damagedJob, type Job, jobHash } from './job.ts';
import { Journal, type KeepAnswer } from './journal.ts';
import { keyedFetch } from './keyed-fetch.ts';
import { compiledModules, type JobModules } from './modules.ts';
import type { JobReceipt, JobSigner, SliceReceipt } from './receipt.ts';
import { runSlice, type SliceEnd } from './slice.ts';
import { joinState, storeState } from './state.ts';

/**
 * What a host provides to a job for one slice.
 *
 * Example: see `Job`.
 */
export interface AdvanceOptions
  extends Pick<
    PluginOptions,
    'functions' | 'fetch' | 'compiler' | 'precompiled' | 'logger' | 'onLog' | 'logLevel'
  > {
  /** The modules of the job, by their names. */
  readonly modules: JobModules;
  /** Fuel of the slice. Default: all that the job may still use. */
  readonly fuel?: number | undefined;
  /** When the slice ends at the latest, in milliseconds since 1970; in any case it runs for a few milliseconds. */
  readonly deadline?: number | undefined;
  /** Stops the slice: `advance` rejects, and the job is unchanged. */
  readonly signal?: AbortSignalLike | null | undefined;
  /** Stores each answer of the host before the plug-in sees it. Default: answers are only in the returned job. */
  readonly keep?: KeepAnswer | undefined;
  /** Signs the receipt of the slice. */
  readonly signer?: JobSigner | undefined;
}

/**
 * The state of a job after a slice: ended, by a return or by a failure; paused, and can be resumed at any time; or
 * waiting for a host function.
 *
 * ```ts
 * const isOver = (status: JobStatus): boolean => status === 'done' || status === 'failed';
 * console.log(isOver('paused')); // → false
 * ```
 */
export type JobStatus = 'done' | 'failed' | 'paused' | 'waiting';

/**
 * A job after a slice.
 *
 * Example: see `Job`.
 */
export interface Advanced {
  readonly status: JobStatus;
  readonly job: Job;
  /** The output of the job; null before its end, and if it set none. */
  readonly output: PluginOutput | null;
  /** The result of the job; null before its end. */
  readonly receipt: JobReceipt | null;
  /** This slice's link of the chain; null if the job waits, since only answers are new then. */
  readonly slice: SliceReceipt | null;
  /** When to call the waiting host function again, in milliseconds; null if it did not say. */
  readonly waitMs: number | null;
}

/**
 * Advances a job until it ends, its slice has used its fuel, its deadline has passed, or a host function has no
 * answer yet. The given job does not change, and the returned one can be resumed anywhere.
 *
 * ```ts
 * const step: Advance = (job, options) => advance(job, { ...options, fuel: 1_000_000 });
 * const job = createJob({ id: 'd', modules: { main: moduleHash(doubleWasm) }, function: 'none' });
 * await step(job, { modules: [doubleWasm] }).catch(({ code }) => console.log(code)); // → plugin.function
 * ```
 *
 * @throws JobError; ReplayError for a journal of other calls; InterruptedError by `signal`; what linking throws. The
 * job can be advanced again, with the stored lines of its journal
 */
export type Advance = (job: Job, options: AdvanceOptions) => Promise<Advanced>;

/** The options of the plug-in of a job. */
export const pluginOptionsOf = ({ options }: Job): PluginOptions => {
  const { seed, epoch, idempotencyKeys: _, ...rest } = options;
  const deterministic = {
    ...(seed === undefined ? {} : { seed }),
    ...(epoch === undefined ? {} : { epoch }),
  };
  return { ...rest, deterministic } as PluginOptions;
};

/** A slice that is running. */
export interface Opened {
  readonly plugin: Plugin;
  readonly call: PluginCall;
  readonly journal: Journal;
  readonly context: JobContext;
  /** The state that it began with; null for a job that has not begun. */
  readonly snapshot: Uint8Array | null;
}

/** Makes the plug-in of a job in the state that the job has. */
export const openJob = async (
  job: Job,
  compiled: CompiledPlugin,
  journal: Journal,
  options: Omit<AdvanceOptions, 'modules' | 'fuel'>,
): Promise<Opened> => {
  const { signal, functions, fetch, compiler, precompiled, logger, onLog, logLevel } = options;
  const snapshot = joinState(stateOf(job));
  let call: PluginCall | null = null;
  const context = new JobContext(job.id, jobHash(job), journal, () => call?.requestPause());
  const sender = typeof fetch === 'function' ? keyedFetch(fetch, job, context) : fetch;
  const own = { functions, fetch: sender, compiler, precompiled, logger, onLog, logLevel };
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const limits = { signal, hostContext: context };
  const plugin = await compiled.underJournal(
    journal.tape,
    snapshot,
    { ...pluginOptionsOf(job), ...given },
    limits,
  );
  try {
    call =
      snapshot === null
        ? await plugin.startCall(job.function, job.input, { ...limits, fuel: 0 })
        : plugin.activeCall;
    if (call === null || call.functionName !== job.function)
      throw damagedJob('its snapshot has another call');
    return { plugin, call, journal, context, snapshot };
  } catch (error) {
    await plugin.close();
    throw error;
  }
};

/** The error of a failed slice if the host caused it; undefined if the job itself failed. */
const hostFailure = ({ journal }: Opened, error: unknown): unknown => {
  const failure = journal.failure ?? journal.tape.failure;
  if (failure !== null) return failure;
  // Stopped by the host, or out of memory there; elsewhere the same job can continue.
  const isOfHost =
    isQuernError(error, 'interrupted.cancelled') ||
    isQuernError(error, 'exhaustion.memory') ||
    isQuernError(error, 'internal.bug');
  return isOfHost ? error : undefined;
};

/** How the call of a slice ended; null before its end. @throws errors that are not the job's own failure */
export const endOfCall = (opened: Opened, end: SliceEnd): CallEnd | null => {
  const { plugin, call } = opened;
  if (end.kind === 'exhausted') return { error: new ExhaustionError('exhaustion.fuel') };
  // A call that returned a message or a code has returned.
  const { result } = call;
  if (result !== null) return { result, memoryHash: plugin.stateHash };
  if (end.kind !== 'failed') return null;
  const failure = hostFailure(opened, end.error);
  if (failure !== undefined) throw failure;
  return { error: end.error };
};

const ended = (job: Job, end: JobReceipt): Advanced => ({
  status: isSuccess(end) ? 'done' : 'failed',
  job,
  output: job.output === null ? null : new PluginOutput(job.output.slice()),
  receipt: end,
  slice: lastSlice(job),
  waitMs: null,
});

/** The job after a slice that has left something to store. */
const afterSlice = async (
  job: Job,
  opened: Opened,
  callEnd: CallEnd | null,
  progress: { readonly limit: number; readonly fuel: number },
  signer: JobSigner | null,
): Promise<Advanced> => {
  const { plugin, journal } = opened;
  const { answers, transcriptHash, lines } = journal;
  const known = { ...progress, answers, transcriptHash };
  if (callEnd !== null) {
    const end = receiptOfJob(job, callEnd, known, selectSchedule(job.options.schedule).name);
    const slice = await nextLink(job, { ...known, state: null, end }, signer);
    const output = 'result' in callEnd ? (callEnd.result.output?.bytes() ?? null) : null;
    return ended({ ...job, state: [], journal: lines, slices: [...job.slices, slice], output }, end);
  }
  const { pieces, mark } = storeState(job.state, opened.snapshot, plugin.snapshot());
  const slice = await nextLink(job, { ...known, state: mark, end: null }, signer);
  const next = { ...job, state: pieces, journal: lines, slices: [...job.slices, slice] };
  return { status: 'paused', job: next, output: null, receipt: null, slice, waitMs: null };
};

const checkFuelOf = (fuel: number | undefined): number =>
  fuel === undefined ? Number.MAX_SAFE_INTEGER : checkWholeNumber(fuel, 'fuel', 1);

/** `advance` for a platform. */
export const advanceOn =
  (platform: Platform): Advance =>
  async (job, given) => {
    if (!isRecord(job) || !Array.isArray(job.slices)) throw damagedJob('it is not a job');
    const options = readOptions(given);
    const { deadline, signer = null, keep } = options;
    const fuel = checkFuelOf(options.fuel);
    if (deadline !== undefined) checkWholeNumber(deadline, 'deadline');
    if (keep !== undefined) checkFunction(keep, 'keep');
    const last = lastSlice(job);
    if (last !== null && last.end !== null) return ended(job, last.end);
    const journal = new Journal(job, keep ?? null);
    const compiled = await compiledModules(platform, job, options.modules, pluginOptionsOf(job));
    const opened = await openJob(job, compiled, journal, options);
    const { plugin, call } = opened;
    journal.onFailure = (error) => void call.cancel(error);
    try {
      const limits = { fuel, total: job.fuel ?? Number.MAX_SAFE_INTEGER, deadline: deadline ?? null };
      const { end, limit } = await runSlice(opened, limits, last?.limit ?? 0, platform);
      if (end.kind === 'waiting') {
        const waiting = { ...job, journal: journal.lines };
        const waitMs = end.wait?.afterMs ?? null;
        return { status: 'waiting', job: waiting, output: null, receipt: null, slice: null, waitMs };
      }
      const callEnd = endOfCall(opened, end);
      return await afterSlice(job, opened, callEnd, { limit, fuel: call.fuelConsumed }, signer);
    } finally {
      journal.tape.closeCall();
      await plugin.close();
    }
  };
