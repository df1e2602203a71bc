/** Exceptions, of 3.0 and of the form before it. */
import { TrapError } from '../../src/errors.ts';
import { valuesCost } from '../../src/interpreter/fuel/schedules.ts';
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import { raise, throwCost } from './exceptions.ts';
import { ExceptionInstance, funcTypeOf } from './instances.ts';
import { labelOf, type Machine, type Rule, slotsOfAll } from './machine.ts';

/** @spec exec-throw */
const throw_: Rule = {
  size: (machine, { index }) => throwCost(machine, machine.frame.module.tags[index]!),
  step(machine, { index }) {
    const tag = machine.frame.module.tags[index]!;
    raise(machine, new ExceptionInstance(tag, machine.popMany(funcTypeOf(tag.type.type).params.length)));
  },
};

/** @spec exec-throw_ref */
const throw_ref: Rule = {
  size(machine) {
    const exception = machine.stack[machine.stack.length - 1]!.bits as ExceptionInstance | null;
    return exception === null ? 0 : throwCost(machine, exception.tag);
  },
  step(machine) {
    const exception = machine.popRef();
    if (exception === null) throw new TrapError('trap.null-exception');
    raise(machine, exception as ExceptionInstance);
  },
};

/** @spec exec-try_table */
const protect: Rule = {
  // The handlers of a `try` move its results at their end.
  size: (machine, { name, block }) =>
    name === 'try' ? valuesCost(machine.options.schedule, slotsOfAll(block!.results)) : 0,
  step(machine, instruction) {
    const { params, results } = instruction.block!;
    machine.frame.labels.push(
      labelOf(results, {
        height: machine.stack.length - params.length,
        continuation: instruction.end + 1,
        isLoop: false,
        handler: instruction,
      }),
    );
  },
};

/** Reached at the end of what stands before it: the `try` has ended. */
const catch_: Rule = {
  step: (machine, { end }) => {
    machine.frame.pc = end;
  },
};

/** Reached at the end of the body. */
const delegate: Rule = {
  step: (machine) => {
    machine.frame.labels.pop();
  },
};

const caughtAt = (machine: Machine, depth: number): ExceptionInstance => {
  const { labels } = machine.frame;
  const { height } = labels[labels.length - 1 - depth]!;
  return machine.stack[height]!.bits as ExceptionInstance;
};
const rethrow: Rule = {
  size: (machine, { index }) => throwCost(machine, caughtAt(machine, index).tag),
  step: (machine, { index }) => raise(machine, caughtAt(machine, index)),
};

export const exceptionRules = {
  throw: throw_,
  throw_ref,
  try_table: protect,
  try: protect,
  catch: catch_,
  catch_all: catch_,
  delegate,
  rethrow,
} satisfies Partial<Record<Mnemonic, Rule>>;
