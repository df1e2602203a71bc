/** Runs functions of a plug-in's instances on the budget of one call: initialisers of new ones, then its function. */
import { isThenable } from '../../errors/checks.ts';
import { isQuernError } from '../../errors/errors.ts';
import type { Execution } from '../../interpreter/calls/execution.ts';
import type { FuncInstance, ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import type { RawValue } from '../../interpreter/instances/values.ts';
import {
  type CallBudget,
  prepareRun,
  type RunLimits,
  type RunOutcome,
  runToEnd,
  type StandStill,
} from '../calls/run.ts';
import { type Initialiser, initialisersOf } from '../linking/guest-runtime.ts';
import type { PluginState } from '../state/plugin-state.ts';
import { isCleanExit } from './calling.ts';
import { describeFailure, FailureFrames } from './failure.ts';
import type { Instances, Linked } from './instances.ts';

/** The initialisers of all instances, in order. */
export const initialisersOfAll = (instances: readonly ModuleInstance[]): Initialiser[] =>
  instances.flatMap((instance) => initialisersOf(instance));

/** The work on one budget, and its progress. */
export class Runner {
  readonly instances: Instances;
  readonly budget: CallBudget;
  /** Null if no fuel can be added. */
  standStill: StandStill | null = null;
  /** For a restored call: the execution to resume, until it has resumed. */
  restored: Execution | null = null;
  /** The running initialiser, counted over all instances; -1 for none. */
  initialiser = -1;
  /** The instances of functions; null before the first. */
  linked: Linked | null = null;
  /** Where the last run failed; null unless it is needed. */
  #failureFrames: FailureFrames | null = null;

  constructor(instances: Instances, budget: CallBudget) {
    this.instances = instances;
    this.budget = budget;
  }

  /** Makes and initialises new instances; a restored call continues in the middle of this. */
  async instantiate(): Promise<void> {
    const { instances } = this;
    const linked = this.restored === null ? instances.link() : this.linked!;
    this.linked = linked;
    try {
      await this.#initialise(linked);
    } catch (error) {
      // For a restored call, the plug-in keeps its instances.
      if (instances.isCurrent(linked)) linked.wasi?.close();
      else instances.giveUp(linked);
      throw error;
    }
    instances.replace(linked);
  }

  async #initialise(linked: Linked): Promise<void> {
    const initialisers = initialisersOfAll(linked.instances);
    for (let i = this.restored === null ? 0 : this.initialiser; i < initialisers.length; i++) {
      const { func, args } = initialisers[i]!;
      this.initialiser = i;
      const { hasFailed, error } = await this.run(linked, func, args);
      if (!hasFailed || isCleanExit(error)) continue;
      this.tellFailure(linked, error);
      throw error;
    }
    this.initialiser = -1;
  }

  /** Runs a function to its end; or the execution of a restored call. */
  run(
    { state }: Linked,
    func: FuncInstance,
    args: readonly RawValue[],
  ): RunOutcome | PromiseLike<RunOutcome> {
    const limits = this.#limits();
    const execution = this.#executionOf(func, args, limits);
    state.limits = limits;
    state.executions = [execution];
    this.instances.running = state;
    const outcome = runToEnd(execution, limits);
    return isThenable(outcome)
      ? outcome.then((later) => this.#ended(state, later))
      : this.#ended(state, outcome);
  }

  #ended(state: PluginState, outcome: RunOutcome): RunOutcome {
    const { instances } = this;
    // An exception of the guest contains values of the guest.
    if (isQuernError(outcome.error, 'exception.uncaught')) state.hasEscaped = true;
    // Commands in which a call was stopped have used fuel that was not charged to the call yet.
    const { fuelConsumed } = instances;
    instances.running = null;
    instances.fuelBefore = fuelConsumed;
    state.limits = null;
    state.executions = [];
    if (outcome.isAbandoned) state.abandonContext();
    return outcome;
  }

  #limits(): RunLimits {
    this.#failureFrames = this.instances.options.onFailure === null ? null : new FailureFrames();
    const onFailure = this.#failureFrames?.listener ?? null;
    return { watch: this.budget.watch, standStill: this.standStill, onFailure };
  }

  #executionOf(func: FuncInstance, args: readonly RawValue[], limits: RunLimits): Execution {
    const { restored } = this;
    this.restored = null;
    if (restored !== null) {
      restored.onFailure = limits.onFailure;
      return restored;
    }
    // Initialisation and the call after it share the budget.
    const { fuel } = this.budget;
    const left = fuel === null ? null : Math.max(0, fuel - this.instances.fuelBefore);
    return prepareRun(func, args, left, limits);
  }

  /** Reports the failure of the last run to the owner of the plug-in. */
  tellFailure({ instances, state }: Linked, error: unknown): void {
    const frames = this.#failureFrames?.of(error) ?? [];
    this.#failureFrames = null;
    this.instances.options.onFailure?.(describeFailure(error, frames, instances, state.kernel));
  }
}
