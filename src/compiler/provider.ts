/** Where generated code comes from: a compiler, code that was made before, or nobody, where calls are only counted. */
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
  /** Null where nothing is ever entered. */
  readonly source: CodeSource | null;
  readonly instances: WeakMap<ModuleInstance, CompiledInstance>;
  recordOf(code: FuncCode): FunctionRecord;
  /**
   * Goes on with the JavaScript of a function or a loop.
   *
   * @returns null for one that stays with the interpreter; undefined where it is not complete
   */
  generate(part: Part, allowance: Allowance): CompiledFunction | null | undefined;
}

export abstract class CodeProvider {
  /** How often a function is seen running before it is compiled; 0 for all, before their first calls. */
  abstract readonly threshold: number;
  /** Slices of fuel that the interpreter has used up. */
  slices = 0;
  /** For tests: asked at each boundary whether to leave. */
  abstract readonly chance: (() => boolean) | null;
  /** Whether the host lets the code run. */
  abstract readonly isAllowed: boolean;
  abstract unitOf(unit: CodeUnit): UnitCode;
  abstract mayCompile(code: FuncCode): boolean;
}
