/**
 * The types of the namespace, after the standard's IDL. They are declared here, since only the type library of
 * browsers has them.
 */
import type { NativeErrorConstructor } from './errors.ts';
import type { ResponseLike } from './streaming.ts';

/**
 * A source of bytes.
 *
 * ```ts
 * const sources: BufferSource[] = [doubleWasm, doubleWasm.buffer, new DataView(doubleWasm.buffer)];
 * console.log(sources.map((source) => WebAssembly.validate(source))); // → [ true, true, true ]
 * ```
 */
export type BufferSource = ArrayBufferLike | ArrayBufferView;
/**
 * Kinds of imports and exports, in the standard's words.
 *
 * ```ts
 * const module = new WebAssembly.Module(doubleWasm);
 * const kinds: ImportExportKind[] = WebAssembly.Module.exports(module).map(({ kind }) => kind);
 * console.log(kinds); // → [ 'function' ]
 * ```
 */
export type ImportExportKind = 'function' | 'table' | 'memory' | 'global' | 'tag';
/**
 * Names of value types.
 *
 * Example: see `Global`.
 */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'externref' | 'anyfunc';
/**
 * Names of the types of addresses.
 *
 * Example: see `Memory`.
 */
export type AddressType = 'i32' | 'i64';
/**
 * An address or a size: a number where addresses are i32, a bigint where they are i64.
 *
 * Example: see `Memory`.
 */
export type AddressValue = number | bigint;

/**
 * What a module imports: functions, memories, tables, globals and tags by module and name.
 *
 * Example: see `Instance`.
 */
// biome-ignore lint/suspicious/noExplicitAny: functions of any signature are imports
export type ImportObject = Readonly<Record<string, Readonly<Record<string, any>>>>;
/**
 * What an instance exports: functions, memories, tables, globals and tags by name.
 *
 * Example: see `Instance`.
 */
// biome-ignore lint/suspicious/noExplicitAny: only the module knows what it exports
export type ExportsObject = Readonly<Record<string, any>>;

/**
 * Options of compiling a module.
 *
 * ```ts
 * const options: CompileOptions = { builtins: ['js-string'], importedStringConstants: 'strings' };
 * console.log(WebAssembly.validate(doubleWasm, options)); // → true
 * ```
 */
export interface CompileOptions {
  /** Sets of builtins, e.g. `js-string`. */
  readonly builtins?: Iterable<string>;
  /** The module name whose imported globals are string constants of their own names. */
  readonly importedStringConstants?: string | null;
}
/**
 * What a memory is made from; sizes in pages.
 *
 * Example: see `Memory`.
 */
export interface MemoryDescriptor {
  readonly initial: AddressValue;
  readonly maximum?: AddressValue;
  readonly address?: AddressType;
  readonly shared?: boolean;
}
/**
 * What a table is made from; sizes in elements.
 *
 * Example: see `Table`.
 */
export interface TableDescriptor {
  readonly element: 'anyfunc' | 'externref';
  readonly initial: AddressValue;
  readonly maximum?: AddressValue;
  readonly address?: AddressType;
}
/**
 * What a global is made from.
 *
 * Example: see `Global`.
 */
export interface GlobalDescriptor {
  readonly value: ValueType;
  readonly mutable?: boolean;
}

/**
 * A compiled module.
 *
 * Example: see `Instance`.
 */
// biome-ignore lint/complexity/noBannedTypes: it has no members; its class has
export type Module = {};
/**
 * An instance of a module.
 *
 * ```ts
 * const module: Module = new WebAssembly.Module(doubleWasm);
 * const imports: ImportObject = { env: { log: console.log } };
 * const instance: Instance = new WebAssembly.Instance(module, imports);
 * const exports: ExportsObject = instance.exports;
 * console.log(exports['double'](21)); // → 42
 * ```
 */
export interface Instance {
  readonly exports: ExportsObject;
}
/**
 * A linear memory.
 *
 * ```ts
 * const address: AddressType = 'i64';
 * const descriptor: MemoryDescriptor = { initial: 1n, maximum: 4n, address };
 * const memory: Memory = new WebAssembly.Memory(descriptor);
 * const before: AddressValue = memory.grow(1n);
 * console.log(before, memory.buffer.byteLength); // → 1n 131072
 * ```
 */
export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(delta: AddressValue): AddressValue;
  toFixedLengthBuffer(): ArrayBuffer;
  toResizableBuffer(): ArrayBuffer;
}
/**
 * A table of references.
 *
 * ```ts
 * const descriptor: TableDescriptor = { element: 'externref', initial: 2 };
 * const table: Table = new WebAssembly.Table(descriptor);
 * table.set(0, 'an entry');
 * console.log(table.get(0), table.length); // → an entry 2
 * ```
 */
export interface Table {
  readonly length: AddressValue;
  // biome-ignore lint/suspicious/noExplicitAny: functions or host values
  get(index: AddressValue): any;
  grow(delta: AddressValue, value?: unknown): AddressValue;
  set(index: AddressValue, value?: unknown): void;
}
/**
 * A global.
 *
 * ```ts
 * const value: ValueType = 'i64';
 * const descriptor: GlobalDescriptor = { value, mutable: true };
 * const global: Global = new WebAssembly.Global(descriptor, 5n);
 * global.value = 6n;
 * console.log(global.valueOf()); // → 6n
 * ```
 */
