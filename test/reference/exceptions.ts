/** What happens to a thrown exception: the search for a handler, and the jump there. */
import { ThrownException } from '../../src/errors.ts';
import { searchCost, valuesCost } from '../../src/interpreter/fuel/schedules.ts';
import { HEAP_EXN, refType, slotsOf } from '../../src/syntax/types.ts';
import type { Instruction } from './body.ts';
import { type ExceptionInstance, funcTypeOf, type ModuleInstance, type TagInstance } from './instances.ts';
import type { Frame, Machine } from './machine.ts';
import type { Value } from './values.ts';

const takes = (module: ModuleInstance, index: number | null, tag: TagInstance): boolean =>
  index === null || module.tags[index] === tag;

const referenceTo = (exception: ExceptionInstance): Value => ({
  type: refType(HEAP_EXN, false),
  bits: exception,
});

/** Who catches an exception: a clause of the label at a position of a frame, and how many were looked at. */
interface Found {
  readonly depth: number;
  readonly position: number;
  readonly clause: Instruction['catches'][number] | null;
  readonly legacy: Instruction['handlers'][number] | null;
}
interface Search {
  readonly found: Found | null;
  /** Handlers, and clauses of them. */
  readonly count: number;
}

/** Looks at labels from the innermost outwards. */
const search = (machine: Machine, tag: TagInstance): Search => {
  let count = 0;
  for (let depth = machine.frames.length - 1; depth >= 0; depth--) {
    const { labels, module } = machine.frames[depth]!;
    for (let position = labels.length - 1; position >= 0; position--) {
      const { handler } = labels[position]!;
      if (handler === undefined) continue;
      count++;
      if (handler.delegate !== null) {
        // As if the label that the `try` names had thrown; the loop goes one further down by itself.
        position -= handler.delegate;
        continue;
      }
      for (const clause of handler.catches) {
        count++;
        if (takes(module, clause.tag, tag))
          return { found: { depth, position, clause, legacy: null }, count };
      }
      for (const legacy of handler.handlers) {
        count++;
        if (takes(module, legacy.tag, tag))
          return { found: { depth, position, clause: null, legacy }, count };
      }
    }
  }
  return { found: null, count };
};

/** What a throw costs for the values that it moves and for the search. */
export const throwCost = (machine: Machine, tag: TagInstance): number => {
  const { schedule } = machine.options;
  const slots = funcTypeOf(tag.type.type).params.reduce((sum, type) => sum + slotsOf(type), 0);
  return valuesCost(schedule, slots) + searchCost(schedule, search(machine, tag).count);
};

/** The label of the `try` stays, without its handlers, over the exception that `rethrow` may ask for. */
const enterLegacy = (
  machine: Machine,
  frame: Frame,
  position: number,
  { tag, start }: { readonly tag: number | null; readonly start: number },
  exception: ExceptionInstance,
): void => {
  const { arity, slots, height, continuation } = frame.labels[position]!;
  frame.labels.length = position;
  frame.labels.push({ arity, slots, height, continuation, isLoop: false, hasCaught: true });
  machine.push(referenceTo(exception));
  if (tag !== null) machine.stack.push(...exception.values);
  frame.pc = start;
};

/** @throws ThrownException when nothing catches it, with all frames left @spec exec-throw_ref */
export const raise = (machine: Machine, exception: ExceptionInstance): void => {
  const { found } = search(machine, exception.tag);
  if (found === null) throw new ThrownException('exception.uncaught', { exception });
  const { depth, position, clause, legacy } = found;
  const frame = machine.frames[depth]!;
  machine.frames.length = depth + 1;
  machine.stack.length = frame.labels[position]!.height;
  if (clause !== null) {
    frame.labels.length = position;
    if (clause.tag !== null) machine.stack.push(...exception.values);
    if (clause.withRef) machine.push(referenceTo(exception));
    machine.branch(clause.label);
  } else enterLegacy(machine, frame, position, legacy!, exception);
};
