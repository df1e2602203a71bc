// Written by npm run gen:api.

export interface BacktraceFrame {
  readonly moduleName: string;
  readonly funcIndex: number;
  readonly funcName: string;
  readonly offset: number;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export type BytesLike = ArrayBufferLike | ArrayBufferView;

export interface Caller {
  readonly instance: ModuleInstance | null;
  charge(fuel: number): void;
}

export class CompiledModule {
  readonly module: Module;
  readonly features: Features;
  constructor(module: Module, features: Features);
  get constants(): InstructionReader;
  get dataViews(): readonly Uint8Array[];
  unit(schedule: FuelSchedule, compiler?: JavaScriptCompiler | PrecompiledModule | null): CodeUnit;
  giveBack(): void;
}

export interface DefType {
  readonly id: number;
  readonly isFinal: boolean;
  readonly supertype: DefType | null;
  readonly depth: number;
  readonly comp: CompType;
  readonly descriptor: DefType | null;
  readonly describes: DefType | null;
  readonly group: RecGroup;
}

export const EXTERNREF: ValType;

export class ExceptionInstance {
  readonly kind = "exn";
  mark: number;
  readonly tag: TagInstance;
  readonly words: Int32Array;
  readonly refs: readonly unknown[];
  constructor(tag: TagInstance, words: Int32Array, refs: readonly unknown[]);
  get values(): RawValue[];
}

export class Execution {
  readonly func: FuncInstance;
  results: RawValue[];
  error: unknown;
  pause: PauseReason | null;
  private constructor();
  get fuelConsumed(): number;
  get fuelLeft(): number;
  get fuelOwed(): number;
  addFuel(fuel: number): void;
  takeFuel(): number;
  get waiter(): Waiter | null;
  endWait(): void;
  get hostPromise(): Promise<HostWrite> | null;
  resolveHost(write: HostWrite): void;
  rejectHost(error: unknown): void;
  abandon(error: unknown): void;
  run(): RunResult;
  get backtrace(): readonly BacktraceFrame[];
  get standing(): {
    readonly fuelConsumed: number;
    readonly backtrace: readonly BacktraceFrame[];
  };
}

export interface ExecutionOptions {
  readonly fuel?: number;
  readonly careful?: boolean;
  readonly onSlice?: () => boolean;
  readonly onResults?: HostWrite;
}

export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
  readonly offset: number;
}

export type ExternInstance = FuncInstance | TableInstance | MemoryInstance | GlobalInstance | TagInstance;

export type ExternKind = 'func' | 'table' | 'memory' | 'global' | 'tag';

export const F32 = -3;

export const F64 = -4;

export const FUNCREF: ValType;

export type FeatureKey = keyof typeof featureTable;

export interface FeatureRow {
  readonly version: '1.0' | '2.0' | '3.0' | 'proposal';
  readonly isExecuted: boolean;
  readonly summary: string;
}

export type Features = ReadonlySet<FeatureKey>;

export type FindHostValue = (name: string) => unknown;

export type FuelClass = 'structure' | 'simple' | 'branch' | 'call' | 'div' | 'float' | 'memory' | 'global' | 'bulk' | 'table' | 'reference' | 'allocation' | 'vector' | 'atomic' | 'wait' | 'exception' | 'unreachable' | 'return';

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

export class GlobalInstance {
  readonly kind = "global";
  readonly type: GlobalType;
  readonly hold: object | null;
  readonly words: Int32Array;
  readonly offset: number;
  readonly refs: unknown[];
  readonly refIndex: number;
  constructor(type: GlobalType, value: RawValue, words?: Int32Array, offset?: number, refs?: unknown[], refIndex?: number);
  get value(): RawValue;
  set value(value: RawValue);
}

export interface GlobalType {
  readonly type: ValType;
  readonly isMutable: boolean;
}

export type HostResult = RawValue | readonly RawValue[] | undefined;

export type HostWrite = (words: Int32Array, base: number, refs: unknown[]) => void;

export const I32 = -1;

export const I64 = -2;

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly desc: ImportType;
  readonly offset: number;
}

export type ImportResolver = (module: string, name: string, desc: ImportType) => ExternInstance | undefined;

export type ImportType = {
  readonly kind: 'func';
  readonly type: DefType;
  readonly typeIndex: number;
  readonly isExact: boolean;
} | {
  readonly kind: 'table';
  readonly type: TableType;
} | {
  readonly kind: 'memory';
  readonly type: MemoryType;
} | {
  readonly kind: 'global';
  readonly type: GlobalType;
} | {
  readonly kind: 'tag';
  readonly type: TagType;
};

export interface InstantiateOptions {
  readonly fuel?: number;
  readonly skipStart?: boolean;
}

export interface Limits {
  readonly min: bigint;
  readonly max: bigint | null;
  readonly address: ValType;
}

