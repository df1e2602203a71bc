/** The source of generated code: a compiler, precompiled code, or nothing, if calls are only counted. */
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { CodeSource, CompiledInstance } from './link.ts';
import type { FunctionRecord, Part } from './part.ts';
import type { Patches } from './patches.ts';
import type { CompiledFunction } from './scope.ts';
import type { Allowance } from './steps.ts';

/** The generated code of a unit. */
export interface UnitCode {
  readonly patches: Patches;
  /** Null if nothing is ever entered. */
  readonly source: CodeSource | null;
  readonly instances: WeakMap<ModuleInstance, CompiledInstance>;
  recordOf(code: FuncCode): FunctionRecord;
  /**
   * Continues generating the JavaScript of a function or a loop.
   *
   * @returns null for one that stays with the interpreter; undefined if it is not complete
   */
  generate(part: Part, allowance: Allowance): CompiledFunction | null | undefined;
}

/** When generated code is worth its price. */
export interface Pace {
  /** Samples of a function before it is compiled. */
  readonly threshold: number;
  /** Bytes of a function that cost as much as a sample; it must be sampled that often again. */
  readonly bytesPerSample: number;
  /** Samples of all functions before the first is compiled, for each of `threshold`. */
  readonly firstSamples: number;
}

/**
 * PERF: V8 takes about 100 ms of CPU time to compile the compiler itself, and the interpreter as long for the first
 * samples. Code costs 20 to 170 µs per byte before it pays off, 10 of them for generating it and the rest for V8, which
 * compiles it again whenever it first reaches a call in it (programs from npm). When a function is compiled, the
 * interpreter has run it for 250 µs per byte.
 */
export const withJit: Pace = { threshold: 4, bytesPerSample: 32, firstSamples: 64 };
/**
 * PERF: without a compiler of JavaScript, code costs 8 µs per byte and is at its full speed, five times that of the
 * interpreter, at once. The interpreter takes 30 ms for a sample.
 */
export const withoutJit: Pace = { threshold: 1, bytesPerSample: 4096, firstSamples: 8 };

export abstract class CodeProvider {
  readonly pace: Pace = withJit;

  /** How often a function is sampled before it is compiled; 0 compiles all before their first calls. */
  abstract readonly threshold: number;
  /** Slices of fuel that the interpreter has used up. */
  slices = 0;
  /** For tests: called at each boundary; whether to leave. */
  abstract readonly chance: (() => boolean) | null;
  /** Whether the host allows the code to run. */
  abstract readonly isAllowed: boolean;
  abstract unitOf(unit: CodeUnit): UnitCode;
  abstract mayCompile(code: FuncCode): boolean;
}
