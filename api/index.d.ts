// Written by npm run gen:api.

export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

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

export const CAPABILITIES: Capabilities;

export type CallContext = CurrentPlugin;

export interface CallOptions {
  readonly signal?: AbortSignalLike | null | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly fuel?: number | null | undefined;
  readonly timeSliceMs?: number | null | undefined;
  readonly whenBusy?: WhenBusy | undefined;
}

export interface CallResult {
  readonly output: PluginOutput | null;
  readonly returnCode: number;
  readonly error: string | null;
  readonly fuelConsumed: number;
}

export interface Capabilities {
  readonly supportsJSPromiseInterface: boolean;
  readonly allowSharedBufferCodec: boolean;
  readonly manifestSupportsPaths: boolean;
  readonly crossOriginChecksEnforced: boolean;
  readonly fsAccess: boolean;
  readonly hasWorkerCapability: boolean;
  readonly supportsWasiPreview1: boolean;
  readonly supportsTimeouts: boolean;
  readonly extismStdoutEnvVarSet: boolean;
}

export interface Clock {
  readonly storable?: Storable<readonly [
    start: bigint,
    elapsed: bigint
  ]>;
  realtime(): bigint;
  monotonic(): bigint;
  readonly resolution: bigint;
  sleep?(nanoseconds: bigint): Sleep | undefined;
}

export interface Codec<T> {
  encode(value: T): string | Uint8Array;
  decode(bytes: PluginOutput | null): T;
}

export type CompilePlugin = (manifest: ManifestLike | PromiseLike<ManifestLike>, options?: PluginOptions) => Promise<CompiledPlugin>;

export class CompiledPlugin {
  #private;
  instantiate(options?: PluginOptions): Promise<Plugin>;
  restore(snapshot: BytesLike, options?: RestoreOptions): Promise<Plugin>;
  close(): void;
}

export type CreatePlugin = (manifest: ManifestLike | PromiseLike<ManifestLike>, options?: PluginOptions) => Promise<Plugin>;

export class CurrentPlugin {
  #private;
  alloc(size: bigint | number): bigint;
  free(address: bigint | number): void;
  store(input: string | BytesLike): bigint;
  read(address: bigint | number): PluginOutput | null;
  length(address: bigint | number): bigint;
  getVariable(name: string): PluginOutput | null;
  setVariable(name: string, value: string | BytesLike): void;
  deleteVariable(name: string): void;
  setError(error: string | Error): void;
  charge(fuel: number): void;
  hostContext<T = unknown>(): T;
  get logLevel(): LogLevel;
  set logLevel(level: LogLevel);
}

export type DescriptorKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

export interface DetailedCallOptions extends CallOptions {
  readonly hostContext?: unknown;
}

export interface DeterministicOptions {
  readonly seed?: number | bigint;
  readonly epoch?: number | Date;
}

export type ErrorCode = keyof typeof catalogue;

export interface ErrorDetails extends ErrorPosition {
  readonly detail?: string;
  readonly cause?: unknown;
  readonly backtrace?: readonly BacktraceFrame[];
  readonly feature?: string;
  readonly limit?: number;
  readonly actual?: number | string;
  readonly expected?: string;
  readonly module?: string;
  readonly name?: string;
  readonly fuelConsumed?: number;
  readonly returnCode?: number;
  readonly exitCode?: number;
  readonly path?: string;
  readonly event?: number;
  readonly exception?: object;
}

export const ExhaustionError: QuernErrorClass<'ExhaustionError'>;

export const ExitError: QuernErrorClass<'ExitError'>;

export interface ExportDescriptor {
  readonly name: string;
  readonly kind: DescriptorKind;
}

export type ExtismPluginOptions = PluginOptions;

export type FeatureKey = keyof typeof featureTable;

export type Features = ReadonlySet<FeatureKey>;

export type FetchLike = (url: string, request: any) => Promise<FetchResponse>;

