/** Options of `createPlugin`: their shape, their defaults, and how they combine with a manifest's settings. */

import { checkWholeNumber } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { UsageError } from '../../errors/errors.ts';
import { checkCompiler, type JavaScriptCompiler } from '../../interpreter/code/compiled-module.ts';
import { checkPrecompiled, type PrecompiledModule } from '../../interpreter/code/precompiled-module.ts';
import { selectSchedule } from '../../interpreter/fuel/check-schedule.ts';
import type { FuelSchedule } from '../../interpreter/fuel/schedules.ts';
import { checkFeatures, type FeatureKey, type Features, pluginFeatures } from '../../syntax/features.ts';
import { checkWhenBusy, type WhenBusy } from '../calls/turns.ts';
import type { HttpSettings } from '../http/http.ts';
import { httpFailure } from '../http/http-client.ts';
import { checkHostFunctions, type HostFunctions } from '../linking/host-function.ts';
import {
  type CheckedMemoryOptions,
  checkAllowedHosts,
  checkAllowedPaths,
  checkConfig,
  checkLimit,
  checkMemoryOptions,
  type ManifestSettings,
  type MemoryOptions,
  type PluginConfig,
  READ_ONLY_PREFIX,
} from '../manifest/manifest.ts';
import { checkLogLevel, type LogLevel, type LogListener, loggerOf } from '../pdk/logging.ts';
import { type FetchLike, fetchTransport } from '../platform/fetch-transport.ts';
import type { FileTree } from '../platform/files.ts';
import {
  type Clock,
  createSeededRandom,
  createVirtualClock,
  type DeterministicOptions,
  type HttpTransport,
  type Logger,
  type Platform,
  type PluginFailure,
  type RandomSource,
} from '../platform/platform.ts';
import type { NoticedSettings, RecordSink } from '../replay/settings.ts';
import { FileQuota, limitedFiles } from '../wasi/limited-files.ts';
import type { WasiOptions } from '../wasi/program.ts';
import { readOnlyFiles } from '../wasi/read-only-files.ts';
import { stableFiles } from '../wasi/stable-files.ts';
import type { NamesOf } from './known-options.ts';

/**
 * Options of `createPlugin`. A value here replaces the manifest's value of the same name as a whole.
 *
 * ```ts
 * const options: PluginOptions = {
 *   config: { greeting: 'Salut' },
 *   memory: { maxPages: 64 },
 *   timeoutMs: 1000,
 *   fuel: 1_000_000,
 * };
 * const plugin = await createPlugin('build/examples/greet.wasm', options);
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Salut, Ada!
 * ```
 */
