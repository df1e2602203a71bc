/** What happens to a thrown exception: the search for a handler, and the jump there. */
import { ThrownException } from '../../src/errors/errors.ts';
import { HEAP_EXN, refType } from '../../src/syntax/types.ts';
import type { ExceptionInstance, ModuleInstance } from './instances.ts';
import type { Frame, Machine } from './machine.ts';
import type { Value } from './values.ts';

const takes = (module: ModuleInstance, tag: number | null, exception: ExceptionInstance): boolean =>
  tag === null || module.tags[tag] === exception.tag;

const referenceTo = (exception: ExceptionInstance): Value => ({
  type: refType(HEAP_EXN, false),
  bits: exception,
});

/** Goes to a handler of one frame, if it has one. */
const tryFrame = (machine: Machine, depth: number, exception: ExceptionInstance): boolean => {
  const frame = machine.frames[depth]!;
  for (let position = frame.labels.length - 1; position >= 0; position--) {
    const { handler, height } = frame.labels[position]!;
    if (handler === undefined) continue;
    if (handler.delegate !== null) {
      // As if the label that the `try` names had thrown; the loop goes one further down by itself.
      position -= handler.delegate;
      continue;
    }
    const clause = handler.catches.find(({ tag }) => takes(frame.module, tag, exception));
    const legacy = handler.handlers.find(({ tag }) => takes(frame.module, tag, exception));
    if (clause === undefined && legacy === undefined) continue;
    machine.frames.length = depth + 1;
    machine.stack.length = height;
    if (clause !== undefined) {
      frame.labels.length = position;
      if (clause.tag !== null) machine.stack.push(...exception.values);
      if (clause.withRef) machine.push(referenceTo(exception));
      machine.branch(clause.label);
    } else enterLegacy(machine, frame, position, legacy!, exception);
    return true;
  }
  return false;
};

/** The label of the `try` stays, without its handlers, over the exception that `rethrow` may ask for. */
const enterLegacy = (
  machine: Machine,
  frame: Frame,
  position: number,
  { tag, start }: { readonly tag: number | null; readonly start: number },
  exception: ExceptionInstance,
): void => {
  const { arity, height, continuation } = frame.labels[position]!;
  frame.labels.length = position;
  frame.labels.push({ arity, height, continuation, isLoop: false, hasCaught: true });
  machine.push(referenceTo(exception));
  if (tag !== null) machine.stack.push(...exception.values);
  frame.pc = start;
};

/** @throws ThrownException when nothing catches it, with all frames left @spec exec-throw_ref */
export const raise = (machine: Machine, exception: ExceptionInstance): void => {
  for (let depth = machine.frames.length - 1; depth >= 0; depth--)
    if (tryFrame(machine, depth, exception)) return;
  throw new ThrownException('exception.uncaught', { exception });
};
