/**
 * Translates exception handling, of 3.0 and of the legacy form.
 *
 * A handler of the legacy form keeps the exception it caught, for `rethrow`, as a hidden operand below the handler's
 * own; the validator counts it (`control-rules.ts`).
 */
import type { Catch } from '../../decoder/instruction-reader.ts';
import { clauseOf } from '../code/handlers.ts';
import { opOf } from '../code/isa.ts';
import { slotCountOf } from '../code/types-layout.ts';
import type { Control, Translation } from './body.ts';
import { blockType, emitTaken, end, enterBlock, skipUnreachable, target } from './control.ts';
import { enterCatch, markDelegate, tagParams } from './protection.ts';

/** Values in canonical slots, from which the operation copies them. @spec exec-throw */
export const throw_ = (t: Translation): void => {
  const { index } = t.reader;
  t.settleAll();
  t.writer.emit(opOf.throw, t.popSettled(tagParams(t, index).length) * 2, index);
  t.writer.endStretch();
  skipUnreachable(t);
};

const throwFrom = (t: Translation, slot: number): void => {
  t.writer.emit(opOf.throw_ref, slot);
  t.writer.endStretch();
  skipUnreachable(t);
};

/** @spec exec-throw_ref */
export const throwRef = (t: Translation): void => throwFrom(t, t.slotOf(t.pop()));

/** Throws the exception that the handler at a label caught again. */
export const rethrow = (t: Translation): void => throwFrom(t, t.slotAt(target(t, t.reader.index).base));

const open = (
  t: Translation,
  kind: 'try' | 'try_table',
  clausesOf: () => ReturnType<typeof clauseOf>[],
): Control => {
  const type = blockType(t);
  t.settleAll();
  const clauses = clausesOf();
  return {
    kind,
    label: t.writer.newLabel(),
    elseLabel: -1,
    base: enterBlock(t, type),
    type,
    isReferenced: false,
    protection: { handler: t.handlers.begin(t.writer.size, t.controls.length, clauses), isOpen: true },
  };
};

/** @spec exec-try_table */
export const tryTable = (t: Translation): void => {
  const { catches } = t.reader;
  t.controls.push(open(t, 'try_table', () => catches.map((clause) => placeClause(t, clause))));
};

/** Labels of the clauses are those around the construct. */
const placeClause = (t: Translation, { tag, withRef, label }: Catch): ReturnType<typeof clauseOf> => {
  const to = target(t, label);
  const isReturn = to.kind === 'func';
  to.isReferenced = true;
  if (isReturn && t.returnLabel < 0) t.returnLabel = t.writer.newLabel();
  // Results of the function go straight to where its caller expects them.
  const slot = isReturn ? 0 : t.slotAt(to.base);
  const values = tag === null ? [] : tagParams(t, tag);
  const refSlot = withRef ? slot + slotCountOf(values) : -1;
  return clauseOf(tag ?? -1, slot, refSlot, isReturn ? t.returnLabel : to.label);
};

/** After the last instruction: the target of handlers that return from the function. */
export const finishHandlers = (t: Translation): void => {
  if (t.returnLabel < 0) return;
  t.writer.separate();
  t.writer.bind(t.returnLabel);
  t.writer.emit(opOf.return_none);
  t.writer.endStretch();
};

export const try_ = (t: Translation): void => {
  t.controls.push(open(t, 'try', () => []));
};

/** At the end of the body of a `try`, or of one of its handlers, in reachable code. */
export const catch_ = (t: Translation): void => {
  t.settleAll();
  emitTaken(t, target(t, 0));
  t.writer.endStretch();
  enterCatch(t);
};

/** Ends a `try` without handlers: those of another construct apply. */
export const delegate = (t: Translation): void => {
  markDelegate(t);
  end(t);
};
