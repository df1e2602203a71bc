/** What the files of cold operations share: the arrays of the machine, access to operands, and payment. */
import { firstWordOf, secondWordOf } from '../code/encoding.ts';
import type { FuncInstance } from '../instances/module-instance.ts';
import type { Ref } from '../instances/values.ts';
import type { CallState, MachineState } from '../loop/machine-state.ts';
import { CONTINUE } from '../loop/status.ts';

/** The arrays of the process; see `machine.ts`. */
export interface Stacks {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly floats: Float32Array;
  readonly callStack: Int32Array;
  readonly refs: unknown[];
}

/** A cold operation: gets the machine with `pc` after it, and `at`, its own pc; returns a status. */
export type Cold = (m: MachineState, at: number) => number;

/** How calls begin and end; see `cold/calls.ts`. */
export interface ColdCalls {
  readonly callFunction: (m: MachineState, func: FuncInstance, base: number) => number;
  readonly tailCall: (m: MachineState, func: FuncInstance, from: number) => number;
  /** Ends a sized operation: pays for the stretch after it. */
  readonly next: (m: MachineState) => number;
}

/** Reads operands and writes results. */
export interface Operands {
  /** The code array. */
  readonly C: Int32Array;
  /** Words of the frames. */
  readonly I: Int32Array;
  /** References of the frames, by slot. */
  readonly R: unknown[];
  /** The n-th word after the first one. */
  readonly operand: (at: number, n: number) => number;
  /** Word index of the slot that it names. */
  readonly slot: (m: MachineState, at: number, n: number) => number;
  /** Word index of the first packed operand. */
  readonly first: (m: MachineState, at: number) => number;
  /** Word index of the second packed operand. */
  readonly second: (m: MachineState, at: number) => number;
  /** Writes a 32-bit result to the first packed operand. */
  readonly set: (m: MachineState, at: number, value: number) => number;
  /** Writes a reference to the first packed operand. */
  readonly setRef: (m: MachineState, at: number, ref: Ref) => number;
  /** An index, address or length at a word; larger values become 2^32, which is out of bounds everywhere. */
  readonly addressAt: (k: number, space: Addressed) => number;
  /** Writes a size, or the -1 of a growth that failed. */
  readonly setAddress: (k: number, space: Addressed, value: number) => void;
  /** Takes the size term of an operation from the fuel in hand; false if there is not enough. */
  readonly pay: (m: CallState, cost: number) => boolean;
}

export type ColdTools = Operands & ColdCalls;

/** A memory or table, whose addresses are i32 or i64. */
interface Addressed {
  readonly is64: boolean;
}
/** The one of two that determines the type of the length when one is copied to the other. @spec valid-memory.copy */
export const narrower = (a: Addressed, b: Addressed): Addressed => (a.is64 ? b : a);

const TWO_32 = 2 ** 32;

/** @param C the code array */
export const createOperands = (C: Int32Array, { words: I, refs: R }: Stacks): Operands => {
  const first = (m: MachineState, at: number): number => m.fp + firstWordOf(C[at]!);
  return {
    C,
    I,
    R,
    operand: (at, n) => C[at + n]!,
    slot: (m, at, n) => m.fp + C[at + n]!,
    first,
    second: (m, at) => m.fp + secondWordOf(C[at]!),
    set: (m, at, value) => {
      I[first(m, at)] = value;
      return CONTINUE;
    },
    setRef: (m, at, ref) => {
      R[first(m, at) >> 1] = ref;
      return CONTINUE;
    },
    addressAt: (k, { is64 }) => (is64 && I[k + 1] !== 0 ? TWO_32 : I[k]! >>> 0),
    setAddress: (k, { is64 }, value) => {
      I[k] = value;
      if (is64) I[k + 1] = value >> 31;
    },
    pay: (m, cost) => {
      if (m.fuel < cost) {
        m.need = cost;
        return false;
      }
      m.fuel -= cost;
      return true;
    },
  };
};