export interface Global {
  // biome-ignore lint/suspicious/noExplicitAny: numbers, bigints or references
  value: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  valueOf(): any;
}
/**
 * The tag of exceptions.
 *
 * Example: see `Exception`.
 */
// biome-ignore lint/complexity/noBannedTypes: it has no members
export type Tag = {};
/**
 * An exception of WebAssembly.
 *
 * ```ts
 * const tag: Tag = new WebAssembly.Tag({ parameters: ['i32'] });
 * const exception: Exception = new WebAssembly.Exception(tag, [7]);
 * console.log(exception.is(tag), exception.getArg(tag, 0)); // → true 7
 * ```
 */
export interface Exception {
  readonly stack: string | undefined;
  is(exceptionTag: Tag): boolean;
  // biome-ignore lint/suspicious/noExplicitAny: numbers, bigints or references
  getArg(exceptionTag: Tag, index: number): any;
}
/**
 * A function of JavaScript that calls wait for, as an import: a call of a `promising` function pauses until its promise
 * is settled. Other calls of it throw a `SuspendError`.
 *
 * ```ts
 * const wait: Suspending = new WebAssembly.Suspending(async (ms: number) => ms);
 * console.log(wait instanceof WebAssembly.Suspending); // → true
 * ```
 */
// biome-ignore lint/complexity/noBannedTypes: it has no members
export type Suspending = {};
/**
 * The result of instantiating bytes.
 *
 * ```ts
 * const { module, instance }: InstantiatedSource = await WebAssembly.instantiate(doubleWasm);
 * console.log(WebAssembly.Module.exports(module).length, instance.exports['double'](21)); // → 1 42
 * ```
 */
export interface InstantiatedSource {
  readonly module: Module;
  readonly instance: Instance;
}

/**
 * The namespace object.
 *
 * ```ts
 * const run = (wasm: WebAssemblyNamespace): number =>
 *   new wasm.Instance(new wasm.Module(doubleWasm)).exports['double'](21);
 * console.log(run(WebAssembly), run(createWebAssembly({ fuel: 1000 }))); // → 42 42
 * ```
 */
export interface WebAssemblyNamespace {
  readonly Module: {
    new (bytes: BufferSource, options?: CompileOptions): Module;
    readonly prototype: Module;
    exports(module: Module): { name: string; kind: ImportExportKind }[];
    imports(module: Module): { module: string; name: string; kind: ImportExportKind }[];
    customSections(module: Module, sectionName: string): ArrayBuffer[];
  };
  readonly Instance: {
    new (module: Module, importObject?: ImportObject): Instance;
    readonly prototype: Instance;
  };
  readonly Memory: { new (descriptor: MemoryDescriptor): Memory; readonly prototype: Memory };
  readonly Table: { new (descriptor: TableDescriptor, value?: unknown): Table; readonly prototype: Table };
  readonly Global: {
    new (descriptor: GlobalDescriptor, value?: unknown): Global;
    readonly prototype: Global;
  };
  readonly Tag: { new (type: { readonly parameters: Iterable<ValueType> }): Tag; readonly prototype: Tag };
  readonly Exception: {
    new (
      exceptionTag: Tag,
      payload: Iterable<unknown>,
      options?: { readonly traceStack?: boolean },
    ): Exception;
    readonly prototype: Exception;
  };
  readonly Suspending: {
    // biome-ignore lint/suspicious/noExplicitAny: functions of any signature are imports
    new (jsFun: (...args: any[]) => unknown): Suspending;
    readonly prototype: Suspending;
  };
  readonly CompileError: NativeErrorConstructor;
  readonly LinkError: NativeErrorConstructor;
  readonly RuntimeError: NativeErrorConstructor;
  /** A call would have to wait, but cannot. */
  readonly SuspendError: NativeErrorConstructor;
  /** The tag of exceptions that carry a value thrown by JavaScript. */
  readonly JSTag: Tag;

  validate(bytes: BufferSource, options?: CompileOptions): boolean;
  compile(bytes: BufferSource, options?: CompileOptions): Promise<Module>;
  instantiate(
    bytes: BufferSource,
    importObject?: ImportObject,
    options?: CompileOptions,
  ): Promise<InstantiatedSource>;
  instantiate(module: Module, importObject?: ImportObject): Promise<Instance>;
  compileStreaming(
    source: ResponseLike | PromiseLike<ResponseLike>,
    options?: CompileOptions,
  ): Promise<Module>;
  instantiateStreaming(
    source: ResponseLike | PromiseLike<ResponseLike>,
    importObject?: ImportObject,
    options?: CompileOptions,
  ): Promise<InstantiatedSource>;
  /** Makes a function that calls a function of a module, may wait for `Suspending` imports, and returns a promise. */
  // biome-ignore lint/suspicious/noExplicitAny: only the module knows what it exports
  promising(wasmFunc: (...args: any[]) => unknown): (...args: any[]) => Promise<any>;
}
