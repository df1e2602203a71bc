/**
 * Bulk operations on memories: bounds are checked before anything is charged for size or written.
 *
 * Each rule names its operands once (`operands`), for the size term, which only looks, and for the step.
 */
import { TrapError } from '../../src/errors.ts';
import { bulkMemoryCost } from '../../src/interpreter/fuel/schedules.ts';
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import type { Machine, Rule } from './machine.ts';

const fits = (start: bigint, count: bigint, size: number): boolean => start + count <= BigInt(size);

/** Size term of `count` bytes where the bounds hold. */
const sizeTerm = (machine: Machine, isInBounds: boolean, count: bigint): number =>
  isInBounds ? bulkMemoryCost(machine.options.schedule, Number(count)) : 0;

const trapUnless = (isInBounds: boolean): void => {
  if (!isInBounds) throw new TrapError('trap.memory-bounds');
};

/** The three operands of every bulk operation, topmost last; left on the stack. */
const operands = (machine: Machine): readonly [first: bigint, second: bigint, count: bigint] => [
  machine.peekBits(2),
  machine.peekBits(1),
  machine.peekBits(0),
];
const popOperands = (machine: Machine): readonly [first: bigint, second: bigint, count: bigint] => {
  const values = operands(machine);
  machine.popMany(3);
  return values;
};

/** @spec exec-memory.fill */
const memory_fill: Rule = {
  size(machine, { index }) {
    const [start, , count] = operands(machine);
    return sizeTerm(machine, fits(start, count, machine.frame.module.memories[index]!.bytes.length), count);
  },
  step(machine, { index }) {
    const { bytes } = machine.frame.module.memories[index]!;
    const [start, value, count] = popOperands(machine);
    trapUnless(fits(start, count, bytes.length));
    bytes.fill(Number(value & 0xffn), Number(start), Number(start + count));
  },
};

/** @spec exec-memory.copy */
const memory_copy: Rule = {
  size(machine, { index, index2 }) {
    const { memories } = machine.frame.module;
    const [to, from, count] = operands(machine);
    const isInBounds =
      fits(to, count, memories[index]!.bytes.length) && fits(from, count, memories[index2]!.bytes.length);
    return sizeTerm(machine, isInBounds, count);
  },
  step(machine, { index, index2 }) {
    const { memories } = machine.frame.module;
    const target = memories[index]!.bytes;
    const source = memories[index2]!.bytes;
    const [to, from, count] = popOperands(machine);
    trapUnless(fits(to, count, target.length) && fits(from, count, source.length));
    // A copy of the source first: the ranges may overlap.
    target.set(source.slice(Number(from), Number(from + count)), Number(to));
  },
};

/** @spec exec-memory.init */
const memory_init: Rule = {
  size(machine, { index, index2 }) {
    const { memories, data } = machine.frame.module;
    const [to, from, count] = operands(machine);
    const isInBounds =
      fits(to, count, memories[index2]!.bytes.length) && fits(from, count, data[index]!.length);
    return sizeTerm(machine, isInBounds, count);
  },
  step(machine, { index, index2 }) {
    const { memories, data } = machine.frame.module;
    const target = memories[index2]!.bytes;
    const source = data[index]!;
    const [to, from, count] = popOperands(machine);
    trapUnless(fits(to, count, target.length) && fits(from, count, source.length));
    target.set(source.subarray(Number(from), Number(from + count)), Number(to));
  },
};

/** @spec exec-data.drop */
const data_drop: Rule = {
  step: (machine, { index }) => {
    machine.frame.module.data[index] = new Uint8Array(0);
  },
};

export const bulkRules = {
  'memory.fill': memory_fill,
  'memory.copy': memory_copy,
  'memory.init': memory_init,
  'data.drop': data_drop,
} satisfies Partial<Record<Mnemonic, Rule>>;
