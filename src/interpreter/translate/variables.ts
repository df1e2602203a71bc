/** Translates variables, constants, parametric instructions and single references. */
import { isRef, refType, V128, type ValType } from '../../syntax/types.ts';
import { opOf } from '../code/isa.ts';
import { is32, type Translation } from './body.ts';
import { CONSTANT, IN_SLOT } from './operand-stack.ts';
import * as vectors from './vectors.ts';

export const getLocal = (t: Translation): void => {
  t.pushLocal(t.reader.index);
};

export const setLocal = (t: Translation, keeps: boolean): void => {
  const { index } = t.reader;
  const type = t.frame.typeOf(index);
  const to = t.frame.slotOf(index);
  const producer = t.retargetable;
  const { count } = t.writer;
  const h = t.pop();
  t.settleLocal(index);
  if (t.where[h] === CONSTANT) t.writeConstant(type, to, t.valueA[h]!, t.valueB[h]!);
  else if (t.where[h] === IN_SLOT && producer >= 0 && count === t.writer.count)
    t.writer.retarget(producer, to);
  else t.move(type, to, t.slotOf(h));
  if (keeps) t.pushLocal(index);
};

export const getGlobal = (t: Translation): void => {
  const { index } = t.reader;
  const { type } = t.code.unit.module.globals[index]!.type;
  const isFar = index < t.code.unit.module.importedGlobalCount;
  if (isRef(type)) t.result(opOf.global_get_ref, type, index);
  else if (type === V128) vectors.getGlobal(t, index, isFar);
  else if (isFar) t.result(is32(type) ? opOf.global_get_far32 : opOf.global_get_far64, type, index);
  else t.result(is32(type) ? opOf.global_get32 : opOf.global_get64, type, t.code.unit.globalOffsets[index]!);
};

export const setGlobal = (t: Translation): void => {
  const { index } = t.reader;
  const { type } = t.code.unit.module.globals[index]!.type;
  const from = t.slotOf(t.pop());
  const isFar = index < t.code.unit.module.importedGlobalCount;
  if (isRef(type)) t.writer.emit(opOf.global_set_ref, from, index);
  else if (type === V128) vectors.setGlobal(t, from, index, isFar);
  else if (isFar) t.writer.emit(is32(type) ? opOf.global_set_far32 : opOf.global_set_far64, from, index);
  else
    t.writer.emit(
      is32(type) ? opOf.global_set32 : opOf.global_set64,
      from,
      t.code.unit.globalOffsets[index]!,
    );
};

export const drop = (t: Translation): void => {
  t.pop();
};

/** @param declared the type in the instruction; null without one, when both operands have the same number type */
export const select = (t: Translation, declared: ValType | null): void => {
  const condition = t.pop();
  const second = t.pop();
  const first = t.pop();
  const c = t.slotOf(condition);
  const b = t.slotOf(second);
  const a = t.slotOf(first);
  // Each operand may have a more precise type than the result.
  const type = declared ?? t.types[first]!;
  if (type === V128) {
    vectors.select(t, a, b, c);
    return;
  }
  t.result(isRef(type) ? opOf.select_ref : is32(type) ? opOf.select32 : opOf.select64, type, a, b, c);
};

export const nullReference = (t: Translation): void => {
  t.pushConstant(refType(t.reader.heapType, true), 0, 0);
};

export const functionReference = (t: Translation): void => {
  const { index } = t.reader;
  t.simple(opOf.ref_func, 0, refType(t.code.unit.module.funcs[index]!.type.id, false), index);
};

export const getElement = (t: Translation): void => {
  const { index } = t.reader;
  t.simple(opOf.table_get, 1, t.code.unit.module.tables[index]!.type.element, index);
};

export const constant = (t: Translation, type: ValType): void => {
  t.pushConstant(type, t.reader.lo, t.reader.hi);
};
