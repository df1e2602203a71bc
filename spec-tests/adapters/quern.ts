/** Quern's own interpreter as an `Engine`. */
import { decodeBranchHints } from '../../src/decoder/branch-hints.ts';
import { ArrayInstance, StructInstance } from '../../src/interpreter/aggregate.ts';
import type { CompiledModule } from '../../src/interpreter/code.ts';
import { startExecution } from '../../src/interpreter/execution.ts';
import {
  type FuncInstance,
  hostFunction,
  type RawValue as QuernValue,
} from '../../src/interpreter/function.ts';
import { GlobalInstance } from '../../src/interpreter/global.ts';
import { compileModule, instantiate } from '../../src/interpreter/instantiate.ts';
import { MemoryInstance } from '../../src/interpreter/memory.ts';
import type { ExternInstance } from '../../src/interpreter/module-instance.ts';
import { Store } from '../../src/interpreter/store.ts';
import { TableInstance } from '../../src/interpreter/table.ts';
import { defaultFeatures } from '../../src/syntax/features.ts';
import {
  type Engine,
  EngineFailure,
  type EngineInstance,
  type Invocation,
  type Metering,
  type RawValue,
  type ReferenceKind,
  traceStep,
  unitFuelBudgets,
} from '../engine.ts';
import { makeSpectest } from '../spectest.ts';
import { toFailure, translating } from './failures.ts';

interface QuernInstance {
  readonly exports: ReadonlyMap<string, ExternInstance>;
  readonly memories: readonly MemoryInstance[];
}
interface CallOptions extends Metering {
  readonly careful: boolean;
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

const find = (instance: EngineInstance, name: string, kind: ExternInstance['kind']): ExternInstance => {
  const found = (instance as QuernInstance).exports.get(name);
  if (found?.kind !== kind) throw new EngineFailure('crash', `no exported ${kind} "${name}"`);
  return found;
};

const spectest = (): QuernInstance => {
  const exports = makeSpectest<ExternInstance>({
    func: (params) => hostFunction({ kind: 'func', params, results: [] }, () => []),
    global: (type, bits) => new GlobalInstance({ type, isMutable: false }, bits),
    table: (type) => new TableInstance(type, null),
    memory: (type) => new MemoryInstance(type),
  });
  return { exports, memories: [...exports.values()].filter((entry) => entry.kind === 'memory') };
};

const kindOf = (reference: object): ReferenceKind | null => {
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
const boxed = (value: QuernValue): RawValue => (typeof value === 'number' ? new BoxedI31(value) : value);

export const quernEngine = (options: CallOptions): Engine => {
  const makeStore = (): Store => new Store(options.unitFuel ? unitFuelBudgets : {});
  let store = makeStore();
  let features = defaultFeatures;
  return {
    name: options.careful ? 'quern, careful code' : 'quern',
    traits: { suiteTexts: true, phases: true, everyFeature: true, findsDeadlocks: true },
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
  };
};
