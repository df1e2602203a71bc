/** Translates typed function references, casts and i31. */
import { type FuncType, heapOf, I32, refType, type ValType } from '../../syntax/types.ts';
import { type Op, opOf } from '../code/isa.ts';
import type { Translation } from './body.ts';
import { emitTaken, finishCall, labelTypes, movesFor, skipUnreachable, target } from './control.ts';

export const callRef = (t: Translation): void => {
  const { type, callee, base } = popCallee(t);
  finishCall(t, opOf.call_ref, type, callee, base);
};

export const returnCallRef = (t: Translation): void => {
  const { callee, base } = popCallee(t);
  t.writer.emit(opOf.return_call_ref, callee, base);
  t.writer.endStretch();
  skipUnreachable(t);
};

/** Pops a function reference and its arguments; their words in the frame. */
const popCallee = (t: Translation): { type: FuncType; callee: number; base: number } => {
  const type = t.code.unit.module.types[t.reader.index]!.comp as FuncType;
  t.settleAll();
  if (t.isCareful) t.writer.emit(opOf.stash);
  const callee = t.slots[t.pop()]! * 2;
  return { type, callee, base: t.popSettled(type.params.length) * 2 };
};

const nonNull = (type: ValType): ValType => refType(heapOf(type), false);

export const asNonNull = (t: Translation): void => {
  t.simple(opOf.ref_as_non_null, 1, nonNull(t.types[t.height - 1]!));
};

/** The type on top changes; the reference stays where it is. @spec exec-any.convert_extern */
export const convert = (t: Translation, heap: number): void => {
  t.types[t.height - 1] = refType(heap, true);
};

/**
 * Branches with the reference on top: either the label takes it, or a taken branch drops it.
 *
 * @param b the operands of the operations after the reference
 */
const branchOnReference = (
  t: Translation,
  taken: Op,
  notTaken: Op,
  labelTakesIt: boolean,
  b = 0,
  c = 0,
): void => {
  const control = target(t, t.reader.index);
  const h = t.height - 1;
  t.settleTop(labelTypes(control).length + (labelTakesIt ? 0 : 1));
  const slot = t.slots[h]!;
  if (!labelTakesIt) t.height--;
  if (movesFor(t, control)) {
    t.settleAll();
    const over = t.writer.newLabel();
    t.writer.branch(notTaken, over, slot, b, c);
    emitTaken(t, control);
    t.writer.endStretch();
    t.bind(over);
  } else {
    control.isReferenced = true;
    t.writer.branch(taken, control.label, slot, b, c);
  }
  t.height = h;
};

/** @spec exec-br_on_null */
export const brOnNull = (t: Translation): void => {
  const type = t.types[t.height - 1]!;
  branchOnReference(t, opOf.br_on_null, opOf.br_on_non_null, false);
  t.pushSlot(nonNull(type));
};

/** @spec exec-br_on_non_null */
export const brOnNonNull = (t: Translation): void => {
  branchOnReference(t, opOf.br_on_non_null, opOf.br_on_null, true);
};

/** @spec exec-br_on_cast */
export const brOnCast = (t: Translation, isOnFailure: boolean): void => {
  const { heapType, heapType2, isNullable2 } = t.reader;
  const to = refType(heapType2, isNullable2);
  const taken = isOnFailure ? opOf.br_on_cast_fail : opOf.br_on_cast;
  const notTaken = isOnFailure ? opOf.br_on_cast : opOf.br_on_cast_fail;
  branchOnReference(t, taken, notTaken, true, to);
  t.pushSlot(isOnFailure ? to : refType(heapType, true));
};

/** Custom descriptors, "New Instructions". */
export const brOnCastDescEq = (t: Translation, isOnFailure: boolean): void => {
  const { heapType, heapType2, isNullable2 } = t.reader;
  const descriptor = t.slotOf(t.pop());
  const taken = isOnFailure ? opOf.br_on_cast_desc_eq_fail : opOf.br_on_cast_desc_eq;
  const notTaken = isOnFailure ? opOf.br_on_cast_desc_eq : opOf.br_on_cast_desc_eq_fail;
  branchOnReference(t, taken, notTaken, true, descriptor, isNullable2 ? 1 : 0);
  t.pushSlot(refType(isOnFailure ? heapType2 : heapType, true));
};

export const refGetDesc = (t: Translation): void => {
  const { descriptor } = t.code.unit.module.types[t.reader.index]!;
  t.simple(opOf.ref_get_desc, 1, refType(descriptor!.id, false));
};

export const refCastDescEq = (t: Translation, isNullable: boolean): void => {
  const type = refType(t.reader.heapType, isNullable);
  t.simple(opOf.ref_cast_desc_eq, 2, type, isNullable ? 1 : 0);
};

export const refTest = (t: Translation, isNullable: boolean): void => {
  t.simple(opOf.ref_test, 1, I32, refType(t.reader.heapType, isNullable));
};

export const refCast = (t: Translation, isNullable: boolean): void => {
  const type = refType(t.reader.heapType, isNullable);
  t.simple(opOf.ref_cast, 1, type, type);
};
