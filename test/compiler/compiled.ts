/** Runs cases in the interpreter alone, in generated code, and in generated code that is left at random boundaries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activation } from '../../src/compiler/host-calls.ts';
import type { Scope } from '../../src/compiler/scope.ts';
import { CompilerTier } from '../../src/compiler/tier.ts';
import { type BacktraceFrame, isQuernError } from '../../src/errors/errors.ts';
import type { Execution } from '../../src/interpreter/calls/execution.ts';
import type { CodeUnit } from '../../src/interpreter/code/compiled-module.ts';
import type { ExternInstance, ModuleInstance } from '../../src/interpreter/instances/module-instance.ts';
import { Store } from '../../src/interpreter/instances/store.ts';
import { compileModule, instantiate } from '../../src/interpreter/instantiate/instantiate.ts';

/** Instantiates a module whose imports are found by name; its functions are compiled, or not. */
export type Load = (bytes: Uint8Array, imports?: Readonly<Record<string, ExternInstance>>) => ModuleInstance;

const units = new WeakSet<CodeUnit>();
let probability = 0;
let random = 1;
const chance = (): boolean => {
  random = (Math.imul(random, 1103515245) + 12345) | 0;
  return (random >>> 8) / 2 ** 24 < probability;
};

new CompilerTier(
  {
    hasJit: true,
    fuel: 'FU',
    high: 'HI',
    helperHigh: 'Q[1]',
    further: 'R',
    callee: (index) => `f${index}`,
    get chance() {
      return probability > 0 ? chance : null;
    },
  },
  (names, text) => new Function(...names, text) as (...values: unknown[]) => Scope,
  (unit) => units.has(unit),
  true,
);

const loader =
  (isCompiled: boolean): Load =>
  (bytes, imports = {}) => {
    const instance = instantiate(new Store(), compileModule(bytes), (_, name) => imports[name]);
    if (isCompiled) units.add(instance.unit);
    return instance;
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
 * Careful code, in which the interpreter goes on after many exits, shows a call in progress and one that is just over
 * at the same instruction; fast code shows the instruction behind it.
 */
const withoutOffsets = (events: readonly unknown[]): unknown[] =>
  events.map((event) => {
    const { stack } = Object(event) as Partial<State>;
    return stack === undefined ? event : { ...Object(event), stack: functionsOf(stack) };
  });
export const functionsOf = (stack: readonly string[]): string[] => stack.map((place) => place.split('@')[0]!);

/** What a case comes to; `direct` counts calls of the host from generated code. */
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
    const attempt = async (isCompiled: boolean, leaves: number, seed: number): Promise<Log> => {
      const log: Log = { events: [], direct: 0 };
      probability = leaves;
      random = seed;
      await run(loader(isCompiled), log);
      return log;
    };
    const { events, direct } = await attempt(false, 0, 1);
    assert.equal(direct, 0);
    const compiled = await attempt(true, 0, 1);
    assert.deepEqual(compiled.events, events);
    assert.equal(compiled.direct > 0, isDirect, `${compiled.direct} calls from generated code`);
    for (let seed = 1; seed <= 6; seed++) {
      const left = await attempt(true, [0.02, 0.2, 0.7][seed % 3]!, seed);
      assert.deepEqual(withoutOffsets(left.events), withoutOffsets(events), `seed ${seed}`);
    }
  });
};
