/**
 * Plays calls on the interpreter alone and on compiled code, writes down all that can be seen of each, and compares:
 * where the call pauses and with which backtrace, its end, its bill, and the state that it leaves.
 */
import assert from 'node:assert/strict';
import type { Compiler } from '../../src/compiler/function-compiler.ts';
import { isQuernError } from '../../src/errors.ts';
import {
  type BacktraceFrame,
  type CompiledModule,
  compileModule,
  type Execution,
  FuncInstance,
  type ImportResolver,
  instantiate,
  type ModuleInstance,
  type RawValue,
  Store,
  type StoreOptions,
  startExecution,
} from '../../src/wasm.ts';
import { memoryDigest } from '../differential/report.ts';
import { type Forced, forcedCompiler } from './forced-compiler.ts';

/** A call of an export. */
export type Call = readonly [name: string, ...args: readonly bigint[]];

export interface Program {
  readonly bytes: Uint8Array;
  readonly calls: readonly Call[];
  readonly options?: StoreOptions;
  /** The module where several instances are to share its code; else each has one of its own. */
  readonly module?: CompiledModule;
  /** Makes the host's functions again for each run; `log` is compared. */
  readonly imports?: (log: string[], instance: () => ModuleInstance) => ImportResolver;
}

/** Pauses of one call; then it is given all fuel that it wants. */
const MOST_PAUSES = 3000;
const LOTS = 5e7;
const SHOWN_FRAMES = 100;

const textOf = (value: RawValue): string =>
  value instanceof FuncInstance ? `func ${value.code?.index ?? 'of the host'}` : String(value);
const framesText = (frames: readonly BacktraceFrame[]): string => {
  const lines = frames.slice(0, SHOWN_FRAMES).map(({ funcIndex, offset }) => `${funcIndex}+${offset}`);
  return `${lines.join(' < ')} of ${frames.length}`;
};

/** How a call ended, and what it left. */
const endOf = (call: Execution, status: string, instance: ModuleInstance): string => {
  const { error } = call;
  const ending =
    status === 'done'
      ? call.results.map(textOf).join()
      : isQuernError(error)
        ? `${error.message} at ${framesText(error.details.backtrace ?? [])}`
        : String(error);
  const globals = instance.globals.map(({ value }) => textOf(value)).join();
  const tables = instance.tables.map(({ elements }) =>
    elements.map((item) => textOf(item as RawValue)).join(),
  );
  const memories = memoryDigest(instance.memories.map(({ bytes }) => bytes));
  return `${ending} | ${call.fuelConsumed} | ${globals} | ${tables.join(' ')} | ${memories}`;
};

/** Instances of a program, that calls can be made of. */
export const open = (
  { bytes, module, imports, options = {} }: Program,
  compiler: Compiler | null,
  log: string[] = [],
): ModuleInstance => {
  const store = new Store(compiler === null ? options : { ...options, compiler });
  const resolve = imports?.(log, () => made) ?? ((): undefined => undefined);
  const made: ModuleInstance = instantiate(store, module ?? compileModule(bytes), resolve);
  return made;
};

/** Starts a call. */
export const start = (instance: ModuleInstance, [name, ...args]: Call, fuel: number): Execution =>
  startExecution(instance.exports.get(name) as FuncInstance, args, { fuel }).hideStack();

/**
 * Plays all calls, and says line by line what was seen.
 *
 * @param step fuel that is given out at a time; null for all at once
 */
export const play = (program: Program, compiler: Compiler | null, step: number | null): readonly string[] => {
  const lines: string[] = [];
  const instance = open(program, compiler, lines);
  for (const call of program.calls) {
    const execution = start(instance, call, step ?? LOTS);
    let status = execution.run();
    for (let pauses = 0; status === 'paused'; pauses++) {
      assert.ok(pauses <= MOST_PAUSES && step !== null, `${call[0]} does not end`);
      lines.push(`${call[0]} pauses at ${execution.fuelConsumed}: ${framesText(execution.backtrace)}`);
      execution.addFuel(pauses < MOST_PAUSES ? step : LOTS);
      status = execution.run();
    }
    lines.push(`${call.join(' ')} → ${status} ${endOf(execution, status, instance)}`);
  }
  return lines;
};

/** All targets; never left, always, and in between; loops alone; with functions that never get code. */
export const manyWays: readonly Forced[] = (['jit', 'nojit', 'pieces'] as const).flatMap(
  (target): Forced[] => [
    ...[0, 1, 0.5, 0.05].map((exits, i) => ({ target, exits, seed: 1000 + i })),
    ...[0, 0.2].map((exits, i) => ({ target, exits, seed: 2000 + i, isLoopsOnly: true })),
    ...[0, 0.2].map((exits, i) => ({ target, exits, seed: 3000 + i, holes: 0.5 })),
  ],
);

/** Amounts of fuel that are given out at a time. */
export const steps: readonly (number | null)[] = [null, 1, 7, 1000, 10_000];

/** Asserts that a program is the same on compiled code, in every way and with every step. */
export const assertSame = (
  program: Program,
  ways: readonly Forced[] = manyWays,
  amounts: readonly (number | null)[] = steps,
): void => {
  for (const step of amounts) {
    const expected = play(program, null, step);
    for (const way of ways)
      assert.deepEqual(
        play(program, forcedCompiler(way), step),
        expected,
        `${JSON.stringify(way)}, fuel ${step ?? 'at once'}`,
      );
  }
};
