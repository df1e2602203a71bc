/** A program in text, and what is called of it. */
import type { Call } from './beside.ts';

/** A program without imports. */
export interface Source {
  readonly text: string;
  readonly calls: readonly Call[];
  /** Most frames of a call. */
  readonly maxCallDepth?: number;
  readonly maxStackSlots?: number;
}

/** Exports called with each of some numbers. */
export const withEach = (names: readonly string[], numbers: readonly number[]): Call[] =>
  names.flatMap((name) => numbers.map((value): Call => [name, BigInt.asUintN(32, BigInt(value))]));
