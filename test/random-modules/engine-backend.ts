/** Scenarios on the interpreter: fast, careful, or with its fuel in small pieces. */
import { isQuernError } from '../../src/errors.ts';
import { allocateHostFunc } from '../../src/interpreter/instances/module-instance.ts';
import {
  compileModule,
  ExceptionInstance,
  type Features,
  FuncInstance,
  type FuncType,
  funcDefType,
  GlobalInstance,
  hostFunction,
  I32,
  type ImportResolver,
  instantiate,
  MemoryInstance,
  type ModuleInstance,
  makeException,
  type RawValue,
  type Ref,
  Store,
  startExecution,
  TableInstance,
  TagInstance,
} from '../../src/wasm.ts';
import { type Forced, forcedCompiler } from '../compiler/forced-compiler.ts';
import { HostObject, hostObjects, memoriesText, numberBits, numberText } from './raw-values.ts';
import { type Backend, EXHAUSTED } from './run-scenario.ts';
import type { Imported, Kind, Scenario } from './scenario.ts';

/** Fuel of one call; binaryen's modules limit themselves, but not in the size of what they do. */
const FUEL = 20_000_000;
/** Pieces are single units up to so many pauses of a call, and larger ones afterwards. */
const UNIT_PAUSES = 300;
const LARGE_PIECE = 5000;

/** How calls are run. */
export interface EngineMode {
  readonly careful: boolean;
  readonly inPieces: boolean;
  /** Everything is compiled. */
  readonly compiled?: Forced;
  /** Bounds of a module that does not limit itself; without them, there is much fuel for calls. */
  readonly bounds?: Bounds;
}

/** What a module may use. */
export interface Bounds {
  /** Fuel of one call, and of the start function. */
  readonly fuel: number;
  readonly maxPages: number;
  readonly maxHeapBytes: number;
}

/** A store that knows whether it had to refuse anything: a guest that was refused goes another way than elsewhere. */
class ObservedStore extends Store {
  hasRefused = false;
  override take(pageCount: number): boolean {
    return this.#note(super.take(pageCount));
  }
  override takeHeap(byteCount: number): boolean {
    return this.#note(super.takeHeap(byteCount));
  }
  #note(isGranted: boolean): boolean {
    if (!isGranted) this.hasRefused = true;
    return isGranted;
  }
}

export class EngineBackend implements Backend<RawValue> {
  cost = '';
  private readonly scenario: Scenario;
  private readonly features: Features;
  private readonly mode: EngineMode;
  private instance!: ModuleInstance;
  private readonly store: ObservedStore;
  private tag = new TagInstance({ type: funcDefType([I32], []) });

  constructor(scenario: Scenario, features: Features, mode: EngineMode) {
    this.scenario = scenario;
    this.features = features;
    this.mode = mode;
    const { bounds, compiled } = mode;
    this.store = new ObservedStore({
      ...(bounds === undefined ? {} : { maxMemoryPages: bounds.maxPages, maxHeapBytes: bounds.maxHeapBytes }),
      ...(compiled === undefined ? {} : { compiler: forcedCompiler(compiled) }),
    });
  }

  /** Compiled code is not entered for a single unit. */
  private get smallPiece(): number {
    return this.mode.compiled === undefined ? 1 : 37;
  }

  private get fuel(): number {
    return this.mode.bounds?.fuel ?? FUEL;
  }

  start(call: (imported: Imported, args: readonly RawValue[]) => readonly RawValue[]): void {
    const compiled = compileModule(this.scenario.bytes, this.features);
    let next = 0;
    const { bounds } = this.mode;
    const resolve: ImportResolver = (_, name, desc) => {
      const imported = this.scenario.imports[next++]!;
      switch (desc.kind) {
        case 'func':
          return allocateHostFunc(
            desc.type,
            hostFunction(desc.type.comp as FuncType, (args) => call(imported, args) as RawValue[]).host,
          );
        case 'tag': {
          const tag = new TagInstance(desc.type);
          if (name === 'wasmtag') this.tag = tag;
          return tag;
        }
        case 'global':
          return new GlobalInstance(desc.type, this.valueOf(imported.value!));
        case 'memory':
          return new MemoryInstance(desc.type, this.store);
        default:
          return new TableInstance(desc.type, null, this.store);
      }
    };
    const options = bounds === undefined ? {} : { fuel: bounds.fuel };
    this.instance = instantiate(this.store, compiled, resolve, options);
    if (this.store.hasRefused) throw EXHAUSTED;
  }

  invoke(func: number, args: readonly RawValue[]): readonly RawValue[] {
    const { careful, inPieces } = this.mode;
    const callee = this.instance.funcs[func]!;
    const execution = startExecution(callee, args, { careful, fuel: inPieces ? 0 : this.fuel });
    let status = execution.run();
    for (let pauses = 0; inPieces && status === 'paused' && execution.fuelConsumed < this.fuel; pauses++) {
      execution.addFuel(pauses < UNIT_PAUSES ? this.smallPiece : LARGE_PIECE);
      status = execution.run();
    }
    this.cost = ` | ${execution.fuelConsumed}`;
    if (status === 'paused' || this.store.hasRefused) throw EXHAUSTED;
    if (status === 'trap') throw execution.error;
    return execution.results;
  }

  ending(error: unknown): string {
    if (error === EXHAUSTED) return EXHAUSTED;
    if (error instanceof ExceptionInstance) return 'exception.uncaught';
    if (!isQuernError(error)) throw error;
    return /^(exhaustion|limit)\./.test(error.code) ? EXHAUSTED : error.code;
  }

  textOf(value: RawValue, kind: Kind): string {
    if (typeof value === 'bigint') return numberText(value, kind);
    if (value === null) return 'null';
    if (typeof value === 'number') return `i31:${value}`;
    if (value instanceof HostObject) return `host:${value.id}`;
    return value instanceof FuncInstance ? `func:${this.instance.funcs.indexOf(value)}` : 'object';
  }

  valueOf(text: string): RawValue {
    const [kind, digits] = text.split(':');
    if (kind === 'null') return null;
    if (kind === 'i31') return Number(digits);
    if (kind === 'host') return hostObjects[Number(digits)]!;
    if (kind === 'func') return this.instance.funcs[Number(digits)]!;
    return numberBits(text)!;
  }

  raise(value: number): never {
    throw makeException(this.tag, [BigInt.asUintN(32, BigInt(value))]);
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
    this.instance.tables[table]!.elements[index] = value as Ref;
  }
  global(index: number): RawValue {
    return this.instance.globals[index]!.value;
  }
}
