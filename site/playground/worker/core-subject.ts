/** An instance of the engine alone, as what a call runs on. What it imports, the page makes up. */
import { type DebugSession, debugExecution } from '../../../src/debug.ts';
import {
  type Caller,
  compileModule,
  type Execution,
  type ExternInstance,
  F64,
  type FuncInstance,
  type FuncType,
  GlobalInstance,
  hostFunction,
  type ImportResolver,
  type ImportType,
  instantiate,
  MemoryInstance,
  type ModuleInstance,
  type RawValue,
  restoreSnapshot,
  Store,
  startExecution,
  TableInstance,
  TagInstance,
  takeSnapshot,
  type ValType,
} from '../../../src/wasm.ts';
import type { CallRequest, LogLine, ShownValue } from '../protocol.ts';
import { features } from './program.ts';
import { INITIAL_FUEL, type Outcome, type Subject, type SubjectOptions, textOfBytes } from './subject.ts';
import { shownValue, textOfValue, valueOfText } from './values.ts';

/** Module of the functions that every page has. */
const CONSOLE = 'console';
/** Most fuel that an execution can hold. */
const MAX_FUEL = 2 ** 52;

/** Numbers are 0, references null. */
const zeroOf = (type: ValType): RawValue => (type >= -5 ? 0n : null);
const signature = ({ desc }: { readonly desc: ImportType }): FuncType =>
  (desc as Extract<ImportType, { readonly kind: 'func' }>).type.comp as FuncType;

/** `console.text (address, length)` prints text of the memory, any other function of `console` its arguments. */
const consoleFunction = (name: string, type: FuncType, log: (line: LogLine) => void): FuncInstance =>
  hostFunction(type, (args: RawValue[], caller: Caller) => {
    const memory = caller.instance?.memories[0];
    if (name === 'text' && args.length === 2 && memory !== undefined) {
      const [address = 0, length = 0] = args.map((arg) => Number(BigInt.asUintN(32, arg as bigint)));
      log({ source: 'host', text: textOfBytes(memory.bytes.slice(address, address + length)) });
    } else {
      log({ source: 'host', text: args.map((arg, i) => textOfValue(type.params[i] ?? F64, arg)).join(' ') });
    }
    return type.results.map(zeroOf);
  });

const unknownFunction = (name: string, type: FuncType, log: (line: LogLine) => void): FuncInstance =>
  hostFunction(type, (args: RawValue[]) => {
    const shown = args.map((arg, i) => textOfValue(type.params[i] ?? F64, arg)).join(', ');
    const answer = type.results.length === 0 ? '' : ': this page answers 0';
    log({ source: 'host', text: `${name}(${shown})${answer}` });
    return type.results.map(zeroOf);
  });

/** What stands for the imports of any module. */
const resolver =
  ({ log }: SubjectOptions): ImportResolver =>
  (module, name, desc): ExternInstance => {
    switch (desc.kind) {
      case 'func':
        return module === CONSOLE
          ? consoleFunction(name, signature({ desc }), log)
          : unknownFunction(`${module}.${name}`, signature({ desc }), log);
      case 'memory':
        return new MemoryInstance(desc.type);
      case 'table':
        return new TableInstance(desc.type, null);
      case 'global':
        return new GlobalInstance(desc.type, zeroOf(desc.type.type));
      default:
        return new TagInstance(desc.type);
    }
  };

export class CoreSubject implements Subject {
  private readonly instance: ModuleInstance;
  private readonly options: SubjectOptions;
  private execution: Execution | null = null;

  private constructor(instance: ModuleInstance, options: SubjectOptions) {
    this.instance = instance;
    this.options = options;
  }

  static create(options: SubjectOptions, skipStart = false): CoreSubject {
    const { loaded, settings, profiler } = options;
    const store = new Store({
      ...(settings.maxPages === null ? {} : { maxMemoryPages: settings.maxPages }),
      compiler: profiler,
    });
    const compiled = compileModule(loaded.bytes, features);
    const instance = instantiate(store, compiled, resolver(options), { fuel: INITIAL_FUEL, skipStart });
    return new CoreSubject(instance, options);
  }

  static restore(options: SubjectOptions, snapshot: Uint8Array): CoreSubject {
    const subject = CoreSubject.create(options, true);
    const [execution] = restoreSnapshot(snapshot, {
      instances: [subject.instance],
      options: { fuel: MAX_FUEL },
    });
    subject.execution = execution ?? null;
    return subject;
  }

  private functionOf(name: string): FuncInstance {
    const func = this.instance.exports.get(name);
    if (func?.kind !== 'func') throw new TypeError(`there is no function "${name}"`);
    return func as FuncInstance;
  }

  private startOf({ functionName, args, fuel }: CallRequest, onSlice?: () => boolean): Execution {
    const func = this.functionOf(functionName);
    const { params } = func.type.comp as FuncType;
    const values = params.map((type, i) => valueOfText(args[i] ?? '', type));
    return startExecution(func, values, { fuel, ...(onSlice === undefined ? {} : { onSlice }) });
  }

  begin(request: CallRequest): Promise<DebugSession> {
    this.execution ??= this.startOf(request);
    const named = { name: this.options.loaded.program.name, instance: this.instance };
    return Promise.resolve(debugExecution(this.execution, [named], { breathe: this.options.breathe }));
  }

  async run(request: CallRequest, isStopped: () => boolean): Promise<void> {
    let until = Date.now() + 16;
    const execution = this.startOf(request, () => Date.now() > until);
    this.execution = execution;
    for (;;) {
      const result = execution.run();
      if (result === 'done') return;
      if (result === 'trap') throw execution.error;
      if (execution.pause !== 'slice' || isStopped()) return;
      await this.options.breathe();
      until = Date.now() + 16;
    }
  }

  addFuel(fuel: number): void {
    this.execution?.addFuel(fuel);
  }

  get fuel(): number {
    return this.execution?.fuelConsumed ?? 0;
  }

  get fuelLeft(): number | null {
    return this.execution?.fuelLeft ?? null;
  }

  get outcome(): Outcome {
    const { execution } = this;
    const types = execution === null ? [] : (execution.func.type.comp as FuncType).results;
    const hasFailed = execution?.error !== undefined && execution.error !== null;
    const results = execution?.results ?? [];
    return {
      output: null,
      results: hasFailed
        ? null
        : types.map((type, i) => shownValue(String(i), type, results[i] ?? zeroOf(type))),
      hasFailed,
    };
  }

  readonly variables: readonly ShownValue[] = [];

  snapshot(): Uint8Array {
    const { execution, instance } = this;
    return takeSnapshot({ instances: [instance], executions: execution === null ? [] : [execution] });
  }

  giveUp(): Promise<void> {
    this.execution?.abandon(new Error('given up'));
    this.execution = null;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.giveUp();
  }
}
