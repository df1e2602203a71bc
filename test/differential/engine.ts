/** Runs generated programs on the interpreter: fast, careful, or in pieces. */
import { isQuernError } from '../../src/errors.ts';
import {
  compileModule,
  type Execution,
  type ExecutionOptions,
  type FuncInstance,
  type FuncType,
  hostFunction,
  instantiate,
  type ModuleInstance,
  Store,
  type StoreOptions,
  startExecution,
} from '../../src/wasm.ts';
import type { Program } from '../generators/world.ts';
import { HostFunctions } from './host-functions.ts';
import { outcomeText, type Step, valuesText } from './report.ts';

/** A program's instances in the engine. */
export class EngineWorld {
  readonly host = new HostFunctions();
  readonly instances: ModuleInstance[] = [];

  constructor(world: Program, options: StoreOptions) {
    const store = new Store(options);
    for (const bytes of world.modules) {
      const compiled = compileModule(bytes);
      const instance = instantiate(store, compiled, (module, name, desc) => {
        if (module !== 'env') return this.instances[0]!.exports.get(name);
        const call = this.host.byName[name]!;
        return desc.kind === 'func'
          ? hostFunction(desc.type.comp as FuncType, (args) => call(args as bigint[]))
          : undefined;
      });
      this.instances.push(instance);
    }
  }

  start(module: number, name: string, options: ExecutionOptions): Execution {
    return startExecution(this.instances[module]!.exports.get(name) as FuncInstance, [], options);
  }

  /** The end of a call as text. */
  outcome(name: string, execution: Execution, status: string): string {
    const { error } = execution;
    const ending =
      status === 'done' ? valuesText(execution.results) : isQuernError(error) ? error.code : String(error);
    return outcomeText(name, ending, this.host, this.memories);
  }

  get memories(): Uint8Array[] {
    return this.instances[0]!.memories.map((memory) => memory.bytes);
  }

  /** Elements of the tables: function indices, or what else they are. */
  get tables(): string {
    return this.instances[0]!.tables.map(({ elements }) =>
      elements.map((ref) => (ref === null ? '-' : ((ref as FuncInstance).code?.index ?? 'host'))).join(' '),
    ).join(' | ');
  }
}

export const runOnEngine = (world: Program, options: StoreOptions, execution: ExecutionOptions): Step[] => {
  const engine = new EngineWorld(world, options);
  const steps = world.entries.map(({ module, name }) => {
    const call = engine.start(module, name, execution);
    const status = call.run();
    return { outcome: engine.outcome(name, call, status), fuel: call.fuelConsumed };
  });
  return [...steps, { outcome: engine.tables, fuel: 0 }];
};
