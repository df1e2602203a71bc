/**
 * Plug-ins: `createPlugin` and the object that it returns, with the names and shapes of `@extism/extism`.
 *
 * One rule for errors everywhere: a message that the guest set, a non-zero return code, a trap, a non-zero exit
 * and an exhausted budget all reject the call; afterwards the plug-in can be called again, as it was left.
 */
import { ExhaustionError, isQuernError, PluginError, UsageError } from '../errors/errors.ts';
import { FuncInstance, type RawValue } from '../interpreter/function.ts';
import type { ModuleInstance } from '../interpreter/module-instance.ts';
import { Store } from '../interpreter/store.ts';
import { takeWorkCost } from '../kernel/imports.ts';
import { Kernel } from '../kernel/kernel.ts';
import type { ExternKind } from '../syntax/module.ts';
import { funcTypeName, I32 } from '../syntax/types.ts';
import { initialisersOf } from './guest-runtime.ts';
import { Linker, nameModules } from './linker.ts';
import { LevelLogger } from './logging.ts';
import type { ManifestLike } from './manifest.ts';
import { type CheckedOptions, checkOptions, type PluginOptions } from './options.ts';
import { PluginOutput } from './output.ts';
import { PluginState, type PluginStateParts } from './plugin-state.ts';
import { type RunLimits, type RunOutcome, runToEnd } from './run.ts';
import type { Clock, Platform } from './sources.ts';
import { decodeUtf8, encodeUtf8 } from './text.ts';
import { Variables } from './variables.ts';
import { createWasiNamespaces, Preview1 } from './wasi/preview1.ts';
import { type LoadedModule, loadModules, resolveManifest } from './wasm-source.ts';

/** What a call takes as input. */
export type PluginInput = string | Uint8Array | ArrayBuffer | null | undefined;

/** Kind of an import or export, in the words of the JavaScript API. */
export type DescriptorKind = 'function' | 'table' | 'memory' | 'global' | 'tag';
/** An export of the main module. */
export interface ExportDescriptor {
  readonly name: string;
  readonly kind: DescriptorKind;
}
/** An import of the main module. */
export interface ImportDescriptor extends ExportDescriptor {
  readonly module: string;
}

const descriptorKind = (kind: ExternKind): DescriptorKind => (kind === 'func' ? 'function' : kind);

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;
/** The entry of a WASI command. An instance may run it once, so the next call gets a new instance. */
const COMMAND_ENTRY = '_start';

const toBytes = (input: PluginInput): Uint8Array => {
  if (input === undefined || input === null) return new Uint8Array(0);
  if (typeof input === 'string') return encodeUtf8(input);
  if (input instanceof Uint8Array) return input;
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw new UsageError('usage.argument', { detail: `input must be a string or bytes, not ${typeof input}` });
};

/** What one instantiation made. */
interface Linked {
  readonly main: ModuleInstance;
  readonly state: PluginState;
  /** Null when WASI is not switched on. */
  readonly wasi: Preview1 | null;
}

/** A plug-in, ready to be called. Made by `createPlugin`. */
export class Plugin {
  readonly #modules: ReadonlyMap<string, LoadedModule>;
  readonly #options: CheckedOptions;
  /** The host's own clock, for deadlines; the plug-in may see another one. */
  readonly #hostClock: Clock;
  readonly #parts: PluginStateParts;
  /** Null before instantiation and after `close`. */
  #linked: Linked | null = null;
  #isActive = false;
  #isClosed = false;
  #isStale = false;
  #fuelConsumed = 0;

