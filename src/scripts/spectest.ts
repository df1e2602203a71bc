/**
 * The host module `spectest` that scripts import from: typed functions that do nothing, constants, a table and
 * a memory. One instance serves a whole script and keeps what the modules write to it.
 */
import {
  F32,
  F64,
  FUNCREF,
  I32,
  I64,
  type MemoryType,
  type TableType,
  type ValType,
} from '../syntax/types.ts';

/** How one engine makes the things that `spectest` exports. */
interface HostFactory<Extern> {
  func(params: readonly ValType[]): Extern;
  global(type: ValType, bits: bigint): Extern;
  table(type: TableType): Extern;
  memory(type: MemoryType): Extern;
}

/** Functions by name; none has results. */
const functions: Readonly<Record<string, readonly ValType[]>> = {
  print: [],
  print_i32: [I32],
  print_i64: [I64],
  print_f32: [F32],
  print_f64: [F64],
  print_i32_f32: [I32, F32],
  print_f64_f64: [F64, F64],
};

/** Immutable globals: 666, 666, 666.6 and 666.6. */
const globals: Readonly<Record<string, readonly [type: ValType, bits: bigint]>> = {
  global_i32: [I32, 666n],
  global_i64: [I64, 666n],
  global_f32: [F32, 0x4426_a666n],
  global_f64: [F64, 0x4084_d4cc_cccc_cccdn],
};

const tableType = (address: ValType): TableType => ({
  limits: { min: 10n, max: 20n, address },
  element: FUNCREF,
});
const memoryType = (isShared: boolean): MemoryType => ({
  limits: { min: 1n, max: 2n, address: I32 },
  isShared,
  pageSizeLog2: 16,
});

/** A fresh `spectest`: exports by name. */
export const makeSpectest = <Extern>(factory: HostFactory<Extern>): ReadonlyMap<string, Extern> => {
  const exports = new Map<string, Extern>();
  for (const [name, params] of Object.entries(functions)) exports.set(name, factory.func(params));
  for (const [name, [type, bits]] of Object.entries(globals)) exports.set(name, factory.global(type, bits));
  exports.set('table', factory.table(tableType(I32)));
  exports.set('table64', factory.table(tableType(I64)));
  exports.set('memory', factory.memory(memoryType(false)));
  exports.set('shared_memory', factory.memory(memoryType(true)));
  return exports;
};
