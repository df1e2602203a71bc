/** Runs cases in the interpreter alone, in generated code, and in generated code that is left at random boundaries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activation } from '../../src/compiler/activation.ts';
import { makeCompiler } from '../../src/compiler/compiler.ts';
import { type BacktraceFrame, isQuernError } from '../../src/errors.ts';
import {
  compileModule,
  type Execution,
  type ExternInstance,
  instantiate,
  type ModuleInstance,
  Store,
} from '../../src/wasm.ts';

/** Instantiates a module whose imports are found by name; its functions are compiled, or not. */
export type Load = (bytes: Uint8Array, imports?: Readonly<Record<string, ExternInstance>>) => ModuleInstance;

let random = 1;
/** Leaves with a probability. */
const leaving =
  (probability: number): (() => boolean) =>
  () => {
    random = (Math.imul(random, 1103515245) + 12345) | 0;
    return (random >>> 8) / 2 ** 24 < probability;
  };

/** @param leaves how often generated code is left; null for the interpreter alone */
const loader = (leaves: number | null): Load => {
  const chance = leaves === null || leaves === 0 ? null : leaving(leaves);
  const options = leaves === null ? {} : { compiler: makeCompiler({ threshold: 0 }, true, chance) };
  return (bytes, imports = {}) =>
    instantiate(new Store(options), compileModule(bytes), (_, name) => imports[name]);
};

interface State {
  readonly stack: readonly string[];
}

/** What a case may log of a call that has stopped. */
export const stateOf = (execution: Execution): State & Record<string, unknown> => ({
  pause: execution.pause,
  fuel: execution.fuelConsumed,
  owed: execution.fuelOwed,
  results: execution.results,
  error: describe(execution.error),
  stack: execution.backtrace.map(placeOf),
});

const placeOf = ({ funcIndex, offset }: BacktraceFrame): string => `${funcIndex}@${offset}`;
const describe = (error: unknown): unknown => {
  if (!isQuernError(error)) return String(error);
  return [error.code, error.details.fuelConsumed, error.details.backtrace?.map(placeOf)];
};

/** Whether generated code runs now, below a function of the host. */
export const isInGeneratedCode = (): boolean => activation.m !== null;

/**
 * Careful code, in which the interpreter continues after many exits, shows a call in progress and one that is just over
 * at the same instruction; fast code shows the instruction after it.
 */
const withoutOffsets = (events: readonly unknown[]): unknown[] =>
  events.map((event) => {
    const { stack } = Object(event) as Partial<State>;
    return stack === undefined ? event : { ...Object(event), stack: functionsOf(stack) };
  });
export const functionsOf = (stack: readonly string[]): string[] => stack.map((place) => place.split('@')[0]!);

/** The result of a case; `direct` counts calls of the host from generated code. */
export interface Log {
  readonly events: unknown[];
  direct: number;
}

/**
 * Runs a case in each way; what it logs must be the same.
 *
 * @param isDirect whether the case is to show that generated code calls the host by itself
 */
export const everyWay = (
  name: string,
  isDirect: boolean,
  run: (load: Load, log: Log) => void | Promise<void>,
): void => {
  test(name, async () => {
    const attempt = async (leaves: number | null, seed: number): Promise<Log> => {
      const log: Log = { events: [], direct: 0 };
      random = seed;
      await run(loader(leaves), log);
      return log;
    };
    const { events, direct } = await attempt(null, 1);
    assert.equal(direct, 0);
    const compiled = await attempt(0, 1);
    assert.deepEqual(compiled.events, events);
    assert.equal(compiled.direct > 0, isDirect, `${compiled.direct} calls from generated code`);
    for (let seed = 1; seed <= 6; seed++) {
      const left = await attempt([0.02, 0.2, 0.7][seed % 3]!, seed);
      assert.deepEqual(withoutOffsets(left.events), withoutOffsets(events), `seed ${seed}`);
    }
  });
};