export class MemoryInstance {
  readonly kind = "memory";
  view: DataView;
  byteLength: number;
  readonly pageSize: number;
  onGrow: (() => void) | null;
  readonly waiters: WaiterQueue;
  readonly cells: SharedCells | null;
  constructor(type: MemoryType, budget?: PageBudget | null, given?: SharedCells | null);
  get is64(): boolean;
  get isShared(): boolean;
  get pageCount(): number;
  refresh(): boolean;
  get type(): MemoryType;
  get bytes(): Uint8Array;
  canGrow(pageCount: number): boolean;
  grow(pageCount: number): number;
  exactBuffer(): ArrayBufferLike;
}

export interface MemoryType {
  readonly limits: Limits;
  readonly isShared: boolean;
  readonly pageSizeLog2: number;
  readonly namesPageSize?: boolean;
}

export interface Module {
  readonly bytes: Uint8Array;
  readonly types: readonly DefType[];
  readonly imports: readonly Import[];
  readonly importLists: readonly ImportList[];
  readonly exports: readonly Export[];
  readonly funcs: readonly Func[];
  readonly tables: readonly Table[];
  readonly memories: readonly MemoryType[];
  readonly tags: readonly TagType[];
  readonly globals: readonly Global[];
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  readonly dataCount: number | null;
  readonly start: number | null;
  readonly customs: readonly CustomSection[];
  readonly sections: readonly SectionRange[];
  readonly importedFuncCount: number;
  readonly importedTableCount: number;
  readonly importedMemoryCount: number;
  readonly importedGlobalCount: number;
  readonly importedTagCount: number;
}

export class ModuleInstance {
  readonly store: Store;
  readonly compiled: CompiledModule;
  readonly unit: CodeUnit;
  readonly funcs: FuncInstance[];
  readonly tables: TableInstance[];
  readonly memories: MemoryInstance[];
  readonly globals: GlobalInstance[];
  readonly tags: TagInstance[];
  memory0: MemoryInstance;
  readonly globalWords: Int32Array;
  readonly globalRefs: unknown[];
  readonly elements: (readonly Ref[])[];
  data: Uint8Array[];
  constantBytes: number;
  readonly exports: ReadonlyMap<string, ExternInstance>;
  constructor(store: Store, compiled: CompiledModule, exports: ReadonlyMap<string, ExternInstance>);
}

export type NameHostValue = (value: unknown) => string | undefined;

export type PauseReason = 'fuel' | 'slice' | 'host' | 'wait';

export type RawHostCode = (words: Int32Array, base: number, caller: Caller, refs: unknown[]) => undefined | Promise<HostWrite>;

export type RawValue = bigint | Ref;

export type Ref = object | number | null;

export type RunResult = 'done' | 'trap' | 'paused';

export class ScheduledThread {
  readonly id: number;
  readonly execution: Execution;
  outcome: Exclude<RunResult, 'paused'> | null;
  carry: number;
  deadline: bigint | null;
  constructor(id: number, execution: Execution);
  get waiter(): Waiter | null;
}

export class Scheduler {
  readonly threads: ScheduledThread[];
  pause: PauseReason | null;
  fuelConsumed: number;
  constructor(options?: SchedulerOptions);
  get fuelLeft(): number;
  addFuel(fuel: number): void;
  spawn(func: FuncInstance, args?: readonly RawValue[]): ScheduledThread;
  run(): 'done' | 'paused';
  settled(): Promise<void>;
  runToEnd(): Promise<'done' | 'paused'>;
}

export interface SchedulerClock {
  monotonic(): bigint;
  sleep?(nanoseconds: bigint): {
    readonly done: Promise<void>;
  } | undefined;
}

export interface SchedulerOptions {
  readonly slice?: number;
  readonly seed?: number;
  readonly fuel?: number;
  readonly clock?: SchedulerClock;
  readonly onSlice?: () => boolean;
}

export interface SharedMemoryHandle {
  readonly buffer: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly min: bigint;
  readonly max: bigint;
  readonly is64: boolean;
  readonly pageSizeLog2: number;
}

export interface SnapshotSource {
  readonly instances: readonly ModuleInstance[];
  readonly executions?: readonly Execution[] | undefined;
  readonly nameHostValue?: NameHostValue | undefined;
}

export interface SnapshotTarget {
  readonly instances: readonly ModuleInstance[];
  readonly findHostValue?: FindHostValue | undefined;
  readonly options?: ExecutionOptions | undefined;
}

export class Store implements PageBudget, HeapBudget {
  readonly schedule: FuelSchedule;
  readonly maxCallDepth: number;
  readonly maxStackSlots: number;
  readonly maxMemoryPages: number;
  readonly maxHeapBytes: number;
  readonly sharing: 'thread' | 'workers';
  readonly canBlock: boolean;
  readonly isStrict: boolean;
  readonly compiler: JavaScriptCompiler | null;
  pagesInUse: number;
  heapBytes: number;
  settleFrom: number;
  openCalls: number;
  constructor(options?: StoreOptions);
  unitOf(compiled: CompiledModule): CodeUnit;
  take(pageCount: number): boolean;
  hasHeap(byteCount: number): boolean;
  takeHeap(byteCount: number): boolean;
}

