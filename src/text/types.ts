/** The grammar of types. Concrete types are indices of the module's types here. @spec text-type */

import type { ByteWriter } from '../syntax/byte-writer.ts';
import {
  exactHeap,
  type FieldType,
  type FuncType,
  type HeapType,
  heapOf,
  I32,
  I64,
  inexactHeap,
  isExactHeap,
  isNullable,
  isRef,
  refType,
  type ValType,
} from '../syntax/types.ts';
import type { Cursor } from './cursor.ts';
import { heapTypeOfKeyword, KEY, packedTypeOfKeyword, valTypeOfKeyword } from './keywords.ts';
import type { IndexSpace } from './spaces.ts';
import { ID, KEYWORD, NAT, RIGHT } from './tokens.ts';

/** Indices beyond this cannot be part of a type; no module has so many types. */
const MAX_TYPE_INDEX = 0x0fff_ffff - 64;

const typeIndex = (cursor: Cursor, types: IndexSpace): number =>
  Math.min(types.index(cursor), MAX_TYPE_INDEX);

/** @spec text-heaptype */
export const readHeapType = (cursor: Cursor, types: IndexSpace): HeapType => {
  if (cursor.kind === KEYWORD) {
    const heap = heapTypeOfKeyword[cursor.value]!;
    if (heap === 0) cursor.fail('a heap type');
    cursor.pos++;
    return heap;
  }
  if (cursor.enter(KEY.exact)) {
    const heap = exactHeap(typeIndex(cursor, types));
    cursor.leave();
    return heap;
  }
  if (cursor.kind !== NAT && cursor.kind !== ID) cursor.fail('a heap type');
  return typeIndex(cursor, types);
};

/** A value type if there is one here, otherwise 0. @spec text-valtype */
const takeValType = (cursor: Cursor, types: IndexSpace): ValType => {
  if (cursor.kind === KEYWORD) {
    const type = valTypeOfKeyword[cursor.value]!;
    if (type !== 0) cursor.pos++;
    return type;
  }
  if (!cursor.enter(KEY.ref)) return 0;
  const nullable = cursor.take(KEY.null);
  const heap = readHeapType(cursor, types);
  cursor.leave();
  return refType(heap, nullable);
};

export const readValType = (cursor: Cursor, types: IndexSpace): ValType => {
  const type = takeValType(cursor, types);
  return type === 0 ? cursor.fail('a value type') : type;
};

/** Whether a reference type begins here. */
export const isRefType = (cursor: Cursor): boolean =>
  cursor.kind === KEYWORD ? valTypeOfKeyword[cursor.value]! > 0 : cursor.isLeft(KEY.ref);

/** @spec text-reftype */
export const readRefType = (cursor: Cursor, types: IndexSpace): ValType =>
  isRefType(cursor) ? readValType(cursor, types) : cursor.fail('a reference type');

/** @spec text-fieldtype */
export const readFieldType = (cursor: Cursor, types: IndexSpace): FieldType => {
  const isMutable = cursor.enter(KEY.mut);
  const packed = cursor.kind === KEYWORD ? packedTypeOfKeyword[cursor.value]! : 0;
  if (packed !== 0) cursor.pos++;
  const storage = packed === 0 ? readValType(cursor, types) : packed;
  if (isMutable) cursor.leave();
  return { storage, isMutable };
};

/** Reads value types up to the closing parenthesis. */
const readValTypes = (cursor: Cursor, types: IndexSpace, into: ValType[]): void => {
  while (cursor.kind !== RIGHT) into.push(readValType(cursor, types));
  cursor.pos++;
};

/** Receives the identifiers of parameters. In most places they must have none. */
export interface Binder {
  count: number;
  /** Adds one, with the identifier at the cursor. */
  declare(cursor: Cursor): number;
}

/** Parameters and results. @spec text-functype */
export const readFuncType = (cursor: Cursor, types: IndexSpace, binder: Binder | null): FuncType => {
  const params: ValType[] = [];
  const results: ValType[] = [];
  while (cursor.enter(KEY.param)) {
    if (binder === null) readValTypes(cursor, types, params);
    else if (cursor.kind === ID) {
      binder.declare(cursor);
      params.push(readValType(cursor, types));
      cursor.leave();
    } else {
      const before = params.length;
      readValTypes(cursor, types, params);
      binder.count += params.length - before;
    }
  }
  while (cursor.enter(KEY.result)) readValTypes(cursor, types, results);
  if (cursor.isLeft(KEY.param)) cursor.fail('parameters before results');
  return { kind: 'func', params, results };
};

const isAddressType = (cursor: Cursor): boolean => {
  const type = cursor.kind === KEYWORD ? valTypeOfKeyword[cursor.value] : 0;
  return type === I32 || type === I64;
};

