/** Quern's own interpreter as an `Engine`. */
import { decodeBranchHints } from '../decoder/branch-hints.ts';
import { startExecution } from '../interpreter/calls/invoke.ts';
import { type ScheduledThread, Scheduler } from '../interpreter/calls/scheduler.ts';
import type { CompiledModule } from '../interpreter/code/compiled-module.ts';
import { ArrayInstance, StructInstance } from '../interpreter/instances/aggregate.ts';
import { GlobalInstance } from '../interpreter/instances/global.ts';
import { hostFunction } from '../interpreter/instances/host-function.ts';
import { MemoryInstance } from '../interpreter/instances/memory.ts';
import {
  openSharedMemory,
  type SharedMemoryHandle,
  shareMemory,
} from '../interpreter/instances/memory-handle.ts';
import type { ExternInstance, FuncInstance } from '../interpreter/instances/module-instance.ts';
import { Store, type StoreOptions } from '../interpreter/instances/store.ts';
import { TableInstance } from '../interpreter/instances/table.ts';
import type { RawValue as QuernValue } from '../interpreter/instances/values.ts';
import { compileModule, instantiate } from '../interpreter/instantiate/instantiate.ts';
import { defaultFeatures } from '../syntax/features.ts';
import {
  type Engine,
  EngineFailure,
  type EngineInstance,
  type Invocation,
  type Metering,
  type RawValue,
  type ReferenceKind,
  threadSlice,
  traceStep,
  unitFuelBudgets,
} from './engine.ts';
import { toFailure, translating } from './failures.ts';
import { makeSpectest } from './spectest.ts';

export interface QuernInstance {
  readonly exports: ReadonlyMap<string, ExternInstance>;
  readonly memories: readonly MemoryInstance[];
}
interface CallOptions extends Metering {
  readonly careful: boolean;
  /** Compiles functions; without it, the interpreter does everything. */
  readonly compiler?: StoreOptions['compiler'] | null;
  /** Shared memories are real ones, for worker threads. */
  readonly workers?: boolean;
}

/** Calls of threads, which take turns. */
class ThreadCalls {
  private readonly slice: number;
  private scheduler: Scheduler;
  private readonly pending = new Map<
    ScheduledThread,
    { readonly resolve: (invocation: Invocation) => void; readonly reject: (failure: EngineFailure) => void }
  >();

  constructor(slice: number) {
    this.slice = slice;
    this.scheduler = this.start();
  }

  private start(): Scheduler {
    return new Scheduler({ slice: this.slice, onSlice: () => true });
  }

  begin(func: FuncInstance, args: readonly RawValue[]): Promise<Invocation> {
    return new Promise((resolve, reject) => {
      this.pending.set(this.scheduler.spawn(func, args), { resolve, reject });
    });
  }

  turn(): boolean {
    if (this.pending.size === 0) return false;
    try {
      this.scheduler.run();
    } catch (error) {
      for (const { reject } of this.pending.values()) reject(toFailure(error));
      this.pending.clear();
      this.scheduler = this.start();
    }
    for (const [thread, { resolve, reject }] of this.pending) {
      const { outcome, execution } = thread;
      if (outcome === null) continue;
      this.pending.delete(thread);
      const { results, fuelConsumed: fuel } = execution;
      if (outcome === 'done') resolve({ values: results.map(boxed), fuel, trace: null });
      else reject(toFailure(execution.error, fuel));
    }
    return true;
  }
}

const call = (func: FuncInstance, args: readonly RawValue[], options: CallOptions): Invocation => {
  const { careful, unitFuel } = options;
  const execution = startExecution(func, [...args], unitFuel ? { careful, fuel: 0 } : { careful });
  let trace = unitFuel ? 0 : null;
  let status = execution.run();
  for (; status === 'paused'; status = execution.run()) {
    trace = traceStep(trace ?? 0, execution.fuelConsumed);
    if (execution.pause === 'wait') execution.endWait();
    else execution.addFuel(1);
  }
  if (status === 'trap') throw toFailure(execution.error, execution.fuelConsumed, trace);
  return { values: execution.results.map(boxed), fuel: execution.fuelConsumed, trace };
};

