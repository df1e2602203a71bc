/**
 * Module instances, on which the code of a module runs, and functions: each refers to the other.
 * @spec syntax-moduleinst
 */

import { type DefType, type FuncType, I32 } from '../../syntax/types.ts';
import type { CodeUnit, CompiledModule, FuncCode } from '../code/compiled-module.ts';
import { slotCountOf } from '../code/types-layout.ts';
import type { GlobalInstance } from './global.ts';
import { MemoryInstance } from './memory.ts';
import type { Store } from './store.ts';
import type { TableInstance } from './table.ts';
import type { TagInstance } from './tag.ts';
import type { Ref } from './values.ts';

/**
 * What a host function knows about its caller.
 *
 * Example: see `HostResult`.
 */
export interface Caller {
  /** The instance whose code called; null if the embedder did. */
  readonly instance: ModuleInstance | null;
  /**
   * Adds to the fuel count of the running call. More than is left is owed: no further instruction runs before it is
   * paid.
   *
   * @throws UsageError for anything but a whole number that is not negative
   */
  charge(fuel: number): void;
}

/**
 * The fast form of a host function: argument i lies at `words[base + 2 * i]` (i64 and f64: low word, then high
 * word); results replace the arguments in the same way, references are in `refs[base / 2 + i]`. A promise as the
 * result pauses the call; the results are written when it has resolved.
 *
 * ```ts
 * const square: RawHostCode = (words, base, caller) => {
 *   words[base] = Math.imul(words[base] ?? 0, words[base] ?? 0);
 *   caller.charge(3);
 *   return undefined;
 * };
 * console.log(invoke(rawHostFunction({ kind: 'func', params: [I32], results: [I32] }, square), [7n])); // → [ 49n ]
 * ```
 */
export type RawHostCode = (
  words: Int32Array,
  base: number,
  caller: Caller,
  refs: unknown[],
) => undefined | Promise<HostWrite>;
/**
 * Writes the results of an asynchronous host function.
 *
 * ```ts
 * const answer = async (): Promise<HostWrite> => (words, base) => {
 *   words[base] = 42;
 * };
 * const execution = startExecution(rawHostFunction({ kind: 'func', params: [], results: [I32] }, answer), []);
 * console.log(execution.run(), execution.pause); // → paused host
 * const write: HostWrite | null = await execution.hostPromise;
 * if (write !== null) execution.resolveHost(write);
 * console.log(execution.run(), execution.results); // → done [ 42n ]
 * ```
 */
export type HostWrite = (words: Int32Array, base: number, refs: unknown[]) => void;

/** The code of a function: in a module, with its instance, or of the host. */
interface WasmPart {
  readonly instance: ModuleInstance;
  readonly code: FuncCode;
  readonly host: null;
}
interface HostPart {
  readonly instance: null;
  readonly code: null;
  readonly host: RawHostCode;
}

/** PERF: both kinds of functions are objects of one class, so that the loop and all calls see one hidden class. */
class FuncRecord<Part extends WasmPart | HostPart> {
  readonly kind = 'func';
  readonly type: DefType;
  readonly typeId: number;
  /** The instance of a Wasm function; null for a host function. */
  readonly instance: Part['instance'];
  readonly code: Part['code'];
  readonly host: Part['host'];
  /** Words of the arguments or the results, whichever is more. */
  readonly borderWords: number;
  /** Its code in another tier, and the number by which indirect calls there check that they may call it; see `Tier`. */
  run: ((...args: number[]) => unknown) | null = null;
  runKey = 0;
  /** For a host function: its price beyond the schedule's `hostCall`, paid before it runs. */
  readonly fuel: number;
  /** For a host function: whether its charges cover all of its time, so that the clock need not be checked after it. */
  readonly isBrief: boolean;

  constructor(type: DefType, { instance, code, host }: Part, fuel: number, isBrief: boolean) {
    this.type = type;
    this.typeId = type.id;
    this.instance = instance;
    this.code = code;
    this.host = host;
    this.fuel = fuel;
    this.isBrief = isBrief;
    this.borderWords = 2 * Math.max(slotCountOf(this.signature.params), slotCountOf(this.signature.results));
  }

  get signature(): FuncType {
    return this.type.comp as FuncType;
  }
}

/** A function of a module instance. */
export type WasmFuncInstance = FuncRecord<WasmPart>;
/** A function of the host. */
export type HostFuncInstance = FuncRecord<HostPart>;

/**
 * A function of Wasm or of the host. @spec syntax-funcinst
 *
 * ```js
 * const { exports } = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const double = exports.get('double');
 * console.log(double instanceof FuncInstance, double.signature.params.map(valTypeName)); // → true [ 'i32' ]
 * ```
 */
export type FuncInstance = WasmFuncInstance | HostFuncInstance;
/** The class of all functions. Functions are made by `instantiate`, `hostFunction` and `rawHostFunction`. */
export const FuncInstance: abstract new (...args: never[]) => FuncInstance = FuncRecord;

/** Makes a function of a module instance. @spec alloc-func */
export const allocateFunc = (type: DefType, instance: ModuleInstance, code: FuncCode): WasmFuncInstance =>
  new FuncRecord(type, { instance, code, host: null }, 0, false);

/** Makes a function of the host; see `rawHostFunction`. @spec alloc-func */
export const allocateHostFunc = (
  type: DefType,
  host: RawHostCode,
  fuel = 0,
  isBrief = false,
): HostFuncInstance => new FuncRecord(type, { instance: null, code: null, host }, fuel, isBrief);

/**
 * Anything that can be imported and exported. @spec syntax-externaddr
 *
 * Example: see `ImportResolver`.
 */
export type ExternInstance = FuncInstance | TableInstance | MemoryInstance | GlobalInstance | TagInstance;

/** Memory 0 of an instance without memories: every access is out of bounds. */
const noMemory = new MemoryInstance({
  limits: { min: 0n, max: 0n, address: I32 },
  isShared: false,
  pageSizeLog2: 16,
});

/**
 * An instance of a module, on which its code runs. Made by `instantiate`. @spec syntax-moduleinst
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
  /** Bytes of the structures and arrays that constant expressions have made, which cost no fuel. */
  constantBytes = 0;
  readonly exports: ReadonlyMap<string, ExternInstance>;

  constructor(store: Store, compiled: CompiledModule, exports: ReadonlyMap<string, ExternInstance>) {
    this.store = store;
    this.compiled = compiled;
    this.unit = store.unitOf(compiled);
    this.unit.open();
    this.globalWords = new Int32Array(this.unit.globalWordCount);
    this.globalRefs = compiled.module.globals.map(() => null);
    this.exports = exports;
  }
}
