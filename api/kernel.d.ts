// Written by npm run gen:api.

export class BlockMemory {
  #private;
  visitedCount: number;
  grownPages: number;
  zeroedBytes: number;
  constructor(mayGrow?: GrowthGuard, maxPages?: number, isStrict?: boolean);
  get work(): readonly number[];
  set work([visitedCount, grownPages, zeroedBytes]: readonly number[]);
  get pageCount(): number;
  get managedLength(): number;
  get bytes(): Uint8Array;
  get isTrusted(): boolean;
  restore(pageCount: number, isTrusted: boolean, write: (bytes: Uint8Array) => void): string | null;
  readRoot(field: number): number;
  writeRoot(field: number, value: number): void;
  slice(address: number, length: number): Uint8Array<ArrayBuffer> | null;
  inArena(address: number): boolean;
  dump(): Uint8Array;
  alloc(length: number): number;
  allocEmpty(): number;
  free(address: number): boolean;
  length(address: number): number;
  isBlock(address: number): boolean;
  lengthUnsafe(address: number): number;
  loadU8(address: number): number;
  holdsU64(address: number): boolean;
  loadWord(address: number): number;
  storeWord(address: number, word: number): void;
  storeU8(address: number, value: number): void;
  reset(): void;
}

export interface FuelSchedule {
  readonly name: string;
  readonly cost: Readonly<Record<FuelClass, number>>;
  readonly entry: number;
  readonly localsPerUnit: number;
  readonly valuesPerUnit: number;
  readonly clausesPerUnit: number;
  readonly hostCall: number;
  readonly functions?: Readonly<Record<string, number>> | undefined;
  readonly hostBytesPerUnit: number;
  readonly bulkBytesPerUnit: number;
  readonly bulkElementsPerUnit: number;
  readonly fieldsPerUnit?: number | undefined;
  readonly growPage: number;
}

export type FuncInstance = WasmFuncInstance | HostFuncInstance;
export const FuncInstance: abstract new (...args: never[]) => FuncInstance;

export interface FuncType {
  readonly kind: 'func';
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

export type GrowthGuard = (pageCount: number) => boolean;

export type HostFunctionName = NamesBy<'host'>;

export const KERNEL_NAMESPACE = "extism:host/env";

export class Kernel {
  #private;
  readonly memory: BlockMemory;
  constructor(options?: KernelOptions);
  get isOutputSet(): boolean;
  restore(isOutputSet: boolean, pageCount: number, isTrusted: boolean, write: (bytes: Uint8Array) => void): string | null;
  free(address: number): void;
  get inputOffset(): number;
  get inputLength(): number;
  get outputOffset(): number;
  get outputLength(): number;
  get error(): number;
  inputSet(address: number, length: number): void;
  outputSet(address: number, length: number): void;
  errorSet(address: number): void;
  reset(): void;
  store(bytes: Uint8Array): number;
  storePresent(bytes: Uint8Array): number;
  read(address: number): Uint8Array<ArrayBuffer> | null;
  setInput(bytes: Uint8Array): boolean;
  output(): Uint8Array<ArrayBuffer> | null;
  errorMessage(): Uint8Array | null;
}

export type KernelAbiName = keyof typeof kernelAbi;

export type KernelFunctionName = NamesBy<'kernel'>;

export interface KernelFunctionRow {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly by: 'kernel' | 'host';
  readonly fuel: number;
  readonly perSize: 'blocks' | 'zeroed' | 'text' | 'key' | null;
  readonly summary: string;
}

export interface KernelOptions {
  readonly mayGrow?: GrowthGuard;
  readonly isStrict?: boolean;
}

export const USER_NAMESPACE = "extism:host/user";

export type ValType = number;

export const createKernelImports: (kernel: Kernel, schedule: FuelSchedule) => Map<string, FuncInstance>;

export const kernelAbi: {
  readonly alloc: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly free: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly length: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly length_unsafe: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly load_u8: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly load_u64: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly store_u8: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly store_u64: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly input_length: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly input_offset: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly input_load_u8: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly input_load_u64: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly input_set: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly output_set: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly output_offset: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly output_length: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly error_set: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly error_get: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly reset: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly memory_bytes: KernelFunctionRow & {
    readonly by: "kernel";
  };
  readonly config_get: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly var_get: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly var_set: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly http_request: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly http_status_code: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly http_headers: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly log_trace: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly log_debug: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly log_info: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly log_warn: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly log_error: KernelFunctionRow & {
    readonly by: "host";
  };
  readonly get_log_level: KernelFunctionRow & {
    readonly by: "host";
  };
};

export const kernelFuncType: (name: KernelAbiName) => FuncType;

export const runKernelFunction: (kernel: Kernel, name: KernelFunctionName, slots: Int32Array, base?: number) => void;

// No entry exports these; the types above are made of them.

type HostFuncInstance = FuncRecord<HostPart>;

type NamesBy<B extends 'kernel' | 'host'> = {
  [K in KernelAbiName]: (typeof kernelAbi)[K]['by'] extends B ? K : never;
}[KernelAbiName];

type WasmFuncInstance = FuncRecord<WasmPart>;
