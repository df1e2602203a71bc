/**
 * Drives one execution of the engine to its end: waits for promises of host functions, heeds the watch, turns an
 * empty tank into an error.
 */
import { ExhaustionError } from '../errors/errors.ts';
import { type Execution, startExecution } from '../interpreter/execution.ts';
import type { FuncInstance, RawValue } from '../interpreter/function.ts';
import type { CallWatch } from './call-watch.ts';

/** Budgets of a call. */
export interface RunLimits {
  /** Fuel, or null for no limit. */
  readonly fuel: number | null;
  readonly watch: CallWatch;
}

/** How a call ended. `hasFailed` tells whether results or error count: anything can be thrown, also undefined. */
export interface RunOutcome {
  readonly results: readonly RawValue[];
  readonly hasFailed: boolean;
  readonly error: unknown;
  readonly fuelConsumed: number;
  /** Whether a host function was still at work when the call was stopped. */
  readonly isAbandoned: boolean;
}

const done = (execution: Execution): RunOutcome => ({
  results: execution.results,
  hasFailed: false,
  error: undefined,
  fuelConsumed: execution.fuelConsumed,
  isAbandoned: false,
});
const failed = (execution: Execution, error: unknown, isAbandoned = false): RunOutcome => ({
  results: [],
  hasFailed: true,
  error,
  fuelConsumed: execution.fuelConsumed,
  isAbandoned,
});

/** Hands in what the host function that a call is paused in has come to. */
const settleHost = async (execution: Execution, promise: Execution['hostPromise']): Promise<void> => {
  try {
    execution.resolveHost(await promise!);
  } catch (error) {
    execution.rejectHost(error);
  }
};

/**
 * Calls a function and runs it to its end. Never rejects because of the guest.
 *
 * @param onStart is handed the execution before it runs
 */
export const runToEnd = async (
  func: FuncInstance,
  args: readonly RawValue[],
  { fuel, watch }: RunLimits,
  onStart: (execution: Execution) => void = () => {},
): Promise<RunOutcome> => {
  const onSlice = (): boolean => watch.shouldPause();
  const execution = startExecution(func, args, { onSlice, ...(fuel === null ? {} : { fuel }) });
  onStart(execution);
  for (;;) {
    const result = execution.run();
    if (result === 'done') return done(execution);
    if (result === 'trap') return failed(execution, execution.error);
    const details = { fuelConsumed: execution.fuelConsumed, backtrace: execution.backtrace };
    if (execution.pause === 'fuel') return failed(execution, new ExhaustionError('exhaustion.fuel', details));
    const promise = execution.hostPromise;
    if (promise !== null) await watch.waitFor(promise);
    else if (!watch.isStopped()) await watch.breathe();
    if (watch.isStopped()) return failed(execution, watch.error(details), promise !== null);
    if (promise !== null) await settleHost(execution, promise);
  }
};