export interface PluginOptions {
  /** Lets modules import WASI preview 1. Default: false, or true when `wasi` is given. */
  readonly useWasi?: boolean | undefined;
  /** Arguments, environment, standard streams and directories of WASI. */
  readonly wasi?: WasiOptions | undefined;
  /** Sends WASI's standard output and error to those of the host, unless `wasi` says otherwise. Default: false. */
  readonly enableWasiOutput?: boolean | undefined;
  /** Where the plug-in's log messages go. Default: the console. */
  readonly logger?: Logger | undefined;
  /** Takes the plug-in's log messages in place of a logger. */
  readonly onLog?: LogListener | undefined;
  /** Lowest level that is logged. Default: `silent`; with `onLog`, `info`. */
  readonly logLevel?: LogLevel | undefined;
  /** Functions that the plug-in can import, by namespace and name. */
  readonly functions?: HostFunctions | undefined;
  /** Configuration that the plug-in can read. */
  readonly config?: PluginConfig | undefined;
  /** Limits on memory. */
  readonly memory?: MemoryOptions | undefined;
  /**
   * Hosts that the plug-in may send requests to. In a pattern, `*` stands for any characters, `?` for one, `[ab]` for
   * one of some, `{a,b}` for one of its parts; case and port do not count. Every redirect is checked as well. What can never match, such as a pattern with
   * a port, is refused. Default: none.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * Directories that the plug-in may use through WASI: path of the guest → path of the host. A host path that
   * begins with `ro:` is for reading only.
   */
  readonly allowedPaths?: Readonly<Record<string, string>> | undefined;
  /**
   * Most bytes by which the plug-in may make the directories of `allowedPaths` grow, all of them together: contents of
   * files by their sizes, and 512 for each entry. More fails with `dquot`. Default: no limit.
   */
  readonly maxFileBytes?: number | null | undefined;
  /**
   * Most milliseconds of one call, time that it waits for the host included. The clock is looked at after each
   * millisecond or so of computing, and after each host function. Default: no limit.
   */
  readonly timeoutMs?: number | null | undefined;
  /**
   * Lets other tasks of the thread run whenever a call has computed for so many milliseconds, so that a page stays
   * responsive. Default: 16 for calls with a `signal`, which needs it to fire; none for others.
   */
  readonly timeSliceMs?: number | null | undefined;
  /**
   * What happens to a call while another one runs or stands still: `refuse` (default) rejects it, `queue` lets it wait
   * for its turn. Time in line does not count against `timeoutMs`. A host function must not wait for a call in line
   * behind its own.
   */
  readonly whenBusy?: WhenBusy | undefined;
  /**
   * Makes a new instance after a call that failed in the middle: by a trap, an exhausted budget, a time-out, a
   * cancellation or a host function. Variables and configuration stay. Default: false, which leaves memory, globals
   * and tables as the call left them.
   */
  readonly renewAfterFailure?: boolean | undefined;
  /**
   * Told of calls (and initialisations) that fail in the middle, before they reject: for a coredump or a dump of the
   * kernel's memory. Messages and return codes of the plug-in are no such failures. What it throws takes the place of
   * the error.
   */
  readonly onFailure?: ((failure: PluginFailure) => void) | undefined;
  /** Sends requests in place of the host's way: those of `http_request` and those for URLs in manifests. */
  readonly fetch?: FetchLike | undefined;
  /** Lets the plug-in read the headers of answers (`http_headers`). Default: false. */
  readonly allowHttpResponseHeaders?: boolean | undefined;
  /** Accepted and ignored: calls can pause without a worker. */
  readonly runInWorker?: boolean | undefined;
  /** Accepted and ignored, as there is no worker. */
  readonly sharedArrayBufferSize?: number | undefined;
  /** Accepted and ignored, as there is no worker. */
  readonly nodeWorkerArgs?: object | undefined;
  /**
   * Features that the modules may use, by their keys; those that are compiled already keep their own. Default:
   * `pluginFeatures`, the spec and legacy exceptions.
   */
  readonly features?: Iterable<FeatureKey> | undefined;
  /** Fuel of each call. Default: no limit. */
  readonly fuel?: number | undefined;
  /** What everything costs: a schedule, a table of your own (`defineSchedule`) or a name. Default: `quern-1`. */
  readonly schedule?: FuelSchedule | string | undefined;
  /**
   * Makes JavaScript of what runs often: `compiler()` of `quern/compile`. Where the host refuses code from text, the
   * log gets one warning, whatever its level, and the interpreter runs everything. Default: none.
   */
  readonly compiler?: JavaScriptCompiler | undefined;
  /**
   * JavaScript that `quern compile` made of modules of the plug-in at build time, for hosts that refuse code from text,
   * too. With a compiler, that one serves the other modules. Default: none.
   */
  readonly precompiled?: PrecompiledModule | readonly PrecompiledModule[] | undefined;
  /**
   * Makes the plug-in a function of its inputs: virtual time, seeded randomness, files without traces of the host,
   * no network but that of the `fetch` option; growth that the host has no room for ends the call. Default: false.
   */
  readonly deterministic?: boolean | DeterministicOptions | undefined;
  /**
   * Records everything that comes from outside: host functions, time, randomness, files, HTTP. True keeps the lines
   * for `Plugin.recording`; a function gets each line as it is written, too. Default: false.
   */
  readonly record?: boolean | RecordSink | undefined;
  /**
   * A recording: everything that comes from outside is taken from it, and so is every setting that the plug-in can
   * notice. The calls must be the recorded ones, in the same order. With `record`, it goes on where the recording ends:
   * answers that are not in it are asked of the host, and added.
   */
  readonly replay?: string | BytesLike | undefined;
}

