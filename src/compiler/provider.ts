/** The source of generated code: a compiler, precompiled code, or nothing, if calls are only counted. */
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { Batch } from './batch.ts';
import type { CodeSource, CompiledInstance } from './link.ts';
import { type Pace, withJit } from './pace.ts';
import type { FunctionRecord, Part } from './part.ts';
import type { Patches } from './patches.ts';
import type { CompiledFunction } from './scope.ts';
import type { Allowance } from './steps.ts';

/** The generated code of a unit. */
export interface UnitCode {
  readonly patches: Patches;
  readonly batch: Batch;
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

export abstract class CodeProvider {
  readonly pace: Pace = withJit;

  /** How often a function is sampled before it is compiled; 0 compiles all before their first calls. */
  abstract readonly threshold: number;
  /** For tests: called at each boundary; whether to leave. */
  abstract readonly chance: (() => boolean) | null;
  /** Whether the host allows the code to run. */
  abstract readonly isAllowed: boolean;
  abstract unitOf(unit: CodeUnit): UnitCode;
  abstract mayCompile(code: FuncCode): boolean;
}