export interface FetchResponse {
  readonly status: number;
  readonly headers: {
    forEach(visit: (value: string, name: string) => void): void;
  };
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface FileTree {
  begin?(now: () => bigint): void;
  readonly attributes?: AttributeMemory | undefined;
  readonly memory?: MemoryTree | undefined;
  openRoot(now: () => bigint): OpenDirectory;
}

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

export interface FunctionShape<I = unknown, O = unknown> {
  readonly input: Codec<I>;
  readonly output: Codec<O>;
}

export const HostError: QuernErrorClass<'HostError'>;

export type HostFunction = (context: CurrentPlugin, ...args: any[]) => any;

export type HostFunctions = Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;

export interface HostSignature<P extends readonly ValueKind[], R extends ValueKind | null> {
  readonly params: P;
  readonly result?: R;
}

export type HttpHeaders = readonly (readonly [
  name: string,
  value: string
])[];

export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  readonly mayGoAnywhere?: boolean;
  readonly maxBytes?: number;
  readonly cancelled: Promise<void> | null;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

export type HttpTransport = (request: HttpRequest) => Promise<HttpResponse>;

export interface ImportDescriptor extends ExportDescriptor {
  readonly module: string;
}

export const InterruptedError: QuernErrorClass<'InterruptedError'>;

export type LogLevel = keyof typeof levelNumbers;

export type LogListener = (level: MessageLevel, message: string) => void;

export interface Logger {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface Manifest {
  readonly wasm: readonly ManifestWasm[];
  readonly config?: PluginConfig | null | undefined;
  readonly memory?: MemoryOptions | null | undefined;
  readonly allowedHosts?: readonly string[] | null | undefined;
  readonly allowedPaths?: Readonly<Record<string, string>> | null | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly allowed_hosts?: readonly string[] | null | undefined;
  readonly allowed_paths?: Readonly<Record<string, string>> | null | undefined;
  readonly timeout_ms?: number | null | undefined;
}

export const ManifestError: QuernErrorClass<'ManifestError'>;

export type ManifestLike = Manifest | ResponseLike | CompiledModule | BytesLike | UrlLike | string;

export type ManifestWasm = ManifestWasmData | ManifestWasmPath | ManifestWasmUrl | ManifestWasmResponse | ManifestWasmModule;

export interface ManifestWasmData extends ManifestWasmBase {
  readonly data: BytesLike | string;
}

export interface ManifestWasmModule extends ManifestWasmBase {
  readonly module: CompiledModule;
}

export interface ManifestWasmPath extends ManifestWasmBase {
  readonly path: string;
}

export interface ManifestWasmResponse extends ManifestWasmBase {
  readonly response: ResponseLike | PromiseLike<ResponseLike>;
}

export interface ManifestWasmUrl extends ManifestWasmBase {
  readonly url: string | UrlLike;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export class MemoryFiles implements FileTree {
  #private;
  constructor(contents?: Readonly<Record<string, string | Uint8Array>>, options?: MemoryFilesOptions);
  get memory(): MemoryTree;
  openRoot(now: Now): OpenDirectory;
  readFile(path: string): Uint8Array | null;
  writeFile(path: string, data: string | BytesLike): void;
  paths(): string[];
}

export interface MemoryFilesOptions {
  readonly maxBytes?: number;
}

export interface MemoryOptions {
  readonly maxPages?: number | null | undefined;
  readonly maxHeapBytes?: number | null | undefined;
  readonly maxHttpResponseBytes?: number | null | undefined;
  readonly maxVarBytes?: number | null | undefined;
  readonly maxLogBytes?: number | null | undefined;
  readonly max_pages?: number | null | undefined;
  readonly max_heap_bytes?: number | null | undefined;
  readonly max_http_response_bytes?: number | null | undefined;
  readonly max_var_bytes?: number | null | undefined;
  readonly max_log_bytes?: number | null | undefined;
}

export type MessageLevel = Exclude<LogLevel, 'silent'>;

export type PauseReason = 'fuel' | 'slice' | 'host' | 'wait';

export interface Platform {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly logger: Logger;
  readonly readFile?: (path: string) => Promise<Uint8Array>;
  readonly baseUrl?: () => string | null;
  readonly http?: HttpTransport;
  readonly startTimer?: (milliseconds: number, onElapsed: () => void) => () => void;
  readonly openDirectory?: (path: string) => FileTree;
  readonly stdout?: (chunk: Uint8Array) => void;
  readonly stderr?: (chunk: Uint8Array) => void;
  readonly onFailure?: ((failure: PluginFailure) => void) | undefined;
  readonly wantsWasiOutput?: boolean;
}

export class Plugin {
  #private;
  private constructor();
  snapshot(): Uint8Array;
  get activeCall(): PluginCall | null;
  call(functionName: string, input?: PluginInput, hostContext?: unknown, options?: CallOptions): Promise<PluginOutput | null>;
  callDetailed(functionName: string, input?: PluginInput, options?: DetailedCallOptions): Promise<CallResult>;
  startCall(functionName: string, input?: PluginInput, options?: DetailedCallOptions): Promise<PluginCall>;
  get recording(): string;
  get receipt(): Receipt;
  functionExists(functionName: string): Promise<boolean>;
  getExports(): Promise<ExportDescriptor[]>;
  getImports(): Promise<ImportDescriptor[]>;
  getInstance(): Promise<ModuleInstance>;
  get variableNames(): string[];
  getVariable(name: string): PluginOutput | null;
  setVariable(name: string, value: string | BytesLike): void;
  deleteVariable(name: string): void;
  getConfig(key: string): string | null;
  setConfig(key: string, value: string | number | boolean | null): void;
  isActive(): boolean;
  get fuelConsumed(): number;
  reset(): Promise<boolean>;
  close(): Promise<void>;
  [Symbol.asyncDispose]: () => Promise<void>;
}

export class PluginCall {
  #private;
  readonly functionName: string;
  get status(): PluginCallStatus;
  get pause(): PauseReason | null;
  get output(): PluginOutput | null;
  get result(): CallResult | null;
  get fuelConsumed(): number;
  get fuelLeft(): number | null;
  get backtrace(): readonly BacktraceFrame[];
  run(): Promise<'done' | 'paused'>;
  addFuel(fuel: number): void;
  requestPause(): void;
  cancel(reason?: unknown): Promise<void>;
}

export type PluginCallStatus = 'ready' | 'running' | 'paused' | 'done' | 'failed';

export type PluginConfig = Readonly<Record<string, string | number | boolean>>;

export type PluginConfigLike = PluginConfig;

export const PluginError: QuernErrorClass<'PluginError'>;

export interface PluginFailure {
  readonly error: unknown;
  coredump(): Uint8Array;
  memdump(): Uint8Array;
}

export type PluginInput = string | BytesLike | null | undefined;

export interface PluginOptions {
  readonly useWasi?: boolean | undefined;
  readonly wasi?: WasiOptions | undefined;
  readonly enableWasiOutput?: boolean | undefined;
  readonly logger?: Logger | undefined;
  readonly onLog?: LogListener | undefined;
  readonly logLevel?: LogLevel | undefined;
  readonly functions?: HostFunctions | undefined;
  readonly config?: PluginConfig | undefined;
  readonly memory?: MemoryOptions | undefined;
  readonly allowedHosts?: readonly string[] | undefined;
  readonly allowedPaths?: Readonly<Record<string, string>> | undefined;
  readonly maxFileBytes?: number | null | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly timeSliceMs?: number | null | undefined;
  readonly whenBusy?: WhenBusy | undefined;
  readonly renewAfterFailure?: boolean | undefined;
  readonly onFailure?: ((failure: PluginFailure) => void) | undefined;
  readonly fetch?: FetchLike | undefined;
  readonly allowHttpResponseHeaders?: boolean | undefined;
  readonly runInWorker?: boolean | undefined;
  readonly sharedArrayBufferSize?: number | undefined;
  readonly nodeWorkerArgs?: object | undefined;
  readonly features?: Iterable<FeatureKey> | undefined;
  readonly fuel?: number | undefined;
  readonly schedule?: FuelSchedule | string | undefined;
  readonly compiler?: JavaScriptCompiler | undefined;
  readonly precompiled?: PrecompiledModule | readonly PrecompiledModule[] | undefined;
  readonly deterministic?: boolean | DeterministicOptions | undefined;
  readonly record?: boolean | RecordSink | undefined;
  readonly replay?: string | BytesLike | undefined;
}

export class PluginOutput extends DataView<ArrayBuffer> {
  #private;
  constructor(bytes: Uint8Array<ArrayBuffer>);
  text(): string;
  string(): string;
  json(): any;
  bytes(): Uint8Array<ArrayBuffer>;
  arrayBuffer(): ArrayBuffer;
}

export class PluginPool {
  #private;
  get size(): number;
  get waiting(): number;
  call(functionName: string, input?: PluginInput, hostContext?: unknown, options?: CallOptions): Promise<PluginOutput | null>;
  use<T>(work: (plugin: Plugin) => PromiseLike<T>, { signal }?: CallOptions): Promise<T>;
  close(): Promise<void>;
  [Symbol.asyncDispose]: () => Promise<void>;
}

export interface PoolOptions {
  readonly maxInstances?: number | undefined;
  readonly maxWaiting?: number | undefined;
  readonly features?: Iterable<FeatureKey> | undefined;
  readonly compiler?: JavaScriptCompiler | undefined;
  readonly precompiled?: PrecompiledModule | readonly PrecompiledModule[] | undefined;
}

export abstract class QuernError extends Error {
  readonly [brand] = true;
  abstract readonly code: ErrorCode;
  readonly advice: string;
  readonly details: ErrorDetails;
  constructor(code: ErrorCode, details: ErrorDetails, message?: string);
}

export interface RandomSource {
  readonly storable?: Storable<readonly number[]>;
  fill(bytes: Uint8Array): void;
}

export interface Receipt {
  readonly version: 1;
  readonly modules: Readonly<Record<string, string>>;
  readonly function: string;
  readonly inputHash: string;
  readonly outputHash: string | null;
  readonly returnCode: number;
  readonly error: string | null;
  readonly failure: string | null;
  readonly fuel: number;
  readonly schedule: string;
  readonly memoryHash: string;
  readonly transcriptHash: string;
}

export type RecordSink = (line: string) => void;

export const ReplayError: QuernErrorClass<'ReplayError'>;

export interface ReplayOptions extends Pick<PluginOptions, 'logger' | 'onLog' | 'wasi' | 'schedule' | 'features' | 'compiler' | 'precompiled'> {
  readonly fuel?: number | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly signal?: AbortSignalLike | null | undefined;
  readonly memory?: PluginOptions['memory'];
}

export type ReplayRecording = (manifest: ManifestLike | PromiseLike<ManifestLike>, recording: string | BytesLike, options?: ReplayOptions) => Promise<readonly ReplayedCall[]>;

export interface ReplayedCall {
  readonly functionName: string;
  readonly result: CallResult | null;
  readonly error: unknown;
  readonly receipt: Receipt;
}

export interface ResponseLike {
  readonly status?: number;
  readonly url?: string;
  readonly headers: {
    get(name: string): string | null;
  };
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface RestoreOptions extends PluginOptions {
  readonly activeCall?: Omit<DetailedCallOptions, 'whenBusy'> | undefined;
}

export type RestorePlugin = (manifest: ManifestLike | PromiseLike<ManifestLike>, snapshot: BytesLike, options?: RestoreOptions) => Promise<Plugin>;

export interface Sleep {
  readonly done: Promise<void>;
  cancel(): void;
}

export const SnapshotError: QuernErrorClass<'SnapshotError'>;

export type StreamReader = (maxBytes: number) => Uint8Array | Promise<Uint8Array>;

export const TrapError: QuernErrorClass<'TrapError'>;

export type TypedPlugin<S extends Readonly<Record<string, AnyShape>>> = {
  readonly [N in keyof S]: S[N] extends FunctionShape<infer I, infer O> ? (input: I, hostContext?: unknown, options?: CallOptions) => Promise<O> : never;
};

export const UnlinkableError: QuernErrorClass<'UnlinkableError'>;

export interface UrlLike {
  readonly href: string;
}

export const UsageError: QuernErrorClass<'UsageError'>;

export type ValueKind = keyof NumberKinds | Codec<any>;

export type VerifyReceipt = (receipt: Receipt, manifest: ManifestLike | PromiseLike<ManifestLike>, recording: string | BytesLike, options?: ReplayOptions) => Promise<ReplayedCall>;

export interface WasiOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | BytesLike | StreamReader;
  readonly stdout?: (chunk: Uint8Array) => void;
  readonly stderr?: (chunk: Uint8Array) => void;
  readonly preopens?: Readonly<Record<string, FileTree>>;
}

export type WhenBusy = 'refuse' | 'queue';

export const codecs: {
  readonly text: Codec<string>;
  readonly bytes: Codec<Uint8Array>;
  readonly nothing: Codec<void>;
  readonly json: <T>() => Codec<T>;
};

export const compileModule: (bytes: BytesLike, features?: Features) => CompiledModule;

export const compilePlugin: CompilePlugin;

export const compilePluginOn: (platform: Platform) => CompilePlugin;

export const createPlugin: CreatePlugin;

export const createPluginOn: (platform: Platform) => CreatePlugin;

export const createPool: (compiled: CompiledPlugin, options?: PoolOptions) => PluginPool;

export { createPlugin as default };

export const defineSchedule: (value: FuelSchedule | object) => FuelSchedule;

export const flat1: FuelSchedule;

export const isQuernError: (value: unknown, code?: ErrorCode) => value is QuernError;

export const newPlugin: CreatePlugin;

export const pluginFeatures: Features;

export const quern1: FuelSchedule;

export const readOnlyFiles: (tree: FileTree) => FileTree;

export const replayRecording: ReplayRecording;

export const restorePlugin: RestorePlugin;

export const restorePluginOn: (platform: Platform) => RestorePlugin;

export const typedHostFunction: <const P extends readonly ValueKind[], const R extends ValueKind | null = null>(signature: HostSignature<P, R>, implementation: (context: CurrentPlugin, ...args: ValuesOf<P>) => ResultOf<R> | PromiseLike<ResultOf<R>>) => HostFunction;

export const typedPlugin: <const S extends Readonly<Record<string, AnyShape>>>(plugin: Plugin, functions: S) => Promise<TypedPlugin<S>>;

export const verifyReceipt: VerifyReceipt;

export const wasmtime46: FuelSchedule;

// No entry exports these; the types above are made of them.

type AnyShape = FunctionShape<any, any>;

interface ManifestWasmBase {
  readonly name?: string | undefined;
  readonly hash?: string | undefined;
}

type Now = () => bigint;

type ResultOf<R> = R extends ValueKind ? ValueOf<R> : void;

type ValueOf<K> = K extends keyof NumberKinds ? NumberKinds[K] : K extends Codec<infer T> ? T : never;

type ValuesOf<P extends readonly ValueKind[]> = {
  -readonly [I in keyof P]: ValueOf<P[I]>;
};

const levelNumbers: {
  readonly trace: 0;
  readonly debug: 1;
  readonly info: 2;
  readonly warn: 3;
  readonly error: 4;
  readonly silent: 2147483647;
};