/** An export of an instance. */
export const find = (
  instance: EngineInstance,
  name: string,
  kind: ExternInstance['kind'],
): ExternInstance => {
  const found = (instance as QuernInstance).exports.get(name);
  if (found?.kind !== kind) throw new EngineFailure('crash', `no exported ${kind} "${name}"`);
  return found;
};

/** The host module of scripts. */
export const spectest = (): QuernInstance => {
  const exports = makeSpectest<ExternInstance>({
    func: (params) => hostFunction({ kind: 'func', params, results: [] }, () => []),
    global: (type, bits) => new GlobalInstance({ type, isMutable: false }, bits),
    table: (type) => new TableInstance(type, null),
    memory: (type) => new MemoryInstance(type),
  });
  return { exports, memories: [...exports.values()].filter((entry) => entry.kind === 'memory') };
};

/** Kind of a reference. */
export const kindOf = (reference: object): ReferenceKind | null => {
  if (reference instanceof StructInstance) return 'struct';
  if (reference instanceof ArrayInstance) return 'array';
  if (reference instanceof BoxedI31) return 'i31';
  const kind = 'kind' in reference ? reference.kind : null;
  return kind === 'func' || kind === 'exn' ? kind : null;
};

/** An i31, which Quern keeps as a number, in the form of all other references. */
class BoxedI31 {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}
/** A value in the form of the runner. */
export const boxed = (value: QuernValue): RawValue =>
  typeof value === 'number' ? new BoxedI31(value) : value;

export const quernEngine = (options: CallOptions): Engine => {
  const sharing: StoreOptions = options.workers ? { sharing: 'workers', canBlock: true } : {};
  const compiling: StoreOptions = options.compiler ? { compiler: options.compiler } : {};
  const budgets: StoreOptions = options.unitFuel ? unitFuelBudgets : {};
  const makeStore = (): Store => new Store({ ...sharing, ...compiling, ...budgets });
  const threads = new ThreadCalls(options.unitFuel ? 1 : threadSlice);
  let store = makeStore();
  let features = defaultFeatures;
  const engine: Engine = {
    name: options.compiler ? 'quern, compiled code' : options.careful ? 'quern, careful code' : 'quern',
    traits: { suiteTexts: true, phases: true, everyFeature: true },
    startScript(switched) {
      features = switched;
      store = makeStore();
      return spectest();
    },
    compile: (bytes) => translating(() => compileModule(bytes, features)),
    checkCustoms: (module) =>
      translating(() => {
        decodeBranchHints((module as CompiledModule).module);
      }),
    importedModules: (module) => (module as CompiledModule).module.imports.map((entry) => entry.module),
    instantiate: (module, registered) =>
      translating(() =>
        instantiate(store, module as CompiledModule, (from, name) =>
          (registered.get(from) as QuernInstance | undefined)?.exports.get(name),
        ),
      ),
    invoke: (instance, name, args) =>
      translating(() => call(find(instance, name, 'func') as FuncInstance, args, options)),
    get: (instance, name) =>
      translating(() => boxed((find(instance, name, 'global') as GlobalInstance).value)),
    kindOf,
    memories: (instance) => (instance as QuernInstance).memories.map((memory) => memory.bytes),
    share: (instance) => {
      const { exports } = instance as QuernInstance;
      const memories = [...exports].filter(([, item]) => item.kind === 'memory' && item.isShared);
      return new Map(memories.map(([name, memory]) => [name, shareMemory(memory as MemoryInstance)]));
    },
    adopt: (shared) => {
      const handles = [...(shared as ReadonlyMap<string, SharedMemoryHandle>)];
      const exports = new Map(handles.map(([name, handle]) => [name, openSharedMemory(store, handle)]));
      return { exports, memories: [...exports.values()] };
    },
  };
  if (options.workers) return engine;
  return {
    ...engine,
    forThread: () => ({
      ...engine,
      invoke: (instance, name, args) => threads.begin(find(instance, name, 'func') as FuncInstance, args),
      turn: () => threads.turn(),
    }),
    turn: () => threads.turn(),
  };
};
