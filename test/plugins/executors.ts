/**
 * One module on the engine or on the reference executor, called by function index, with the same imports.
 *
 * Imports are the host's own function instances in their fast form. The reference executor gets each of them
 * behind an adapter that lays arguments out as the engine does and shows the executor's memory as the caller's.
 */

import type { JavaScriptCompiler } from '../../src/compile.ts';
import { readValues, writeValues } from '../../src/interpreter/instances/values.ts';
import {
  type Caller,
  type CompiledModule,
  type FuelSchedule,
  type FuncInstance,
  type Import,
  instantiate,
  type ModuleInstance,
  type RawValue,
  Store,
  type StoreOptions,
  startExecution,
} from '../../src/wasm.ts';
import { defaultOptions, HostFunction, type MemoryInstance } from '../reference/instances.ts';
import { instantiate as instantiateReference } from '../reference/instantiate.ts';
import { Machine } from '../reference/machine.ts';
import type { RawValue as ReferenceValue } from '../reference/values.ts';

/** The result of one call. */
export interface CallEnd {
  readonly status: 'done' | 'trap' | 'paused';
  readonly results: readonly RawValue[];
  /** What ended it, where it did not return. */
  readonly error: unknown;
  readonly fuel: number;
  /** Fuel consumed at each pause on the way. */
  readonly pauses: readonly number[];
}

/** How a call is paid: `first` units, then `step` units at each pause. A step of 0 leaves the call paused. */
export interface Payment {
  readonly first: number;
  readonly step: number;
  /** After so many pauses, all fuel that the call wants. Default: as many as it takes. */
  readonly mostPauses?: number;
}

/** All fuel at once, as good as unlimited. */
export const inOneGo: Payment = { first: 2 ** 50, step: 0 };
/** Fuel in portions. */
export const inSlices = (step: number): Payment => ({ first: step, step });
/** So much fuel and no more. */
export const upTo = (fuel: number): Payment => ({ first: fuel, step: 0 });

export interface Executor {
  call(funcIndex: number, payment: Payment): CallEnd;
  readonly memories: readonly { readonly bytes: Uint8Array }[];
}

/** What both machines offer while a call runs. */
interface Steps {
  run(): 'done' | 'trap' | 'paused';
  addFuel(fuel: number): void;
  readonly fuelConsumed: number;
  readonly results: readonly RawValue[];
  readonly error: unknown;
}

/** No test needs more, and a call that pauses at one place forever must not hang the test. */
const MOST_PAUSES = 1_000_000;

const drive = (machine: Steps, { step, mostPauses = Number.POSITIVE_INFINITY }: Payment): CallEnd => {
  const pauses: number[] = [];
  let status = machine.run();
  while (status === 'paused' && step > 0) {
    pauses.push(machine.fuelConsumed);
    if (pauses.length > MOST_PAUSES) throw new Error('the call does not get on');
    machine.addFuel(pauses.length < mostPauses ? step : inOneGo.first);
    status = machine.run();
  }
  const { fuelConsumed, error } = machine;
  return { status, results: status === 'done' ? machine.results : [], error, fuel: fuelConsumed, pauses };
};

/** Makes an executor; start functions are left to the caller. */
export type MakeExecutor = (
  compiled: CompiledModule,
  resolve: (entry: Import) => FuncInstance,
  schedule: FuelSchedule,
) => Executor;

const engine =
  (careful: boolean, options: StoreOptions = {}): MakeExecutor =>
  (compiled, resolve, schedule) => {
    const imports = compiled.module.imports.map(resolve);
    let next = 0;
    const store = new Store({ ...options, schedule });
    const { funcs, memories } = instantiate(store, compiled, () => imports[next++], { skipStart: true });
    return {
      memories,
      call: (funcIndex, payment) =>
        drive(startExecution(funcs[funcIndex]!, [], { careful, fuel: payment.first }), payment),
    };
  };

/** The fast code of the engine. */
export const fastEngine: MakeExecutor = engine(false);
/** Its careful code, instruction by instruction. */
export const carefulEngine: MakeExecutor = engine(true);

/** Generated code. */
export const compiledEngine = (compiler: JavaScriptCompiler): MakeExecutor => engine(false, { compiler });

/** The little of an engine's instance that host functions look at: the memory of their caller. */
const callingInstance = (memoryOf: () => MemoryInstance | undefined): ModuleInstance => {
  const bytes = (): Uint8Array => memoryOf()?.bytes ?? new Uint8Array(0);
  const memory0 = {
    get view(): DataView {
      return new DataView(bytes().buffer);
    },
    get byteLength(): number {
      return bytes().length;
    },
  };
  return { memory0 } as unknown as ModuleInstance;
};

const adapt = (func: FuncInstance, caller: Caller): HostFunction =>
  new HostFunction(
    func.type,
    (args) => {
      const { params, results } = func.signature;
      const words = new Int32Array(func.borderWords);
      const refs: unknown[] = [];
      writeValues(params, args, words, 0, refs);
      const pending = func.host!(words, 0, caller, refs);
      if (pending !== undefined) throw new Error('the reference executor cannot wait for a host function');
      return readValues(results, words, 0, refs) as readonly ReferenceValue[];
    },
    func.fuel,
  );

/** The reference executor. */
export const reference: MakeExecutor = (compiled, resolve, schedule) => {
  const options = { ...defaultOptions, schedule };
  let machine: Machine | null = null;
  const memories: MemoryInstance[] = [];
  const caller: Caller = {
    instance: callingInstance(() => memories[0]),
    charge: (fuel) => {
      machine!.fuelLeft -= fuel;
      machine!.fuelConsumed += fuel;
    },
  };
  const imports = compiled.module.imports.map((entry) => adapt(resolve(entry), caller));
  let next = 0;
  const instance = instantiateReference({ ...compiled.module, start: null }, () => imports[next++], options);
  memories.push(...instance.memories);
  return {
    memories,
    call: (funcIndex, payment) => {
      machine = new Machine(options, payment.first);
      machine.start(instance.funcs[funcIndex]!, []);
      return drive(catchingHostErrors(machine), payment);
    },
  };
};

/** What a host function throws passes through the machine; here it ends the call, as in the engine. */
const catchingHostErrors = (machine: Machine): Steps => {
  let thrown: unknown = null;
  return {
    run: () => {
      try {
        return machine.run();
      } catch (error) {
        thrown = error;
        return 'trap';
      }
    },
    addFuel: (fuel) => machine.addFuel(fuel),
    get fuelConsumed() {
      return machine.fuelConsumed;
    },
    get results() {
      return machine.results;
    },
    get error() {
      return thrown ?? machine.error;
    },
  };
};
