/** Fuel vectors: one line for each call, with its fuel and whether that equals the value in the file. */
import { isQuernError } from '../../src/errors/errors.ts';
import { startExecution } from '../../src/interpreter/calls/invoke.ts';
import { defineSchedule, selectSchedule } from '../../src/interpreter/fuel/check-schedule.ts';
import type { FuelSchedule } from '../../src/interpreter/fuel/schedules.ts';
import { hostFunction } from '../../src/interpreter/instances/host-function.ts';
import type { FuncInstance, ModuleInstance } from '../../src/interpreter/instances/module-instance.ts';
import { Store } from '../../src/interpreter/instances/store.ts';
import { compileModule, instantiate } from '../../src/interpreter/instantiate/instantiate.ts';
import type { FuncType } from '../../src/syntax/types.ts';
import { HostFunctions } from '../../test/differential/host-functions.ts';
import type { VectorCall } from '../../test/vectors/format.ts';
import type { VectorsProgram } from '../program.ts';
import { memoryDigest } from './digest.ts';
import { bytesOf } from './plugins.ts';

const named: readonly string[] = ['quern-1', 'flat-1'];

/** Instances of modules that are linked with each other and the host functions of vectors. */
const link = (modules: readonly string[], schedule: FuelSchedule): ModuleInstance[] => {
  const store = new Store({ schedule });
  const host = new HostFunctions();
  const instances: ModuleInstance[] = [];
  for (const module of modules) {
    const made = instantiate(store, compileModule(bytesOf(module)), (from, name, desc) => {
      if (from !== 'env') return instances[0]!.exports.get(name);
      const call = host.byName[name]!;
      return desc.kind === 'func'
        ? hostFunction(desc.type.comp as FuncType, (args) => call(args as bigint[]))
        : undefined;
    });
    instances.push(made);
  }
  return instances;
};

const endOf = (instances: readonly ModuleInstance[], call: VectorCall): string => {
  const func = instances[call.module]!.exports.get(call.name) as FuncInstance;
  const execution = startExecution(func, (call.args ?? []).map(BigInt));
  const isDone = execution.run() === 'done';
  const { error, fuelConsumed } = execution;
  const code = isQuernError(error) ? error.code : String(error);
  const end = isDone ? `[${execution.results.map(String).join()}]` : code;
  const expected = call.trap ?? `[${(call.results ?? []).join()}]`;
  const holds = end === expected && fuelConsumed === call.fuel;
  const { memories } = instances[0]!;
  return `${end} | fuel ${fuelConsumed} ${holds ? 'holds' : 'differs'} | memory ${memoryDigest(memories)}`;
};

/** Makes the calls of all vectors. */
export const transcribeVectors = (
  { schedules, programs }: VectorsProgram,
  print: (line: string) => void,
): void => {
  const table = new Map<string, FuelSchedule>(
    schedules.map((schedule) => [
      schedule.name,
      named.includes(schedule.name) ? selectSchedule(schedule.name) : defineSchedule(schedule),
    ]),
  );
  for (const { id, schedule, modules, calls } of programs) {
    const instances = link(modules, table.get(schedule)!);
    for (const call of calls) print(`vector ${id}.${call.name} | ${endOf(instances, call)}`);
  }
};
