/**
 * `createPlugin` and its two halves: read, check and compile once; instantiate any number of times.
 */

import { badArgument, checkBytes, reading, readOptions } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { isThenable } from '../../errors/checks.ts';
import { UsageError } from '../../errors/errors.ts';
import { requireModule } from '../../interpreter/code/precompiled-module.ts';
import { checkFeatures, type Features, pluginFeatures } from '../../syntax/features.ts';
import type { Import } from '../../syntax/module.ts';
import type { AbortSignalLike } from '../calls/call-watch.ts';
import { nameModules } from '../linking/linker.ts';
import type { CheckedManifest, ManifestLike, ManifestSettings } from '../manifest/manifest.ts';
import {
  type LoadedModule,
  loadModules,
  recompileModules,
  resolveManifest,
} from '../manifest/wasm-source.ts';
import type { Platform } from '../platform/platform.ts';
import { parseLog } from '../replay/log.ts';
import { journalOptions, recordingOptions, replayOptions } from '../replay/settings.ts';
import type { Tape } from '../replay/tape.ts';
import type { DetailedCallOptions } from './calling.ts';
import { type NamesOf, warnOfUnknown } from './known-options.ts';
import {
  type CheckedOptions,
  checkOptions,
  loggerFor,
  type PluginOptions,
  pluginOptionNames,
  withFetch,
} from './options.ts';
import { Plugin, type PluginMaterial } from './plugin.ts';

/**
 * The modules and settings of a plug-in, from which instances are made that share nothing but code.
 *
 * ```ts
 * const compiled: CompiledPlugin = await compilePlugin('build/examples/greet.wasm');
 * const plugin = await compiled.instantiate({ config: { greeting: 'Salut' } });
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Salut, Ada!
 * ```
 */
export class CompiledPlugin {
  readonly #modules: ReadonlyMap<string, LoadedModule>;
  /** The same for each requested set of features. */
  readonly #variants = new Map<string, ReadonlyMap<string, LoadedModule>>();
  readonly #settings: CheckedManifest;
  readonly #options: PluginOptions;
  readonly #platform: Platform;
  /** Plug-ins that are not closed. */
  #openCount = 0;
  #isClosed = false;
  /** Whether something of a closed plug-in may be left. */
  #isShared = false;

  /** Users call `compilePlugin`. @internal */
  constructor(
    modules: ReadonlyMap<string, LoadedModule>,
    settings: CheckedManifest,
    options: PluginOptions,
    platform: Platform,
  ) {
    this.#modules = modules;
    this.#settings = settings;
    this.#options = options;
    this.#platform = platform;
    this.#variants.set(keyOf(checkFeatures(options.features, pluginFeatures)), modules);
  }

  /**
   * Makes a plug-in with its own memory, variables and limits.
   *
   * @param options each replaces the whole option of the same name of `compilePlugin`
   * @throws UnlinkableError, LimitError, or the error of initialisation
   */
  async instantiate(options: PluginOptions = {}): Promise<Plugin> {
    return this.#create({ ...this.#options, ...this.#readOptions(options) });
  }

