/** Structures, arrays and i31 references of the reference executor, and the types of references. */
import { matchesHeapType } from '../../src/syntax/matching.ts';
import {
  type ArrayType,
  type DefType,
  exactHeap,
  type FieldType,
  HEAP_ANY,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_I31,
  HEAP_NOEXTERN,
  I8,
  I16,
  I32,
  type StructType,
  type ValType,
} from '../../src/syntax/types.ts';
import { ExceptionInstance, HostFunction, WasmFunction } from './instances.ts';
import { defaultValue, type RawValue, type Value, widthOf } from './values.ts';

/** @spec syntax-structinst */
export class StructValue {
  readonly kind = 'struct';
  readonly type: DefType;
  /** Bits as they are stored: packed fields are cut to their width. */
  readonly fields: RawValue[];
  readonly descriptor: StructValue | null;
  constructor(type: DefType, fields: RawValue[], descriptor: StructValue | null) {
    this.type = type;
    this.fields = fields;
    this.descriptor = descriptor;
  }
}
/** @spec syntax-arrayinst */
export class ArrayValue {
  readonly kind = 'array';
  readonly type: DefType;
  readonly elements: RawValue[];
  constructor(type: DefType, elements: RawValue[]) {
    this.type = type;
    this.elements = elements;
  }
}
/** An i31 reference: two of them with equal bits are the same. */
export class I31Value {
  readonly kind = 'i31';
  readonly bits: bigint;
  constructor(bits: bigint) {
    this.bits = BigInt.asUintN(31, bits);
  }
}

export const fieldsOf = (type: DefType): readonly FieldType[] => (type.comp as StructType).fields;
export const elementOf = (type: DefType): FieldType => (type.comp as ArrayType).element;

/** Number of bits of a numeric storage type. */
export const storageWidth = (storage: ValType): number =>
  storage === I8 ? 8 : storage === I16 ? 16 : widthOf(storage);

const isPacked = (storage: ValType): boolean => storage === I8 || storage === I16;
/** @spec aux-packfield */
export const pack = (storage: ValType, bits: RawValue): RawValue =>
  isPacked(storage) ? BigInt.asUintN(storageWidth(storage), bits as bigint) : bits;
/** @spec aux-unpackfield */
export const unpack = (storage: ValType, bits: RawValue, isSigned: boolean): Value => {
  if (!isPacked(storage)) return { type: storage, bits };
  const value = isSigned ? BigInt.asIntN(storageWidth(storage), bits as bigint) : (bits as bigint);
  return { type: I32, bits: BigInt.asUintN(32, value) };
};
export const defaultBits = (storage: ValType): RawValue =>
  isPacked(storage) ? 0n : defaultValue(storage).bits;

/** Whether two references are the same. @spec exec-ref.eq */
export const isSame = (a: object | null, b: object | null): boolean =>
  a instanceof I31Value && b instanceof I31Value ? a.bits === b.bits : a === b;

/** Whether a reference that is not null is of a heap type. @spec valid-ref */
export const isOfHeapType = (reference: object, heap: number): boolean => {
  // An externalised reference has the type `extern` and no other, whatever is inside.
  if (heap === HEAP_EXTERN || heap === HEAP_NOEXTERN) return heap === HEAP_EXTERN;
  if (heap === HEAP_ANY) return true;
  if (reference instanceof ExceptionInstance) return heap === HEAP_EXN;
  if (reference instanceof I31Value) return matchesHeapType(HEAP_I31, heap);
  const isTyped =
    reference instanceof StructValue ||
    reference instanceof ArrayValue ||
    reference instanceof WasmFunction ||
    reference instanceof HostFunction;
  return isTyped && matchesHeapType(exactHeap(reference.type.id), heap);
};
