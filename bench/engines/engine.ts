/** What the worker asks of an engine. */
import type { Preparation } from '../prepared.ts';

/** A program that is loaded; runs are comparable between engines by their results. */
export interface LoadedWorkload {
  /** Does so many units of work; the result is a checksum or what the program printed. */
  run(units: number): string;
  /** A checksum of what is left in memory. */
  state?(): string;
}

export interface BenchEngine {
  /** Loads a module that exports `run`. */
  loadMicro(bytes: Uint8Array): LoadedWorkload;
  /** Loads a module that is prepared once and then runs. Absent where an engine cannot. */
  loadPrepared?(bytes: Uint8Array, preparation: Preparation): LoadedWorkload;
  /** Loads a WASI command; each run is a new instance. Absent where an engine cannot. */
  loadProgram?(bytes: Uint8Array): LoadedWorkload;
}

export const engineNames = ['quern', 'quern-compiled', 'native', 'polywasm', 'wasm2js', 'sketch'] as const;
export type EngineName = (typeof engineNames)[number];