/** TABLE: their names. */
export const pluginOptionNames: NamesOf<PluginOptions> = {
  useWasi: true,
  wasi: true,
  enableWasiOutput: true,
  logger: true,
  onLog: true,
  logLevel: true,
  functions: true,
  config: true,
  memory: true,
  allowedHosts: true,
  allowedPaths: true,
  maxFileBytes: true,
  timeoutMs: true,
  timeSliceMs: true,
  whenBusy: true,
  renewAfterFailure: true,
  onFailure: true,
  fetch: true,
  allowHttpResponseHeaders: true,
  runInWorker: true,
  sharedArrayBufferSize: true,
  nodeWorkerArgs: true,
  features: true,
  fuel: true,
  schedule: true,
  compiler: true,
  precompiled: true,
  deterministic: true,
  record: true,
  replay: true,
};

/** Options after checking, combined with the settings of the manifest. */
export interface CheckedOptions extends NoticedSettings {
  readonly logger: Logger;
  readonly timeoutMs: number | null;
  readonly timeSliceMs: number | null;
  readonly whenBusy: WhenBusy;
  readonly onFailure: ((failure: PluginFailure) => void) | null;
  readonly fuel: number | null;
  readonly features: Features;
  readonly compiler: JavaScriptCompiler | null;
  readonly precompiled: readonly PrecompiledModule[];
}

const checkLogger = (logger: Logger): Logger => {
  for (const method of ['trace', 'debug', 'info', 'warn', 'error'] as const) {
    if (typeof logger[method] !== 'function') {
      throw new UsageError('usage.argument', { detail: `logger.${method} is not a function` });
    }
  }
  return logger;
};

/** Most bytes of the body of an answer where no limit is set; as in the Rust and Go SDKs. */
const DEFAULT_MAX_RESPONSE_BYTES = 52_428_800;

const noLimits: CheckedMemoryOptions = {
  maxPages: null,
  maxHeapBytes: null,
  maxHttpResponseBytes: null,
  maxVarBytes: null,
  maxLogBytes: null,
};

/** Checks an amount of fuel. @throws UsageError */
export const checkFuel = (value: number | null | undefined): number | null => {
  if (value === undefined || value === null) return null;
  return checkWholeNumber(value, 'fuel');
};

/** Directories of the host by the paths of the guest. @throws UsageError where the host has none */
const openPaths = (
  paths: ReadonlyMap<string, string>,
  { openDirectory }: Platform,
  maxBytes: number | null,
): Record<string, FileTree> => {
  if (paths.size > 0 && openDirectory === undefined) {
    throw new UsageError('usage.argument', {
      detail: 'allowedPaths: this host has no directories; pass MemoryFiles as wasi.preopens',
    });
  }
  const quota = maxBytes === null ? null : new FileQuota(maxBytes);
  return Object.fromEntries(
    Array.from(paths, ([guest, host]) => {
      const path = host.startsWith(READ_ONLY_PREFIX) ? host.slice(READ_ONLY_PREFIX.length) : host;
      const tree = openDirectory!(path);
      if (path !== host) return [guest, readOnlyFiles(tree)];
      return [guest, quota === null ? tree : limitedFiles(tree, quota)];
    }),
  );
};

/** In deterministic plug-ins, directories show nothing of the host. */
const stableIf = (
  deterministic: PluginOptions['deterministic'],
  trees: Readonly<Record<string, FileTree>>,
): Readonly<Record<string, FileTree>> =>
  deterministic
    ? Object.fromEntries(Object.entries(trees).map(([path, tree]) => [path, stableFiles(tree)]))
    : trees;

const usesWasi = ({ useWasi, wasi }: PluginOptions): boolean => useWasi ?? wasi !== undefined;

const checkWasi = (options: PluginOptions, settings: ManifestSettings, platform: Platform): WasiOptions => {
  const allowedPaths = checkAllowedPaths(options.allowedPaths) ?? settings.allowedPaths ?? new Map();
  const maxFileBytes = checkLimit(options.maxFileBytes, 'maxFileBytes');
  // Without WASI there is no way to use a directory, so none has to be there.
  if (!usesWasi(options)) return {};
  const preopens = stableIf(options.deterministic, {
    ...openPaths(allowedPaths, platform, maxFileBytes),
    ...options.wasi?.preopens,
  });
  const forwards = options.enableWasiOutput ?? platform.wantsWasiOutput ?? false;
  if (!forwards) return { ...options.wasi, preopens };
  const { stdout, stderr } = platform;
  return { ...(stdout && { stdout }), ...(stderr && { stderr }), ...options.wasi, preopens };
};

