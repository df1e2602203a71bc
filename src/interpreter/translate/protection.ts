/**
 * What a construct with exception handlers protects, and where its handlers begin: the part of exceptions that
 * blocks and unreachable code need too.
 */
import { instructions } from '../../syntax/instructions.ts';
import { type FuncType, HEAP_EXN, refType, type ValType } from '../../syntax/types.ts';
import { clauseOf } from '../code/handlers.ts';
import type { Control, Translation } from './body.ts';

const EXNREF = refType(HEAP_EXN, false);

/** Types of the values that a tag carries. */
export const tagParams = (t: Translation, tag: number): readonly ValType[] =>
  (t.code.unit.module.tags[tag]!.type.comp as FuncType).params;

/** Starts the handler of the current `try` at the reader. */
export const enterCatch = (t: Translation): void => {
  const control = t.controls[t.controls.length - 1]!;
  closeProtection(t, control);
  t.truncate(control.base);
  const tag = instructions[t.reader.row]!.name === 'catch' ? t.reader.index : -1;
  const refSlot = t.pushSlot(EXNREF);
  const label = t.writer.newLabel();
  t.handlers.add(control.protection!.handler, clauseOf(tag, t.nextSlot(), refSlot, label));
  if (tag >= 0) t.pushSlots(tagParams(t, tag));
  t.bind(label);
};

/** Records the `delegate` at the reader. */
export const markDelegate = (t: Translation): void => {
  // The label counts from outside the `try`.
  t.handlers.delegate(t.controls.length - 2 - t.reader.index);
};

/** The code from here on is no longer protected by the handlers of this construct. */
export const closeProtection = (t: Translation, { protection }: Control): void => {
  if (!protection?.isOpen) return;
  t.handlers.end(t.writer.size);
  protection.isOpen = false;
};
