/** Translates structures and arrays. */
import {
  type ArrayType,
  type DefType,
  I8,
  I32,
  isRef,
  refType,
  type StructType,
  unpack,
  V128,
  type ValType,
} from '../../syntax/types.ts';
import { type Op, opOf, type StopOp } from '../code/isa.ts';
import { packedShift, structLayout, wordsOf } from '../instances/aggregate.ts';
import type { Translation } from './body.ts';

const typeOf = (t: Translation): DefType => t.code.unit.module.types[t.reader.index]!;
const elementOf = (t: Translation): ValType => (typeOf(t).comp as ArrayType).element.storage;
const newRef = (type: DefType): ValType => refType(type.id, false);
/** The bits of a packed value. */
const mask = (storage: ValType): number => (storage === I8 ? 0xff : 0xffff);

/**
 * The operation of a family that moves values of a storage type. Operations on vectors have their own form: no
 * operand is packed, since the scratch slots of large frames have no room for two vectors.
 */
const byWidth = (storage: ValType, ref: Op, w32: Op, w64: Op): Op =>
  isRef(storage) ? ref : wordsOf(storage) === 1 ? w32 : w64;

export const structNew = (t: Translation): void => {
  const type = typeOf(t);
  const first = 2 * t.popSettled((type.comp as StructType).fields.length);
  t.result(opOf.struct_new, newRef(type), t.reader.index, first);
};

/** The descriptor follows the fields. */
export const structNewDesc = (t: Translation): void => {
  const type = typeOf(t);
  const { fields } = type.comp as StructType;
  const first = 2 * t.popSettled(fields.length + 1);
  t.result(opOf.struct_new_desc, newRef(type), t.reader.index, first, 2 * t.slots[t.height + fields.length]!);
};

export const structNewDefaultDesc = (t: Translation): void => {
  const type = typeOf(t);
  t.simple(opOf.struct_new_default_desc, 1, newRef(type), t.reader.index);
};

export const structNewDefault = (t: Translation): void => {
  const type = typeOf(t);
  t.result(opOf.struct_new_default, newRef(type), t.reader.index);
};

/** @param isUnsigned for packed fields: `struct.get_u` */
export const structGet = (t: Translation, isUnsigned: boolean): void => {
  const type = typeOf(t);
  const { storage } = (type.comp as StructType).fields[t.reader.index2]!;
  const { start } = structLayout(type).fields[t.reader.index2]!;
  const from = t.slotOf(t.pop());
  if (isUnsigned) {
    t.result(opOf.struct_get_u, I32, from, start, mask(storage));
    return;
  }
  if (storage === V128) {
    t.writer.emit(opOf.struct_get128, t.pushSlot(V128) * 2, from * 2, start);
    return;
  }
  const op = byWidth(storage, opOf.struct_get_ref, opOf.struct_get32, opOf.struct_get64);
  t.result(op, unpack(storage), from, start);
};

export const structSet = (t: Translation): void => {
  const type = typeOf(t);
  const { storage } = (type.comp as StructType).fields[t.reader.index2]!;
  const { start } = structLayout(type).fields[t.reader.index2]!;
  const value = t.slotOf(t.pop());
  const to = t.slotOf(t.pop());
  if (storage === V128) {
    t.writer.emit(opOf.struct_set128, to * 2, value * 2, start);
    return;
  }
  const op = byWidth(storage, opOf.struct_set_ref, opOf.struct_set32, opOf.struct_set64);
  t.writer.emit(op, to, value, start, packedShift(storage));
};

export const arrayNew = (t: Translation): void => {
  const type = typeOf(t);
  t.sized(opOf.array_new, 2, newRef(type), t.reader.index);
};

export const arrayNewDefault = (t: Translation): void => {
  const type = typeOf(t);
  t.sized(opOf.array_new_default, 1, newRef(type), t.reader.index);
};

export const arrayNewFixed = (t: Translation): void => {
  const type = typeOf(t);
  const count = t.reader.index2;
  const first = 2 * t.popSettled(count);
  t.result(opOf.array_new_fixed, newRef(type), t.reader.index, first, count);
};

/** `array.new_data` and `array.new_elem`. */
export const arrayNewFrom = (t: Translation, op: StopOp): void => {
  const type = typeOf(t);
  t.sized(op, 2, newRef(type), t.reader.index, t.reader.index2);
};

/** @param isUnsigned for packed elements: `array.get_u` */
export const arrayGet = (t: Translation, isUnsigned: boolean): void => {
  const storage = elementOf(t);
  if (isUnsigned) {
    t.simple(opOf.array_get_u, 2, I32, mask(storage));
    return;
  }
  if (storage === V128) {
    const index = t.slotOf(t.pop());
    const from = t.slotOf(t.pop());
    t.writer.emit(opOf.array_get128, t.pushSlot(V128) * 2, from * 2, index * 2);
    return;
  }
  const op = byWidth(storage, opOf.array_get_ref, opOf.array_get32, opOf.array_get64);
  t.simple(op, 2, unpack(storage));
};

export const arraySet = (t: Translation): void => {
  const storage = elementOf(t);
  if (storage === V128) {
    const value = t.slotOf(t.pop());
    const index = t.slotOf(t.pop());
    t.writer.emit(opOf.array_set128, t.slotOf(t.pop()) * 2, index * 2, value * 2);
    return;
  }
  const op = byWidth(storage, opOf.array_set_ref, opOf.array_set32, opOf.array_set64);
  t.simple(op, 3, null);
};

export const arrayFill = (t: Translation): void => {
  t.sized(opOf.array_fill, 4, null, t.reader.index);
};

export const arrayCopy = (t: Translation): void => {
  t.sized(opOf.array_copy, 5, null);
};

/** `array.init_data` and `array.init_elem`. */
export const arrayInit = (t: Translation, op: StopOp): void => {
  t.sized(op, 4, null, t.reader.index, t.reader.index2);
};
