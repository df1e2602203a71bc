/** Runs generated programs on the reference executor. */
import { decodeModule, type FuncType, funcDefType, validateModule } from '../../src/wasm.ts';
import type { Program } from '../generators/world.ts';
import {
  type FunctionInstance,
  HostFunction,
  type ModuleInstance,
  type ReferenceOptions,
  WasmFunction,
} from '../reference/instances.ts';
import { instantiate } from '../reference/instantiate.ts';
import { Machine } from '../reference/machine.ts';
import { HostFunctions } from './host-functions.ts';
import { outcomeText, type Step, valuesText } from './report.ts';

export class ReferenceWorld {
  readonly host = new HostFunctions();
  readonly instances: ModuleInstance[] = [];
  private readonly options: ReferenceOptions;

  constructor(world: Program, options: ReferenceOptions) {
    this.options = options;
    for (const bytes of world.modules) {
      const module = decodeModule(bytes);
      validateModule(module);
      const wanted = new Map(module.imports.map((entry) => [entry.name, entry.desc]));
      const instance = instantiate(
        module,
        (from, name) => {
          if (from !== 'env') return this.instances[0]!.exports.get(name);
          const desc = wanted.get(name);
          const call = this.host.byName[name]!;
          if (desc?.kind !== 'func') return undefined;
          const { params, results } = desc.type.comp as FuncType;
          return new HostFunction(funcDefType(params, results), (args) => call(args as bigint[]));
        },
        options,
      );
      this.instances.push(instance);
    }
  }

  start(module: number, name: string, fuel?: number): Machine {
    const machine = new Machine(this.options, fuel);
    machine.start(this.instances[module]!.exports.get(name) as FunctionInstance, []);
    return machine;
  }

  outcome(name: string, machine: Machine, status: string): string {
    const ending = status === 'done' ? valuesText(machine.results) : machine.error!.code;
    return outcomeText(name, ending, this.host, this.memories);
  }

  get memories(): Uint8Array[] {
    return this.instances[0]!.memories.map((memory) => memory.bytes);
  }

  get tables(): string {
    const nameOf = (ref: object | null): number | string => {
      if (ref === null) return '-';
      return ref instanceof WasmFunction ? ref.module.funcs.indexOf(ref) : 'host';
    };
    return this.instances[0]!.tables.map(({ elements }) => elements.map(nameOf).join(' ')).join(' | ');
  }
}

export const runOnReference = (world: Program, options: ReferenceOptions): Step[] => {
  const reference = new ReferenceWorld(world, options);
  const steps = world.entries.map(({ module, name }) => {
    const machine = reference.start(module, name);
    const status = machine.run();
    return { outcome: reference.outcome(name, machine, status), fuel: machine.fuelConsumed };
  });
  return [...steps, { outcome: reference.tables, fuel: 0 }];
};
