/**
 * The instances of a plug-in: linked for each instantiation, and released when others replace them.
 */

import { UsageError } from '../../errors/errors.ts';
import type { MemoryInstance } from '../../interpreter/instances/memory.ts';
import type { ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import { Store } from '../../interpreter/instances/store.ts';
import { Kernel } from '../../kernel/kernel.ts';
import { Linker } from '../linking/linker.ts';
import type { LoadedModule } from '../manifest/wasm-source.ts';
import { stateHash } from '../replay/state-hash.ts';
import { PluginState, type PluginStateParts } from '../state/plugin-state.ts';
import { createWasiNamespaces } from '../wasi/preview1.ts';
import { Preview1 } from '../wasi/program.ts';
import type { CheckedOptions } from './options.ts';

/** The result of one instantiation. */
export interface Linked {
  readonly main: ModuleInstance;
  /** In the order of their initialisation; `main` is one of them. */
  readonly instances: readonly ModuleInstance[];
  readonly state: PluginState;
  /** Null if WASI is not enabled. */
  readonly wasi: Preview1 | null;
  /** Memories of all modules, each once. */
  readonly memories: readonly MemoryInstance[];
}

/** The instances of one plug-in, and the progress of its calls with them. */
export class Instances {
  readonly modules: ReadonlyMap<string, LoadedModule>;
  readonly options: CheckedOptions;
  readonly parts: PluginStateParts;
  /** Null before the first instantiation and after `release`. */
  #current: Linked | null = null;
  /** Whether nothing is left of released ones. */
  #isClean = true;
  /** Whether the next call needs new ones. */
  isStale = false;
  /** State of the current call; null between calls. */
  running: PluginState | null = null;
  /** Of the executions of the last call that have ended. */
  fuelBefore = 0;

  constructor(modules: ReadonlyMap<string, LoadedModule>, options: CheckedOptions, parts: PluginStateParts) {
    this.modules = modules;
    this.options = options;
    this.parts = parts;
  }

  /** What the last call has used, up to now if it is running. */
  get fuelConsumed(): number {
    const executions = this.running?.executions ?? [];
    return executions.reduce((sum, execution) => sum + execution.fuelConsumed, this.fuelBefore);
  }

  /** The current ones. @throws UsageError if the plug-in is closed */
  require(): Linked {
    if (this.#current === null) throw closedError();
    return this.#current;
  }

  /** Whether these are the current ones. */
  isCurrent(linked: Linked): boolean {
    return linked === this.#current;
  }

  /** Links a new instance of everything, without running any code. */
  link(): Linked {
    const {
      schedule,
      compiler,
      precompiled,
      memory,
      functions,
      isDeterministic,
      usesWasi,
      clock,
      random,
      wasi: wasiOptions,
    } = this.options;
    const wasi = usesWasi ? new Preview1(wasiOptions, clock, random) : null;
    const store = new Store({
      schedule,
      strictGrowth: isDeterministic,
      compiler: compiler ?? undefined,
      precompiled,
      ...(memory.maxPages === null ? {} : { maxMemoryPages: memory.maxPages }),
      ...(memory.maxHeapBytes === null ? {} : { maxHeapBytes: memory.maxHeapBytes }),
    });
    // One budget of pages for the growth of the kernel and for all memories of the guest.
    const kernel = new Kernel({ mayGrow: (pageCount) => store.take(pageCount), isStrict: isDeterministic });
    const state = new PluginState(this.parts, kernel);
    if (wasi !== null) wasi.onStop = (listener) => state.onStop(listener);
    try {
      const linker = new Linker(store, state, {
        modules: this.modules,
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

  /** Makes these the current ones; others are released. */
  replace(linked: Linked): void {
    const previous = this.#current;
    this.#current = linked;
    if (previous !== null && previous !== linked) this.giveUp(previous);
    this.isStale = false;
  }

  /** Unreachable ones need not wait for the collector, which may not report before the JavaScript job ends. */
  giveUp({ instances, state, wasi }: Linked): void {
    wasi?.close();
    const isClean = !state.hasEscaped && instances.every(({ store }) => store.openCalls === 0);
    if (isClean) for (const { unit } of instances) unit.close();
    else this.#isClean = false;
  }

  /** Releases the last ones. Returns whether nothing is left of any. */
  release(): boolean {
    if (this.#current !== null) this.giveUp(this.#current);
    this.#current = null;
    return this.#isClean;
  }

  /** A hash of the state of the plug-in. */
  stateHash(): string {
    const { memories, state } = this.require();
    return stateHash(memories, state.kernel, state.variables);
  }
}

/** The error of a plug-in that is used after `close`. */
export const closedError = (): Error => new UsageError('usage.state', { detail: 'plugin is closed' });
