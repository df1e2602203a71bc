/** Control instructions. */
import { TrapError } from '../../src/errors.ts';
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import { matchesDefType } from '../../src/syntax/matching.ts';
import type { Instruction } from './body.ts';
import { type FunctionInstance, HostFunction } from './instances.ts';
import { labelOf, type Machine, type Rule } from './machine.ts';

/** @spec exec-unreachable */
const unreachable: Rule = {
  step() {
    throw new TrapError('trap.unreachable');
  },
};

/** Enters a block; a branch to it continues after its `end`. */
const pushBlock = (machine: Machine, { block, end }: Instruction): void => {
  const { params, results } = block!;
  const height = machine.stack.length - params.length;
  machine.frame.labels.push(labelOf(results, { height, continuation: end + 1, isLoop: false }));
};

/** @spec exec-block */
const block: Rule = { step: pushBlock };

/** @spec exec-loop */
const loop: Rule = {
  step(machine, { block: type }) {
    const { params } = type!;
    const { frame } = machine;
    const height = machine.stack.length - params.length;
    frame.labels.push(labelOf(params, { height, continuation: frame.pc, isLoop: true }));
  },
};

/** @spec exec-if */
const if_: Rule = {
  step(machine, instruction) {
    const condition = machine.popBits();
    pushBlock(machine, instruction);
    if (condition !== 0n) return;
    // Without an `else`, the `end` itself comes next and leaves the block.
    machine.frame.pc =
      instruction.otherwise === instruction.end ? instruction.end : instruction.otherwise + 1;
  },
};

/** Reached at the end of the first arm: what follows is the block's `end`. */
const else_: Rule = {
  step: (machine, { end }) => {
    machine.frame.pc = end;
  },
};

/** Leaves a block, or the function. @spec exec-instrs-exit, exec-return */
const end: Rule = {
  step(machine) {
    if (machine.frame.labels.length === 1) machine.returnFromFrame();
    else {
      const label = machine.frame.labels.pop()!;
      if (label.hasCaught) machine.stack.splice(label.height, 1);
    }
  },
};

/** @spec exec-br */
const br: Rule = {
  size: (machine, { index }) => machine.branchSize(index),
  step: (machine, { index }) => machine.branch(index),
};

/** @spec exec-br_if */
const br_if: Rule = {
  size: (machine, { index }) => machine.branchSize(index),
  step: (machine, { index }) => {
    if (machine.popBits() !== 0n) machine.branch(index);
  },
};

/** @spec exec-br_table */
const br_table: Rule = {
  size: (machine, { labels }) => machine.branchSize(labels[0]!),
  step(machine, { labels }) {
    const selector = machine.popBits();
    const last = labels.length - 1;
    machine.branch(labels[selector < BigInt(last) ? Number(selector) : last]!);
  },
};

/** @spec exec-return */
const return_: Rule = { step: (machine) => machine.returnFromFrame() };

export const hostCost = (machine: Machine, func: FunctionInstance | null): number =>
  func instanceof HostFunction ? machine.options.schedule.hostCall + func.fuel : 0;

const directCallee = (machine: Machine, { index }: Instruction): FunctionInstance =>
  machine.frame.module.funcs[index]!;

/** @spec exec-call */
const call: Rule = {
  size: (machine, instruction) => hostCost(machine, directCallee(machine, instruction)),
  step: (machine, instruction) => machine.enter(directCallee(machine, instruction)),
};

/** @spec exec-return_call */
const return_call: Rule = {
  size: (machine, instruction) => hostCost(machine, directCallee(machine, instruction)),
  step: (machine, instruction) => machine.tailCall(directCallee(machine, instruction)),
};

/** The function an index selects, or the reason why there is none. */
const indirectCallee = (
  machine: Machine,
  { index, index2 }: Instruction,
  element: bigint,
): FunctionInstance | Error => {
  const { module } = machine.frame;
  const { elements } = module.tables[index2]!;
  if (element >= BigInt(elements.length))
    return new TrapError('trap.undefined-element', {}, `undefined element ${element}`);
  const func = elements[Number(element)] as FunctionInstance | null | undefined;
  if (func === null || func === undefined)
    return new TrapError('trap.uninitialised-element', {}, `uninitialized element ${element}`);
  const isType = matchesDefType(func.type, module.module.types[index]!);
  return isType ? func : new TrapError('trap.indirect-call-type');
};

const indirectSize = (machine: Machine, instruction: Instruction): number => {
  const callee = indirectCallee(machine, instruction, machine.peekBits(0));
  return callee instanceof Error ? 0 : hostCost(machine, callee);
};

/** @spec exec-call_indirect */
const call_indirect: Rule = {
  size: indirectSize,
  step(machine, instruction) {
    const callee = indirectCallee(machine, instruction, machine.popBits());
    if (callee instanceof Error) throw callee;
    machine.enter(callee);
  },
};

/** @spec exec-return_call_indirect */
const return_call_indirect: Rule = {
  size: indirectSize,
  step(machine, instruction) {
    const callee = indirectCallee(machine, instruction, machine.popBits());
    if (callee instanceof Error) throw callee;
    machine.tailCall(callee);
  },
};

export const controlRules = {
  unreachable,
  block,
  loop,
  if: if_,
  else: else_,
  end,
  br,
  br_if,
  br_table,
  return: return_,
  call,
  call_indirect,
  return_call,
  return_call_indirect,
} satisfies Partial<Record<Mnemonic, Rule>>;
