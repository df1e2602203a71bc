/** Text forms of types, as the text format writes them. */
import {
  BOT,
  F32,
  F64,
  type FuncType,
  HEAP_ANY,
  HEAP_ARRAY,
  HEAP_EQ,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_FUNC,
  HEAP_I31,
  HEAP_NOEXN,
  HEAP_NOEXTERN,
  HEAP_NOFUNC,
  HEAP_NONE,
  HEAP_STRUCT,
  type HeapType,
  heapOf,
  I8,
  I16,
  I32,
  I64,
  inexactHeap,
  isExactHeap,
  isNullable,
  V128,
  type ValType,
} from './types.ts';

const heapNames: Readonly<Record<number, string>> = {
  [HEAP_NOEXN]: 'noexn',
  [HEAP_NOFUNC]: 'nofunc',
  [HEAP_NOEXTERN]: 'noextern',
  [HEAP_NONE]: 'none',
  [HEAP_FUNC]: 'func',
  [HEAP_EXTERN]: 'extern',
  [HEAP_ANY]: 'any',
  [HEAP_EQ]: 'eq',
  [HEAP_I31]: 'i31',
  [HEAP_STRUCT]: 'struct',
  [HEAP_ARRAY]: 'array',
  [HEAP_EXN]: 'exn',
};
const numNames: Readonly<Record<number, string>> = {
  [I32]: 'i32',
  [I64]: 'i64',
  [F32]: 'f32',
  [F64]: 'f64',
  [V128]: 'v128',
  [I8]: 'i8',
  [I16]: 'i16',
  [BOT]: 'bot',
};

/** Text form of a heap type. */
export const heapTypeName = (heap: HeapType): string =>
  heapNames[heap] ?? (isExactHeap(heap) ? `(exact $${inexactHeap(heap)})` : `$${heap}`);

const shortRefNames: Readonly<Record<string, string>> = {
  none: 'nullref',
  nofunc: 'nullfuncref',
  noextern: 'nullexternref',
  noexn: 'nullexnref',
};
/**
 * Text form of a value type, e.g. `i32`, `funcref`, `(ref null 3)`.
 *
 * ```js
 * console.log(valTypeName(V128)); // → v128
 * ```
 */
export const valTypeName = (type: ValType): string => {
  if (type < 0) return numNames[type] ?? `?${type}`;
  const heap = heapTypeName(heapOf(type));
  if (heapOf(type) < 0 && isNullable(type)) return shortRefNames[heap] ?? `${heap}ref`;
  return `(ref ${isNullable(type) ? 'null ' : ''}${heap})`;
};
/** Text form of a function type, e.g. `(i64, i32) -> i64`; no result prints as `()`. */
export const funcTypeName = (type: FuncType): string => {
  const list = (ts: readonly ValType[]): string => ts.map(valTypeName).join(', ');
  return `(${list(type.params)}) -> ${type.results.length === 1 ? list(type.results) : `(${list(type.results)})`}`;
};
