/**
 * Values of JavaScript and of WebAssembly, each converted to the other, directly from and into a frame.
 * @spec tojsvalue, towebassemblyvalue
 *
 * DETERMINISM: a NaN of JavaScript becomes the canonical one; its payload is ignored.
 */

import { isObject } from '../errors/checks.ts';
import { FuncInstance } from '../interpreter/instances/module-instance.ts';
import { matchesRef, toI31 } from '../interpreter/instances/references.ts';
import type { Ref } from '../interpreter/instances/values.ts';
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../interpreter/numerics/floats.ts';
import { matchesHeapType } from '../syntax/matching.ts';
import { valTypeName } from '../syntax/type-names.ts';
import {
  EXNREF,
  EXTERNREF,
  F32,
  F64,
  FUNCREF,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_FUNC,
  heapOf,
  I32,
  I64,
  isNullable,
  isRef,
  slotsOf,
  V128,
  type ValType,
} from '../syntax/types.ts';
import { aggregateObject, aggregateOf, isAggregate } from './gc-objects.ts';
import { slotOf } from './slots.ts';
import { toEnum } from './web-idl.ts';

/** Makes the object of a function for JavaScript. */
type FunctionObjects = (func: FuncInstance) => object;

/** `undefined` as a reference: the engine's frames have only null for what is absent. */
const UNDEFINED = Object.freeze({ name: 'undefined' });

const scratch = new DataView(new ArrayBuffer(8));

/** Whether a type has no values that JavaScript could see. */
export const isHidden = (type: ValType): boolean =>
  type === V128 || (isRef(type) && matchesHeapType(heapOf(type), HEAP_EXN));

/** Whether a signature has values that cannot cross. */
export const hasHidden = (types: readonly ValType[]): boolean => types.some(isHidden);

/** Names of the types that JavaScript can request. @spec tovaluetype */
const valueTypes = {
  i32: I32,
  i64: I64,
  f32: F32,
  f64: F64,
  v128: V128,
  externref: EXTERNREF,
  anyfunc: FUNCREF,
  exnref: EXNREF,
} as const;
type ValueTypeName = Exclude<keyof typeof valueTypes, 'exnref'>;
const valueTypeNames = Object.keys(valueTypes).filter((name) => name !== 'exnref') as ValueTypeName[];
const tableKinds = ['anyfunc', 'externref'] as const;

/** The type of a name. @throws TypeError for an unknown one */
export const toValueType = (name: unknown, what: string): ValType =>
  valueTypes[toEnum(name, valueTypeNames, what)];

/** The element type of a table. @throws TypeError for an unknown one */
export const toTableKind = (name: unknown): ValType => valueTypes[toEnum(name, tableKinds, 'element')];

/** A reference for JavaScript. */
export const fromRef = (ref: unknown, functions: FunctionObjects): unknown => {
  if (!isObject(ref)) return ref;
  if (ref instanceof FuncInstance) return functions(ref);
  if (isAggregate(ref)) return aggregateObject(ref);
  return ref === UNDEFINED ? undefined : ref;
};

/** A host value as a reference of type any or extern. */
const hostRef = (value: unknown): Ref => {
  if (value === undefined) return UNDEFINED;
  return aggregateOf(value) ?? (value as Ref);
};

/**
 * A reference of a type.
 * @throws TypeError if the value is not of the type
 */
export const toRef = (value: unknown, type: ValType): Ref => {
  const heap = heapOf(type);
  if (value === null) {
    if (isNullable(type)) return null;
  } else if (matchesHeapType(heap, HEAP_EXTERN)) {
    if (heap === HEAP_EXTERN) return hostRef(value);
  } else if (matchesHeapType(heap, HEAP_FUNC)) {
    const func = slotOf(value, 'func');
    if (func !== undefined && matchesRef(func, type)) return func;
  } else {
    const isI31 = typeof value === 'number' && toI31(value) === value;
    // A negative zero among the i31 is zero.
    const ref = isI31 ? value + 0 : hostRef(value);
    if (matchesRef(ref, type)) return ref;
  }
  throw new TypeError(`the value is not of type ${valTypeName(type)}`);
};

/** Reads a value for JavaScript from a frame. @spec tojsvalue */
export const readJsValue = (
  type: ValType,
  words: Int32Array,
  at: number,
  refs: readonly unknown[],
  functions: FunctionObjects,
): unknown => {
  switch (type) {
    case I32:
      return words[at];
    case I64:
      return (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]! >>> 0);
    case F32:
      scratch.setInt32(0, words[at]!);
      return scratch.getFloat32(0);
    case F64:
      scratch.setInt32(0, words[at + 1]!);
      scratch.setInt32(4, words[at]!);
      return scratch.getFloat64(0);
    default:
      return fromRef(refs[at >> 1] ?? null, functions);
  }
};

/**
 * Writes a value of JavaScript into a frame. @spec towebassemblyvalue
 * @throws TypeError when the value is not one of the type, or what converting it threw
 */
export const writeJsValue = (
  type: ValType,
  value: unknown,
  words: Int32Array,
  at: number,
  refs: unknown[],
): void => {
  switch (type) {
    case I32:
      words[at] = +(value as number);
      return;
    case I64: {
      const big = BigInt.asUintN(64, value as bigint);
      words[at] = Number(big & 0xffff_ffffn);
      words[at + 1] = Number(big >> 32n);
      return;
    }
    case F32: {
      const number = +(value as number);
      scratch.setFloat32(0, number);
      words[at] = Number.isNaN(number) ? CANONICAL_NAN_32 : scratch.getInt32(0);
      return;
    }
    case F64: {
      const number = +(value as number);
      scratch.setFloat64(0, number);
      words[at] = Number.isNaN(number) ? 0 : scratch.getInt32(4);
      words[at + 1] = Number.isNaN(number) ? CANONICAL_NAN_64_HIGH : scratch.getInt32(0);
      return;
    }
    default: {
      const ref = toRef(value, type);
      while (refs.length <= at >> 1) refs.push(null);
      refs[at >> 1] = ref;
    }
  }
};

/** Reads the values of a list of types, which are consecutive. */
export const readJsValues = (
  types: readonly ValType[],
  words: Int32Array,
  base: number,
  refs: readonly unknown[],
  functions: FunctionObjects,
): unknown[] => {
  let at = base;
  return types.map((type) => {
    const value = readJsValue(type, words, at, refs, functions);
    at += 2 * slotsOf(type);
    return value;
  });
};

/** Writes the values of a list of types; missing ones are undefined. */
export const writeJsValues = (
  types: readonly ValType[],
  values: readonly unknown[],
  words: Int32Array,
  base: number,
  refs: unknown[],
): void => {
  let at = base;
  for (let i = 0; i < types.length; i++) {
    writeJsValue(types[i]!, values[i], words, at, refs);
    at += 2 * slotsOf(types[i]!);
  }
};

/** The default value of a global or table element; undefined if the type has none. @spec defaultvalue */
export const hasDefault = (type: ValType): boolean => !isRef(type) || isNullable(type);
/** The reference that stands for a missing value. */
export const defaultRef = (type: ValType): Ref => (type === EXTERNREF ? UNDEFINED : null);
