/** A call of a plug-in, made in pieces by `startCall` or restored, as the target of a session. */
import { messageOf } from '../errors/texts.ts';
import { wantsPause } from '../host/calls/run.ts';
import type { Linked } from '../host/plugin/instances.ts';
import type { Plugin } from '../host/plugin/plugin.ts';
import type { PluginCall } from '../host/plugin/plugin-call.ts';
import type { TapeMark } from '../host/replay/tape.ts';
import { readPlugin, writePlugin } from '../host/snapshot/plugin-snapshot.ts';
import type { Execution } from '../interpreter/calls/execution.ts';
import type { RunResult } from '../interpreter/calls/outcome.ts';
import type { FuncInstance, ModuleInstance, RawHostCode } from '../interpreter/instances/module-instance.ts';
import type { CallState } from '../interpreter/loop/machine-state.ts';
import { SnapshotFile } from '../interpreter/snapshot/snapshot-reader.ts';
import { KERNEL_NAMESPACE, type KernelAbiName } from '../kernel/abi.ts';
import { decodeUtf8Lossy } from '../syntax/utf8.ts';
import type { DebugTarget, NamedInstance, SavedTarget } from './target.ts';
import { markWasi, putBackWasi, type WasiMark } from './wasi-mark.ts';

/** The functions by which a guest reports an error. */
const ERROR_SET: KernelAbiName = 'error_set';

/** A call that has begun: its input is in the kernel. */
const BEGUN = { input: new Uint8Array(0), initialiser: -1, hasBegun: true, fuel: null };

/** A function's own code, which another code replaces. */
type Changeable = { host: RawHostCode };

export class PluginTarget implements DebugTarget {
  readonly #plugin: Plugin;
  readonly #call: PluginCall;
  /** What is not in the bytes of states: open descriptors, and the position in the recording. */
  readonly #marks = new WeakMap<SavedTarget, { readonly tape: TapeMark; readonly wasi: WasiMark | null }>();
  #instances: readonly NamedInstance[] = [];
  #named: Linked | null = null;
  /** Functions that are observed, with their own code. */
  readonly #heard = new Map<FuncInstance, RawHostCode>();
  summary = '';
  hasFailed = false;
  onGuestError: DebugTarget['onGuestError'] = null;

  constructor(plugin: Plugin, call: PluginCall) {
    this.#plugin = plugin;
    this.#call = call;
  }

  get #linked(): Linked {
    return this.#plugin.instances.require();
  }

  get instances(): readonly NamedInstance[] {
    const linked = this.#linked;
    if (this.#named !== linked) {
      this.#named = linked;
      for (const instance of linked.instances) this.#hearErrors(instance);
      this.#instances = linked.instances.map((instance) => ({ name: this.#nameOf(instance), instance }));
    }
    return this.#instances;
  }

  /** Observes the function by which an instance reports errors. */
  #hearErrors({ funcs, compiled }: ModuleInstance): void {
    const imports = compiled.module.imports.filter(({ desc }) => desc.kind === 'func');
    const index = imports.findIndex(({ module, name }) => module === KERNEL_NAMESPACE && name === ERROR_SET);
    const func = funcs[index];
    if (func === undefined || func.host === null || this.#heard.has(func)) return;
    const { host } = func;
    this.#heard.set(func, host);
    (func as Changeable).host = (words, base, caller, refs) => {
      const promise = host(words, base, caller, refs);
      if (this.guestError !== null) this.onGuestError?.(caller as CallState);
      return promise;
    };
  }

  get guestError(): string | null {
    const message = this.#linked.state.kernel.errorMessage();
    return message === null ? null : decodeUtf8Lossy(message);
  }

  #nameOf({ compiled }: ModuleInstance): string {
    for (const [name, loaded] of this.#plugin.instances.modules)
      if (loaded.compiled === compiled) return name;
    return '';
  }

  get executions(): readonly Execution[] {
    return this.#plugin.instances.running?.executions ?? [];
  }

  get noHistory(): string | null {
    if (this.#plugin.tape === null)
      return 'what comes from outside is not recorded; make the plug-in with the option `record`';
    return this.executions.length > 1 ? 'a linked command runs' : null;
  }

  async run(): Promise<RunResult> {
    try {
      if ((await this.#call.run()) === 'paused') return 'paused';
      this.summary = `the call has ended after ${this.#call.fuelConsumed} units of fuel`;
      return 'done';
    } catch (error) {
      this.hasFailed = true;
      this.summary = messageOf(error);
      return 'trap';
    }
  }

  pause(): void {
    this.#call.requestPause();
  }

  save(): SavedTarget | null {
    const { tape, instances } = this.#plugin;
    const linked = this.#linked;
    const { fuelBefore, isStale } = instances;
    const bytes = writePlugin(
      { ...this.#plugin.partsOf(linked), wasi: null },
      { fuelConsumed: fuelBefore, isStale, call: { ...BEGUN, functionName: this.#call.functionName } },
    );
    const saved = { bytes };
    this.#marks.set(saved, {
      tape: { position: tape?.position ?? 0, holderCount: tape?.holderCount ?? 0 },
      wasi: linked.wasi === null ? null : markWasi(linked.wasi),
    });
    return saved;
  }

  load(saved: SavedTarget): void {
    const { tape, instances } = this.#plugin;
    const linked = this.#linked;
    const { state, wasi } = linked;
    const onSlice = (): boolean => state.limits !== null && wantsPause(state.limits);
    const parts = { ...this.#plugin.partsOf(linked), wasi: null };
    const file = new SnapshotFile(saved.bytes);
    const { fuelConsumed, isStale } = readPlugin(file, parts, null, { onSlice }, this.executions);
    instances.fuelBefore = fuelConsumed;
    instances.isStale = isStale;
    const mark = this.#marks.get(saved);
    if (mark === undefined) return;
    tape?.rewind(mark.tape);
    if (wasi !== null && mark.wasi !== null) putBackWasi(wasi, mark.wasi);
  }

  end(): void {
    for (const [func, host] of this.#heard) (func as Changeable).host = host;
    this.#heard.clear();
  }
}
