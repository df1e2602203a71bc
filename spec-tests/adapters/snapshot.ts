/**
 * Quern with every call moved on the way: it pauses after a little fuel, a snapshot is taken, all modules of the
 * script are compiled and linked again, and the call continues there; up to `MOST_MOVES` times. Afterwards the script
 * continues on the new instances.
 *
 * Some scripts cannot be moved: their instances depend on what ran between two instantiations, or a failed one has
 * left functions in tables. Those calls run in place, and are counted.
 */
import { isQuernError } from '../../src/errors.ts';
import { type Engine, HostReference, type Invocation, type RawValue } from '../../src/scripts/engine.ts';
import { toFailure, translating } from '../../src/scripts/failures.ts';
import { boxed, find, kindOf, type QuernInstance, spectest } from '../../src/scripts/quern-engine.ts';
import {
  type CompiledModule,
  compileModule,
  defaultFeatures,
  type Execution,
  type ExternInstance,
  type FuncInstance,
  type GlobalInstance,
  instantiate,
  type ModuleInstance,
  restoreSnapshot,
  Store,
  startExecution,
  takeSnapshot,
} from '../../src/wasm.ts';

const MOST_MOVES = 3;
/** Fuel between two moves. */
const MOST_FUEL = 40;

/** The runner's handle: the instance that it refers to changes. */
class Handle {
  current: QuernInstance;
  constructor(current: QuernInstance) {
    this.current = current;
  }
}

interface Made {
  readonly handle: Handle;
  readonly compiled: CompiledModule;
  readonly imports: readonly ExternInstance[];
}

/** How many calls were moved, and how many could not be. */
export interface MoveCounts {
  moved: number;
  stayed: number;
}

class World {
  readonly spectest: Handle;
  readonly made: Made[] = [];
  readonly hostValues = new Map<string, HostReference>();
  store = new Store();

  constructor() {
    this.spectest = new Handle(spectest());
  }

  get instances(): ModuleInstance[] {
    return this.made.map(({ handle }) => handle.current as ModuleInstance);
  }

  /** Moves everything to new instances, and the call with it. Null if that is not possible. */
  move(execution: Execution): Execution | null {
    const taken = this.snapshot(execution);
    const linked = taken && this.link();
    if (taken === null || linked === null) return null;
    const [restored] = restoreSnapshot(taken, {
      instances: linked.instances,
      findHostValue: (name) => this.hostValues.get(name),
    });
    linked.adopt();
    return restored!;
  }

  private snapshot(execution: Execution): Uint8Array | null {
    try {
      return takeSnapshot({
        instances: this.instances,
        executions: [execution],
        nameHostValue: (value) => {
          if (!(value instanceof HostReference)) return undefined;
          this.hostValues.set(String(value.id), value);
          return String(value.id);
        },
      });
    } catch (error) {
      if (isQuernError(error, 'snapshot.unsupported')) return null;
      throw error;
    }
  }

  /** The same modules, compiled and linked again; null if that depends on what has run in between. */
  private link(): { readonly instances: ModuleInstance[]; adopt(): void } | null {
    const newSpectest = spectest();
    const twins = new Map<ExternInstance, ExternInstance>();
    for (const [name, item] of this.spectest.current.exports) twins.set(item, newSpectest.exports.get(name)!);
    const store = new Store();
    const made = this.made.map(({ handle, compiled, imports }): Made | null => {
      const again = compileModule(compiled.module.bytes, compiled.features);
      const found = imports.map((item) => twins.get(item));
      let next = 0;
      let instance: ModuleInstance;
      try {
        instance = instantiate(store, again, () => found[next++], { skipStart: true });
      } catch {
        return null;
      }
      pair(handle.current as ModuleInstance, instance, twins);
      return { handle: new Handle(instance), compiled: again, imports: found as ExternInstance[] };
    });
    if (made.includes(null)) return null;
    return {
      instances: made.map((item) => item!.handle.current as ModuleInstance),
      adopt: () => {
        this.store = store;
        this.spectest.current = newSpectest;
        made.forEach((item, i) => {
          const { handle } = this.made[i]!;
          handle.current = item!.handle.current;
          this.made[i] = { ...item!, handle };
        });
      },
    };
  }
}

/** Records the parts of the new instance that correspond to those of the old one. */
const pair = (from: ModuleInstance, to: ModuleInstance, twins: Map<ExternInstance, ExternInstance>): void => {
  for (const space of ['funcs', 'tables', 'memories', 'globals', 'tags'] as const)
    from[space].forEach((item, i) => {
      twins.set(item, to[space][i]!);
    });
};

export const snapshotEngine = (options: { careful: boolean }): Engine & { readonly counts: MoveCounts } => {
  const counts = { moved: 0, stayed: 0 };
  let world = new World();
  let features = defaultFeatures;
  let random = 1;
  const someFuel = (): number => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (random >>> 8) % MOST_FUEL;
  };
  const call = (func: FuncInstance, args: readonly RawValue[]): Invocation => {
    let execution = startExecution(func, [...args], { careful: options.careful, fuel: someFuel() });
    let moves = 0;
    let status = execution.run();
    while (status === 'paused') {
      const moved = moves < MOST_MOVES ? world.move(execution) : null;
      if (moved === null && moves < MOST_MOVES) counts.stayed++;
      if (moved !== null) counts.moved++;
      execution = moved ?? execution;
      moves++;
      execution.addFuel(moves < MOST_MOVES ? someFuel() : Number.MAX_SAFE_INTEGER);
      status = execution.run();
    }
    if (status === 'trap') throw toFailure(execution.error, execution.fuelConsumed, null);
    return { values: execution.results.map(boxed), fuel: execution.fuelConsumed, trace: null };
  };
  const instanceOf = (handle: object): QuernInstance => (handle as Handle).current;
  return {
    name: 'quern, moved',
    counts,
    traits: { suiteTexts: true, phases: true, everyFeature: true },
    startScript(switched) {
      features = switched;
      world = new World();
      return world.spectest;
    },
    compile: (bytes) => translating(() => compileModule(bytes, features)),
    importedModules: (module) => (module as CompiledModule).module.imports.map((entry) => entry.module),
    instantiate: (module, registered) =>
      translating(() => {
        const imports: ExternInstance[] = [];
        const compiled = module as CompiledModule;
        const instance = instantiate(world.store, compiled, (from, name) => {
          const handle = registered.get(from) as Handle | undefined;
          const found = handle?.current.exports.get(name);
          if (found !== undefined) imports.push(found);
          return found;
        });
        const handle = new Handle(instance);
        world.made.push({ handle, compiled, imports });
        return handle;
      }),
    invoke: (handle, name, args) =>
      translating(() => call(find(instanceOf(handle), name, 'func') as FuncInstance, args)),
    get: (handle, name) =>
      translating(() => boxed((find(instanceOf(handle), name, 'global') as GlobalInstance).value)),
    kindOf,
    memories: (handle) => instanceOf(handle).memories.map((memory) => memory.bytes),
    close: () => {
      process.stdout.write(`${counts.moved} calls moved, ${counts.stayed} times not possible\n`);
    },
  };
};
