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
 * Options of `createPlugin`. A value here replaces the whole value of the same name in the manifest.
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
  /** Lets modules import WASI preview 1. Default: false, or true if `wasi` is given. */
  readonly useWasi?: boolean | undefined;
  /** Arguments, environment, standard streams and directories of WASI. */
  readonly wasi?: WasiOptions | undefined;
  /** Sends WASI's standard output and error to those of the host, unless `wasi` says otherwise. Default: false. */
  readonly enableWasiOutput?: boolean | undefined;
  /** The destination of the plug-in's log messages. Default: the console. */
  readonly logger?: Logger | undefined;
  /** Receives the plug-in's log messages instead of a logger. */
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
   * Hosts that the plug-in may send requests to. In a pattern, `*` matches any characters, `?` one, `[ab]` one of
   * several, `{a,b}` one of its parts; case and port are ignored. Every redirect is also checked. A pattern that can
   * never match, such as one with a port, is refused. Default: none.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * Directories that the plug-in may use through WASI: path of the guest → path of the host. A host path that begins
   * with `ro:` is read-only.
   */
  readonly allowedPaths?: Readonly<Record<string, string>> | undefined;
  /**
   * Most bytes that the plug-in may add to the directories of `allowedPaths`, all of them together: contents of files
   * by their sizes, and 512 for each entry. More fails with `dquot`. Default: no limit.
   */
  readonly maxFileBytes?: number | null | undefined;
  /**
   * Most milliseconds of one call, including the time that it waits for the host. The clock is checked after about
   * each millisecond of computing, and after each host function. Default: no limit.
   */
  readonly timeoutMs?: number | null | undefined;
  /**
   * Yields to other tasks of the thread whenever a call has computed for this many milliseconds, so that a page stays
   * responsive. Default: 16 for calls with a `signal`, which needs it to fire; none for others.
   */
  readonly timeSliceMs?: number | null | undefined;
  /**
   * What happens to a call while another one runs or is paused: `refuse` (default) rejects it, `queue` lets it wait
   * for its turn. Time in the queue does not count against `timeoutMs`. A host function must not wait for a call that
   * is queued after its own.
   */
  readonly whenBusy?: WhenBusy | undefined;
  /**
   * Makes a new instance after a call that was aborted: by a trap, an exhausted budget, a time-out, a cancellation or
   * a host function. Variables and configuration stay. Default: false, which leaves memory, globals and tables as the
   * call left them.
   */
  readonly renewAfterFailure?: boolean | undefined;
  /**
   * Called for calls (and initialisations) that are aborted, before they reject: for a coredump or a dump of the
   * kernel's memory. Not called for messages and return codes of the plug-in. What it throws replaces the error.
   */
  readonly onFailure?: ((failure: PluginFailure) => void) | undefined;
  /** Sends requests instead of the host: those of `http_request` and those for URLs in manifests. */
  readonly fetch?: FetchLike | undefined;
  /** Lets the plug-in read the headers of responses (`http_headers`). Default: false. */
  readonly allowHttpResponseHeaders?: boolean | undefined;
  /** Accepted and ignored: calls can pause without a worker. */
  readonly runInWorker?: boolean | undefined;
  /** Accepted and ignored, as there is no worker. */
  readonly sharedArrayBufferSize?: number | undefined;
  /** Accepted and ignored, as there is no worker. */
  readonly nodeWorkerArgs?: object | undefined;
  /**
   * Features that the modules may use, by their keys; already compiled modules keep their own. Default:
   * `pluginFeatures`, the spec and legacy exceptions.
   */
  readonly features?: Iterable<FeatureKey> | undefined;
  /** Fuel of each call. Default: no limit. */
  readonly fuel?: number | undefined;
  /** The fuel schedule: a schedule, a custom table (`defineSchedule`) or a name. Default: `quern-1`. */
  readonly schedule?: FuelSchedule | string | undefined;
  /**
   * Compiles what runs often to JavaScript: `compiler()` of `quern/compile`. If the host refuses code from text, the
   * log gets one warning, regardless of its level, and the interpreter runs everything. Default: none.
   */
  readonly compiler?: JavaScriptCompiler | undefined;
  /**
   * JavaScript that `quern compile` made from modules of the plug-in at build time, also for hosts that refuse code
   * from text. With a compiler, that one compiles the other modules. Default: none.
   */
  readonly precompiled?: PrecompiledModule | readonly PrecompiledModule[] | undefined;
  /**
   * Makes the plug-in a function of its inputs: virtual time, seeded randomness, files without traces of the host,
   * no network except the `fetch` option; growth for which the host has no memory ends the call. Default: false.
   */
  readonly deterministic?: boolean | DeterministicOptions | undefined;
  /**
   * Records everything that comes from outside: host functions, time, randomness, files, HTTP. True keeps the lines
   * for `Plugin.recording`; a function also gets each line as it is written. Default: false.
   */
  readonly record?: boolean | RecordSink | undefined;
  /**
   * A recording: everything that comes from outside is taken from it, and so is every setting that the plug-in can
   * observe. The calls must be the recorded ones, in the same order. With `record`, it continues where the recording
   * ends: answers that are not in it are requested from the host, and added.
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

/** Default for the most bytes of the body of a response; as in the Rust and Go SDKs. */
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

/** Directories of the host by the paths of the guest. @throws UsageError if the host has none */
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
  // Without WASI a directory cannot be used, so it need not exist.
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

/** The network is the only part of the outside without a virtual form. */
const noNetwork: HttpTransport = () => {
  throw httpFailure('a deterministic plug-in has no network; answer its requests with the fetch option');
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
