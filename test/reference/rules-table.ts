/** Table instructions. */
import { TrapError } from '../../src/errors.ts';
import { bulkTableCost, growTableCost } from '../../src/interpreter/fuel/schedules.ts';
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import type { Instruction } from './body.ts';
import type { TableInstance } from './instances.ts';
import type { Machine, Rule } from './machine.ts';
import { widthOf } from './values.ts';

const tableOf = (machine: Machine, { index }: Instruction): TableInstance =>
  machine.frame.module.tables[index]!;
const fits = (start: bigint, count: bigint, size: number): boolean => start + count <= BigInt(size);

const trapUnless = (isInBounds: boolean): void => {
  if (!isInBounds) throw new TrapError('trap.table-bounds');
};
const sizeTerm = (machine: Machine, isInBounds: boolean, count: bigint): number =>
  isInBounds ? bulkTableCost(machine.options.schedule, Number(count)) : 0;

/** @spec exec-table.get */
const table_get: Rule = {
  step(machine, instruction) {
    const { elements, type } = tableOf(machine, instruction);
    const element = machine.popBits();
    trapUnless(fits(element, 1n, elements.length));
    machine.push({ type: type.element, bits: elements[Number(element)]! });
  },
};

/** @spec exec-table.set */
const table_set: Rule = {
  step(machine, instruction) {
    const { elements } = tableOf(machine, instruction);
    const reference = machine.popRef();
    const element = machine.popBits();
    trapUnless(fits(element, 1n, elements.length));
    elements[Number(element)] = reference;
  },
};

/** @spec exec-table.size */
const table_size: Rule = {
  step(machine, instruction) {
    const { elements, type } = tableOf(machine, instruction);
    machine.push({ type: type.limits.address, bits: BigInt(elements.length) });
  },
};

const canGrow = (machine: Machine, { elements, type }: TableInstance, delta: bigint): boolean => {
  const { max } = type.limits;
  const length = BigInt(elements.length) + delta;
  return length <= BigInt(machine.options.maxTableElements) && (max === null || length <= max);
};

/** @spec exec-table.grow */
const table_grow: Rule = {
  size(machine, instruction) {
    const delta = machine.peekBits(0);
    if (!canGrow(machine, tableOf(machine, instruction), delta)) return 0;
    return growTableCost(machine.options.schedule, Number(delta));
  },
  step(machine, instruction) {
    const table = tableOf(machine, instruction);
    const type = table.type.limits.address;
    const delta = machine.popBits();
    const reference = machine.popRef();
    if (!canGrow(machine, table, delta)) {
      machine.push({ type, bits: BigInt.asUintN(widthOf(type), -1n) });
      return;
    }
    machine.push({ type, bits: BigInt(table.elements.length) });
    for (let i = 0n; i < delta; i++) table.elements.push(reference);
  },
};

/** @spec exec-table.fill */
const table_fill: Rule = {
  size(machine, instruction) {
    const count = machine.peekBits(0);
    const isInBounds = fits(machine.peekBits(2), count, tableOf(machine, instruction).elements.length);
    return sizeTerm(machine, isInBounds, count);
  },
  step(machine, instruction) {
    const { elements } = tableOf(machine, instruction);
    const count = machine.popBits();
    const reference = machine.popRef();
    const start = machine.popBits();
    trapUnless(fits(start, count, elements.length));
    elements.fill(reference, Number(start), Number(start + count));
  },
};

/** Whether `count` elements fit both at the target and at the source. */
const copyFits = (to: bigint, from: bigint, count: bigint, target: number, source: number): boolean =>
  fits(to, count, target) && fits(from, count, source);

/** Moves references from `source` into `target`. The operands are on the stack. */
const copyElements = (
  machine: Machine,
  target: (object | null)[],
  source: readonly (object | null)[],
): void => {
  const count = machine.popBits();
  const from = machine.popBits();
  const to = machine.popBits();
  trapUnless(copyFits(to, from, count, target.length, source.length));
  const moved = source.slice(Number(from), Number(from + count));
  for (const [i, reference] of moved.entries()) target[Number(to) + i] = reference;
};
const copySize = (machine: Machine, target: number, source: number): number => {
  const count = machine.peekBits(0);
  return sizeTerm(machine, copyFits(machine.peekBits(2), machine.peekBits(1), count, target, source), count);
};

/** @spec exec-table.copy */
const table_copy: Rule = {
  size(machine, { index, index2 }) {
    const { tables } = machine.frame.module;
    return copySize(machine, tables[index]!.elements.length, tables[index2]!.elements.length);
  },
  step(machine, { index, index2 }) {
    const { tables } = machine.frame.module;
    copyElements(machine, tables[index]!.elements, tables[index2]!.elements);
  },
};

/** @spec exec-table.init */
const table_init: Rule = {
  size(machine, { index, index2 }) {
    const { tables, elements } = machine.frame.module;
    return copySize(machine, tables[index2]!.elements.length, elements[index]!.references.length);
  },
  step(machine, { index, index2 }) {
    const { tables, elements } = machine.frame.module;
    copyElements(machine, tables[index2]!.elements, elements[index]!.references);
  },
};

/** @spec exec-elem.drop */
const elem_drop: Rule = {
  step: (machine, { index }) => {
    machine.frame.module.elements[index]!.references = [];
  },
};

export const tableRules = {
  'table.get': table_get,
  'table.set': table_set,
  'table.size': table_size,
  'table.grow': table_grow,
  'table.fill': table_fill,
  'table.copy': table_copy,
  'table.init': table_init,
  'elem.drop': elem_drop,
} satisfies Partial<Record<Mnemonic, Rule>>;
