/** The slow reference executor of `test/reference` as an `Engine`. */

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
} from '../../src/scripts/engine.ts';
import { toFailure, translating } from '../../src/scripts/failures.ts';
import { makeSpectest } from '../../src/scripts/spectest.ts';
import { decodeModule, defaultFeatures, funcDefType, type Module, validateModule } from '../../src/wasm.ts';
import {
  defaultOptions,
  type ExternInstance,
  type FunctionInstance,
  GlobalInstance,
  HostFunction,
  MemoryInstance,
  type ReferenceOptions,
  TableInstance,
} from '../../test/reference/instances.ts';
import { instantiate } from '../../test/reference/instantiate.ts';
import { Machine } from '../../test/reference/machine.ts';
import { ReferenceScheduler, type Turns } from '../../test/reference/scheduler.ts';

/** The runner's view of an instance. */
interface ReferenceInstance {
  readonly exports: ReadonlyMap<string, ExternInstance>;
  readonly memories: readonly MemoryInstance[];
}

const spectest = (): ReferenceInstance => {
  const exports = makeSpectest<ExternInstance>({
    func: (params) => new HostFunction(funcDefType(params, []), () => []),
    global: (type, bits) => new GlobalInstance({ type, isMutable: false }, bits),
    table: (type) => new TableInstance(type, null),
    memory: (type) => new MemoryInstance(type),
  });
  return { exports, memories: [...exports.values()].filter((entry) => entry.kind === 'memory') };
};

const optionsFor = (unitFuel: boolean): ReferenceOptions =>
  unitFuel ? { ...defaultOptions, ...unitFuelBudgets } : defaultOptions;

const call = (func: FunctionInstance, args: readonly RawValue[], unitFuel: boolean): Invocation => {
  const machine = new Machine(optionsFor(unitFuel), unitFuel ? 0 : Number.POSITIVE_INFINITY);
  machine.start(func, args);
  let trace = unitFuel ? 0 : null;
  let status = machine.run();
  for (; status === 'paused'; status = machine.run()) {
    trace = traceStep(trace ?? 0, machine.fuelConsumed);
    if (machine.waiting !== null) machine.endWait();
    else machine.addFuel(1);
  }
  if (status === 'trap') throw toFailure(machine.error, machine.fuelConsumed, trace);
  return { values: machine.results, fuel: machine.fuelConsumed, trace };
};

/** Calls of threads, which take turns. */
class ThreadCalls {
  private readonly slice: number;
  private scheduler: ReferenceScheduler;
  private readonly pending = new Map<
    Turns,
    { readonly resolve: (invocation: Invocation) => void; readonly reject: (failure: EngineFailure) => void }
  >();

  constructor(slice: number) {
    this.slice = slice;
    this.scheduler = new ReferenceScheduler(slice);
  }

  begin(func: FunctionInstance, args: readonly RawValue[], unitFuel: boolean): Promise<Invocation> {
    const machine = new Machine(optionsFor(unitFuel), 0);
    machine.start(func, args);
    return new Promise((resolve, reject) => {
      this.pending.set(this.scheduler.spawn(machine), { resolve, reject });
    });
  }

  turn(): boolean {
    if (this.pending.size === 0) return false;
    try {
      this.scheduler.turn();
    } catch (error) {
      for (const { reject } of this.pending.values()) reject(toFailure(error));
      this.pending.clear();
      this.scheduler = new ReferenceScheduler(this.slice);
    }
    for (const [thread, { resolve, reject }] of this.pending) {
      const { status, machine } = thread;
      if (status === 'paused') continue;
      this.pending.delete(thread);
      if (status === 'done') resolve({ values: machine.results, fuel: machine.fuelConsumed, trace: null });
      else reject(toFailure(machine.error, machine.fuelConsumed));
    }
    return true;
  }
}

const find = (instance: EngineInstance, name: string, kind: ExternInstance['kind']): ExternInstance => {
  const found = (instance as ReferenceInstance).exports.get(name);
  if (found?.kind !== kind) throw new EngineFailure('crash', `no exported ${kind} "${name}"`);
  return found;
};

const kinds: readonly ReferenceKind[] = ['func', 'i31', 'struct', 'array', 'exn'];
const kindOf = (reference: object): ReferenceKind | null => {
  const kind = 'kind' in reference ? reference.kind : null;
  return kinds.find((known) => known === kind) ?? null;
};

export const referenceEngine = (metering: Metering): Engine => {
  let features = defaultFeatures;
  const threads = new ThreadCalls(metering.unitFuel ? 1 : threadSlice);
  const engine: Engine = {
    name: 'reference',
    traits: { suiteTexts: true, phases: true, everyFeature: true },
    startScript(switched) {
      features = switched;
      return spectest();
    },
    compile: (bytes) =>
      translating(() => {
        const module = decodeModule(bytes);
        validateModule(module, features);
        return module;
      }),
    importedModules: (module) => (module as Module).imports.map((entry) => entry.module),
    instantiate: (module, registered) =>
      translating(() =>
        instantiate(
          module as Module,
          (from, name) => (registered.get(from) as ReferenceInstance | undefined)?.exports.get(name),
          optionsFor(metering.unitFuel),
        ),
      ),
    invoke: (instance, name, args) =>
      translating(() => call(find(instance, name, 'func') as FunctionInstance, args, metering.unitFuel)),
    get: (instance, name) => (find(instance, name, 'global') as GlobalInstance).value.bits,
    kindOf,
    memories: (instance) => (instance as ReferenceInstance).memories.map((memory) => memory.bytes),
  };
  return {
    ...engine,
    forThread: () => ({
      ...engine,
      invoke: (instance, name, args) =>
        threads.begin(find(instance, name, 'func') as FunctionInstance, args, metering.unitFuel),
      turn: () => threads.turn(),
    }),
    turn: () => threads.turn(),
  };
};