export interface StoreOptions {
  readonly schedule?: FuelSchedule | string;
  readonly maxCallDepth?: number;
  readonly maxStackSlots?: number;
  readonly maxMemoryPages?: number;
  readonly maxHeapBytes?: number;
  readonly sharing?: 'thread' | 'workers';
  readonly canBlock?: boolean;
  readonly strictGrowth?: boolean;
  readonly compiler?: JavaScriptCompiler | undefined;
  readonly precompiled?: PrecompiledModule | readonly PrecompiledModule[] | undefined;
}

export class TableInstance {
  readonly kind = "table";
  readonly elements: Ref[];
  readonly hold: object | null;
  constructor(type: TableType, init: Ref, budget?: HeapBudget | null);
  get is64(): boolean;
  get type(): TableType;
  get heapBytes(): number;
  canGrow(count: number): boolean;
  grow(count: number, init: Ref): number;
}

export interface TableType {
  readonly limits: Limits;
  readonly element: ValType;
}

export class TagInstance {
  readonly kind = "tag";
  readonly type: TagType;
  readonly slotCount: number;
  readonly hasRefs: boolean;
  constructor(type: TagType);
  get signature(): FuncType;
}

export interface TagType {
  readonly type: DefType;
}

export const V128 = -5;

export type ValType = number;

export class Waiter {
  readonly address: number;
  readonly timeout: bigint | null;
  readonly base: number;
  readonly promise: Promise<void> | null;
  constructor(address: number, timeout: bigint | null, base: number, end: WaiterQueue | Promise<'ok' | 'timed-out'>);
  get answer(): number | null;
  wake(): void;
  timeOut(): void;
}

export const compileModule: (bytes: BytesLike, features?: Features) => CompiledModule;

export const decodeModule: (source: BytesLike) => Module;

export const defaultFeatures: Features;

export const defineSchedule: (value: FuelSchedule | object) => FuelSchedule;

export const featureTable: {
  readonly mvp: FeatureRow;
  readonly 'mutable-globals': FeatureRow;
  readonly 'sign-extension': FeatureRow;
  readonly 'saturating-float-to-int': FeatureRow;
  readonly 'multi-value': FeatureRow;
  readonly 'reference-types': FeatureRow;
  readonly 'bulk-memory': FeatureRow;
  readonly simd: FeatureRow;
  readonly 'relaxed-simd': FeatureRow;
  readonly 'extended-const': FeatureRow;
  readonly 'tail-calls': FeatureRow;
  readonly 'multi-memory': FeatureRow;
  readonly memory64: FeatureRow;
  readonly 'function-references': FeatureRow;
  readonly gc: FeatureRow;
  readonly exceptions: FeatureRow;
  readonly 'legacy-exceptions': FeatureRow;
  readonly threads: FeatureRow;
  readonly 'wide-arithmetic': FeatureRow;
  readonly 'custom-page-sizes': FeatureRow;
  readonly 'compact-imports': FeatureRow;
  readonly 'custom-descriptors': FeatureRow;
};

export const flat1: FuelSchedule;

export const funcDefType: (params: readonly ValType[], results: readonly ValType[]) => DefType;

export const hostFunction: (type: FuncType, fn: (args: RawValue[], caller: Caller) => HostResult | Promise<HostResult>) => HostFuncInstance;

export const instantiate: (store: Store, compiled: CompiledModule, resolve: ImportResolver, options?: InstantiateOptions) => ModuleInstance;

export const invoke: (func: FuncInstance, args: readonly RawValue[], options?: ExecutionOptions) => RawValue[];

export const makeException: (tag: TagInstance, values: readonly RawValue[]) => ExceptionInstance;

export const openSharedMemory: (store: Store, handle: SharedMemoryHandle) => MemoryInstance;

export const quern1: FuelSchedule;

export const rawHostFunction: (type: FuncType, code: RawHostCode, fuel?: number, isBrief?: boolean) => HostFuncInstance;

export const restoreSnapshot: (bytes: BytesLike, target: SnapshotTarget) => Execution[];

export const schedules: ReadonlyMap<string, FuelSchedule>;

export const shareMemory: (memory: MemoryInstance) => SharedMemoryHandle;

export const startExecution: (func: FuncInstance, args: readonly RawValue[] | HostWrite, options?: ExecutionOptions) => Execution;

export const takeSnapshot: (source: SnapshotSource) => Uint8Array;

export const valTypeName: (type: ValType) => string;

export const validateModule: (module: Module, features?: Features) => void;

export const wasmtime46: FuelSchedule;

// No entry exports these; the types above are made of them.

type CompType = FuncType | StructType | ArrayType;

interface HeapBudget {
  takeHeap(byteCount: number): boolean;
}

type HostFuncInstance = FuncRecord<HostPart>;

interface PageBudget {
  take(pageCount: number): boolean;
  readonly sharing?: 'thread' | 'workers';
  readonly isStrict: boolean;
}

type WasmFuncInstance = FuncRecord<WasmPart>;
