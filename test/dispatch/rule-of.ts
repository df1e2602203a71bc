/** Calls the rules of the reference executor on bits alone, to compare the loop's bodies with them. */
import { TrapError } from '../../src/errors.ts';
import { instructions } from '../../src/inspect.ts';
import { trapStatus } from '../../src/interpreter/loop/status.ts';
import { signatureNames } from '../../src/syntax/signatures.ts';
import type { Rule } from '../reference/machine.ts';
import { rules } from '../reference/rules.ts';

type Step = Parameters<Rule['step']>;
/** Fields of an instruction that rules read. */
export type Fields = Partial<Step[1]>;

/** What an instruction does to operands: bits, or the status of a trap. */
export interface Outcome {
  readonly bits: bigint;
  readonly status: number | null;
}

/** Runs the rule of an instruction; its memory 0 are the bytes. */
export const ruleOutcome = (
  name: string,
  operands: readonly bigint[],
  fields: Fields = {},
  bytes: Uint8Array = new Uint8Array(0),
): Outcome => {
  const stack = [...operands];
  const machine = {
    popBits: () => stack.pop()!,
    push: ({ bits }: { readonly bits: bigint }) => stack.push(bits),
    frame: { module: { memories: [{ bytes }] } },
  };
  try {
    rules[name]!.step(machine as unknown as Step[0], fields as Step[1]);
    return { bits: stack.pop() ?? 0n, status: null };
  } catch (error) {
    if (!(error instanceof TrapError)) throw error;
    return { bits: 0n, status: trapStatus(error.code as Parameters<typeof trapStatus>[0]) };
  }
};

/** Types of an instruction's operands and of its result, as in the table. */
export const typeOf = (name: string): { readonly operands: readonly string[]; readonly result: string } => {
  const row = instructions.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no instruction ${name}`);
  const { params, results } = signatureNames(row)!;
  return { operands: params, result: results[0] ?? '' };
};

/** A generator of 32-bit numbers that is the same in every run (xorshift). */
export const randomWords = (seed: number): (() => number) => {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
};

const from32 = [
  0, 1, 2, 7, 31, 32, 33, 63, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff, 0x80000000, 0xffffffff,
];
const edges32 = from32.map(BigInt);
const edges64 = [
  ...[0n, 1n, 5n, 31n, 32n, 33n, 63n, 64n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x1_0000_0000n],
  ...[0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_0000_0000n, 0xffff_ffff_ffff_ffffn],
];
const floats = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-45, 3.4e38, -3.4e38, Infinity, -Infinity, NaN];
const wide = [...floats, 2147483647, 2147483648, -2147483649, 4294967295.5, 4294967296, 1e300, 5e-324];
const view = new DataView(new ArrayBuffer(8));
const bits32 = (value: number): bigint => {
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
};
const bits64 = (value: number): bigint => {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};

/** Edges of a type, a NaN with a payload among them, and random bits. */
export const valuesOf = (type: string, random: () => number): readonly bigint[] => {
  const word = (): bigint => BigInt(random() >>> 0);
  const long = (): bigint => (word() << 32n) | word();
  switch (type) {
    case 'i32':
    case 'addr':
      return [...edges32, word(), word(), word()];
    case 'i64':
      return [...edges64, long(), long(), long()];
    case 'f32':
      return [...floats.map(bits32), 0xffc0_1234n, word(), word()];
    case 'f64':
      return [...wide.map(bits64), 0xfff8_0000_0000_1234n, long(), long()];
    default:
      throw new Error(`no values of ${type}`);
  }
};
