/** What the page and its worker say to each other: plain data, which a message can carry. */
import type { StopReason } from '../../src/debug.ts';

/** What a program is made of. */
export type Source =
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  | { readonly kind: 'wasm'; readonly name: string; readonly bytes: Uint8Array };

/** How a program is run: by the Extism host, or by the engine alone. */
export type Mode = 'plugin' | 'core';

export interface ExternInfo {
  readonly name: string;
  readonly type: string;
}

/** An exported function. */
export interface ExportedFunction extends ExternInfo {
  readonly index: number;
  /** Types of the parameters. */
  readonly params: readonly string[];
}

export interface FunctionInfo {
  readonly index: number;
  readonly name: string;
  /** Offsets of the first instruction and after the last. */
  readonly start: number;
  readonly end: number;
}

/** Where instructions stand in a text: three numbers for each, in order of the first. */
export interface TextPlaces {
  readonly offsets: Int32Array;
  readonly lines: Int32Array;
  readonly columns: Int32Array;
}

/** A program that was read and is valid. */
export interface Program {
  readonly name: string;
  readonly mode: Mode;
  readonly byteLength: number;
  readonly calls: readonly ExportedFunction[];
  readonly functions: readonly FunctionInfo[];
  /** Rows of the page's table of what the module is made of. */
  readonly facts: readonly (readonly [label: string, values: readonly string[]])[];
  readonly places: TextPlaces | null;
  /** Names of source files in the debug information. */
  readonly files: readonly string[];
  /** Whether instructions have lines, of a text or of sources. */
  readonly hasLines: boolean;
}

/** What a program may use besides its code. */
export interface Settings {
  readonly config: Readonly<Record<string, string>>;
  readonly allowedHosts: readonly string[];
  readonly maxPages: number | null;
}

export interface CallRequest {
  readonly functionName: string;
  /** Of plug-ins. */
  readonly input: Uint8Array;
  /** Of the engine alone: one text for each parameter. */
  readonly args: readonly string[];
  /** Fuel of each slice. */
  readonly fuel: number;
  readonly settings: Settings;
}

/** A line of a listing. */
export interface ListedLine {
  readonly offset: number;
  readonly depth: number;
  readonly text: string;
  /** Where debug information says that it comes from. */
  readonly source: string | null;
}

export interface ShownValue {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

export interface ShownFrame {
  readonly name: string;
  readonly funcIndex: number;
  readonly offset: number;
  readonly file: string | null;
  readonly line: number | null;
  readonly locals: readonly ShownValue[];
  readonly operands: readonly ShownValue[];
}

export interface ShownError {
  readonly message: string;
  readonly code: string | null;
  readonly advice: string | null;
  /** Of a text that is no module. */
  readonly line: number | null;
  readonly column: number | null;
  /** Of a module that is not valid. */
  readonly offset: number | null;
}

/** Why a call is paused, or its result. */
export type Standing = StopReason | 'failed';

/** A call where it is paused, or after it has ended. */
export interface CallState {
  readonly standing: Standing;
  readonly detail: string;
  readonly isOver: boolean;
  readonly fuel: number;
  readonly fuelLeft: number | null;
  readonly frames: readonly ShownFrame[];
  readonly hostFunction: string | null;
  readonly globals: readonly ShownValue[];
  readonly variables: readonly ShownValue[];
  /** Bytes of each memory. */
  readonly memories: readonly number[];
  /** Why the call cannot go back; null where it can. */
  readonly noHistory: string | null;
  readonly isInPast: boolean;
  readonly output: Uint8Array | null;
  readonly results: readonly ShownValue[] | null;
  readonly error: ShownError | null;
}

export type LogSource = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'stdout' | 'stderr' | 'host';
export interface LogLine {
  readonly source: LogSource;
  readonly text: string;
}

/** A part of a profile's tree, for drawing: functions by their position. */
export interface ProfileReport {
  readonly fuel: number;
  readonly names: readonly string[];
  readonly hosts: readonly boolean[];
  /** Self, total and calls of each function. */
  readonly numbers: readonly (readonly [self: number, total: number, calls: number])[];
  readonly calls: readonly {
    readonly caller: number;
    readonly function: number;
    readonly calls: number;
    readonly self: number;
  }[];
  /** What the call came to where it did not return. */
  readonly failure: string | null;
}

/** A snapshot with all that another page needs to resume it. */
export interface SavedCall {
  readonly format: 'quern-playground';
  readonly version: 1;
  readonly source: Source;
  readonly mode: Mode;
  readonly request: CallRequest;
  readonly log: readonly LogLine[];
  readonly snapshot: Uint8Array;
}

export type Move = 'continue' | 'step' | 'over' | 'out' | 'back' | 'runBack';

/** Questions of the page, and what answers them. */
export interface Questions {
  load: { readonly ask: { readonly source: Source; readonly mode: Mode | null }; readonly answer: Program };
  start: { readonly ask: CallRequest; readonly answer: CallState };
  move: { readonly ask: { readonly move: Move; readonly byLine: boolean }; readonly answer: CallState };
  /** Runs forwards or backwards to one of some places. */
  runTo: {
    readonly ask: { readonly offsets: readonly number[]; readonly isBack: boolean };
    readonly answer: CallState;
  };
  refill: { readonly ask: number; readonly answer: CallState };
  breakpoints: { readonly ask: readonly number[]; readonly answer: null };
  giveUp: { readonly ask: null; readonly answer: null };
  listing: { readonly ask: number; readonly answer: readonly ListedLine[] };
  /** Lines of a source file and the offsets of their first instructions. */
  lines: { readonly ask: string; readonly answer: readonly (readonly [line: number, offset: number])[] };
  memory: {
    readonly ask: { readonly memory: number; readonly address: number; readonly length: number };
    readonly answer: Uint8Array;
  };
  profile: { readonly ask: CallRequest; readonly answer: ProfileReport };
  snapshot: { readonly ask: null; readonly answer: Uint8Array };
  resume: {
    readonly ask: SavedCall;
    readonly answer: { readonly program: Program; readonly state: CallState };
  };
}
export type Question = keyof Questions;

/** What the page sends. */
export type ToWorker =
  | {
      [Q in Question]: { readonly id: number; readonly question: Q; readonly ask: Questions[Q]['ask'] };
    }[Question]
  | { readonly question: 'pause' };

/** What the worker sends. */
export type FromWorker =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: ShownError }
  | { readonly log: LogLine }
  | { readonly fuel: number };
