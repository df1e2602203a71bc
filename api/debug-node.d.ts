// Written by npm run gen:api.

export interface Breakpoint {
  readonly module: number;
  readonly offset: number;
}

export interface CallFrame {
  readonly instance: ModuleInstance;
  readonly funcIndex: number;
  readonly offset: number;
  readonly next: number;
}

export class DebugConnection {
  constructor(session: DebugSession, send: (text: string) => void, onEnd: (parting: Parting) => void);
  receive(chunk: string): Promise<void>;
  close(): void;
}

export interface DebugOptions {
  readonly historyBytes?: number | undefined;
  readonly breathe?: (() => Promise<void>) | undefined;
}

export interface DebugServer {
  readonly address: string;
  readonly port: number;
  readonly parted: Promise<Exclude<Parting, 'cut'>>;
  close(): void;
}

export class DebugSession {
  get instances(): readonly NamedInstance[];
  get stop(): Stop;
  get isBusy(): boolean;
  get isRepeating(): boolean;
  get execution(): Execution | null;
  get stack(): readonly CallFrame[];
  get hostFunction(): string | null;
  get position(): Position | null;
  get isOver(): boolean;
  get isInPast(): boolean;
  valuesOf(frame: CallFrame): FrameValues;
  get noHistory(): string | null;
  moduleOf(frame: CallFrame): number;
  setBreakpoint(breakpoint: Breakpoint): boolean;
  clearBreakpoint(breakpoint: Breakpoint): boolean;
  setWatch(range: WatchedRange): void;
  clearWatch(range: WatchedRange): boolean;
  interrupt(): void;
  start(): Promise<Stop>;
  continue(): Promise<Stop>;
  step(): Promise<Stop>;
  stepUntil(isThere: (position: Position) => boolean): Promise<Stop>;
  trace(options: TraceOptions): Promise<Stop>;
  stepOver(): Promise<Stop>;
  stepOut(): Promise<Stop>;
  reverseStep(): Promise<Stop>;
  reverseContinue(): Promise<Stop>;
  detach(): void;
  forgetHistory(): void;
}

export interface FrameValue {
  readonly type: ValType;
  readonly value: RawValue;
}

export interface FrameValues {
  readonly locals: readonly FrameValue[];
  readonly operands: readonly FrameValue[];
}

export interface ListenOptions {
  readonly port?: number | undefined;
  readonly address?: string | undefined;
}

export interface NamedInstance {
  readonly name: string;
  readonly instance: ModuleInstance;
}

export type Parting = 'killed' | 'detached' | 'cut';

export interface Position {
  readonly fuel: number;
  readonly depth: number;
  readonly offset: number;
  readonly hasFailed: boolean;
}

export interface Stop {
  readonly reason: StopReason;
  readonly detail: string;
  readonly watch: WatchedRange | null;
  readonly breakpoint: Breakpoint | null;
}

export type StopReason = 'begin' | 'step' | 'breakpoint' | 'watchpoint' | 'interrupt' | 'failure' | 'error' | 'fuel' | 'done';

export type TraceDetail = 'instructions' | 'calls';

export interface TraceOptions {
  readonly detail?: TraceDetail | undefined;
  readonly includes?: ((name: string) => boolean) | undefined;
  readonly onLine: (line: string) => void;
}

export interface WatchedRange {
  readonly module: number;
  readonly address: number;
  readonly length: number;
}

export const debugCall: (plugin: Plugin, call: PluginCall, options?: DebugOptions) => DebugSession;

export const debugExecution: (execution: Execution, instances: readonly NamedInstance[], options?: DebugOptions) => DebugSession;

export const listenForDebugger: (session: DebugSession, { port, address }?: ListenOptions) => Promise<DebugServer>;
