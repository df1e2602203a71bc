/** Quern as the suite runs it: with everything compiled if requested. */
import type { Engine, Metering } from '../../src/scripts/engine.ts';
import { quernEngine } from '../../src/scripts/quern-engine.ts';
import { type Forced, forcedCompiler } from '../../test/compiler/forced-compiler.ts';

export interface EngineOptions extends Metering {
  /** Run careful code only: one internal instruction per Wasm instruction. */
  readonly careful: boolean;
  /** Quern compiles everything. */
  readonly compiled?: Forced | null;
  /** Shared memories are real ones, for worker threads. */
  readonly workers?: boolean;
}

export const suiteEngine = ({ compiled, ...options }: EngineOptions): Engine =>
  quernEngine({ ...options, compiler: compiled ? forcedCompiler(compiled) : null });

/** What a turn has released continues before Node's next macrotask. */
export const settle = (): Promise<unknown> => new Promise(setImmediate);
