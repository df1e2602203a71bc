/**
 * Training of fused operations, derived from their rows: the operands of each part have separate slots, and in some
 * passes the last part compares the result with an equal value.
 */
import { packSlots } from '../code/encoding.ts';
import { prefixOf } from '../code/fuser.ts';
import { LINKED } from '../code/fusing.ts';
import { type HotOp, hotOps, type Letter, type Op, operands } from '../code/isa.ts';
import type { Stacks } from '../cold/tools.ts';

/** Low and high word of the first operand, then of the second. */
export type Operands = readonly [number, number, number, number];
/** The environment of the passes. */
interface Samples {
  readonly integers: readonly Operands[];
  readonly doubles: readonly (readonly [number, number])[];
}

/** The target of branches and returns. */
interface Halt {
  readonly pc: number;
  /** The operation at that target. */
  readonly code: number;
}

/** Slots of one part. */
const PART_SLOTS = 5;
const slotOf = (part: number, operand: number): number => 1 + PART_SLOTS * part + operand;
const layoutOf = (name: Op['name']): string => hotOps[name as HotOp];
const lastOf = ({ parts }: Op): Op['parts'][number] => parts[parts.length - 1]!;

/** An operand of a part: a slot that is read, or an immediate and its word. */
interface Place {
  readonly part: number;
  /** Its position among the operands of the part. */
  readonly position: number;
  readonly letter: string;
  /** Whether it is the high half of an immediate of 64 bits. */
  readonly isHigh: boolean;
  /** Whether it is the address of an access. */
  readonly isAddress: boolean;
  /** The slot, or the index of the word. */
  readonly index: number;
}
/** An operation as training runs it: its words, whose immediates passes change. */
interface Trained {
  readonly op: Op;
  readonly words: Int32Array;
  readonly read: readonly Place[];
  readonly immediates: readonly Place[];
  /** The operation without its last part, which takes the result; null if it takes none. */
  readonly prefix: Trained | null;
}

/** Prepares a fused operation, or one that is its beginning. */
export const prepareTraining = (op: Op, halt: Halt): Trained => {
  const slots: number[] = [];
  const places: Place[] = [];
  const { parts, packed } = op;
  const wordOf = (operand: number): number => 1 + operand - packed;
  parts.forEach(({ name, from }, part) => {
    const layout = layoutOf(name);
    const address = layout.includes('o') ? layout.indexOf('s') : -1;
    [...layout].forEach((letter, position) => {
      const { role, holds } = operands[letter as Letter] as { role: string; holds?: string };
      const to = from[position]!;
      if (to !== LINKED) slots[to] = slotOf(part, position);
      if (role === 'written' || role === 'branch') return;
      const index = holds === undefined ? wordOf(to) : slotOf(part, position);
      const isHigh = letter === 'i' && layout[position - 1] === 'i';
      places.push({ part, position, letter, isHigh, isAddress: position === address, index });
    });
  });
  const words = [packSlots(op.code, packed > 0 ? slots[0]! : 0, packed > 1 ? slots[1]! : 0)];
  op.operands.forEach(({ role }, i) => {
    if (i < packed) return;
    if (role === 'branch') words.push(halt.pc, 0);
    else words.push(2 * slots[i]!);
  });
  // Operations that do not leave the loop themselves end at a halt.
  words.push(halt.code);
  const isImmediate = ({ letter }: Place): boolean => 'ogni'.includes(letter);
  const takes = parts.length > 1 && lastOf(op).takes >= 0;
  return {
    op,
    words: Int32Array.from(words),
    read: places.filter((place) => !isImmediate(place)),
    immediates: places.filter(isImmediate),
    prefix: takes ? prepareTraining(prefixOf(op), halt) : null,
  };
};

/**
 * Runs a fused operation once.
 *
 * @param run runs words of code from their start
 */
export const trainFused = (
  { op, words: code, read, immediates, prefix }: Trained,
  pass: number,
  { words, doubles }: Stacks,
  samples: Samples,
  run: (code: Int32Array) => void,
): void => {
  const operandsOf = (part: number): Operands =>
    samples.integers[(pass + 4 * part) % samples.integers.length]!;
  words.fill(0, 0, 64);
  for (const { part, position, letter, isAddress, index } of read) {
    const isOdd = (position + pass) % 2 === 0;
    if (letter === 'S')
      doubles[index] = samples.doubles[(pass + part) % samples.doubles.length]![isOdd ? 1 : 0];
    else {
      const [low, high, low2, high2] = operandsOf(part);
      words[2 * index] = isAddress ? (pass % 4 === 1 ? 70000 : 16 + pass) : isOdd ? low2 : low;
      words[2 * index + 1] = isOdd ? high2 : high;
    }
  }
  for (const { part, letter, isHigh, index } of immediates) {
    const [, , low, high] = operandsOf(part);
    code[index] = letter === 'o' ? 3 : letter === 'g' ? 4 : letter === 'n' ? low & 63 : isHigh ? high : low;
  }
  if (prefix !== null && pass % 3 > 0 && !layoutOf(lastOf(op).name).includes('o')) {
    for (const [i, { index }] of prefix.immediates.entries())
      prefix.words[index] = code[immediates[i]!.index]!;
    meet({ op, words: code, read, immediates, prefix }, pass % 3 === 1 ? 0 : 1, { words, doubles }, run);
  }
  run(code);
};

/** Makes the other operand of the last part equal to the result that it takes, or larger by some number. */
const meet = (
  { op, words: code, read, immediates, prefix }: Trained,
  more: number,
  { words, doubles }: Pick<Stacks, 'words' | 'doubles'>,
  run: (code: Int32Array) => void,
): void => {
  const last = op.parts.length - 1;
  saved.set(words.subarray(0, 64));
  run(prefix!.words);
  const result = slotOf(last - 1, 0);
  const low = words[2 * result]!;
  const high = words[2 * result + 1]!;
  const double = doubles[result]!;
  words.set(saved);
  for (const { part, position, letter, index } of read) {
    if (part !== last || position === lastOf(op).takes) continue;
    if (letter === 'S') doubles[index] = double + more;
    else {
      words[2 * index] = low + more;
      words[2 * index + 1] = high;
    }
  }
  for (const { part, letter, isHigh, index } of immediates)
    if (part === last && letter === 'i') code[index] = isHigh ? high : low + more;
};
const saved = new Int32Array(64);
