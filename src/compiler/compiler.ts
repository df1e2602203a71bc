/** `compiler()`: what a store or a plug-in is given so that JavaScript is generated for what runs often. */
import { checkWholeNumber, readOptions } from '../errors/arguments.ts';
import type { CodeUnit, FuncCode, UnitCompiler } from '../interpreter/code/compiled-module.ts';
import { setTier } from '../interpreter/machine/machine.ts';
import { makeScope } from './function-constructor.ts';
import type { MakeScope } from './scope.ts';
import type { Target } from './target.ts';
import { CompilerTier } from './tier.ts';
import { CompiledUnit } from './unit.ts';

/** Options of `compiler`. */
export interface CompilerOptions {
  /**
   * How often a function must be seen running before it is compiled: the interpreter looks every 200,000 units of
   * fuel. 0 compiles everything before its first call. Default: 2.
   */
  readonly threshold?: number;
  /** Most characters of JavaScript for one module. Default: 64 Mi. */
  readonly maxBytes?: number;
}

const DEFAULT_THRESHOLD = 2;
const DEFAULT_MAX_BYTES = 2 ** 26;

/** Names of what functions share; see `scope.ts`. */
const names = {
  fuel: 'FU',
  high: 'HI',
  helperHigh: 'Q[1]',
  further: 'R',
  callee: (index: number): string => `f${index}`,
} as const;

export class Compiler implements UnitCompiler {
  readonly kind = 'compiler';
  readonly threshold: number;
  readonly chance: (() => boolean) | null;
  private readonly maxBytes: number;
  private readonly target: Target;
  private readonly units = new WeakMap<CodeUnit, CompiledUnit>();
  /** Whether the host forbids code from text. */
  private isRefused = false;

  constructor(options: CompilerOptions, hasJit: boolean, chance: (() => boolean) | null) {
    this.threshold = checkWholeNumber(options.threshold ?? DEFAULT_THRESHOLD, 'threshold');
    this.maxBytes = checkWholeNumber(options.maxBytes ?? DEFAULT_MAX_BYTES, 'maxBytes');
    this.chance = chance;
    this.target = { ...names, hasJit, chance };
  }

  unitOf(unit: CodeUnit): CompiledUnit {
    let compiled = this.units.get(unit);
    if (compiled === undefined) this.units.set(unit, (compiled = new CompiledUnit(unit, this.target)));
    return compiled;
  }

  mayCompile({ unit }: FuncCode): boolean {
    return !this.isRefused && this.unitOf(unit).textLength < this.maxBytes;
  }

  /** How scopes are made; null where the host forbids it. */
  makeScope(): MakeScope | null {
    if (this.isRefused) return null;
    try {
      makeScope([], 'return 0');
      return makeScope;
    } catch {
      this.isRefused = true;
      return null;
    }
  }
}

let tier: CompilerTier | null = null;

/**
 * Generates JavaScript for what runs often; the interpreter does the rest.
 *
 * @throws UsageError
 */
export const compiler = (options?: CompilerOptions): Compiler =>
  makeCompiler(readOptions(options), true, null);

/**
 * The same with what tests want to choose.
 *
 * @param chance asked at every place where code can be left whether to leave there
 */
export const makeCompiler = (
  options: CompilerOptions,
  hasJit: boolean,
  chance: (() => boolean) | null,
): Compiler => {
  if (tier === null) setTier((tier = new CompilerTier()));
  return new Compiler(options, hasJit, chance);
};
