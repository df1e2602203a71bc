/**
 * Typing of structures, arrays and i31 references (spec chapter Validation/Instructions, "Aggregate
 * Instructions").
 */
import {
  type ArrayType,
  exactHeap,
  type FieldType,
  HEAP_ARRAY,
  HEAP_I31,
  I32,
  isNumOrVec,
  isPacked,
  refType,
  type StructType,
  unpack,
  type ValType,
} from '../syntax/types.ts';
import { unknownIndex } from './context.ts';
import { isDefaultable } from './locals.ts';
import type { BodyState } from './stacks.ts';
import { checkData, elementAt } from './variable-rules.ts';

/** The type of references to values of the type at an index, or of a subtype. */
const typeRef = (s: BodyState, index: number): ValType => refType(s.context.module.types[index]!.id, true);
/**
 * The type of a reference to a new value of the type at an index. It is exact with or without custom descriptors: the
 * difference is visible only to a type that is declared as exact.
 */
const newRef = (s: BodyState, index: number): ValType =>
  refType(exactHeap(s.context.module.types[index]!.id), false);

const structAt = (s: BodyState): StructType => {
  const { index } = s.reader;
  const comp = s.context.module.types[index]?.comp;
  if (comp === undefined) unknownIndex('invalid.unknown-type', index, s.position());
  return comp.kind === 'struct' ? comp : s.fail('invalid.type', 'not a structure type');
};
const fieldAt = (s: BodyState): FieldType => {
  const { index2 } = s.reader;
  return structAt(s).fields[index2] ?? unknownIndex('invalid.unknown-field', index2, s.position());
};
const elementOf = (s: BodyState, index: number): FieldType => {
  const comp = s.context.module.types[index]?.comp;
  if (comp === undefined) unknownIndex('invalid.unknown-type', index, s.position());
  return comp.kind === 'array' ? (comp as ArrayType).element : s.fail('invalid.type', 'not an array type');
};
const mutableElement = (s: BodyState): FieldType => {
  const element = elementOf(s, s.reader.index);
  if (!element.isMutable) s.fail('invalid.immutable-array');
  return element;
};
const checkPacking = (s: BodyState, storage: ValType, wantsPacked: boolean): void => {
  if (isPacked(storage) !== wantsPacked) s.fail(wantsPacked ? 'invalid.not-packed' : 'invalid.packed');
};

/** Pops the descriptor, if the new structure has one. */
const popDescriptor = (s: BodyState, isGiven: boolean): void => {
  const { descriptor } = s.context.module.types[s.reader.index]!;
  if (descriptor === null) {
    if (isGiven) s.fail('invalid.descriptor-refused');
    return;
  }
  if (!isGiven) s.fail('invalid.descriptor-required');
  s.pop(refType(exactHeap(descriptor.id), true));
};
const newStruct = (s: BodyState, hasDescriptor: boolean): void => {
  const { fields } = structAt(s);
  popDescriptor(s, hasDescriptor);
  for (let i = fields.length - 1; i >= 0; i--) s.pop(unpack(fields[i]!.storage));
  s.push(newRef(s, s.reader.index));
};
const newDefaultStruct = (s: BodyState, hasDescriptor: boolean): void => {
  const { fields } = structAt(s);
  if (!fields.every((f) => isDefaultable(f.storage))) s.fail('invalid.not-defaultable');
  popDescriptor(s, hasDescriptor);
  s.push(newRef(s, s.reader.index));
};
/** @spec valid-struct.new */
export const struct_new = (s: BodyState): void => newStruct(s, false);
export const struct_new_desc = (s: BodyState): void => newStruct(s, true);
/** @spec valid-struct.new_default */
export const struct_new_default = (s: BodyState): void => newDefaultStruct(s, false);
export const struct_new_default_desc = (s: BodyState): void => newDefaultStruct(s, true);
const getField = (s: BodyState, wantsPacked: boolean): void => {
  const { storage } = fieldAt(s);
  checkPacking(s, storage, wantsPacked);
  s.pop(typeRef(s, s.reader.index));
  s.push(unpack(storage));
};
/** @spec valid-struct.get */
export const struct_get = (s: BodyState): void => getField(s, false);
export const struct_get_packed = (s: BodyState): void => getField(s, true);
/** @spec valid-struct.set */
export const struct_set = (s: BodyState): void => {
  const { storage, isMutable } = fieldAt(s);
  if (!isMutable) s.fail('invalid.immutable-field');
  s.pop(unpack(storage));
  s.pop(typeRef(s, s.reader.index));
};

