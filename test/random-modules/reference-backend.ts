/** Scenarios on the reference executor. */
import { isQuernError, ThrownException } from '../../src/errors.ts';
import { decodeModule, type Features, funcDefType, I32, validateModule } from '../../src/wasm.ts';
import { I31Value } from '../reference/aggregates.ts';
import {
  defaultOptions,
  ExceptionInstance,
  type FunctionInstance,
  GlobalInstance,
  HostFunction,
  type ModuleInstance,
  TagInstance,
  WasmFunction,
} from '../reference/instances.ts';
import { instantiate } from '../reference/instantiate.ts';
import { Machine } from '../reference/machine.ts';
import { i32, type RawValue } from '../reference/values.ts';
import { HostObject, hostObjects, memoriesText, numberBits, numberText } from './raw-values.ts';
import { type Backend, EXHAUSTED } from './run-scenario.ts';
import type { Imported, Kind, Scenario } from './scenario.ts';

export class ReferenceBackend implements Backend<RawValue> {
  cost = '';
  private readonly scenario: Scenario;
  private readonly features: Features;
  private instance!: ModuleInstance;
  private tag = new TagInstance({ type: funcDefType([I32], []) });

  constructor(scenario: Scenario, features: Features) {
    this.scenario = scenario;
    this.features = features;
  }

  start(call: (imported: Imported, args: readonly RawValue[]) => readonly RawValue[]): void {
    const module = decodeModule(this.scenario.bytes);
    validateModule(module, this.features);
    let next = 0;
    this.instance = instantiate(module, (_, name) => {
      const imported = this.scenario.imports[next]!;
      const { desc } = module.imports[next++]!;
      switch (desc.kind) {
        case 'func':
          return new HostFunction(desc.type, (args) => this.callHost(() => call(imported, args)));
        case 'tag': {
          const tag = new TagInstance(desc.type);
          if (name === 'wasmtag') this.tag = tag;
          return tag;
        }
        case 'global':
          return new GlobalInstance(desc.type, this.valueOf(imported.value!));
        default:
          return undefined;
      }
    });
  }

  /** An exception that ended a call which the host made continues in the caller. */
  private callHost(act: () => readonly RawValue[]): readonly RawValue[] {
    try {
      return act();
    } catch (error) {
      throw error instanceof ThrownException ? error.details.exception : error;
    }
  }

  invoke(func: number, args: readonly RawValue[]): readonly RawValue[] {
    const machine = new Machine(defaultOptions);
    machine.start(this.instance.funcs[func]!, args);
    const status = machine.run();
    this.cost = ` | ${machine.fuelConsumed}`;
    if (status === 'trap') throw machine.error;
    return machine.results;
  }

  ending(error: unknown): string {
    if (error instanceof ExceptionInstance) return 'exception.uncaught';
    if (!isQuernError(error)) throw error;
    return error.code.startsWith('exhaustion.') ? EXHAUSTED : error.code;
  }

  textOf(value: RawValue, kind: Kind): string {
    if (typeof value === 'bigint') return numberText(value, kind);
    if (value === null) return 'null';
    if (value instanceof I31Value) return `i31:${BigInt.asIntN(31, value.bits)}`;
    if (value instanceof HostObject) return `host:${value.id}`;
    const isFunc = value instanceof WasmFunction || value instanceof HostFunction;
    return isFunc ? `func:${this.instance.funcs.indexOf(value as FunctionInstance)}` : 'object';
  }

  valueOf(text: string): RawValue {
    const [kind, digits] = text.split(':');
    if (kind === 'null') return null;
    if (kind === 'i31') return new I31Value(BigInt(digits!));
    if (kind === 'host') return hostObjects[Number(digits)]!;
    if (kind === 'func') return this.instance.funcs[Number(digits)]!;
    return numberBits(text)!;
  }

  raise(value: number): never {
    throw new ExceptionInstance(this.tag, [i32(value)]);
  }

  memories(): string {
    return memoriesText(this.instance.memories);
  }
  tableLength(table: number): number {
    return this.instance.tables[table]!.elements.length;
  }
  getElement(table: number, index: number): RawValue {
    return this.instance.tables[table]!.elements[index]!;
  }
  setElement(table: number, index: number, value: RawValue): void {
    this.instance.tables[table]!.elements[index] = value as object | null;
  }
  global(index: number): RawValue {
    return this.instance.globals[index]!.value.bits;
  }
}
