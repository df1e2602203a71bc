/** Exceptions, of 3.0 and of the form before it. */
import { TrapError } from '../../src/errors/errors.ts';
import { raise } from './exceptions.ts';
import { ExceptionInstance, funcTypeOf } from './instances.ts';
import type { Rule } from './machine.ts';

/** @spec exec-throw */
const throw_: Rule = {
  step(machine, { index }) {
    const tag = machine.frame.module.tags[index]!;
    raise(machine, new ExceptionInstance(tag, machine.popMany(funcTypeOf(tag.type.type).params.length)));
  },
};

/** @spec exec-throw_ref */
const throw_ref: Rule = {
  step(machine) {
    const exception = machine.popRef();
    if (exception === null) throw new TrapError('trap.null-exception');
    raise(machine, exception as ExceptionInstance);
  },
};

/** @spec exec-try_table */
const protect: Rule = {
  step(machine, instruction) {
    const { params, results } = instruction.block!;
    machine.frame.labels.push({
      arity: results.length,
      height: machine.stack.length - params.length,
      continuation: instruction.end + 1,
      isLoop: false,
      handler: instruction,
    });
  },
};

/** Reached at the end of what stands before it: the `try` is over. */
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

const rethrow: Rule = {
  step(machine, { index }) {
    const { labels } = machine.frame;
    const { height } = labels[labels.length - 1 - index]!;
    raise(machine, machine.stack[height]!.bits as ExceptionInstance);
  },
};

export const exceptionRules: Readonly<Record<string, Rule>> = {
  throw: throw_,
  throw_ref,
  try_table: protect,
  try: protect,
  catch: catch_,
  catch_all: catch_,
  delegate,
  rethrow,
};
