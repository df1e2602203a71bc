/** What the files of cold operations share: the arrays of the machine, and how operands are found. */
import type { FuncInstance } from './function.ts';
import type { MachineState } from './machine-state.ts';

/** A cold operation: gets the machine with `pc` behind it, and `at`, its own pc; returns a status. */
export type Cold = (m: MachineState, at: number) => number;

export interface ColdTools {
  /** The code array. */
  readonly C: Int32Array;
  /** Words of the frames. */
  readonly I: Int32Array;
  /** References of the frames, by slot. */
  readonly R: unknown[];
  /** Word index of the first packed operand. */
  readonly first: (m: MachineState, at: number) => number;
  /** Word index of the second packed operand. */
  readonly second: (m: MachineState, at: number) => number;
  /** Takes the size term of an operation from the fuel in hand; false if it is not there. */
  readonly pay: (m: MachineState, cost: number) => boolean;
  /** Ends a sized operation: pays for the run behind it. */
  readonly next: (m: MachineState) => number;
  readonly callFunction: (m: MachineState, func: FuncInstance, base: number) => number;
  readonly tailCall: (m: MachineState, func: FuncInstance, from: number) => number;
}
