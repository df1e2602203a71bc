/**
 * Commands as dependencies: a linked module that exports `_start` is a program, and each call of a function that
 * another module imports from it gets a new instance, as in the Rust SDK. Nothing remains between calls.
 *
 * The instance runs as a separate execution while the caller is paused, on the caller's fuel and under the same
 * watch, so that budgets are exact and can be spent anywhere.
 */
import { ExhaustionError } from '../../errors/errors.ts';
import {
  bulkMemoryCost,
  bulkTableCost,
  type FuelSchedule,
  growMemoryCost,
} from '../../interpreter/fuel/schedules.ts';
import { hostFunction } from '../../interpreter/instances/host-function.ts';
import type { Caller, FuncInstance, ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import type { Store } from '../../interpreter/instances/store.ts';
import type { RawValue } from '../../interpreter/instances/values.ts';
import { PAGE_SIZE } from '../../kernel/blocks.ts';
import type { Module } from '../../syntax/module.ts';
import type { FuncType } from '../../syntax/types.ts';
import { prepareRun, runToEnd } from '../calls/run.ts';
import type { PluginState } from '../state/plugin-state.ts';

/** Most nested commands that wait for each other. */
const MAX_DEPTH = 64;

const exportsFunction = ({ exports }: Module, name: string): boolean =>
  exports.some((item) => item.name === name && item.kind === 'func');

/** Whether a module is a command. A module that is also a reactor, such as those of old TinyGo, counts as a reactor. */
export const isCommand = (module: Module): boolean =>
  exportsFunction(module, '_start') && !exportsFunction(module, '_initialize');

/** Pages of an instance's own memories. */
const pagesOf = ({ memories, compiled }: ModuleInstance): number =>
  memories
    .slice(compiled.module.importedMemoryCount)
    .reduce((sum, { byteLength }) => sum + Math.ceil(byteLength / PAGE_SIZE), 0);

/**
 * What parts of an instance count as in elements of a table. PERF: an export or a global takes 200 ns, an element
 * given by an expression 46, a byte of an object 3, a call of an empty command 6 µs.
 */
export const COMMAND_WEIGHTS = { command: 512, part: 24, element: 8, heapByte: 0.25 } as const;

/**
 * What a new instance costs: its memories as growth, its data as a bulk operation, everything else as elements of a
 * table. Otherwise a plug-in could make its host copy a large module for the price of a call.
 *
 * @param heapBytes what its tables and the objects of its constant expressions count as in the heap budget
 */
const instantiationCost = (schedule: FuelSchedule, module: Module, heapBytes: number): number => {
  const { memories, importedMemoryCount, data, elements, funcs, globals, tags, exports } = module;
  const pages = memories
    .slice(importedMemoryCount)
    .reduce(
      (sum, { limits, pageSizeLog2 }) =>
        sum + Math.ceil(Number(limits.min << BigInt(pageSizeLog2)) / PAGE_SIZE),
      0,
    );
  const dataBytes = data.reduce((sum, { start, end }) => sum + (end - start), 0);
  const parts = funcs.length + globals.length + tags.length + exports.length + data.length + elements.length;
  const entries = elements.reduce(
    (sum, { funcIndices, expressions }) => sum + (funcIndices ?? expressions ?? []).length,
    0,
  );
  const { command, part, element, heapByte } = COMMAND_WEIGHTS;
  return (
    growMemoryCost(schedule, pages) +
    bulkMemoryCost(schedule, dataBytes) +
    bulkTableCost(schedule, command + part * parts + element * entries + heapByte * heapBytes)
  );
};

/** One command among the modules of a plug-in. */
export class CommandModule {
  readonly #store: Store;
  readonly #state: PluginState;
  readonly #instantiate: () => ModuleInstance;

  /** @param instantiate makes an instance without running its code */
  constructor(store: Store, state: PluginState, instantiate: () => ModuleInstance) {
    this.#store = store;
    this.#state = state;
    this.#instantiate = instantiate;
  }

  /** A function of the command for other modules to import. */
  importFunction(name: string, type: FuncType): FuncInstance {
    return hostFunction(type, async (args, caller) => {
      // Until the caller has paused, its fuel is not known exactly.
      await Promise.resolve();
      return this.#call(name, args, caller);
    });
  }

  /** Makes an instance; a failure takes nothing from the budget of pages. */
  #make(): ModuleInstance {
    const before = this.#store.pagesInUse;
    try {
      return this.#instantiate();
    } catch (error) {
      this.#store.pagesInUse = before;
      throw error;
    }
  }

  async #call(name: string, args: readonly RawValue[], caller: Caller): Promise<readonly RawValue[]> {
    const state = this.#state;
    if (state.commandDepth >= MAX_DEPTH) {
      throw new ExhaustionError('exhaustion.call-stack', { detail: 'too many commands wait for each other' });
    }
    const { heapBytes } = this.#store;
    const instance = this.#make();
    const made = this.#store.heapBytes - heapBytes;
    caller.charge(instantiationCost(this.#store.schedule, instance.compiled.module, made));
    state.commandDepth++;
    try {
      const { start } = instance.compiled.module;
      if (start !== null) await this.#run(instance.funcs[start]!, [], caller);
      return await this.#run(instance.exports.get(name) as FuncInstance, args, caller);
    } finally {
      this.#store.pagesInUse -= pagesOf(instance);
      state.commandDepth--;
    }
  }

  async #run(func: FuncInstance, args: readonly RawValue[], caller: Caller): Promise<readonly RawValue[]> {
    const { executions, limits } = this.#state;
    const inner = prepareRun(func, args, executions.at(-1)!.fuelLeft, limits!);
    executions.push(inner);
    const outcome = await runToEnd(inner, limits!);
    if (executions.at(-1) === inner) executions.pop();
    caller.charge(outcome.fuelConsumed);
    if (outcome.hasFailed) throw outcome.error;
    return outcome.results;
  }
}
