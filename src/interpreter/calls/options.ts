/** Options for starting a call. */
import { DEFAULT_MAX_CALL_DEPTH, DEFAULT_MAX_STACK_SLOTS } from '../../syntax/limits.ts';
import { HALT_PC } from '../code/code-space.ts';
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
   * Called about every 200,000 units of fuel, and after operations that may take long for little fuel: host
   * functions, and the translation of a function on its first call. True pauses the call.
   */
  readonly onSlice?: () => boolean;
  /** Reads the results from the frame, instead of `results`: for embedders with their own values. */
  readonly onResults?: HostWrite;
}

/** Resets registers to those of a call that has not begun, so that a saved state can be put there. */
export const resetRegisters = (state: CallState, { instance }: FuncInstance): void => {
  state.instance = instance;
  state.callLimit = 2 * (instance?.store.maxCallDepth ?? DEFAULT_MAX_CALL_DEPTH);
  state.instances.length = 0;
  state.error = undefined;
  state.thrown = null;
  state.search = null;
  state.pending = null;
  state.waiter = null;
  state.isLookDue = false;
};

/** Sets registers to those of a call that has ended: it holds nothing any more, and its fuel count is unchanged. */
export const clearRegisters = (state: CallState, balance: number): void => {
  state.reserve = balance;
  state.fuel = 0;
  state.pc = HALT_PC;
  state.sp = 0;
  state.pending = null;
  state.thrown = null;
  state.instances.length = 0;
};

/** The registers of a new call. */
export const registersOf = (func: FuncInstance, { careful, onSlice }: ExecutionOptions): CallState => {
  const store = func.instance?.store;
  const state = new MachineState<ModuleInstance | null>(func.instance, store?.schedule ?? quern1);
  resetRegisters(state, func);
  state.stackLimit = 2 * (store?.maxStackSlots ?? DEFAULT_MAX_STACK_SLOTS);
  state.isArmed = careful ? 1 : 0;
  state.isWatched = (onSlice ?? null) !== null;
  return state;
};
