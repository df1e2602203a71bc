/**
 * Plug-ins: the object that `createPlugin` returns, with the names and shapes of `@extism/extism`.
 *
 * One rule for errors everywhere: a message that the guest set, a non-zero return code, a trap, a non-zero exit
 * and an exhausted budget all reject the call; afterwards the plug-in can be called again, as it was left.
 */
import { badArgument, reading, readOptions } from '../../errors/arguments.ts';
import { isQuernError, SnapshotError, UsageError } from '../../errors/errors.ts';
import { valueText } from '../../errors/texts.ts';
import type { Execution, PauseReason } from '../../interpreter/calls/execution.ts';
import { FuncInstance, type RawValue } from '../../interpreter/instances/function.ts';
import type { MemoryInstance } from '../../interpreter/instances/memory.ts';
import type { ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import { Store } from '../../interpreter/instances/store.ts';
import { SnapshotFile } from '../../interpreter/snapshot/snapshot-reader.ts';
import { Kernel } from '../../kernel/kernel.ts';
import type { ExternKind } from '../../syntax/module.ts';
import { type AbortSignalLike, CallWatch, type TimeoutCode } from '../calls/call-watch.ts';
import {
  type CallBudget,
  prepareRun,
  type RunLimits,
  type RunOutcome,
  runToEnd,
  type StandStill,
  wantsPause,
} from '../calls/run.ts';
import { Turns } from '../calls/turns.ts';
import { type Initialiser, initialisersOf } from '../linking/guest-runtime.ts';
import { Linker } from '../linking/linker.ts';
import { encodeBase64 } from '../manifest/base64.ts';
import type { LoadedModule } from '../manifest/wasm-source.ts';
import { LevelLogger } from '../pdk/logging.ts';
import { Variables } from '../pdk/variables.ts';
import type { Platform } from '../platform/platform.ts';
import type { LogEvent } from '../replay/log.ts';
import { type Receipt, receiptOf } from '../replay/receipt.ts';
import { TapeSession } from '../replay/session.ts';
import { stateHash } from '../replay/state-hash.ts';
import { type PluginParts, readPlugin, type SavedCall, writePlugin } from '../snapshot/plugin-snapshot.ts';
import type { Operation } from '../state/operation.ts';
import { PluginOutput } from '../state/output.ts';
import { PluginState, type PluginStateParts } from '../state/plugin-state.ts';
import { createWasiNamespaces } from '../wasi/preview1.ts';
import { Preview1 } from '../wasi/program.ts';
import {
  begin,
  type CallLimits,
  type CallOptions,
  type CallResult,
  checkCallLimits,
  type DetailedCallOptions,
  findFunction,
  finish,
  isCleanExit,
  judge,
  type PluginInput,
  toBytes,
} from './calling.ts';
import { describeFailure, FailureFrames } from './failure.ts';
import type { CheckedOptions } from './options.ts';
import { PluginCall } from './plugin-call.ts';

/**
 * Kind of an import or export, in the words of the JavaScript API.
 *
 * Example: see `ImportDescriptor`.
 */
export type DescriptorKind = 'function' | 'table' | 'memory' | 'global' | 'tag';
/**
 * An export of the main module.
 *
 * Example: see `ImportDescriptor`.
 */
export interface ExportDescriptor {
  readonly name: string;
  readonly kind: DescriptorKind;
}
/**
 * An import of the main module.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions });
 * const namesOf = (items: readonly ExportDescriptor[], kind: DescriptorKind): string[] =>
 *   items.filter((item) => item.kind === kind).map(({ name }) => name);
 * console.log(namesOf(await plugin.getExports(), 'function').includes('count')); // → true
 * const imports: ImportDescriptor[] = await plugin.getImports();
 * console.log(imports.find(({ module }) => module === 'extism:host/user')?.name); // → remark
 * ```
 */
export interface ImportDescriptor extends ExportDescriptor {
  readonly module: string;
}

const descriptorKind = (kind: ExternKind): DescriptorKind => (kind === 'func' ? 'function' : kind);

/** The entry of a WASI command. An instance may run it once, so the next call gets a new instance. */
const COMMAND_ENTRY = '_start';

/** What one instantiation made. */
interface Linked {
  readonly main: ModuleInstance;
  /** In the order of their initialisation; `main` is one of them. */
  readonly instances: readonly ModuleInstance[];
  readonly state: PluginState;
  /** Null when WASI is not switched on. */
  readonly wasi: Preview1 | null;
  /** Memories of all modules, each once. */
  readonly memories: readonly MemoryInstance[];
}

/** What a call is for, and how far it has come. */
interface CallTask {
  readonly functionName: string;
  readonly input: Uint8Array;
  readonly hostContext: unknown;
  /** Of a call that was restored: the execution to go on with, until it has. */
  restored: Execution | null;
  /** The initialiser that runs, counted over all instances; -1 when none does. */
  initialiser: number;
  /** Null until the call runs. */
  linked: Linked | null;
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
  readonly #modules: ReadonlyMap<string, LoadedModule>;
  readonly #options: CheckedOptions;
  /** The host's own; its clock is the one of deadlines, though the plug-in may see another. */
  readonly #platform: Platform;
  readonly #parts: PluginStateParts;
  readonly #config: Map<string, string>;
  /** Null before instantiation and after `close`. */
  #linked: Linked | null = null;
  readonly #turns = new Turns();
  /** The call that is made in pieces and has not ended; null for none. */
  #call: PluginCall | null = null;
  /** What it is for, and its limits. */
  #task: CallTask | null = null;
  #budget: CallBudget | null = null;
  /** State of what runs now; null between calls. */
  #running: PluginState | null = null;
  #isClosed = false;
  /** Whether the next call needs a new instance. */
  #isStale = false;
  /** Where the last run failed; null unless somebody wants to know. */
  #failureFrames: FailureFrames | null = null;
  /** Of the executions of the last call that are over. */
  #fuelConsumed = 0;
  /** Null when nothing is recorded or replayed. */
  readonly #session: TapeSession | null;
  /** Told once, when the plug-in has given up its instances: whether nothing of them is left. */
  #onGone: ((isClean: boolean) => void) | null = null;
  /** Whether nothing is left of the instances that were given up. */
  #isClean = true;

  private constructor(
    modules: ReadonlyMap<string, LoadedModule>,
    options: CheckedOptions,
    platform: Platform,
  ) {
    const { memory, logger, logLevel, schedule, http } = options;
    this.#modules = modules;
    this.#options = options;
    this.#platform = platform;
    this.#config = new Map(options.config);
    this.#parts = {
      config: this.#config,
      variables: new Variables(memory.maxVarBytes),
      logger: new LevelLogger(logger, logLevel, memory.maxLogBytes),
      schedule,
      http,
    };
    this.#session = options.tape === null ? null : new TapeSession(options.tape);
    if (options.tape !== null) options.tape.redo = (operation) => this.#redo(operation);
  }

  /** Links and initialises a plug-in; users call `createPlugin`. @internal */
  static async create(
    modules: ReadonlyMap<string, LoadedModule>,
    options: CheckedOptions,
    platform: Platform,
    onGone: (isClean: boolean) => void,
    signal: AbortSignalLike | null = null,
  ): Promise<Plugin> {
    const plugin = new Plugin(modules, options, platform);
    const budget = plugin.#budgetOf(checkCallLimits({ signal }, options), 'interrupted.instantiation');
    plugin.#onGone = onGone;
    if (plugin.#session !== null) budget.fuel = plugin.#session.budget(budget.fuel);
    try {
      await plugin.#instantiate(budget, null, null);
    } catch (error) {
      plugin.#release();
      throw plugin.#session?.initialFailure(error, budget.watch.isStopped()) ?? error;
    } finally {
      budget.watch.close();
    }
    plugin.#session?.ready(plugin.#fuelConsumed, () => plugin.#stateHash());
    return plugin;
  }

  /**
   * Makes a plug-in of a snapshot; users call `restorePlugin`.
   *
   * @internal
   * @throws SnapshotError, UnlinkableError, LimitError
   */
  static async restore(
    modules: ReadonlyMap<string, LoadedModule>,
    options: CheckedOptions,
    platform: Platform,
    snapshot: Uint8Array,
    callOptions: DetailedCallOptions,
    onGone: (isClean: boolean) => void,
  ): Promise<Plugin> {
    if (options.tape !== null) {
      throw new UsageError('usage.argument', {
        detail: 'a plug-in that is restored can be neither recorded nor replayed: its beginning is not known',
      });
    }
    const plugin = new Plugin(modules, options, platform);
    plugin.#onGone = onGone;
    try {
      const limits = checkCallLimits(callOptions, options);
      const file = new SnapshotFile(snapshot);
      const linked = plugin.#link();
      plugin.#linked = linked;
      plugin.#adopt(file, linked, limits, callOptions.hostContext);
    } catch (error) {
      plugin.#release();
      throw error;
    }
    return plugin;
  }

  /** Takes over what a snapshot says. */
  #adopt(file: SnapshotFile, linked: Linked, limits: CallLimits, hostContext: unknown): void {
    const { state } = linked;
    const onSlice = (): boolean => state.limits !== null && wantsPause(state.limits);
    const parts = this.#partsOf(linked);
    const { fuelConsumed, isStale, call, execution } = readPlugin(file, parts, limits.fuel, { onSlice });
    this.#isStale = isStale;
    this.#fuelConsumed = fuelConsumed;
    if (call === null) return;
    const { functionName, input, initialiser, fuel } = call;
    const main = linked.main.exports.get(functionName);
    const func = initialiser < 0 ? main : initialisersOfAll(linked.instances)[initialiser]?.func;
    // SAFETY: results are read by the type of the function that was called.
    const isCallable = main instanceof FuncInstance && main.signature.params.length === 0;
    if (!isCallable || func === undefined || (execution !== null && execution.func !== func))
      throw new SnapshotError('snapshot.corrupt', { detail: 'a call of another function' });
    void this.#turns.take('refuse', null);
    const hasBegun = execution !== null;
    const task = { ...newTask(functionName, input, hostContext), restored: execution, initialiser };
    task.linked = hasBegun ? linked : null;
    if (execution !== null) {
      state.executions = [execution];
      state.hostContext = hostContext;
      this.#running = state;
    }
    this.#openCall(task, { ...this.#budgetOf(limits), fuel }, execution?.pause ?? null);
  }

  #partsOf({ instances, state, wasi }: Linked): PluginParts {
    const { clock, random } = this.#options;
    return { instances, state, wasi, clock, random, config: this.#config };
  }

  /**
   * Everything that the plug-in is, as bytes: memories, kernel, variables, configuration, files in memory, positions
   * of open files, and the call that stands still, if there is one. `restorePlugin` goes on from there, in another
   * process, on another machine or in another JavaScript engine. The same state gives the same bytes.
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
   * It holds what the plug-in holds, secrets included. Docs: docs/snapshots.md.
   *
   * @throws UsageError while a call runs; SnapshotError (`snapshot.unsupported`) for what has no form in bytes
   */
  snapshot(): Uint8Array {
    const call = this.#call;
    const task = this.#task;
    if (this.#turns.isTaken && (call === null || task === null || call.status === 'running')) {
      throw new UsageError('usage.state', {
        detail: 'a call runs; take snapshots between calls, or of a call of `startCall` that is paused',
      });
    }
    const linked = task?.linked ?? this.#require();
    const saved = task === null || call === null ? null : savedCall(task, this.#budget?.fuel ?? null);
    return writePlugin(this.#partsOf(linked), {
      fuelConsumed: this.#fuelConsumed,
      isStale: this.#isStale,
      call: saved,
    });
  }

  /** The call of `startCall` that has not ended, also in a plug-in that was restored; null for none. */
  get activeCall(): PluginCall | null {
    return this.#call;
  }

  async #instantiate(
    budget: CallBudget,
    standStill: StandStill | null,
    task: CallTask | null,
  ): Promise<void> {
    const previous = this.#linked;
    const linked = task?.restored ? task.linked! : this.#link();
    if (task !== null) task.linked = linked;
    try {
      await this.#initialise(linked, budget, standStill, task);
    } catch (error) {
      // Of a call that was restored, the instances stay what the plug-in has.
      if (previous === linked) linked.wasi?.close();
      else this.#giveUp(linked);
      throw error;
    }
    this.#linked = linked;
    if (previous !== null && previous !== linked) this.#giveUp(previous);
    this.#isStale = false;
  }

  /** Links a new instance of everything; no code of theirs runs. */
  #link(): Linked {
    const {
      schedule,
      memory,
      functions,
      isDeterministic,
      usesWasi,
      clock,
      random,
      wasi: wasiOptions,
    } = this.#options;
    const wasi = usesWasi ? new Preview1(wasiOptions, clock, random) : null;
    const store = new Store({
      schedule,
      strictGrowth: isDeterministic,
      ...(memory.maxPages === null ? {} : { maxMemoryPages: memory.maxPages }),
      ...(memory.maxHeapBytes === null ? {} : { maxHeapBytes: memory.maxHeapBytes }),
    });
    // One budget of pages for the growth of the kernel and for all memories of the guest.
    const kernel = new Kernel({ mayGrow: (pageCount) => store.take(pageCount), isStrict: isDeterministic });
    const state = new PluginState(this.#parts, kernel);
    if (wasi !== null) wasi.onStop = (listener) => state.onStop(listener);
    try {
      const linker = new Linker(store, state, {
        modules: this.#modules,
        functions,
        wasi: wasi === null ? null : createWasiNamespaces(wasi, schedule),
      });
      const main = linker.link();
      const memories = new Set(linker.instances.flatMap((instance) => instance.memories));
      return { main, instances: linker.instances, state, wasi, memories: [...memories] };
    } catch (error) {
      wasi?.close();
      throw error;
    }
  }

  /** Runs what initialises the instances; a restored call goes on in the middle of it. */
  async #initialise(
    linked: Linked,
    budget: CallBudget,
    standStill: StandStill | null,
    task: CallTask | null,
  ): Promise<void> {
    const { instances, state } = linked;
    const initialisers = initialisersOfAll(instances);
    for (let i = task?.restored ? task.initialiser : 0; i < initialisers.length; i++) {
      const { func, args } = initialisers[i]!;
      if (task !== null) task.initialiser = i;
      const outcome = await this.#run(state, func, args, budget, standStill, task);
      if (!outcome.hasFailed || isCleanExit(outcome.error)) continue;
      this.#tellFailure(linked, outcome.error);
      throw outcome.error;
    }
    if (task !== null) task.initialiser = -1;
  }

  /**
   * Calls an exported function of the main module.
   *
   * @param functionName name of the export
   * @param input what the plug-in reads as its input
   * @param hostContext what host functions get from `CurrentPlugin.hostContext`
   * @param options limits of this call. A parameter of their own, since any object may be a host context
   * @returns the output, or null when the plug-in set none
   * @throws PluginError, TrapError, ExhaustionError, ExitError, InterruptedError, or what a host function threw
   */
  async call(
    functionName: string,
    input?: PluginInput,
    hostContext?: unknown,
    options: CallOptions = {},
  ): Promise<PluginOutput | null> {
    return judge(await this.callDetailed(functionName, input, { ...readOptions(options), hostContext }));
  }

  /**
   * Calls an exported function, and leaves it to the caller what a return code or a message of the plug-in means:
   * neither rejects.
   *
   * @throws TrapError, ExhaustionError, ExitError, InterruptedError, or what a host function threw
   */
  async callDetailed(
    functionName: string,
    input?: PluginInput,
    options: DetailedCallOptions = {},
  ): Promise<CallResult> {
    const { bytes, own, limits } = this.#readCall(input, options);
    const turn = this.#takeTurn(limits);
    if (turn !== null) await turn;
    const task = newTask(functionName, bytes, own.hostContext);
    return this.#perform(task, this.#budgetOf(limits), null);
  }

  /**
   * Prepares a call that is made in pieces: it pauses when its fuel is used up, to go on with more, and can be
   * stopped and resumed at will. The plug-in is busy from now on until the call has ended.
   *
   * ```ts
   * const plugin = await createPlugin('build/examples/greet.wasm');
   * const call = await plugin.startCall('greet', 'Ada', { fuel: 1000 });
   * while ((await call.run()) === 'paused') call.addFuel(1000);
   * console.log(call.output?.text(), call.fuelConsumed > 1000); // → Hello, Ada! true
   * ```
   *
   * Time that the call stands still does not count against `timeoutMs`.
   *
   * @throws PluginError when there is no such function; UsageError when the plug-in is busy
   */
  async startCall(
    functionName: string,
    input?: PluginInput,
    options: DetailedCallOptions = {},
  ): Promise<PluginCall> {
    const { bytes, own, limits } = this.#readCall(input, options);
    const turn = this.#takeTurn(limits);
    if (turn !== null) await turn;
    try {
      findFunction(this.#require().main, functionName);
    } catch (error) {
      this.#endTurn();
      throw error;
    }
    this.#fuelConsumed = 0;
    return this.#openCall(
      newTask(functionName, bytes.slice(), own.hostContext),
      this.#budgetOf(limits),
      null,
    );
  }

  /** Checks what a call is given. @throws UsageError */
  #readCall(
    input: PluginInput,
    options: DetailedCallOptions,
  ): { readonly bytes: Uint8Array; readonly own: DetailedCallOptions; readonly limits: CallLimits } {
    const own = readOptions(options);
    return reading('what a call is given', () => ({
      bytes: toBytes(input),
      own,
      limits: checkCallLimits(own, this.#options),
    }));
  }

  #openCall(task: CallTask, budget: CallBudget, pause: PauseReason | null): PluginCall {
    const { functionName } = task;
    const backend = {
      budget,
      perform: (standStill: StandStill) => this.#perform(task, budget, standStill),
      judge,
      executions: () => this.#running?.executions ?? [],
      fuelConsumed: () => this.fuelConsumed,
    };
    const call = new PluginCall(functionName, backend, pause);
    this.#call = call;
    this.#task = task;
    this.#budget = budget;
    return call;
  }

  /** Performs a call with its beginning and its end on the tape, if there is one. */
  async #taped(
    functionName: string,
    input: Uint8Array,
    budget: CallBudget,
    perform: () => Promise<CallResult>,
  ): Promise<CallResult> {
    const session = this.#session;
    if (session === null) return perform();
    session.beginCall(functionName, input);
    budget.fuel = session.budget(budget.fuel);
    const end = (outcome: { result: CallResult } | { error: unknown }): void =>
      session.endCall(outcome, this.#fuelConsumed, budget.fuel, () => this.#stateHash());
    let result: CallResult;
    try {
      result = await perform();
    } catch (thrown) {
      const error = session.failure(thrown, budget.watch.isStopped());
      end({ error });
      throw error;
    }
    end({ result });
    return result;
  }

  #stateHash(): string {
    const { memories, state } = this.#require();
    return stateHash(memories, state.kernel, state.variables);
  }

  /** Does again what the owner of the plug-in did while a host function ran. */
  #redo([name, key, value = null]: Operation): boolean {
    if (name !== 'setConfig') return false;
    if (value === null) this.#config.delete(String(key));
    else this.#config.set(String(key), String(value));
    return true;
  }

  /** The next event of a replay; null behind the last one. @internal */
  get upcomingEvent(): LogEvent | null {
    return this.#session?.tape.upcoming ?? null;
  }

  /** What ended a replay; null while it can go on. @internal */
  get replayFailure(): Error | null {
    return this.#session?.tape.failure ?? null;
  }

  /** The error of a replay that is asked something else than was recorded. @internal */
  diverge(actual: LogEvent): Error {
    return this.#session!.tape.diverge(actual);
  }

  /**
   * The recording up to now: JSON lines (docs/replay.md), to be replayed by the `replay` option or `replayRecording`.
   *
   * @throws UsageError without the `record` option
   */
  get recording(): string {
    const lines = this.#session?.tape.isReplay === false ? this.#session.tape.lines : null;
    if (lines !== null) return lines.map((line) => `${line}\n`).join('');
    throw new UsageError('usage.state', { detail: 'nothing is recorded; pass the record option' });
  }

  /**
   * What the last call came to, for others to verify with the recording and the modules (`verifyReceipt`).
   *
   * @throws UsageError when nothing is recorded or replayed, or before the first call
   */
  get receipt(): Receipt {
    const call = this.#session?.lastCall ?? null;
    if (call !== null) return receiptOf(call, this.#modules, this.#options.schedule);
    throw new UsageError('usage.state', { detail: 'no call was recorded; pass the record option' });
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
    const { main, state } = this.#require();
    state.hasEscaped = true;
    return main;
  }

  /** A copy of a variable of the plug-in; null when it is unset. */
  getVariable(name: string): PluginOutput | null {
    const value = this.#parts.variables.get(name);
    return value === null ? null : new PluginOutput(value.slice());
  }

  /** Sets a variable of the plug-in to a copy of a value. @throws UsageError beyond the limit on variables */
  setVariable(name: string, value: string | Uint8Array | ArrayBuffer): void {
    const bytes = reading('the value of a variable', () => new Uint8Array(toBytes(value)));
    checkName(name);
    this.#session?.change('setVariable', name, encodeBase64(bytes));
    const refusal = this.#parts.variables.set(name, bytes);
    if (refusal !== null) throw new UsageError('usage.state', { detail: refusal });
  }

  /** Deletes a variable of the plug-in, if it is set. */
  deleteVariable(name: string): void {
    checkName(name);
    this.#session?.change('deleteVariable', name);
    this.#parts.variables.delete(name);
  }

  /** Value of a configuration key; null when it is unset. */
  getConfig(key: string): string | null {
    return this.#config.get(key) ?? null;
  }

  /** Sets a configuration key for the calls from now on; null unsets it. */
  setConfig(key: string, value: string | null): void {
    if (value !== null && typeof value !== 'string')
      throw new UsageError('usage.argument', { detail: 'a configuration value must be a string or null' });
    checkName(key);
    this.#session?.change('setConfig', key, value);
    if (value === null) this.#config.delete(key);
    else this.#config.set(key, value);
  }

  /** Whether a call runs, or stands still. */
  isActive(): boolean {
    return this.#turns.isTaken;
  }

  /** Fuel that the last call has used, up to now if it runs; before the first one, that of initialisation. */
  get fuelConsumed(): number {
    const executions = this.#running?.executions ?? [];
    return executions.reduce((sum, execution) => sum + execution.fuelConsumed, this.#fuelConsumed);
  }

  /**
   * Frees all blocks of the kernel. Variables and the plug-in's own memory stay.
   *
   * @returns false, and nothing happens, while a call runs
   */
  async reset(): Promise<boolean> {
    if (this.#turns.isTaken) return false;
    const { kernel } = this.#require().state;
    this.#session?.change('reset');
    kernel.reset();
    return true;
  }

  /**
   * Gives up the plug-in's memory, after the call that runs; one that stands still is cancelled, those that wait for
   * their turn are refused. It cannot be called afterwards.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#turns.refuseAll(closedError());
    if (this.#call !== null && this.#call.status !== 'running') await this.#call.cancel();
    if (!this.#turns.isTaken) this.#release();
  }

  /** Gives up the instance and what the host holds open for it. */
  #release(): void {
    if (this.#linked !== null) this.#giveUp(this.#linked);
    this.#linked = null;
    this.#onGone?.(this.#isClean);
    this.#onGone = null;
  }

  /** What nobody can reach any more need not wait for the collector, which may not tell before the job is over. */
  #giveUp({ instances, state, wasi }: Linked): void {
    wasi?.close();
    const isClean = !state.hasEscaped && instances.every(({ store }) => store.openCalls === 0);
    if (isClean) for (const { unit } of instances) unit.close();
    else this.#isClean = false;
  }

  #require(): Linked {
    if (this.#linked === null) throw closedError();
    return this.#linked;
  }

  #budgetOf(limits: CallLimits, timeoutCode: TimeoutCode = 'interrupted.timeout'): CallBudget {
    return { fuel: limits.fuel, watch: new CallWatch(this.#platform, { ...limits, timeoutCode }) };
  }

  /** See `Turns.take`. */
  #takeTurn({ whenBusy, signal }: CallLimits): Promise<void> | null {
    if (this.#isClosed) throw closedError();
    return this.#turns.take(whenBusy, signal);
  }

  #endTurn(): void {
    this.#call = null;
    this.#task = null;
    this.#budget = null;
    if (this.#isClosed) this.#release();
    this.#turns.pass();
  }

  /** A call from its turn on to its end. */
  async #perform(task: CallTask, budget: CallBudget, standStill: StandStill | null): Promise<CallResult> {
    const { functionName, input, hostContext } = task;
    const isInitialising = task.initialiser >= 0;
    try {
      if (task.restored === null) this.#fuelConsumed = 0;
      if (budget.watch.isStopped()) throw budget.watch.error({});
      findFunction(this.#require().main, functionName);
      return await this.#taped(functionName, input, budget, async () => {
        if (isInitialising || (this.#isStale && task.restored === null))
          await this.#instantiate(budget, standStill, task);
        const linked = this.#require();
        const { main, state } = linked;
        const func = findFunction(main, functionName);
        if (task.restored === null) {
          this.#isStale = functionName === COMMAND_ENTRY;
          begin(state, input, hostContext);
          task.linked = linked;
        }
        const outcome = await this.#run(state, func, [], budget, standStill, task);
        state.hostContext = undefined;
        if (outcome.hasFailed && !isCleanExit(outcome.error)) {
          this.#isStale ||= this.#options.renewAfterFailure;
          this.#tellFailure(linked, outcome.error);
        }
        return finish(state, func, outcome, this.#fuelConsumed);
      });
    } finally {
      budget.watch.close();
      this.#endTurn();
    }
  }

  /** Runs a function to its end; the execution of a restored call, where there is one. */
  async #run(
    state: PluginState,
    func: FuncInstance,
    args: readonly RawValue[],
    budget: CallBudget,
    standStill: StandStill | null,
    task: CallTask | null,
  ): Promise<RunOutcome> {
    this.#failureFrames = this.#options.onFailure === null ? null : new FailureFrames();
    const onFailure = this.#failureFrames?.listener ?? null;
    const limits: RunLimits = { watch: budget.watch, standStill, onFailure };
    const restored = task?.restored ?? null;
    if (task !== null) task.restored = null;
    if (restored !== null) {
      restored.onFailure = onFailure;
      return this.#goOn(state, restored, limits);
    }
    // What initialisation used of the budget is gone for the call behind it.
    const fuel = budget.fuel === null ? null : Math.max(0, budget.fuel - this.#fuelConsumed);
    return this.#goOn(state, prepareRun(func, args, fuel, limits), limits);
  }

  #tellFailure({ instances, state }: Linked, error: unknown): void {
    const frames = this.#failureFrames?.of(error) ?? [];
    this.#failureFrames = null;
    this.#options.onFailure?.(describeFailure(error, frames, instances, state.kernel));
  }

  /** Runs an execution, new or paused, to its end. */
  async #goOn(state: PluginState, execution: Execution, limits: RunLimits): Promise<RunOutcome> {
    state.limits = limits;
    state.executions = [execution];
    this.#running = state;
    const outcome = await runToEnd(execution, limits);
    // An exception of the guest holds what the guest gave it.
    if (isQuernError(outcome.error, 'exception.uncaught')) state.hasEscaped = true;
    // Commands that a call was stopped in have used fuel that the call was not charged for yet.
    const { fuelConsumed } = this;
    this.#running = null;
    this.#fuelConsumed = fuelConsumed;
    state.limits = null;
    state.executions = [];
    if (outcome.isAbandoned) state.abandonContext();
    return outcome;
  }
}

/** @throws UsageError for a name that is not text */
const checkName = (name: unknown): void => {
  if (typeof name !== 'string') throw badArgument(`a name must be a string, not ${valueText(name)}`);
};

const newTask = (functionName: string, input: Uint8Array, hostContext: unknown): CallTask => ({
  ...{ functionName, input, hostContext, restored: null, initialiser: -1, linked: null },
});

/** What a snapshot says of a call; the input is in the kernel once the function runs. */
const savedCall = (
  { functionName, input, initialiser, linked }: CallTask,
  fuel: number | null,
): SavedCall => {
  const hasBegun = linked !== null;
  const isRead = hasBegun && initialiser < 0;
  return { functionName, input: isRead ? new Uint8Array(0) : input, initialiser, hasBegun, fuel };
};

/** The initialisers of all instances, in order. */
const initialisersOfAll = (instances: readonly ModuleInstance[]): Initialiser[] =>
  instances.flatMap((instance) => initialisersOf(instance));

const closedError = (): Error => new UsageError('usage.state', { detail: 'plugin is closed' });
