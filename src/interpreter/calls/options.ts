/** What whoever starts a call may say about it. */
import { DEFAULT_MAX_CALL_DEPTH, DEFAULT_MAX_STACK_SLOTS } from '../../syntax/limits.ts';
import { quern1 } from '../fuel/schedules.ts';
import type { FuncInstance, HostWrite, ModuleInstance } from '../instances/module-instance.ts';
import { type CallState, MachineState } from '../loop/machine-state.ts';

/**
 * Options of `startExecution`.
 *
 * Example: see `RunResult`.
 */
export interface ExecutionOptions {
  /** Fuel to begin with. Default: no limit. */
  readonly fuel?: number;
  /** Runs every instruction in careful code. */
  readonly careful?: boolean;
  /**
   * Asked about every 200,000 units of fuel, and after what may take long for little fuel: host functions, and the
   * translation of a function that is called for the first time. True pauses the call.
   */
  readonly onSlice?: () => boolean;
  /** Takes the results from the frame, in place of `results`: for embedders with values of their own. */
  readonly onResults?: HostWrite;
}

/** The registers of a new call. */
export const registersOf = (func: FuncInstance, { careful, onSlice }: ExecutionOptions): CallState => {
  const store = func.instance?.store;
  const state = new MachineState<ModuleInstance | null>(func.instance, store?.schedule ?? quern1);
  state.callLimit = 2 * (store?.maxCallDepth ?? DEFAULT_MAX_CALL_DEPTH);
  state.stackLimit = 2 * (store?.maxStackSlots ?? DEFAULT_MAX_STACK_SLOTS);
  state.isArmed = careful ? 1 : 0;
  state.isWatched = (onSlice ?? null) !== null;
  return state;
};
