/**
 * Loads and stores of numbers, by their operation on memory 0: what is read or written, and how much. The operations
 * for other memories name one by its position.
 */
import type { HotOp } from './isa.ts';

export interface LoadKind {
  readonly op: HotOp;
  readonly bytes: 1 | 2 | 4 | 8;
  /** Whether the number is extended to an i64, and how: by copies of its sign, or zeros. */
  readonly is64: boolean;
  readonly isSigned: boolean;
}
export interface StoreKind {
  readonly op: HotOp;
  readonly bytes: 1 | 2 | 4 | 8;
  /** The operation with a constant for the value. */
  readonly immediate: HotOp | null;
}

const load = (op: HotOp, bytes: LoadKind['bytes'], is64: boolean, isSigned: boolean): LoadKind => ({
  op,
  bytes,
  is64,
  isSigned,
});

/** PERF: by number, in an array, since every access looks it up. */
export const loadKinds: readonly LoadKind[] = [
  load('i32_load', 4, false, true),
  load('i32_load8_s', 1, false, true),
  load('i32_load8_u', 1, false, false),
  load('i32_load16_s', 2, false, true),
  load('i32_load16_u', 2, false, false),
  load('i64_load', 8, true, true),
  load('i64_load8_s', 1, true, true),
  load('i64_load8_u', 1, true, false),
  load('i64_load16_s', 2, true, true),
  load('i64_load16_u', 2, true, false),
  load('i64_load32_s', 4, true, true),
  load('i64_load32_u', 4, true, false),
];
export const storeKinds: readonly StoreKind[] = [
  { op: 'i32_store', bytes: 4, immediate: 'i32_store_i' },
  { op: 'i32_store8', bytes: 1, immediate: 'i32_store8_i' },
  { op: 'i32_store16', bytes: 2, immediate: 'i32_store16_i' },
  { op: 'i64_store', bytes: 8, immediate: null },
];
