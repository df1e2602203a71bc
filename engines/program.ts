/**
 * The inputs of a transcript as data: modules, inputs and scripts as one literal, which a JavaScript engine without
 * files, modules and decoders can read.
 */
import type { ScriptJson } from '../spec-tests/json-script.ts';
import type { Receipt } from '../src/index.ts';
import type { FuelSchedule } from '../src/interpreter/fuel/schedules.ts';
import type { PrecompiledModule, precompiled } from '../src/precompiled.ts';
import type { Forced } from '../test/compiler/forced-compiler.ts';
import type { VectorCall } from '../test/vectors/format.ts';

/** A plug-in and the calls that go to it in order; bytes are in base64. */
export interface PluginProgram {
  readonly id: string;
  readonly wasm: string;
  readonly useWasi: boolean;
  readonly config: Readonly<Record<string, string>>;
  readonly allowedHosts: readonly string[];
  /** Paths of the guest that lead to empty directories in memory. */
  readonly directories: readonly string[];
  readonly calls: readonly { readonly fn: string; readonly input: string }[];
  /** Fuel of the first call, in which language runtimes set themselves up, and of each further one. */
  readonly fuel: readonly [first: number, further: number];
}

/** A module without imports whose export `run` is called with 1. */
export interface RunProgram {
  readonly id: string;
  readonly wasm: string;
  readonly fuel: number;
}

/** Exports of one module that recurse endlessly, each in another way. */
export interface DeepCallsProgram {
  readonly wasm: string;
  readonly names: readonly string[];
}

/** A script of the official suite. */
export interface ScriptProgram {
  readonly name: string;
  readonly json: ScriptJson;
  readonly bytes: string;
  /** Features beyond the default ones. */
  readonly features: readonly string[];
  readonly excused: readonly number[];
}

/** A recording with the receipts of its calls. */
export interface RecordingProgram {
  readonly id: string;
  readonly wasm: string;
  readonly recording: string;
  readonly receipts: readonly Receipt[];
}

/** Programs of `docs/fuel-vectors.json`, their modules in base64. */
export interface VectorsProgram {
  readonly schedules: readonly FuelSchedule[];
  readonly programs: readonly {
    readonly id: string;
    readonly schedule: string;
    readonly modules: readonly string[];
    readonly calls: readonly VectorCall[];
  }[];
}

/** Everything that one transcript covers. */
export interface Program {
  readonly plugins: readonly PluginProgram[];
  readonly runs: readonly RunProgram[];
  readonly deepCalls: DeepCallsProgram;
  readonly scripts: readonly ScriptProgram[];
  readonly recordings: readonly RecordingProgram[];
  readonly vectors: VectorsProgram;
  /** How everything is compiled, in `driver/compiled.ts`. */
  readonly compiled: Forced | null;
}

/** Makes code of a plug-in or a module that was compiled ahead; key = its id. */
export type PrecompiledCode = Readonly<
  Record<string, ((make: typeof precompiled) => PrecompiledModule) | undefined>
>;

/** The function that the bundled script leaves on the global object. */
export type Transcribe = (
  program: Program,
  code: PrecompiledCode,
  print: (line: string) => void,
) => Promise<void>;
