/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Plug-ins: the object that `createPlugin` returns, with the names and shapes of `@extism/extism`.
 *
 * One rule for errors everywhere: a message that the guest set, a non-zero return code, a trap, a non-zero exit
 * and an exhausted budget all reject the call; afterwards the plug-in can be called again, in the state that the call
 * left.
 */
import { badArgument } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { UsageError } from '../../errors/errors.ts';
import { valueText } from '../../errors/texts.ts';
import type { PauseReason } from '../../interpreter/calls/outcome.ts';
import { FuncInstance, type ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import { SnapshotFile } from '../../interpreter/snapshot/snapshot-reader.ts';
import { type AbortSignalLike, CallWatch, type TimeoutCode } from '../calls/call-watch.ts';
import { type CallBudget, type StandStill, wantsPause } from '../calls/run.ts';
import { encodeBase64 } from '../manifest/base64.ts';
import { configText } from '../manifest/manifest.ts';
import type { LoadedModule } from '../manifest/wasm-source.ts';
import { LevelLogger } from '../pdk/logging.ts';
import { Variables } from '../pdk/variables.ts';
import { checkTextOrBytes } from '../platform/given.ts';
import type { Platform } from '../platform/platform.ts';
import { type Receipt, receiptOf } from '../replay/receipt.ts';
import { TapeSession } from '../replay/session.ts';
import type { Tape } from '../replay/tape.ts';
import { type PluginParts, readPlugin, writePlugin } from '../snapshot/plugin-snapshot.ts';
import type { Operation } from '../state/operation.ts';
import { PluginOutput } from '../state/output.ts';
import { CallTask, checkSavedCall } from './call-task.ts';
import {
  type CallLimits,
  type CallOptions,
  type CallResult,
  checkCallLimits,
  type DetailedCallOptions,
  findFunction,
  type GivenCall,
  judge,
  type PluginInput,
  readCall,
} from './calling.ts';
import { CurrentCall } from './current-call.ts';
import { type ExportDescriptor, exportsOf, type ImportDescriptor, importsOf } from './descriptors.ts';
import { closeWhenDisposed } from './disposable.ts';
import { closedError, Instances, type Linked } from './instances.ts';
import type { CheckedOptions } from './options.ts';
import { PluginCall } from './plugin-call.ts';
import { Runner } from './runner.ts';

/** The parts of a plug-in. @internal */
export interface PluginMaterial {
  readonly modules: ReadonlyMap<string, LoadedModule>;
  readonly options: CheckedOptions;
  readonly platform: Platform;
  /** Called once, when the plug-in has released its instances: whether nothing of them is left. */
  readonly onGone: (isClean: boolean) => void;
}

/**
 * A plug-in, ready to be called. Made by `createPlugin`.
 *
 * ```ts
 * const plugin: Plugin = await createPlugin('build/examples/counter.wasm', { functions, fuel: 1_000_000 });
 * await plugin.call('count', 'Hello');
 * console.log((await plugin.call('count', 'World'))?.json().total); // → 3
 * console.log(plugin.fuelConsumed < 1_000_000, await plugin.functionExists('ratio')); // → true true
 * await plugin.close();
 * ```
 */
export class Plugin {
  readonly #options: CheckedOptions;
  /** For calls without their own. */
  readonly #limits: CallLimits;
  /** That of the host; its clock is used for deadlines, though the plug-in may see another one. */
  readonly #platform: Platform;
  readonly #config: Map<string, string>;
  readonly #variables: Variables;
  readonly #instances: Instances;
  readonly #current = new CurrentCall();
  /** Resolves when the plug-in is closed; null while it is open. */
  #closed: Promise<void> | null = null;
  /** Null if nothing is recorded or replayed. */
  readonly #session: TapeSession | null;
  #onGone: PluginMaterial['onGone'] | null;

  private constructor({ modules, options, platform, onGone }: PluginMaterial) {
    const { memory, logger, logLevel, schedule, http } = options;
    this.#options = options;
    this.#limits = checkCallLimits({}, options);
    this.#platform = platform;
    this.#onGone = onGone;
    this.#config = new Map(options.config);
    this.#variables = new Variables(memory.maxVarBytes);
    this.#instances = new Instances(modules, options, {
      config: this.#config,
      variables: this.#variables,
      logger: new LevelLogger(logger, logLevel, memory.maxLogBytes),
      schedule,
      http,
    });
    this.#session = options.tape === null ? null : new TapeSession(options.tape);
    if (options.tape !== null) options.tape.redo = (operation) => redo(this.#config, operation);
  }

  /** Links and initialises a plug-in; users call `createPlugin`. @internal */
  static async create(material: PluginMaterial, signal: AbortSignalLike | null): Promise<Plugin> {
    const plugin = new Plugin(material);
    const limits = checkCallLimits({ signal }, material.options);
    const budget = plugin.#budgetOf(limits, 'interrupted.instantiation');
    if (plugin.#session !== null) budget.fuel = plugin.#session.budget(budget.fuel);
    try {
      await new Runner(plugin.#instances, budget).instantiate();
    } catch (error) {
      plugin.#release();
      throw plugin.#session?.initialFailure(error, budget.watch.isStopped()) ?? error;
    } finally {
      budget.watch.close();
    }
    plugin.#session?.ready(plugin.fuelConsumed, () => plugin.#instances.stateHash());
    return plugin;
  }

  /**
   * Restores a plug-in from a snapshot; users call `restorePlugin`. Without a snapshot, makes a plug-in that its
   * first call initialises.
   *
   * @internal
   * @throws SnapshotError, UnlinkableError, LimitError
   */
  static async restore(
    material: PluginMaterial,
    snapshot: Uint8Array | null,
    callOptions: DetailedCallOptions,
  ): Promise<Plugin> {
    const { options } = material;
    const plugin = new Plugin(material);
    try {
      const limits = checkCallLimits(callOptions, options);
      const file = snapshot === null ? null : new SnapshotFile(snapshot);
      plugin.#instances.replace(plugin.#instances.link());
      if (file === null) plugin.#instances.isStale = true;
      else plugin.#adopt(file, limits, callOptions.hostContext);
    } catch (error) {
      plugin.#release();
      throw error;
    }
    return plugin;
  }

  /** Restores the state in a snapshot. */
  #adopt(file: SnapshotFile, limits: CallLimits, hostContext: unknown): void {
    const instances = this.#instances;
    const linked = instances.require();
    const { state } = linked;
    const onSlice = (): boolean => state.limits !== null && wantsPause(state.limits);
    const parts = this.partsOf(linked);
    const { fuelConsumed, isStale, call, execution } = readPlugin(file, parts, limits.fuel, { onSlice });
    instances.isStale = isStale;
    instances.fuelBefore = fuelConsumed;
    if (call === null) return;
    checkSavedCall(call, execution, linked);
    this.#current.claim();
    const task = this.#newTask(call.functionName, { input: call.input, hostContext, limits });
    task.adopt(call, execution);
    this.#openCall(task, execution?.pause ?? null);
  }

  /** Its parts. @internal */
  partsOf({ instances, state, wasi }: Linked): PluginParts {
    const { clock, random } = this.#options;
    return { instances, state, wasi, clock, random, config: this.#config };
  }

  /**
   * The whole state of the plug-in as bytes: memories, kernel, variables, configuration, files in memory, positions
   * of open files, and the paused call, if there is one. `restorePlugin` continues from there, in another process, on
   * another machine or in another JavaScript engine. The same state gives the same bytes.
   *
   * ```ts
   * const plugin = await createPlugin('build/examples/greet.wasm');
   * const call = await plugin.startCall('greet', 'Ada', { fuel: 100 });
   * await call.run();
   * const bytes = plugin.snapshot();
   * // Elsewhere:
   * const other = await restorePlugin('build/examples/greet.wasm', bytes);
   * other.activeCall?.addFuel(1_000_000);
   * console.log(await other.activeCall?.run()); // → done
   * ```
   *
   * It contains all data of the plug-in, including secrets. Docs: docs/snapshots.md.
   *
   * @throws UsageError while a call runs; SnapshotError (`snapshot.unsupported`) for what cannot be written as bytes
   */
  snapshot(): Uint8Array {
    const { inPieces: call, task } = this.#current;
    if (this.#current.isThere && (call === null || task === null || call.status === 'running')) {
      throw new UsageError('usage.state', {
        detail: 'a call is running; take snapshots between calls, or of a paused call of `startCall`',
      });
    }
    const { fuelBefore, isStale } = this.#instances;
    const progress = { fuelConsumed: fuelBefore, isStale, call: task?.saved() ?? null };
    return writePlugin(this.partsOf(task?.linked ?? this.#instances.require()), progress);
  }

  /** The call of `startCall` that has not ended, also in a restored plug-in; null for none. */
  get activeCall(): PluginCall | null {
    return this.#current.inPieces;
  }

  /**
   * Calls an exported function of the main module.
   *
   * @param functionName name of the export
   * @param input what the plug-in reads as its input
   * @param hostContext what host functions get from `CurrentPlugin.hostContext`
   * @param options limits of this call. A separate parameter, since any object may be a host context
   * @returns the output, or null if the plug-in set none
   * @throws PluginError, TrapError, ExhaustionError, ExitError, InterruptedError, or what a host function threw
   */
  call(
    functionName: string,
    input?: PluginInput,
    hostContext?: unknown,
    options?: CallOptions,
  ): Promise<PluginOutput | null> {
    return this.#current.make(
      () => ({ ...this.#read(input, options), hostContext }),
      (given) => this.#newTask(functionName, given),
      judge,
    );
  }

  /**
   * Calls an exported function, and leaves it to the caller to interpret a return code or a message of the plug-in:
   * neither rejects.
   *
   * @throws TrapError, ExhaustionError, ExitError, InterruptedError, or what a host function threw
   */
  callDetailed(
    functionName: string,
    input?: PluginInput,
    options?: DetailedCallOptions,
  ): Promise<CallResult> {
    return this.#current.make(
      () => this.#read(input, options),
      (given) => this.#newTask(functionName, given),
      (result) => result,
    );
  }

  /**
   * Prepares a call that is made in pieces: it pauses when its fuel is used up, can be resumed with more, and can be
   * paused and resumed at any time. The plug-in is busy from now on until the call has ended.
   *
   * ```ts
   * const plugin = await createPlugin('build/examples/greet.wasm');
   * const call = await plugin.startCall('greet', 'Ada', { fuel: 1000 });
   * while ((await call.run()) === 'paused') call.addFuel(1000);
   * console.log(call.output?.text(), call.fuelConsumed > 1000); // → Hello, Ada! true
   * ```
   *
   * Time during which the call is paused does not count against `timeoutMs`.
   *
   * @throws PluginError when there is no such function; UsageError when the plug-in is busy
   */
  async startCall(
    functionName: string,
    input?: PluginInput,
    options?: DetailedCallOptions,
  ): Promise<PluginCall> {
    const given = this.#read(input, options);
    return this.#current.begin(given.limits, () => {
      findFunction(this.#instances.require().main, functionName);
      this.#instances.fuelBefore = 0;
      return this.#openCall(this.#newTask(functionName, { ...given, input: given.input.slice() }), null);
    });
  }

  #read(input: PluginInput, options: DetailedCallOptions | undefined): GivenCall {
    return readCall(input, options, this.#limits, this.#options.logger);
  }

  #newTask(functionName: string, given: GivenCall): CallTask {
    const runner = new Runner(this.#instances, this.#budgetOf(given.limits));
    return new CallTask(functionName, given, runner, this.#session);
  }

  #openCall(task: CallTask, pause: PauseReason | null): PluginCall {
    const backend = {
      budget: task.budget,
      perform: (standStill: StandStill) => this.#current.perform(task, standStill),
      judge,
      executions: () => this.#instances.running?.executions ?? [],
      fuelConsumed: () => this.fuelConsumed,
    };
    const call = new PluginCall(task.functionName, backend, pause);
    this.#current.inPieces = call;
    this.#current.task = task;
    return call;
  }

  /** The instances of calls. @internal */
  get instances(): Instances {
    return this.#instances;
  }

  /** Hash of memories, kernel and variables. @internal */
  get stateHash(): string {
    return this.#instances.stateHash();
  }

  /** The recorder or player; null for neither. @internal */
  get tape(): Tape | null {
    return this.#options.tape;
  }

  /**
   * The recording up to now: JSON lines (docs/replay.md), for the `replay` option or `replayRecording`.
   *
   * @throws UsageError without the `record` option
   */
  get recording(): string {
    const tape = this.#session?.tape;
    const lines = tape?.isReplay === false || tape?.goesOn ? tape.lines : null;
    if (lines !== null) return lines.map((line) => `${line}\n`).join('');
    throw new UsageError('usage.state', { detail: 'nothing is recorded; pass the record option' });
  }

  /**
   * The receipt of the last call, which others can verify with the recording and the modules (`verifyReceipt`).
   *
   * @throws UsageError when nothing is recorded or replayed, or before the first call
   */
  get receipt(): Receipt {
    const call = this.#session?.lastCall ?? null;
    if (call !== null) return receiptOf(call, this.#instances.modules, this.#options.schedule);
    throw new UsageError('usage.state', { detail: 'no call was recorded; pass the record option' });
  }

  /** Whether the main module exports a function of that name. */
  async functionExists(functionName: string): Promise<boolean> {
    return this.#instances.require().main.exports.get(functionName) instanceof FuncInstance;
  }

  /** The exports of the main module, in order. */
  async getExports(): Promise<ExportDescriptor[]> {
    return exportsOf(this.#instances.require().main.compiled.module);
  }

  /** The imports of the main module, in order. */
  async getImports(): Promise<ImportDescriptor[]> {
    return importsOf(this.#instances.require().main.compiled.module);
  }

  /** The instance of the main module: the engine's own, not a native one. */
  async getInstance(): Promise<ModuleInstance> {
    const { main, state } = this.#instances.require();
    state.hasEscaped = true;
    return main;
  }

  /** Names of the variables that are set, in order. */
  get variableNames(): string[] {
    return this.#variables.sorted().map(([name]) => name);
  }

  /** A copy of a variable of the plug-in; null when it is unset. */
  getVariable(name: string): PluginOutput | null {
    const value = this.#variables.get(name);
    return value === null ? null : new PluginOutput(value.slice());
  }

  /** Sets a variable of the plug-in to a copy of a value. @throws UsageError beyond the limit on variables */
  setVariable(name: string, value: string | BytesLike): void {
    const bytes = checkTextOrBytes(value, 'a variable').slice();
    checkName(name);
    this.#session?.change('setVariable', name, encodeBase64(bytes));
    const refusal = this.#variables.set(name, bytes);
    if (refusal !== null) throw new UsageError('usage.state', { detail: refusal });
  }

  /** Deletes a variable of the plug-in, if it is set. */
  deleteVariable(name: string): void {
    checkName(name);
    this.#session?.change('deleteVariable', name);
    this.#variables.delete(name);
  }

  /** Value of a configuration key; null when it is unset. */
  getConfig(key: string): string | null {
    return this.#config.get(key) ?? null;
  }

  /** Sets a configuration key for subsequent calls; null unsets it. */
  setConfig(key: string, value: string | number | boolean | null): void {
    const text = configText(value);
    if (text === null && value !== null)
      throw badArgument('a configuration value must be a string, number, boolean or null');
    checkName(key);
    this.#session?.change('setConfig', key, text);
    setOrDelete(this.#config, key, text);
  }

  /** Whether a call is running or paused. */
  isActive(): boolean {
    return this.#current.isThere;
  }

  /**
   * Fuel that the last call has used, up to now if it is running; before the first call, the fuel of initialisation.
   */
  get fuelConsumed(): number {
    return this.#instances.fuelConsumed;
  }

  /**
   * Frees all blocks of the kernel. Variables and the plug-in's own memory stay.
   *
   * @returns false, without any effect, while a call runs
   */
  async reset(): Promise<boolean> {
    if (this.#current.isThere) return false;
    const { kernel } = this.#instances.require().state;
    this.#session?.change('reset');
    kernel.reset();
    return true;
  }

  /**
   * Releases the plug-in's memory. A call that waits for the host, is paused or computes rejects with
   * `interrupted.cancelled`, queued calls with `usage.state`. It cannot be called afterwards.
   *
   * @returns when all of them have ended
   */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  /** Closes the plug-in at the end of `await using`, on engines that have the symbol. */
  declare [Symbol.asyncDispose]: () => Promise<void>;

  async #end(): Promise<void> {
    const turn = this.#current.close(closedError);
    if (turn !== null) await turn;
    this.#release();
    this.#current.end(null);
  }

  /** Releases the instance and what the host has open for it. */
  #release(): void {
    const isClean = this.#instances.release();
    this.#onGone?.(isClean);
    this.#onGone = null;
  }

  #budgetOf(limits: CallLimits, timeoutCode: TimeoutCode = 'interrupted.timeout'): CallBudget {
    return { fuel: limits.fuel, watch: new CallWatch(this.#platform, limits, timeoutCode) };
  }
}

closeWhenDisposed(Plugin.prototype);

/** Repeats what the owner of a plug-in did while a host function ran. */
const redo = (config: Map<string, string>, [name, key, value = null]: Operation): boolean => {
  if (name !== 'setConfig') return false;
  setOrDelete(config, String(key), value === null ? null : String(value));
  return true;
};

const setOrDelete = (config: Map<string, string>, key: string, value: string | null): void => {
  if (value === null) config.delete(key);
  else config.set(key, value);
};

/** @throws UsageError for a name that is not text */
const checkName = (name: unknown): void => {
  if (typeof name !== 'string') throw badArgument(`a name must be a string, not ${valueText(name)}`);
};
