/**
 * Drives one execution of the engine to its end: waits for promises of host functions, obeys the watch, and pauses
 * when the owner of the call requests it.
 */
import { ExhaustionError } from '../../errors/errors.ts';
import type { Execution } from '../../interpreter/calls/execution.ts';
import type { FailureListener } from '../../interpreter/calls/failure.ts';
import { startExecution } from '../../interpreter/calls/invoke.ts';
import type { PauseReason } from '../../interpreter/calls/outcome.ts';
import type { FuncInstance } from '../../interpreter/instances/module-instance.ts';
import type { RawValue } from '../../interpreter/instances/values.ts';
import type { CallWatch } from './call-watch.ts';

/** Where a call pauses until its owner resumes it. */
export interface StandStill {
  /** Whether the owner wants the call to pause as soon as possible. */
  readonly isWanted: boolean;
  /** Resolves when the call may resume, or has been stopped. */
  wait(reason: PauseReason): Promise<void>;
}

/** Budgets of a whole call. */
export interface CallBudget {
  /** Fuel, or null for no limit; `PluginCall.addFuel` raises it. */
  fuel: number | null;
  readonly watch: CallWatch;
}

/** The context of a running execution. */
export interface RunLimits {
  readonly watch: CallWatch;
  /** Null if no fuel can be added: then running out of it is an error. */
  readonly standStill: StandStill | null;
  /** Called with the place of a failure; null if no dump is wanted. */
  readonly onFailure: FailureListener | null;
}

/** Whether a computing call should pause: it is stopped, its owner requests it, or other tasks have their turn. */
export const wantsPause = ({ watch, standStill }: RunLimits): boolean =>
  watch.shouldPause() || standStill?.isWanted === true;

/** Prepares an execution for `runToEnd`. */
export const prepareRun = (
  func: FuncInstance,
  args: readonly RawValue[],
  fuel: number | null,
  limits: RunLimits,
): Execution => {
  const onSlice = (): boolean => wantsPause(limits);
  const execution = startExecution(func, args, { onSlice, ...(fuel === null ? {} : { fuel }) });
  execution.onFailure = limits.onFailure;
  // Only the owner of a call that may pause can read its stack.
  if (limits.standStill === null) execution.hideStack();
  return execution;
};

/** How a call ended. `hasFailed` selects results or error: anything can be thrown, even undefined. */
export interface RunOutcome {
  readonly results: readonly RawValue[];
  readonly hasFailed: boolean;
  readonly error: unknown;
  readonly fuelConsumed: number;
  /** Whether a host function was still at work when the call was stopped. */
  readonly isAbandoned: boolean;
}

const failed = (execution: Execution, error: unknown, isAbandoned = false): RunOutcome => ({
  results: [],
  hasFailed: true,
  error,
  fuelConsumed: execution.fuelConsumed,
  isAbandoned,
});

/** Aborts a paused call. The error includes its position. */
const abandon = (execution: Execution, makeError: (details: Execution['standing']) => Error): RunOutcome => {
  const { hostPromise } = execution;
  const isWaiting = hostPromise !== null;
  // The later result of the function is ignored, even a failure.
  hostPromise?.then(undefined, () => {});
  const error = makeError(execution.standing);
  execution.abandon(error);
  return failed(execution, error, isWaiting);
};

/** Passes the result of the host function to the call that it has paused. */
const settleHost = async (execution: Execution, promise: Execution['hostPromise']): Promise<void> => {
  try {
    execution.resolveHost(await promise!);
  } catch (error) {
    execution.rejectHost(error);
  }
};

/** Waits until the host function has answered, or the call is stopped. */
const waitForHost = async (execution: Execution, { watch, standStill }: RunLimits): Promise<void> => {
  const promise = execution.hostPromise!;
  while (!watch.isStopped()) {
    // First, since the host function itself may have requested it before there was anything to wake.
    if (standStill?.isWanted) await standStill.wait('host');
    else if (await watch.waitFor(promise)) break;
  }
  // A stopped call no longer takes an answer.
  if (!watch.isStopped()) await settleHost(execution, promise);
};

/** Runs an execution that does not wait for the host; null when it has paused. */
const advance = (execution: Execution): RunOutcome | null => {
  const result = execution.run();
  if (result === 'done') {
    const { results, fuelConsumed } = execution;
    return { results, hasFailed: false, error: undefined, fuelConsumed, isAbandoned: false };
  }
  if (result === 'trap') return failed(execution, execution.error);
  // One call runs at a time: nothing else could end its wait for a notify.
  execution.endWait();
  return null;
};

/**
 * Runs an execution, new or paused, to its end. Never rejects because of the guest.
 *
 * @returns PERF: no promise if nothing had to wait
 */
export const runToEnd = (execution: Execution, limits: RunLimits): RunOutcome | Promise<RunOutcome> =>
  // An execution that was restored may wait for the host from the beginning.
  (execution.hostPromise === null ? advance(execution) : null) ?? waitAndGoOn(execution, limits);

/** Resumes a paused execution. */
const waitAndGoOn = async (execution: Execution, limits: RunLimits): Promise<RunOutcome> => {
  const { watch, standStill } = limits;
  for (;;) {
    if (execution.pause === 'fuel' && standStill === null)
      return abandon(execution, (details) => new ExhaustionError('exhaustion.fuel', details));
    if (execution.hostPromise !== null) await waitForHost(execution, limits);
    else if (execution.pause === 'fuel') await standStill!.wait('fuel');
    else if (standStill?.isWanted) await standStill.wait('slice');
    else if (!watch.isStopped()) await watch.breathe();
    if (watch.isStopped()) return abandon(execution, (details) => watch.error(details));
    const outcome = execution.hostPromise === null ? advance(execution) : null;
    if (outcome !== null) return outcome;
  }
};
