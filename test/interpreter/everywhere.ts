/**
 * Calls an exported function in every way there is: fast code, careful code, the reference executor, the engine
 * again with fuel that runs out at each possible place, and moved to other instances at each. All must agree.
 */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { isQuernError } from '../../src/errors.ts';
import {
  compileModule,
  decodeModule,
  defaultFeatures,
  type ExternInstance,
  type FeatureKey,
  type FuncInstance,
  instantiate,
  type ModuleInstance,
  restoreSnapshot,
  Store,
  startExecution,
  takeSnapshot,
  validateModule,
} from '../../src/wasm.ts';
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

/** Runs with `fuel` at first and `step` more at each pause; also returns where it paused. */
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

/** A program as other tests run it again: modules in base64, numbers as text. */
export interface RecordedProgram {
  readonly modules: readonly (readonly [name: string, bytes: string])[];
  readonly name: string;
  readonly args: readonly (string | null)[];
  readonly features: readonly string[];
}

const corpusFolder = process.env['QUERN_CORPUS'];

/** Notes a program where `QUERN_CORPUS` names a folder for it; see `test/snapshots`. */
const record = (
  modules: Modules,
  name: string,
  args: readonly RawValue[],
  features: readonly FeatureKey[],
): void => {
  const folder = corpusFolder;
  if (folder === undefined || args.some((arg) => typeof arg === 'object' && arg !== null)) return;
  const program: RecordedProgram = {
    modules: Object.entries(modules).map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')]),
    name,
    args: args.map((arg) => (arg === null ? null : String(arg))),
    features,
  };
  appendFileSync(join(folder, `${process.pid}.jsonl`), `${JSON.stringify(program)}\n`);
};

/** Instances of all modules that have not run; each time newly compiled. */
const link = (modules: Modules, features: readonly FeatureKey[], skipStart: boolean): ModuleInstance[] => {
  const store = new Store();
  const byName = new Map<string, ReadonlyMap<string, ExternInstance>>();
  return Object.entries(modules).map(([name, bytes]) => {
    const compiled = compileModule(bytes, new Set([...defaultFeatures, ...features]));
    const instance = instantiate(store, compiled, (from, item) => byName.get(from)?.get(item), { skipStart });
    byName.set(name, instance.exports);
    return instance;
  });
};

/** Runs with `step` units of fuel at a time, and continues in other instances at each pause. */
const runMoving = (
  modules: Modules,
  name: string,
  args: readonly RawValue[],
  features: readonly FeatureKey[],
  step: number,
): Outcome => {
  let instances = link(modules, features, false);
  let call = startExecution(instances.at(-1)!.exports.get(name) as FuncInstance, args, { fuel: 0 });
  for (let moves = 0; call.run() === 'paused'; moves++) {
    if (call.pause === 'wait') {
      // A place in the queue of a memory has no form in bytes.
      assert.throws(() => takeSnapshot({ instances, executions: [call] }), { code: 'snapshot.unsupported' });
      call.endWait();
      continue;
    }
    const bytes = takeSnapshot({ instances, executions: [call] });
    if (moves < MOST_MOVES) {
      instances = link(modules, features, true);
      [call] = restoreSnapshot(bytes, { instances }) as [typeof call];
      assert.deepEqual(takeSnapshot({ instances, executions: [call] }), bytes);
    }
    call.addFuel(moves < MOST_MOVES ? step : lots);
  }
  const result = call.error === undefined ? call.results : codeOf(call.error);
  return { result, fuel: call.fuelConsumed };
};

/** Moves of one call: each compiles all modules again. */
const MOST_MOVES = 60;

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
  record(modules, name, args, features);
  if (corpusFolder !== undefined) return runEngine(engineFunc(modules, name, features), args, lots, 0, false);
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
  const outcome = { result: expected.result, fuel: expected.fuel };
  // References of the embedder have no name that a snapshot could give them.
  const isPlain = [...args, ...(typeof outcome.result === 'string' ? [] : outcome.result)].every(
    (value) => typeof value === 'bigint' || value === null,
  );
  if (isPlain) assert.deepEqual(runMoving(modules, name, args, features, 1), outcome, 'moved');
  return outcome;
};

/** `runOnAll`, and once for every place where the fuel can run out and be refilled. */
export const runEverywhere: typeof runOnAll = (modules, name, args = [], features = []) => {
  const expected = runOnAll(modules, name, args, features);
  if (corpusFolder !== undefined) return expected;
  for (let fuel = 0; fuel < expected.fuel; fuel++) {
    const func = engineFunc(modules, name, features);
    const { result, fuel: consumed } = runEngine(func, args, fuel, expected.fuel - fuel, false);
    assert.deepEqual({ result, fuel: consumed }, expected);
  }
  return expected;
};
