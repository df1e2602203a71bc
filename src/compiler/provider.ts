/** Where generated code comes from: a compiler, code that was made before, or nobody, where calls are only counted. */
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { CodeSource, CompiledInstance } from './link.ts';
import type { Patches } from './patches.ts';
import type { CompiledFunction } from './scope.ts';

/** A loop of a body. */
export interface LoopPlace {
  /** Offset of the `loop`. */
  readonly offset: number;
  /** Offset of the first instruction in it. */
  readonly head: number;
  /** Offset of the instruction after its `end`. */
  readonly end: number;
  samples: number;
}

/** What is known of a function of a unit. */
export interface FunctionCounts {
  /** How often it was seen running. */
  samples: number;
  /** How often generated code was left since there was none for this function. */
  missed: number;
  /** Its loops, in the order of their offsets. */
  readonly loops: readonly LoopPlace[];
}

/** The generated code of a unit. */
export interface UnitCode {
  readonly patches: Patches;
  /** Null where nothing is ever entered. */
  readonly source: CodeSource | null;
  readonly instances: WeakMap<ModuleInstance, CompiledInstance>;
  recordOf(code: FuncCode): FunctionCounts;
  /** The JavaScript of a function; null for one that stays with the interpreter. */
  generate(code: FuncCode): CompiledFunction | null;
  /** The JavaScript of a loop, by itself. */
  generateLoop(code: FuncCode, loop: LoopPlace): CompiledFunction | null;
}

export abstract class CodeProvider {
  /** How often a function is seen running before it is compiled; 0 for all, before their first calls. */
  abstract readonly threshold: number;
  /** For tests: asked at each boundary whether to leave. */
  abstract readonly chance: (() => boolean) | null;
  /** Whether the host lets the code run. */
  abstract readonly isAllowed: boolean;
  abstract unitOf(unit: CodeUnit): UnitCode;
  abstract mayCompile(code: FuncCode): boolean;
}
