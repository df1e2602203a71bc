/** The interface that the worker needs from an engine. */
import type { Preparation } from '../prepared.ts';

/** A loaded program; results of runs are comparable between engines. */
export interface LoadedWorkload {
  /** Does this many units of work; the result is a checksum or the output of the program. */
  run(units: number): string;
  /** A checksum of the memory at the end. */
  state?(): string;
}

export interface BenchEngine {
  /** Loads a module that exports `run`. */
  loadMicro(bytes: Uint8Array): LoadedWorkload;
  /** Loads a module that is prepared once and then runs. Absent if an engine cannot. */
  loadPrepared?(bytes: Uint8Array, preparation: Preparation): LoadedWorkload;
  /** Loads a WASI command; each run is a new instance. Absent if an engine cannot. */
  loadProgram?(bytes: Uint8Array): LoadedWorkload;
}

export const engineNames = ['quern', 'quern-compiled', 'native', 'polywasm', 'wasm2js', 'sketch'] as const;
export type EngineName = (typeof engineNames)[number];
