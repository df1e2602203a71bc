/** Module instances: what the code of a module runs on. @spec syntax-moduleinst */

import { I32 } from '../../syntax/types.ts';
import type { CodeUnit, CompiledModule } from '../code/compiled-module.ts';
import type { FuncInstance, Ref } from './function.ts';
import type { GlobalInstance } from './global.ts';
import { MemoryInstance } from './memory.ts';
import type { Store } from './store.ts';
import type { TableInstance } from './table.ts';
import type { TagInstance } from './tag.ts';

/**
 * What can be imported and exported. @spec syntax-externaddr
 *
 * Example: see `ImportResolver`.
 */
export type ExternInstance = FuncInstance | TableInstance | MemoryInstance | GlobalInstance | TagInstance;

/** Memory 0 of an instance that has none: every access is out of bounds. */
const noMemory = new MemoryInstance({
  limits: { min: 0n, max: 0n, address: I32 },
  isShared: false,
  pageSizeLog2: 16,
});

/**
 * An instance of a module: what its code runs on. Made by `instantiate`. @spec syntax-moduleinst
 *
 * ```ts
 * const instance: ModuleInstance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * console.log([...instance.exports.keys()]); // → [ 'double' ]
 * ```
 */
export class ModuleInstance {
  readonly store: Store;
  readonly compiled: CompiledModule;
  readonly unit: CodeUnit;
  readonly funcs: FuncInstance[] = [];
  readonly tables: TableInstance[] = [];
  readonly memories: MemoryInstance[] = [];
  readonly globals: GlobalInstance[] = [];
  readonly tags: TagInstance[] = [];
  /** The first memory, or an empty one. */
  memory0: MemoryInstance = noMemory;
  /** Values of numeric globals, at `unit.globalOffsets`; those of imported ones are unused. */
  readonly globalWords: Int32Array;
  readonly globalRefs: unknown[];
  /** Contents of element segments; empty when dropped. */
  readonly elements: (readonly Ref[])[] = [];
  /** Contents of data segments; empty when dropped. */
  data: Uint8Array[] = [];
  /** Bytes of the structures and arrays that constant expressions have made, which no fuel pays for. */
  constantBytes = 0;
  readonly exports: ReadonlyMap<string, ExternInstance>;

  constructor(store: Store, compiled: CompiledModule, exports: ReadonlyMap<string, ExternInstance>) {
    this.store = store;
    this.compiled = compiled;
    this.unit = compiled.unit(store.schedule);
    this.unit.open();
    this.globalWords = new Int32Array(this.unit.globalWordCount);
    this.globalRefs = compiled.module.globals.map(() => null);
    this.exports = exports;
  }
}
