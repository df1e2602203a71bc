/**
 * Training of fused operations, derived from their rows: the operands of each part lie in slots of their own, and what
 * the last part compares the result with is, in some passes, that result.
 */
import { packSlots } from '../code/encoding.ts';
import { prefixOf } from '../code/fuser.ts';
import { LINKED } from '../code/fusing.ts';
import { type HotOp, hotOps, type Letter, type Op, operands } from '../code/isa.ts';
import type { Stacks } from '../cold/tools.ts';

/** Low and high word of the first operand, then of the second. */
export type Operands = readonly [number, number, number, number];
/** What a pass works with. */
interface Samples {
  readonly integers: readonly Operands[];
  readonly doubles: readonly (readonly [number, number])[];
}

/** Where a branch, and whatever returns, goes. */
interface Frame {
  readonly haltPc: number;
  readonly haltCode: number;
}

/** Slots of one part. */
const PART_SLOTS = 5;
const slotOf = (part: number, operand: number): number => 1 + PART_SLOTS * part + operand;
const layoutOf = (name: Op['name']): string => hotOps[name as HotOp];

/** What an immediate is. @param value what the part would compare with */
const immediateOf = (letter: string, low: number, isLast: boolean): number =>
  letter === 'o' ? 3 : letter === 'g' ? 4 : letter === 'n' ? low & 63 : isLast ? 3 : low;

/** Writes one operation at the start of `code`; the words that it took. */
const write = (op: Op, values: readonly (readonly number[])[], { haltPc, haltCode }: Frame): number[] => {
  const all: number[] = [];
  op.parts.forEach(({ from }, part) => {
    from.forEach((to, i) => {
      if (to !== LINKED) all[to] = values[part]![i]!;
    });
  });
  const words = [packSlots(op.code, op.packed > 0 ? all[0]! : 0, op.packed > 1 ? all[1]! : 0)];
  op.operands.forEach(({ role, holds }, i) => {
    if (i < op.packed) return;
    if (role === 'branch') words.push(haltPc, 0);
    else words.push(holds === undefined ? all[i]! : 2 * all[i]!);
  });
  // Whatever does not leave by itself ends at a halt; so does every branch of a table.
  for (let i = 0; i < 8; i++) words.push(op.layout.endsWith('p') || i % 2 === 1 ? haltCode : haltPc);
  return words;
};
const isTable = ({ parts }: Op): boolean => parts[parts.length - 1]!.name === 'br_table';

/**
 * Runs a fused operation once.
 *
 * @param run runs words of code from their start
 */
export const trainFused = (
  op: Op,
  pass: number,
  { words, doubles }: Stacks,
  samples: Samples,
  frame: Frame,
  run: (code: readonly number[]) => void,
): void => {
  const { parts } = op;
  const last = parts.length - 1;
  words.fill(0, 0, 64);
  const values = parts.map(({ name }, part) => {
    const layout = layoutOf(name);
    const isAccess = layout.includes('o');
    const [low, high, low2, high2] = samples.integers[(pass + 4 * part) % samples.integers.length]!;
    const [x, y] = samples.doubles[(pass + part) % samples.doubles.length]!;
    const address = layout.indexOf('s');
    return [...layout].map((letter, i) => {
      const { role, holds } = operands[letter as Letter] as { role: string; holds?: string };
      const slot = slotOf(part, i);
      if (holds === undefined)
        return immediateOf(letter, layout[i - 1] === 'i' ? high2 : low2, isTable(op) && part === last);
      if (role === 'written') return slot;
      const isOdd = (i + pass) % 2 === 0;
      if (holds === 'f64') doubles[slot] = isOdd ? y : x;
      else words.set(isOdd ? [low2, high2] : [low, high], 2 * slot);
      if (isAccess && i === address) words[2 * slot] = pass % 4 === 1 ? 70000 : 16 + pass;
      return slot;
    });
  });
  const { takes } = parts[last]!;
  if (takes >= 0 && pass % 3 > 0) meet(op, values, pass % 3 === 1 ? 0 : 1, { words, doubles }, frame, run);
  run(write(op, values, frame));
};

/** Makes what the last part has beside the result that it takes equal to that, or larger by some number. */
const meet = (
  op: Op,
  values: number[][],
  more: number,
  { words, doubles }: Pick<Stacks, 'words' | 'doubles'>,
  frame: Frame,
  run: (code: readonly number[]) => void,
): void => {
  const { parts } = op;
  const last = parts.length - 1;
  const { name, takes } = parts[last]!;
  const layout = layoutOf(name);
  if (layout.includes('o') || isTable(op)) return;
  const saved = words.slice(0, 64);
  run(write(prefixOf(op), values.slice(0, last), frame));
  const result = slotOf(last - 1, 0);
  const [low, high, double] = [words[2 * result]!, words[2 * result + 1]!, doubles[result]!];
  words.set(saved);
  let isHigh = false;
  [...layout].forEach((letter, i) => {
    if (i === takes) return;
    if (letter === 'i') {
      values[last]![i] = isHigh ? high : (low + more) | 0;
      isHigh = true;
    } else if (letter === 'S') doubles[slotOf(last, i)] = double + more;
    else if (letter === 's') words.set([(low + more) | 0, high], 2 * slotOf(last, i));
  });
};