const checkListener = (listener: PluginOptions['onFailure']): PluginOptions['onFailure'] => {
  if (listener === undefined || typeof listener === 'function') return listener;
  throw new UsageError('usage.argument', { detail: 'onFailure is not a function' });
};

/** The logger that options name, before they are checked. */
export const loggerFor = ({ logger, onLog }: PluginOptions, platform: Platform): Pick<Logger, 'warn'> => {
  if (typeof onLog === 'function') return loggerOf(onLog);
  return typeof logger?.warn === 'function' ? logger : platform.logger;
};

const checkLogging = (
  { logger, onLog, logLevel }: PluginOptions,
  platform: Platform,
): { logger: Logger; logLevel: LogLevel } => {
  if (onLog !== undefined && typeof onLog !== 'function')
    throw new UsageError('usage.argument', { detail: 'onLog is not a function' });
  if (onLog !== undefined && logger !== undefined)
    throw new UsageError('usage.argument', { detail: 'logger and onLog exclude each other' });
  return {
    logger: onLog === undefined ? checkLogger(logger ?? platform.logger) : loggerOf(onLog),
    logLevel: checkLogLevel(logLevel ?? (onLog === undefined ? 'silent' : 'info')),
  };
};

/** A platform whose requests go through the `fetch` option, if there is one. @throws UsageError */
export const withFetch = (platform: Platform, { fetch }: PluginOptions): Platform => {
  if (fetch === undefined || fetch === null) return platform;
  if (typeof fetch !== 'function')
    throw new UsageError('usage.argument', { detail: 'fetch is not a function' });
  return { ...platform, http: fetchTransport(fetch) };
};

/** The network is the one outside that has no virtual form. */
const noNetwork: HttpTransport = () => {
  throw httpFailure('a deterministic plug-in has no network; answer its requests by the fetch option');
};

const checkHttp = (options: PluginOptions, settings: ManifestSettings, platform: Platform): HttpSettings => {
  const memory = checkMemoryOptions(options.memory, 'memory') ?? settings.memory ?? noLimits;
  return {
    transport:
      options.deterministic && !options.fetch ? noNetwork : (withFetch(platform, options).http ?? null),
    allowedHosts: checkAllowedHosts(options.allowedHosts) ?? settings.allowedHosts ?? [],
    maxBytes: memory.maxHttpResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
    allowsHeaders: options.allowHttpResponseHeaders ?? false,
  };
};

/** Time and randomness: those of the platform, or virtual ones. */
const chooseSources = (
  options: PluginOptions,
  platform: Platform,
): { clock: Clock; random: RandomSource } => {
  const { deterministic } = options;
  if (!deterministic) return { clock: platform.clock, random: platform.random };
  const { seed, epoch } = deterministic === true ? ({} as DeterministicOptions) : deterministic;
  return { clock: createVirtualClock(epoch), random: createSeededRandom(seed) };
};

/**
 * Checks options and combines them with the settings of a manifest.
 *
 * @throws UsageError, ManifestError
 */
export const checkOptions = (
  options: PluginOptions,
  settings: ManifestSettings,
  platform: Platform,
): CheckedOptions => ({
  usesWasi: usesWasi(options),
  wasi: checkWasi(options, settings, platform),
  ...checkLogging(options, platform),
  functions: checkHostFunctions(options.functions),
  config: checkConfig(options.config) ?? settings.config ?? new Map(),
  memory: checkMemoryOptions(options.memory, 'memory') ?? settings.memory ?? noLimits,
  http: checkHttp(options, settings, platform),
  timeoutMs: checkLimit(options.timeoutMs, 'timeoutMs') ?? settings.timeoutMs,
  timeSliceMs: checkLimit(options.timeSliceMs, 'timeSliceMs'),
  whenBusy: checkWhenBusy(options.whenBusy),
  renewAfterFailure: options.renewAfterFailure ?? false,
  onFailure: checkListener(options.onFailure) ?? platform.onFailure ?? null,
  fuel: checkFuel(options.fuel),
  features: checkFeatures(options.features, pluginFeatures),
  schedule: selectSchedule(options.schedule),
  compiler: checkCompiler(options.compiler),
  precompiled: checkPrecompiled(options.precompiled),
  ...chooseSources(options, platform),
  isDeterministic: Boolean(options.deterministic),
  tape: null,
});