  private constructor(modules: ReadonlyMap<string, LoadedModule>, options: CheckedOptions, hostClock: Clock) {
    this.#modules = modules;
    this.#options = options;
    this.#hostClock = hostClock;
    this.#parts = {
      config: options.config,
      variables: new Variables(options.memory.maxVarBytes),
      logger: new LevelLogger(options.logger, options.logLevel),
      schedule: options.schedule,
    };
  }

  /** Links and initialises a plug-in; users call `createPlugin`. @internal */
  static async create(
    modules: ReadonlyMap<string, LoadedModule>,
    options: CheckedOptions,
    hostClock: Clock,
  ): Promise<Plugin> {
    const plugin = new Plugin(modules, options, hostClock);
    await plugin.#instantiate(plugin.#limits());
    return plugin;
  }

  async #instantiate(limits: RunLimits): Promise<void> {
    const { usesWasi, wasi, clock, random } = this.#options;
    const wasiState = usesWasi ? new Preview1(wasi, clock, random) : null;
    const previous = this.#linked;
    try {
      this.#linked = await this.#link(wasiState, limits);
    } catch (error) {
      wasiState?.close();
      throw error;
    }
    previous?.wasi?.close();
    this.#isStale = false;
  }

  /** Links and initialises an instance of everything. */
  async #link(wasi: Preview1 | null, limits: RunLimits): Promise<Linked> {
    const { schedule, memory, functions } = this.#options;
    const store = new Store({
      schedule,
      ...(memory.maxPages === null ? {} : { maxMemoryPages: memory.maxPages }),
    });
    // One budget of pages for the growth of the kernel and for all memories of the guest.
    const kernel = new Kernel({ mayGrow: (pageCount) => store.take(pageCount) });
    const state = new PluginState(this.#parts, kernel);
    const linker = new Linker(store, state, {
      modules: this.#modules,
      functions,
      wasi: wasi === null ? null : createWasiNamespaces(wasi, schedule),
    });
    const main = linker.link();
    for (const instance of linker.instances) {
      for (const { func, args } of initialisersOf(instance)) {
        const outcome = await this.#run(func, args, limits);
        if (outcome.hasFailed && !isCleanExit(outcome.error)) throw outcome.error;
      }
    }
    return { main, state, wasi };
  }

  /**
   * Calls an exported function of the main module.
   *
   * @param functionName name of the export
   * @param input what the plug-in reads as its input
   * @param hostContext what host functions get from `CurrentPlugin.hostContext`
   * @returns the output, or null when the plug-in set none
   * @throws PluginError, TrapError, ExhaustionError, ExitError, InterruptedError, or what a host function threw
   */
  async call(functionName: string, input?: PluginInput, hostContext?: unknown): Promise<PluginOutput | null> {
    this.#requireIdle();
    const bytes = toBytes(input);
    this.#isActive = true;
    try {
      this.#fuelConsumed = 0;
      const limits = this.#limits();
      if (this.#isStale) await this.#instantiate(limits);
      const { main, state } = this.#require();
      const func = findFunction(main, functionName);
      this.#isStale = functionName === COMMAND_ENTRY;
      begin(state, bytes, hostContext);
      const outcome = await this.#run(func, [], limits);
      state.hostContext = undefined;
      return finish(state, func, outcome);
    } finally {
      this.#isActive = false;
      if (this.#isClosed) this.#release();
    }
  }

  /** Whether the main module exports a function of that name. */
  async functionExists(functionName: string): Promise<boolean> {
    return this.#require().main.exports.get(functionName) instanceof FuncInstance;
  }

  /** The exports of the main module, in order. */
  async getExports(): Promise<ExportDescriptor[]> {
    const { exports } = this.#require().main.compiled.module;
    return exports.map(({ name, kind }) => ({ name, kind: descriptorKind(kind) }));
  }

  /** The imports of the main module, in order. */
  async getImports(): Promise<ImportDescriptor[]> {
    const { imports } = this.#require().main.compiled.module;
    return imports.map(({ module, name, desc }) => ({ module, name, kind: descriptorKind(desc.kind) }));
  }

  /** The instance of the main module: the engine's own, not a native one. */
  async getInstance(): Promise<ModuleInstance> {
    return this.#require().main;
  }

  /** Whether a call runs. */
  isActive(): boolean {
    return this.#isActive;
  }

  /** Fuel that the last call used; before the first one, that of initialisation. */
  get fuelConsumed(): number {
    return this.#fuelConsumed;
  }

  /**
   * Frees all blocks of the kernel. Variables and the plug-in's own memory stay.
   *
   * @returns false, and nothing happens, while a call runs
   */
  async reset(): Promise<boolean> {
    if (this.#isActive) return false;
    this.#require().state.kernel.reset();
    return true;
  }

  /** Gives up the plug-in's memory, after the call that runs. It cannot be called afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (!this.#isActive) this.#release();
  }

  /** Gives up the instance and what the host holds open for it. */
  #release(): void {
    this.#linked?.wasi?.close();
    this.#linked = null;
  }

  #require(): Linked {
    if (this.#linked === null) throw new UsageError('usage.state', { detail: 'plugin is closed' });
    return this.#linked;
  }

  #requireIdle(): void {
    if (this.#isClosed) throw new UsageError('usage.state', { detail: 'plugin is closed' });
    if (this.#isActive) throw new UsageError('usage.state', { detail: 'plugin is not reentrant' });
  }

  #limits(): RunLimits {
    const { fuel, timeoutMs } = this.#options;
    if (timeoutMs === null) return { fuel, isOverdue: () => false };
    const deadline = this.#hostClock.monotonic() + BigInt(timeoutMs) * NANOSECONDS_PER_MILLISECOND;
    return { fuel, isOverdue: () => this.#hostClock.monotonic() >= deadline };
  }

  async #run(func: FuncInstance, args: readonly RawValue[], limits: RunLimits): Promise<RunOutcome> {
    // What initialisation used of the budget is gone for the call behind it.
    const fuel = limits.fuel === null ? null : Math.max(0, limits.fuel - this.#fuelConsumed);
    const outcome = await runToEnd(func, args, { ...limits, fuel });
    this.#fuelConsumed += outcome.fuelConsumed;
    return outcome;
  }
}

/** Whether a guest ended itself with status 0, which is a success. */
const isCleanExit = (error: unknown): boolean =>
  isQuernError(error, 'exit.code') && error.details.exitCode === 0;

/** The function that a call is for. @throws PluginError */
const findFunction = (main: ModuleInstance, name: string): FuncInstance => {
  const refuse = (detail: string): Error => new PluginError('plugin.function', { name, detail });
  const item = main.exports.get(name);
  if (item === undefined) throw refuse(`function "${name}" does not exist`);
  if (!(item instanceof FuncInstance)) throw refuse(`export "${name}" is not a function`);
  if (item.signature.params.length === 0) return item;
  throw refuse(
    `function "${name}" takes parameters, ${funcTypeName(item.signature)}; plug-in functions take none`,
  );
};

/** Clears what the last call left in the kernel and hands in the input. */
const begin = (state: PluginState, input: Uint8Array, hostContext: unknown): void => {
  const { kernel } = state;
  kernel.reset();
  if (!kernel.setInput(input)) {
    throw new ExhaustionError('exhaustion.memory', { detail: 'no room for the input' });
  }
  // Preparing the call is the host's work, not the guest's.
  takeWorkCost(kernel, state.schedule);
  state.hostContext = hostContext;
};

/** Judges a call that ended: its output, or the error that it rejects with. */
const finish = ({ kernel }: PluginState, func: FuncInstance, outcome: RunOutcome): PluginOutput | null => {
  if (outcome.hasFailed && !isCleanExit(outcome.error)) throw outcome.error;
  const returnCode = outcome.hasFailed ? 0 : returnCodeOf(func, outcome.results);
  const message = kernel.errorMessage();
  if (message !== null) throw new PluginError('plugin.error', { returnCode, detail: decodeUtf8(message) });
  if (returnCode !== 0)
    throw new PluginError('plugin.return-code', { returnCode, detail: String(returnCode) });
  const output = kernel.output();
  return output === null ? null : new PluginOutput(output);
};

/** Only a single i32 is a return code; results of other types mean nothing in this calling convention. */
const returnCodeOf = (func: FuncInstance, [value]: readonly RawValue[]): number => {
  const { results } = func.signature;
  return results.length === 1 && results[0] === I32 ? Number(BigInt.asIntN(32, value as bigint)) : 0;
};

/** Makes plug-ins on one platform. */
export type CreatePlugin = (
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
) => Promise<Plugin>;

/** `createPlugin` for a platform: the entry points bind it to theirs, embedders to their own. */
export const createPluginOn =
  (platform: Platform): CreatePlugin =>
  async (manifest, options = {}) => {
    const checked = await resolveManifest(await manifest, platform);
    const settings = checkOptions(options ?? {}, checked, platform);
    return Plugin.create(nameModules(await loadModules(checked, platform)), settings, platform.clock);
  };
