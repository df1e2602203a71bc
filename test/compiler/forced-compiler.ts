/**
 * Compilers for tests: everything is compiled before its first call, and is left again by chance, so that every exit
 * into the interpreter is taken sooner or later. The same seed takes the same exits.
 */
import { makeCompiler } from '../../src/compiler/compiler.ts';
import type { Compiler } from '../../src/compiler/function-compiler.ts';
import type { CutSizes } from '../../src/compiler/target.ts';
import { Random } from '../generators/random.ts';

/** How code is compiled, and how often it is left. */
export interface Forced {
  /** For hosts that compile JavaScript, or for those that interpret it; or the first, with every function cut. */
  readonly target: 'jit' | 'nojit' | 'pieces';
  /** Probability of leaving at each place where that is possible; 0 to 1. */
  readonly exits: number;
  readonly seed: number;
  /** Share of the functions, and of the loops, that never get code: others call the interpreter for them; 0 to 1. */
  readonly holes?: number;
  /** Loops alone are compiled, which the interpreter enters while it runs their functions. */
  readonly isLoopsOnly?: boolean;
}

/** As many pieces as there can be. */
const smallPieces: CutSizes = { whole: 0, most: 300, least: 40 };

/** A compiler that compiles everything. @throws Error where code from strings is not allowed: nothing would be tested */
export const forcedCompiler = (forced: Forced): Compiler => {
  const { target, exits, seed, holes = 0, isLoopsOnly = false } = forced;
  const random = new Random(seed);
  const limit = exits * 2 ** 32;
  const chance = exits === 0 ? null : (): boolean => random.bits() < limit;
  const compiler = makeCompiler(
    { threshold: 0 },
    target !== 'nojit',
    chance,
    target === 'pieces' ? smallPieces : undefined,
  );
  if (!compiler.isAllowed) throw new Error('code from strings is not allowed here');
  if (!isLoopsOnly && holes === 0) return compiler;
  const isHole = (offset: number): boolean => new Random(seed + offset).bits() < holes * 2 ** 32;
  const unitOf = compiler.unitOf.bind(compiler);
  compiler.unitOf = (unit) => {
    const compiled = unitOf(unit);
    const { generate } = Object.getPrototypeOf(compiled) as typeof compiled;
    compiled.generate = (part, allowance) => {
      const { code, loop } = part;
      const isLeft = loop === null ? isLoopsOnly || isHole(code.index) : isHole(loop.offset);
      return isLeft ? null : generate.call(compiled, part, allowance);
    };
    return compiled;
  };
  return compiler;
};
