/**
 * Drives one execution of the engine to its end: waits for promises of host functions, watches the deadline,
 * turns an empty tank into an error.
 */
import { ExhaustionError, InterruptedError } from '../errors/errors.ts';
import { type Execution, startExecution } from '../interpreter/execution.ts';
import type { FuncInstance, RawValue } from '../interpreter/function.ts';

/** Budgets of a call. */
export interface RunLimits {
  /** Fuel, or null for no limit. */
  readonly fuel: number | null;
  /** Whether time is up; asked every millisecond or so, and after waiting. */
  readonly isOverdue: () => boolean;
}

/** How a call ended. `hasFailed` tells whether results or error count: anything can be thrown, also undefined. */
export interface RunOutcome {
  readonly results: readonly RawValue[];
  readonly hasFailed: boolean;
  readonly error: unknown;
  readonly fuelConsumed: number;
}

const done = (execution: Execution): RunOutcome => ({
  results: execution.results,
  hasFailed: false,
  error: undefined,
  fuelConsumed: execution.fuelConsumed,
});
const failed = (execution: Execution, error: unknown): RunOutcome => ({
  results: [],
  hasFailed: true,
  error,
  fuelConsumed: execution.fuelConsumed,
});

/** What a pause means: null to go on. */
const pauseError = (execution: Execution): Error | null => {
  const details = { fuelConsumed: execution.fuelConsumed, backtrace: execution.backtrace };
  if (execution.pause === 'fuel') return new ExhaustionError('exhaustion.fuel', details);
  return execution.pause === 'slice' ? new InterruptedError('interrupted.timeout', details) : null;
};

/** Waits for the host function that a call is paused in. */
const waitForHost = async (execution: Execution): Promise<void> => {
  try {
    execution.resolveHost(await execution.hostPromise!);
  } catch (error) {
    execution.rejectHost(error);
  }
};

/** Calls a function and runs it to its end. Never rejects because of the guest. */
export const runToEnd = async (
  func: FuncInstance,
  args: readonly RawValue[],
  { fuel, isOverdue }: RunLimits,
): Promise<RunOutcome> => {
  const execution = startExecution(func, args, { onSlice: isOverdue, ...(fuel === null ? {} : { fuel }) });
  for (;;) {
    const result = execution.run();
    if (result === 'done') return done(execution);
    if (result === 'trap') return failed(execution, execution.error);
    const error = pauseError(execution);
    if (error !== null) return failed(execution, error);
    await waitForHost(execution);
    if (isOverdue())
      return failed(
        execution,
        new InterruptedError('interrupted.timeout', { fuelConsumed: execution.fuelConsumed }),
      );
  }
};
