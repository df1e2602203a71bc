/**
 * Entry point for code that expects the standard's JavaScript API: a namespace of that form on this engine, and a
 * factory for more of them, with limits that the API does not have.
 *
 * Importing it changes nothing outside; `quern/webassembly/auto` makes it the global one.
 */
import { createWebAssembly } from './webassembly/namespace.ts';
import type { WebAssemblyNamespace } from './webassembly/types.ts';

export type { Features } from './syntax/features.ts';
export { FuelTank } from './webassembly/budget.ts';
export type { NativeErrorConstructor } from './webassembly/errors.ts';
export type { WebAssemblyOptions } from './webassembly/realm.ts';
export type { ResponseLike } from './webassembly/streaming.ts';
export type {
  AddressType,
  AddressValue,
  BufferSource,
  CompileOptions,
  Exception,
  ExportsObject,
  Global,
  GlobalDescriptor,
  ImportExportKind,
  ImportObject,
  Instance,
  InstantiatedSource,
  Memory,
  MemoryDescriptor,
  Module,
  Suspending,
  Table,
  TableDescriptor,
  Tag,
  ValueType,
  WebAssemblyNamespace,
} from './webassembly/types.ts';
export { createWebAssembly };

/**
 * The namespace without limits.
 *
 * ```js
 * const { Instance, Module } = WebAssembly;
 * console.log(new Instance(new Module(doubleWasm)).exports.double(21)); // → 42
 * ```
 */
export const WebAssembly: WebAssemblyNamespace = createWebAssembly();