/** @spec valid-array.new */
export const array_new = (s: BodyState): void => {
  const { storage } = elementOf(s, s.reader.index);
  s.pop(I32);
  s.pop(unpack(storage));
  s.push(newRef(s, s.reader.index));
};
/** @spec valid-array.new_default */
export const array_new_default = (s: BodyState): void => {
  const { storage } = elementOf(s, s.reader.index);
  if (!isDefaultable(storage)) s.fail('invalid.not-defaultable');
  s.pop(I32);
  s.push(newRef(s, s.reader.index));
};
/** @spec valid-array.new_fixed */
export const array_new_fixed = (s: BodyState): void => {
  const { index, index2 } = s.reader;
  const type = unpack(elementOf(s, index).storage);
  // SAFETY: the count is any u32; below a polymorphic base there is nothing left to check.
  for (let i = 0; i < index2 && !(s.isPolymorphic && s.height === s.base); i++) s.pop(type);
  s.push(newRef(s, index));
};
const checkNumeric = (s: BodyState, storage: ValType): void => {
  if (!isPacked(storage) && !isNumOrVec(storage)) s.fail('invalid.array-type');
};
const checkElements = (s: BodyState, storage: ValType): void => {
  if (!s.matches(elementAt(s, s.reader.index2), storage))
    s.fail('invalid.type', 'type of the segment does not match the array');
};
const newFromSegment = (s: BodyState): void => {
  s.pop(I32);
  s.pop(I32);
  s.push(newRef(s, s.reader.index));
};
/** @spec valid-array.new_data */
export const array_new_data = (s: BodyState): void => {
  checkNumeric(s, elementOf(s, s.reader.index).storage);
  checkData(s, s.reader.index2);
  newFromSegment(s);
};
/** @spec valid-array.new_elem */
export const array_new_elem = (s: BodyState): void => {
  checkElements(s, elementOf(s, s.reader.index).storage);
  newFromSegment(s);
};
const getElement = (s: BodyState, wantsPacked: boolean): void => {
  const { storage } = elementOf(s, s.reader.index);
  checkPacking(s, storage, wantsPacked);
  s.pop(I32);
  s.pop(typeRef(s, s.reader.index));
  s.push(unpack(storage));
};
/** @spec valid-array.get */
export const array_get = (s: BodyState): void => getElement(s, false);
export const array_get_packed = (s: BodyState): void => getElement(s, true);
/** @spec valid-array.set */
export const array_set = (s: BodyState): void => {
  const { storage } = mutableElement(s);
  s.pop(unpack(storage));
  s.pop(I32);
  s.pop(typeRef(s, s.reader.index));
};
/** @spec valid-array.fill */
export const array_fill = (s: BodyState): void => {
  const { storage } = mutableElement(s);
  s.pop(I32);
  s.pop(unpack(storage));
  s.pop(I32);
  s.pop(typeRef(s, s.reader.index));
};
/** @spec valid-array.copy */
export const array_copy = (s: BodyState): void => {
  const { index, index2 } = s.reader;
  const to = mutableElement(s).storage;
  const from = elementOf(s, index2).storage;
  if (!s.matches(from, to)) s.fail('invalid.array-mismatch');
  s.pop(I32);
  s.pop(I32);
  s.pop(typeRef(s, index2));
  s.pop(I32);
  s.pop(typeRef(s, index));
};
const initFromSegment = (s: BodyState): void => {
  s.pop(I32);
  s.pop(I32);
  s.pop(I32);
  s.pop(typeRef(s, s.reader.index));
};
/** @spec valid-array.init_data */
export const array_init_data = (s: BodyState): void => {
  checkNumeric(s, mutableElement(s).storage);
  checkData(s, s.reader.index2);
  initFromSegment(s);
};
/** @spec valid-array.init_elem */
export const array_init_elem = (s: BodyState): void => {
  checkElements(s, mutableElement(s).storage);
  initFromSegment(s);
};

/** @spec valid-array.len */
export const array_len = (s: BodyState): void => {
  s.pop(refType(HEAP_ARRAY, true));
  s.push(I32);
};

/** @spec valid-ref.i31 */
export const ref_i31 = (s: BodyState): void => {
  s.pop(I32);
  s.push(refType(HEAP_I31, false));
};
/** @spec valid-i31.get */
export const i31_get = (s: BodyState): void => {
  s.pop(refType(HEAP_I31, true));
  s.push(I32);
};
