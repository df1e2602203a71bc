// Written by npm run gen:api.

export type AddressType = 'i32' | 'i64';

export type AddressValue = number | bigint;

export type BufferSource = ArrayBufferLike | ArrayBufferView;

export interface CompileOptions {
  readonly builtins?: Iterable<string>;
  readonly importedStringConstants?: string | null;
}

export interface Exception {
  readonly stack: string | undefined;
  is(exceptionTag: Tag): boolean;
  getArg(exceptionTag: Tag, index: number): any;
}

export type ExportsObject = Readonly<Record<string, any>>;

export type Features = ReadonlySet<FeatureKey>;

export class FuelTank {
  constructor(amount: number);
  get left(): number;
  get consumed(): number;
  add(amount: number): void;
}

export interface Global {
  value: any;
  valueOf(): any;
}

export interface GlobalDescriptor {
  readonly value: ValueType;
  readonly mutable?: boolean;
}

export type ImportExportKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

export type ImportObject = Readonly<Record<string, Readonly<Record<string, any>>>>;

export interface Instance {
  readonly exports: ExportsObject;
}

export interface InstantiatedSource {
  readonly module: Module;
  readonly instance: Instance;
}

export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(delta: AddressValue): AddressValue;
  toFixedLengthBuffer(): ArrayBuffer;
  toResizableBuffer(): ArrayBuffer;
}

export interface MemoryDescriptor {
  readonly initial: AddressValue;
  readonly maximum?: AddressValue;
  readonly address?: AddressType;
  readonly shared?: boolean;
}

export type Module = {};

export interface NativeErrorConstructor {
  new (message?: string, options?: {
    readonly cause?: unknown;
  }): Error;
  (message?: string, options?: {
    readonly cause?: unknown;
  }): Error;
  readonly prototype: Error;
}

export interface ResponseLike {
  readonly ok: boolean;
  readonly headers: {
    get(name: string): string | null;
  };
  arrayBuffer(): Promise<ArrayBufferLike>;
}

export type Suspending = {};

export interface Table {
  readonly length: AddressValue;
  get(index: AddressValue): any;
  grow(delta: AddressValue, value?: unknown): AddressValue;
  set(index: AddressValue, value?: unknown): void;
}

export interface TableDescriptor {
  readonly element: 'anyfunc' | 'externref';
  readonly initial: AddressValue;
  readonly maximum?: AddressValue;
  readonly address?: AddressType;
}

export type Tag = {};

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'externref' | 'anyfunc';

export const WebAssembly: WebAssemblyNamespace;

export interface WebAssemblyNamespace {
  readonly Module: {
    new (bytes: BufferSource, options?: CompileOptions): Module;
    readonly prototype: Module;
    exports(module: Module): {
      name: string;
      kind: ImportExportKind;
    }[];
    imports(module: Module): {
      module: string;
      name: string;
      kind: ImportExportKind;
    }[];
    customSections(module: Module, sectionName: string): ArrayBuffer[];
  };
  readonly Instance: {
    new (module: Module, importObject?: ImportObject): Instance;
    readonly prototype: Instance;
  };
  readonly Memory: {
    new (descriptor: MemoryDescriptor): Memory;
    readonly prototype: Memory;
  };
  readonly Table: {
    new (descriptor: TableDescriptor, value?: unknown): Table;
    readonly prototype: Table;
  };
  readonly Global: {
    new (descriptor: GlobalDescriptor, value?: unknown): Global;
    readonly prototype: Global;
  };
  readonly Tag: {
    new (type: {
      readonly parameters: Iterable<ValueType>;
    }): Tag;
    readonly prototype: Tag;
  };
  readonly Exception: {
    new (exceptionTag: Tag, payload: Iterable<unknown>, options?: {
      readonly traceStack?: boolean;
    }): Exception;
    readonly prototype: Exception;
  };
  readonly Suspending: {
    new (jsFun: (...args: any[]) => unknown): Suspending;
    readonly prototype: Suspending;
  };
  readonly CompileError: NativeErrorConstructor;
  readonly LinkError: NativeErrorConstructor;
  readonly RuntimeError: NativeErrorConstructor;
  readonly SuspendError: NativeErrorConstructor;
  readonly JSTag: Tag;
  validate(bytes: BufferSource, options?: CompileOptions): boolean;
  compile(bytes: BufferSource, options?: CompileOptions): Promise<Module>;
  instantiate(bytes: BufferSource, importObject?: ImportObject, options?: CompileOptions): Promise<InstantiatedSource>;
  instantiate(module: Module, importObject?: ImportObject): Promise<Instance>;
  compileStreaming(source: ResponseLike | PromiseLike<ResponseLike>, options?: CompileOptions): Promise<Module>;
  instantiateStreaming(source: ResponseLike | PromiseLike<ResponseLike>, importObject?: ImportObject, options?: CompileOptions): Promise<InstantiatedSource>;
  promising(wasmFunc: (...args: any[]) => unknown): (...args: any[]) => Promise<any>;
}

export interface WebAssemblyOptions {
  readonly features?: Iterable<FeatureKey>;
  readonly fuel?: number | FuelTank;
  readonly schedule?: NonNullable<StoreOptions['schedule']>;
  readonly maxPages?: number;
  readonly maxHeapBytes?: number;
  readonly maxCallDepth?: number;
  readonly maxStackSlots?: number;
  readonly compiler?: StoreOptions['compiler'];
  readonly precompiled?: StoreOptions['precompiled'];
}

export const createWebAssembly: (options?: WebAssemblyOptions) => WebAssemblyNamespace;
