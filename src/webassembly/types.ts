/**
 * The types of the namespace, after the standard's IDL. They are declared here, since the library of types that
 * would have them is that of browsers.
 */
import type { NativeErrorConstructor } from './errors.ts';
import type { ResponseLike } from './streaming.ts';

/** Anything that bytes are taken from. */
export type BufferSource = ArrayBufferLike | ArrayBufferView;
/** Kinds of imports and exports, in the standard's words. */
export type ImportExportKind = 'function' | 'table' | 'memory' | 'global' | 'tag';
/** Names of value types. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'externref' | 'anyfunc';
/** Names of the types that addresses have. */
export type AddressType = 'i32' | 'i64';
/** An address or a size: a number where addresses are i32, a bigint where they are i64. */
export type AddressValue = number | bigint;

/** Objects by module and name. */
// biome-ignore lint/suspicious/noExplicitAny: functions of any signature are imports
export type ImportObject = Readonly<Record<string, Readonly<Record<string, any>>>>;
/** Functions, memories, tables, globals and tags by name. */
// biome-ignore lint/suspicious/noExplicitAny: only the module knows what it exports
export type ExportsObject = Readonly<Record<string, any>>;

/** Options of compiling a module. */
export interface CompileOptions {
  /** Sets of builtins, e.g. `js-string`. */
  readonly builtins?: Iterable<string>;
  /** The module name whose imported globals are string constants of their own names. */
  readonly importedStringConstants?: string | null;
}
/** What a memory is made from; sizes in pages. */
export interface MemoryDescriptor {
  readonly initial: AddressValue;
  readonly maximum?: AddressValue;
  readonly address?: AddressType;
  readonly shared?: boolean;
}
/** What a table is made from; sizes in elements. */
export interface TableDescriptor {
  readonly element: 'anyfunc' | 'externref';
  readonly initial: AddressValue;
  readonly maximum?: AddressValue;
  readonly address?: AddressType;
}
/** What a global is made from. */
export interface GlobalDescriptor {
  readonly value: ValueType;
  readonly mutable?: boolean;
}

/** A compiled module. */
// biome-ignore lint/complexity/noBannedTypes: it has no members; its class has
export type Module = {};
/** An instance of a module. */
export interface Instance {
  readonly exports: ExportsObject;
}
/** A linear memory. */
export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(delta: AddressValue): AddressValue;
  toFixedLengthBuffer(): ArrayBuffer;
  toResizableBuffer(): ArrayBuffer;
}
/** A table of references. */
export interface Table {
  readonly length: AddressValue;
  // biome-ignore lint/suspicious/noExplicitAny: functions or host values
  get(index: AddressValue): any;
  grow(delta: AddressValue, value?: unknown): AddressValue;
  set(index: AddressValue, value?: unknown): void;
}
/** A global. */
export interface Global {
  // biome-ignore lint/suspicious/noExplicitAny: numbers, bigints or references
  value: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  valueOf(): any;
}
/** The tag of exceptions. */
// biome-ignore lint/complexity/noBannedTypes: it has no members
export type Tag = {};
/** An exception of WebAssembly. */
export interface Exception {
  readonly stack: string | undefined;
  is(exceptionTag: Tag): boolean;
  // biome-ignore lint/suspicious/noExplicitAny: numbers, bigints or references
  getArg(exceptionTag: Tag, index: number): any;
}
/** What instantiating bytes gives. */
export interface InstantiatedSource {
  readonly module: Module;
  readonly instance: Instance;
}

/** The namespace object. */
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
  readonly CompileError: NativeErrorConstructor;
  readonly LinkError: NativeErrorConstructor;
  readonly RuntimeError: NativeErrorConstructor;
  /** The tag of exceptions that carry what JavaScript threw. */
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
}
