/**
 * Calls an exported function in every way there is: fast code, careful code, the reference executor, and the
 * engine again with fuel that runs out at each possible place. All must agree.
 */
import assert from 'node:assert/strict';
import { decodeModule } from '../../src/decoder/decode-module.ts';
import { isQuernError } from '../../src/errors/errors.ts';
import { startExecution } from '../../src/interpreter/execution.ts';
import type { FuncInstance } from '../../src/interpreter/function.ts';
import { compileModule, instantiate } from '../../src/interpreter/instantiate.ts';
import type { ExternInstance } from '../../src/interpreter/module-instance.ts';
import { Store } from '../../src/interpreter/store.ts';
import { defaultFeatures, type FeatureKey } from '../../src/syntax/features.ts';
import { validateModule } from '../../src/validator/validate-module.ts';
import type * as reference from '../reference/instances.ts';
import { instantiate as instantiateReference } from '../reference/instantiate.ts';
import { Machine } from '../reference/machine.ts';
import type { RawValue } from '../reference/values.ts';

/** Modules by the name that others import them under; the last one is called. */
export type Modules = Readonly<Record<string, Uint8Array>>;

export interface Outcome {
  /** Results, or the code of the error that ended the call. */
  readonly result: readonly unknown[] | string;
  readonly fuel: number;
}

const codeOf = (error: unknown): string => {
  if (!isQuernError(error)) throw error;
  return error.code;
};

/** Instances of all modules on the engine; the exports of the last one. */
export const onEngine = (
  modules: Modules,
  features: readonly FeatureKey[] = [],
  host: Readonly<Record<string, ExternInstance>> = {},
): ReadonlyMap<string, ExternInstance> => {
  const store = new Store();
  const exports = new Map<string, ReadonlyMap<string, ExternInstance>>([
    ['host', new Map(Object.entries(host))],
  ]);
  let last = new Map() as ReadonlyMap<string, ExternInstance>;
  for (const [name, bytes] of Object.entries(modules)) {
    const compiled = compileModule(bytes, new Set([...defaultFeatures, ...features]));
    last = instantiate(store, compiled, (from, item) => exports.get(from)?.get(item)).exports;
    exports.set(name, last);
  }
  return last;
};

const onReference = (
  modules: Modules,
  features: readonly FeatureKey[],
): ReadonlyMap<string, reference.ExternInstance> => {
  const exports = new Map<string, ReadonlyMap<string, reference.ExternInstance>>();
  let last = new Map() as ReadonlyMap<string, reference.ExternInstance>;
  for (const [name, bytes] of Object.entries(modules)) {
    const module = decodeModule(bytes);
    validateModule(module, new Set([...defaultFeatures, ...features]));
    last = instantiateReference(module, (from, item) => exports.get(from)?.get(item)).exports;
    exports.set(name, last);
  }
  return last;
};

/** Runs with `fuel` at first and `step` more at each pause; also tells where it paused. */
const runEngine = (
  func: FuncInstance,
  args: readonly RawValue[],
  fuel: number,
  step: number,
  careful: boolean,
): Outcome & { readonly pauses: readonly number[] } => {
  const execution = startExecution(func, args, { fuel, careful });
  const pauses: number[] = [];
  let status = execution.run();
  for (; status === 'paused'; status = execution.run()) {
    pauses.push(execution.fuelConsumed);
    if (execution.pause === 'wait') execution.endWait();
    else execution.addFuel(step);
  }
  const result = status === 'done' ? execution.results : codeOf(execution.error);
  return { result, fuel: execution.fuelConsumed, pauses };
};

const runReference = (
  func: reference.FunctionInstance,
  args: readonly RawValue[],
  fuel: number,
): Outcome & { readonly pauses: readonly number[] } => {
  const machine = new Machine(undefined, fuel);
  machine.start(func, args);
  const pauses: number[] = [];
  let status = machine.run();
  for (; status === 'paused'; status = machine.run()) {
    pauses.push(machine.fuelConsumed);
    if (machine.waiting !== null) machine.endWait();
    else machine.addFuel(1);
  }
  const result = status === 'done' ? machine.results : codeOf(machine.error);
  return { result, fuel: machine.fuelConsumed, pauses };
};

const lots = 1_000_000;

const engineFunc = (modules: Modules, name: string, features: readonly FeatureKey[]): FuncInstance =>
  onEngine(modules, features).get(name) as FuncInstance;

/**
 * Calls `name` of the last module on fast code, careful code and the reference, with all the fuel at once and
 * with one unit at a time, and asserts that all agree and pause at the same places.
 *
 * @returns what they agreed on
 */
export const runOnAll = (
  modules: Modules,
  name: string,
  args: readonly RawValue[] = [],
  features: readonly FeatureKey[] = [],
): Outcome => {
  const oracle = (fuel: number): ReturnType<typeof runReference> =>
    runReference(onReference(modules, features).get(name) as reference.FunctionInstance, args, fuel);
  const expected = oracle(lots);
  const stepwise = oracle(0);
  for (const careful of [false, true]) {
    const run = (fuel: number, step: number): ReturnType<typeof runEngine> =>
      runEngine(engineFunc(modules, name, features), args, fuel, step, careful);
    assert.deepEqual(run(lots, 0), expected, `careful: ${careful}`);
    assert.deepEqual(run(0, 1), stepwise, `fuel by units, careful: ${careful}`);
  }
  return { result: expected.result, fuel: expected.fuel };
};

/** `runOnAll`, and once for every place where the fuel can run out and be refilled. */
export const runEverywhere: typeof runOnAll = (modules, name, args = [], features = []) => {
  const expected = runOnAll(modules, name, args, features);
  for (let fuel = 0; fuel < expected.fuel; fuel++) {
    const func = engineFunc(modules, name, features);
    const { result, fuel: consumed } = runEngine(func, args, fuel, expected.fuel - fuel, false);
    assert.deepEqual({ result, fuel: consumed }, expected);
  }
  return expected;
};