  /**
   * Restores a plug-in from a snapshot of the same modules; see `restorePlugin`.
   *
   * @throws SnapshotError, UnlinkableError, LimitError, UsageError
   */
  async restore(snapshot: BytesLike, options: RestoreOptions = {}): Promise<Plugin> {
    const bytes = checkBytes(snapshot, 'a snapshot');
    const { activeCall, ...own } = this.#readOptions(options);
    const call = readOptions(activeCall, 'activeCall');
    this.#require();
    const all = { ...this.#options, ...own };
    if (all.record || (all.replay !== undefined && all.replay !== null))
      throw badArgument(
        'a restored plug-in can be neither recorded nor replayed: a recording begins with a new plug-in',
      );
    const checked = reading('options', () => checkOptions(all, this.#settings, this.#platform));
    return Plugin.restore(this.#materialOf(checked), bytes, call);
  }

  /** `restore`, with a tape from there on: it is not a recording, but lets a debugger go back. @internal */
  async restoreOnTape(snapshot: Uint8Array, options: RestoreOptions): Promise<Plugin> {
    const { activeCall, ...own } = this.#readOptions(options);
    const call = readOptions(activeCall, 'activeCall');
    this.#require();
    const checked = reading('options', () => this.#checkOptions({ ...this.#options, ...own, record: true }));
    return Plugin.restore(this.#materialOf(checked), snapshot, call);
  }

  /** The imports of all modules. @internal */
  get imports(): readonly Import[] {
    return Array.from(this.#modules.values()).flatMap(({ compiled }) => compiled.module.imports);
  }

  /**
   * Makes a plug-in whose host functions and requests are answered from a journal as far as it goes; from a snapshot,
   * or one that its first call initialises.
   *
   * @internal
   */
  underJournal(
    tape: Tape,
    snapshot: Uint8Array | null,
    options: PluginOptions,
    call: DetailedCallOptions,
  ): Promise<Plugin> {
    this.#require();
    const all = { ...this.#options, ...options };
    const checked = reading('options', () => checkOptions(all, this.#settings, this.#platform));
    return Plugin.restore(this.#materialOf(journalOptions(checked, tape)), snapshot, call);
  }

  /**
   * Releases what the modules use, mainly code, as soon as the last plug-in made from them is closed. No more can be
   * made. Otherwise the host's collector releases it, but not before the event loop turns.
   */
  close(): void {
    this.#isClosed = true;
    this.#giveBack();
  }

  #readOptions<T extends PluginOptions>(options: T): T {
    const own = readOptions(options);
    const all = { ...this.#options, ...own };
    reading('options', () => warnOfUnknown(own, restoreOptionNames, loggerFor(all, this.#platform)));
    return own;
  }

  #require(): void {
    if (this.#isClosed) throw new UsageError('usage.state', { detail: 'the compiled plug-in is closed' });
  }

  /** Counts a plug-in; the returned function is called when it is gone. */
  #open(): (isClean: boolean) => void {
    this.#openCount++;
    return (isClean) => {
      this.#openCount--;
      this.#isShared ||= !isClean;
      this.#giveBack();
    };
  }

  #giveBack(): void {
    if (!this.#isClosed || this.#openCount > 0 || this.#isShared) return;
    for (const modules of this.#variants.values())
      for (const { compiled, isOwn } of modules.values()) if (isOwn) compiled.giveBack();
  }

  /** Warns of unknown options of a pool. @internal */
  warnOfPoolOptions(options: object, names: Readonly<Record<string, true>>): void {
    const logger = reading('options', () => loggerFor(this.#options, this.#platform));
    warnOfUnknown(options, names, logger, 'option of a pool');
  }

  /** `instantiate` that a signal can stop. @internal */
  instantiateUnder(signal: AbortSignalLike | null, options: PluginOptions = {}): Promise<Plugin> {
    return this.#create({ ...this.#options, ...options }, signal);
  }

  async #create(options: PluginOptions, signal: AbortSignalLike | null = null): Promise<Plugin> {
    this.#require();
    const checked = reading('options', () => this.#checkOptions(options));
    return Plugin.create(this.#materialOf(checked), signal);
  }

  #materialOf(options: CheckedOptions): PluginMaterial {
    const modules = Array.from(this.#modules.values(), ({ compiled }) => compiled.module);
    for (const precompiled of options.precompiled) requireModule(precompiled, modules);
    const refusal = options.compiler?.takeRefusal() ?? null;
    if (refusal !== null) options.logger.warn(refusal);
    const variant = this.#variantFor(options.features);
    return { modules: variant, options, platform: this.#platform, onGone: this.#open() };
  }

  #variantFor(features: Features): ReadonlyMap<string, LoadedModule> {
    const key = keyOf(features);
    const found = this.#variants.get(key) ?? recompileModules(this.#modules, features);
    this.#variants.set(key, found);
    return found;
  }

  #checkOptions(options: PluginOptions): CheckedOptions {
    const { record, replay, logger, onLog, enableWasiOutput, wasi, schedule, compiler, precompiled } =
      options;
    const { fuel, memory, timeoutMs, timeSliceMs, features } = options;
    const [modules, platform] = [this.#modules, this.#platform];
    if (record || replay === undefined) {
      const checked = checkOptions(options, this.#settings, platform);
      if (!record) return checked;
      const log = replay === undefined ? null : parseLog(replay);
      return recordingOptions(checked, modules, typeof record === 'function' ? record : null, log);
    }
    // Settings come from the recording: those of the manifest may name things that do not exist here.
    const { stdout, stderr } = wasi ?? {};
    const streams = { ...(stdout && { stdout }), ...(stderr && { stderr }) };
    const limits = { fuel, memory, timeoutMs, timeSliceMs };
    const own = {
      ...limits,
      features,
      logger,
      onLog,
      enableWasiOutput,
      schedule,
      compiler,
      precompiled,
      wasi: streams,
      useWasi: true,
    };
    return replayOptions(checkOptions(own, noSettings, platform), modules, parseLog(replay));
  }
}

const restoreOptionNames: NamesOf<RestoreOptions> = {
  ...pluginOptionNames,
  activeCall: true,
};

const keys = new WeakMap<Features, string>();
/** PERF: nearly all plug-ins have the same features, the default ones. */
const keyOf = (features: Features): string => {
  const key = keys.get(features) ?? [...features].sort().join();
  keys.set(features, key);
  return key;
};

const noSettings: ManifestSettings = {
  config: null,
  memory: null,
  allowedHosts: null,
  allowedPaths: null,
  timeoutMs: null,
};

/**
 * Compiles plug-ins on one platform: `compilePlugin`, and the result of `compilePluginOn`.
 *
 * ```ts
 * const compile: CompilePlugin = compilePluginOn(nodePlatform);
 * const compiled = await compile('build/examples/greet.wasm');
 * console.log((await (await compiled.instantiate()).call('greet', 'Ada'))?.text()); // → Hello, Ada!
 * ```
 */
export type CompilePlugin = (
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
) => Promise<CompiledPlugin>;

/**
 * Options of `restorePlugin`: those of `createPlugin`, and options for the paused call.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const call = await plugin.startCall('greet', 'Ada', { fuel: 100 });
 * await call.run();
 * const options: RestoreOptions = { activeCall: { timeoutMs: 1000 } };
 * const restore: RestorePlugin = restorePluginOn(nodePlatform);
 * const other = await restore('build/examples/greet.wasm', plugin.snapshot(), options);
 * console.log(other.activeCall?.status); // → paused
 * ```
 */
export interface RestoreOptions extends PluginOptions {
  /**
   * Host context and limits of the call. Its fuel limit is part of the snapshot, but cannot exceed the limit given
   * here or for all calls: the call pauses there, and can be resumed with more.
   */
  readonly activeCall?: Omit<DetailedCallOptions, 'whenBusy'> | undefined;
}

/**
 * Restores plug-ins from snapshots on one platform: `restorePlugin`, and the result of `restorePluginOn`.
 *
 * Example: see `RestoreOptions`.
 */
export type RestorePlugin = (
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  snapshot: BytesLike,
  options?: RestoreOptions,
) => Promise<Plugin>;

/**
 * Makes plug-ins on one platform: `createPlugin`, and the result of `createPluginOn`.
 *
 * ```ts
 * const createLimited: CreatePlugin = (manifest, options) => createPlugin(manifest, { fuel: 1_000_000, ...options });
 * const plugin = await createLimited('build/examples/greet.wasm');
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Hello, Ada!
 * ```
 */
export type CreatePlugin = (
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
) => Promise<Plugin>;

/**
 * `compilePlugin` for a platform.
 *
 * ```js
 * const silent = { ...nodePlatform, readFile: undefined };
 * const error = await compilePluginOn(silent)('build/examples/greet.wasm').catch((caught) => caught);
 * console.log(error.message.endsWith('this host has no file system')); // → true
 * ```
 */
export const compilePluginOn =
  (platform: Platform): CompilePlugin =>
  async (manifest, options) => {
    let own = readOptions(options);
    reading('options', () => warnOfUnknown(own, restoreOptionNames, loggerFor(own, platform)));
    const source = withFetch(platform, own);
    const isLater = reading('the manifest', () => isThenable(manifest));
    const settings = await resolveManifest((isLater ? await manifest : manifest) as ManifestLike, source);
    const features = reading('options', () => checkFeatures(own.features, pluginFeatures));
    const modules = nameModules(await loadModules(settings, source, features));
    // A list, since the argument may be iterable only once.
    if (own.features !== undefined) own = { ...own, features };
    return new CompiledPlugin(modules, settings, own, platform);
  };

/**
 * `createPlugin` for a platform: the entry points use it with their platforms, embedders with their own.
 *
 * ```js
 * // A host with a constant clock.
 * const clock = { realtime: () => 0n, monotonic: () => 0n, resolution: 1n };
 * const create = createPluginOn({ ...nodePlatform, clock });
 * console.log((await (await create('build/examples/greet.wasm')).call('greet', 'Ada')).text()); // → Hello, Ada!
 * ```
 */
export const createPluginOn = (platform: Platform): CreatePlugin => {
  const compile = compilePluginOn(platform);
  return async (manifest, options = {}) => {
    const compiled = await compile(manifest, options);
    const plugin = compiled.instantiate();
    compiled.close();
    return plugin;
  };
};

/**
 * `restorePlugin` for a platform.
 *
 * ```js
 * const create = createPluginOn(nodePlatform);
 * const plugin = await create('build/examples/greet.wasm');
 * const other = await restorePluginOn(nodePlatform)('build/examples/greet.wasm', plugin.snapshot());
 * console.log((await other.call('greet', 'Ada')).text()); // → Hello, Ada!
 * ```
 */
export const restorePluginOn = (platform: Platform): RestorePlugin => {
  const compile = compilePluginOn(platform);
  return async (manifest, snapshot, options = {}) => {
    const compiled = await compile(manifest, options);
    const { activeCall } = readOptions(options);
    const plugin = compiled.restore(snapshot, { activeCall });
    compiled.close();
    return plugin;
  };
};
