/** One call of a plug-in from its turn to its end, on the tape if there is one. */
import { isThenable } from '../../errors/checks.ts';
import { SnapshotError } from '../../errors/errors.ts';
import type { Execution } from '../../interpreter/calls/execution.ts';
import { FuncInstance } from '../../interpreter/instances/module-instance.ts';
import type { CallBudget, RunOutcome, StandStill } from '../calls/run.ts';
import type { TapeSession } from '../replay/session.ts';
import type { SavedCall } from '../snapshot/plugin-snapshot.ts';
import type { PluginState } from '../state/plugin-state.ts';
import {
  begin,
  type CallResult,
  findFunction,
  finish,
  type GivenCall,
  isCleanExit,
  NO_INPUT,
} from './calling.ts';
import type { Linked } from './instances.ts';
import { initialisersOfAll, type Runner } from './runner.ts';

/** The entry of a WASI command. An instance may run it once, so the next call gets a new instance. */
const COMMAND_ENTRY = '_start';

/** Checks the call of a snapshot against the plug-in that will resume it. @throws SnapshotError */
export const checkSavedCall = (
  { functionName, initialiser }: SavedCall,
  execution: Execution | null,
  { main, instances }: Linked,
): void => {
  const called = main.exports.get(functionName);
  const func = initialiser < 0 ? called : initialisersOfAll(instances)[initialiser]?.func;
  // SAFETY: results are read by the type of the function that was called.
  const isCallable = called instanceof FuncInstance && called.signature.params.length === 0;
  if (isCallable && func !== undefined && (execution === null || execution.func === func)) return;
  throw new SnapshotError('snapshot.corrupt', { detail: 'a call of another function' });
};

/** A call, made or being made. */
export class CallTask {
  readonly functionName: string;
  readonly #given: GivenCall;
  readonly #runner: Runner;
  readonly #session: TapeSession | null;

  constructor(functionName: string, given: GivenCall, runner: Runner, session: TapeSession | null) {
    this.functionName = functionName;
    this.#given = given;
    this.#runner = runner;
    this.#session = session;
  }

  get budget(): CallBudget {
    return this.#runner.budget;
  }
  /** Its instances; null until it runs. */
  get linked(): Linked | null {
    return this.#runner.linked;
  }

  /** Restores the progress of a call in a snapshot. @param execution null for one that had not begun */
  adopt({ initialiser, fuel }: SavedCall, execution: Execution | null): void {
    const runner = this.#runner;
    runner.budget.fuel = fuel;
    runner.initialiser = initialiser;
    if (execution === null) return;
    const linked = runner.instances.require();
    runner.restored = execution;
    runner.linked = linked;
    runner.instances.running = linked.state;
    linked.state.executions = [execution];
    linked.state.hostContext = this.#given.hostContext;
  }

  /** Its state for a snapshot; the input is in the kernel once the function runs. */
  saved(): SavedCall {
    const { initialiser, linked, budget } = this.#runner;
    const { functionName } = this;
    const { input } = this.#given;
    const hasBegun = linked !== null;
    return { functionName, input, initialiser, hasBegun, fuel: budget.fuel };
  }

  /**
   * Performs it.
   *
   * @param standStill where it pauses; null for a call that is not made in pieces
   * @returns PERF: no promise if nothing has to wait
   */
  perform(standStill: StandStill | null): CallResult | PromiseLike<CallResult> {
    const { instances, budget, restored } = this.#runner;
    this.#runner.standStill = standStill;
    if (restored === null) instances.fuelBefore = 0;
    if (budget.watch.isStopped()) throw budget.watch.error({});
    findFunction(instances.require().main, this.functionName);
    return this.#session === null ? this.#call() : this.#callOnTape(this.#session);
  }

  /** Calls with the beginning and the end on the tape. */
  async #callOnTape(session: TapeSession): Promise<CallResult> {
    const { instances, budget } = this.#runner;
    session.beginCall(this.functionName, this.#given.input);
    budget.fuel = session.budget(budget.fuel);
    const end = (outcome: { result: CallResult } | { error: unknown }): void =>
      session.endCall(outcome, instances.fuelBefore, budget.fuel, () => instances.stateHash());
    let result: CallResult;
    try {
      result = await this.#call();
    } catch (thrown) {
      const error = session.failure(thrown, budget.watch.isStopped());
      end({ error });
      throw error;
    }
    end({ result });
    return result;
  }

  /** A separate function: otherwise the waiting frame below would keep the input alive. */
  #begin(state: PluginState): void {
    const { input, hostContext } = this.#given;
    this.#given.input = NO_INPUT;
    begin(state, input, hostContext);
  }

  #call(): CallResult | PromiseLike<CallResult> {
    const { initialiser, instances, restored } = this.#runner;
    if (initialiser < 0 && (!instances.isStale || restored !== null)) return this.#callFunction();
    return this.#runner.instantiate().then(() => this.#callFunction());
  }

  #callFunction(): CallResult | PromiseLike<CallResult> {
    const runner = this.#runner;
    const { instances } = runner;
    const linked = instances.require();
    const { main, state } = linked;
    const func = findFunction(main, this.functionName);
    if (runner.restored === null) {
      instances.isStale = this.functionName === COMMAND_ENTRY;
      this.#begin(state);
      runner.linked = linked;
    }
    const outcome = runner.run(linked, func, []);
    return isThenable(outcome)
      ? outcome.then((later) => this.#finish(linked, func, later))
      : this.#finish(linked, func, outcome);
  }

  #finish(linked: Linked, func: FuncInstance, outcome: RunOutcome): CallResult {
    const { instances } = this.#runner;
    const { state } = linked;
    state.hostContext = undefined;
    if (outcome.hasFailed && !isCleanExit(outcome.error)) {
      instances.isStale ||= instances.options.renewAfterFailure;
      this.#runner.tellFailure(linked, outcome.error);
    }
    return finish(state, func, outcome, instances.fuelBefore);
  }
}