/** The address type of a memory or table, which may be omitted. @spec text-addrtype */
export const readAddressType = (cursor: Cursor): ValType => {
  if (!isAddressType(cursor)) return I32;
  return valTypeOfKeyword[cursor.tokens.values[cursor.pos++]!]!;
};

const HAS_MAX = 1;
const IS_SHARED = 2;
const IS_64 = 4;
const HAS_PAGE_SIZE = 8;

/** The result of reading limits and the words after them. */
interface LimitsText {
  flags: number;
  readonly min: readonly [lo: number, hi: number];
  readonly max: readonly [lo: number, hi: number];
}

/** @spec text-limits */
const readLimits = (cursor: Cursor, address: ValType): LimitsText => {
  const least = cursor.nat64('the minimum of the limits');
  const min = [least.lo, least.hi] as const;
  let max: readonly [number, number] = [0, 0];
  let flags = address === I64 ? IS_64 : 0;
  if (cursor.kind === NAT) {
    const most = cursor.nat64();
    max = [most.lo, most.hi];
    flags |= HAS_MAX;
  }
  return { flags, min, max };
};

const writeLimits = (out: ByteWriter, { flags, min, max }: LimitsText): void => {
  out.byte(flags);
  out.u64(...min);
  if (flags & HAS_MAX) out.u64(...max);
};

/** The exponent of a page size, -1 if there is none. */
export const readPageSize = (cursor: Cursor): number => {
  if (!cursor.enter(KEY.pagesize)) return -1;
  const { pos } = cursor;
  const { lo, hi } = cursor.nat64('a page size');
  const isPower = hi === 0 ? lo !== 0 && (lo & (lo - 1)) === 0 : lo === 0 && (hi & (hi - 1)) === 0;
  if (!isPower) cursor.failAt(pos, 'invalid custom page size', 'a power of two');
  cursor.leave();
  return hi === 0 ? 31 - Math.clz32(lo) : 63 - Math.clz32(hi);
};

/** @spec text-memtype */
export const copyMemoryType = (cursor: Cursor, out: ByteWriter, address = readAddressType(cursor)): void => {
  const limits = readLimits(cursor, address);
  if (cursor.take(KEY.shared)) limits.flags |= IS_SHARED;
  const pageSize = readPageSize(cursor);
  if (pageSize >= 0) limits.flags |= HAS_PAGE_SIZE;
  writeLimits(out, limits);
  if (pageSize >= 0) out.u32(pageSize);
};

/** Limits with both bounds, for a memory or table as large as its inline contents. */
export const writeExactLimits = (out: ByteWriter, address: ValType, size: number, pageSize = -1): void => {
  const flags = HAS_MAX | (address === I64 ? IS_64 : 0) | (pageSize >= 0 ? HAS_PAGE_SIZE : 0);
  writeLimits(out, { flags, min: [size, 0], max: [size, 0] });
  if (pageSize >= 0) out.u32(pageSize);
};

/** Writes a table type; returns its elements. @spec text-tabletype */
export const copyTableType = (
  cursor: Cursor,
  types: IndexSpace,
  out: ByteWriter,
  address = readAddressType(cursor),
): ValType => {
  const limits = readLimits(cursor, address);
  const element = readRefType(cursor, types);
  writeValType(out, element);
  writeLimits(out, limits);
  return element;
};

/** @spec text-globaltype */
export const copyGlobalType = (cursor: Cursor, types: IndexSpace, out: ByteWriter): void => {
  const isMutable = cursor.enter(KEY.mut);
  writeValType(out, readValType(cursor, types));
  if (isMutable) cursor.leave();
  out.byte(isMutable ? 1 : 0);
};

const REF = 0x64;
const REF_NULL = 0x63;
const EXACT = 0x62;

/** @spec binary-heaptype */
export const writeHeapType = (out: ByteWriter, heap: HeapType): void => {
  if (heap < 0) out.byte(heap & 0x7f);
  else if (isExactHeap(heap)) {
    out.byte(EXACT);
    out.u32(inexactHeap(heap));
  } else out.s33(heap);
};

/** @spec binary-valtype */
export const writeValType = (out: ByteWriter, type: ValType): void => {
  if (!isRef(type)) {
    out.byte(type & 0x7f);
    return;
  }
  const heap = heapOf(type);
  if (heap >= 0 || !isNullable(type)) out.byte(isNullable(type) ? REF_NULL : REF);
  writeHeapType(out, heap);
};

export const writeValTypes = (out: ByteWriter, types: readonly ValType[]): void => {
  out.u32(types.length);
  for (const type of types) writeValType(out, type);
};
