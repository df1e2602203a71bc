/** Executes the calls of a vector on the engine (fast or careful code) or on the reference executor. */
import { createHash } from 'node:crypto';
import { isQuernError } from '../../src/errors.ts';
import { type FuelSchedule, type FuncInstance, startExecution } from '../../src/wasm.ts';
import { EngineWorld } from '../differential/engine.ts';
import { ReferenceWorld } from '../differential/reference.ts';
import { defaultOptions, type FunctionInstance } from '../reference/instances.ts';
import { Machine } from '../reference/machine.ts';
import type { PausePoint, VectorCall } from './format.ts';

export type ExecutorName = 'fast' | 'careful' | 'reference';
/** What is called: `VectorCall` without its result. */
export type CallPlan = Pick<VectorCall, 'module' | 'name' | 'args'>;

/** What both machines offer while a call runs. */
interface RunningCall {
  run(): 'done' | 'trap' | 'paused';
  readonly fuelConsumed: number;
  readonly results: readonly unknown[];
  readonly error: unknown;
}
interface VectorWorld {
  start(call: CallPlan, fuel: number): RunningCall;
  readonly memories: readonly Uint8Array[];
}

/** Such calls are left out: nobody wants to wait for them. */
const MOST_FUEL = 2_000_000;

/** Over length (decimal, followed by a space) and bytes of each memory of the first module. */
const digest = (memories: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const bytes of memories) hash.update(`${bytes.length} `).update(bytes);
  return hash.digest('hex').slice(0, 16);
};

const argsOf = ({ args = [] }: CallPlan): bigint[] => args.map(BigInt);

const makeWorld = (
  executor: ExecutorName,
  modules: readonly Uint8Array[],
  schedule: FuelSchedule,
): VectorWorld => {
  const program = { modules, entries: [] };
  if (executor === 'reference') {
    const options = { ...defaultOptions, schedule };
    const world = new ReferenceWorld(program, options);
    return {
      start: (call, fuel) => {
        const machine = new Machine(options, fuel);
        machine.start(world.instances[call.module]!.exports.get(call.name) as FunctionInstance, argsOf(call));
        return machine;
      },
      get memories() {
        return world.instances[0]!.memories.map(({ bytes }) => bytes);
      },
    };
  }
  const world = new EngineWorld(program, { schedule });
  return {
    start: (call, fuel) => {
      const func = world.instances[call.module]!.exports.get(call.name) as FuncInstance;
      return startExecution(func, argsOf(call), { fuel, careful: executor === 'careful' });
    },
    get memories() {
      return world.memories;
    },
  };
};

/** Makes a call; null when it takes too long. */
const perform = (world: VectorWorld, call: CallPlan): VectorCall | null => {
  const running = world.start(call, MOST_FUEL);
  const status = running.run();
  if (status === 'paused') return null;
  const { fuelConsumed: fuel, error, results } = running;
  const { module, name, args } = call;
  return {
    module,
    name,
    ...(args === undefined || args.length === 0 ? {} : { args }),
    ...(status === 'done'
      ? { results: results.map(String) }
      : { trap: isQuernError(error) ? error.code : String(error) }),
    fuel,
    memory: digest(world.memories),
  };
};

/** Makes calls one after the other on instances of their own; what takes too long ends the list. */
export const execute = (
  executor: ExecutorName,
  modules: readonly Uint8Array[],
  schedule: FuelSchedule,
  calls: readonly CallPlan[],
): VectorCall[] => {
  const world = makeWorld(executor, modules, schedule);
  const made: VectorCall[] = [];
  for (const call of calls) {
    const result = perform(world, call);
    if (result === null) break;
    made.push(result);
  }
  return made;
};

/** Where the last of some calls pauses with fuel `n`. */
export const pauseAt = (
  executor: ExecutorName,
  modules: readonly Uint8Array[],
  schedule: FuelSchedule,
  calls: readonly CallPlan[],
  n: number,
): PausePoint => {
  const world = makeWorld(executor, modules, schedule);
  for (const call of calls.slice(0, -1)) perform(world, call);
  const running = world.start(calls.at(-1)!, n);
  if (running.run() !== 'paused') throw new Error('the call did not pause');
  return { n, used: running.fuelConsumed, memory: digest(world.memories) };
};
