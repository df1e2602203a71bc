/** `compiler()`: what a store or a plug-in is given so that JavaScript is generated for what runs often. */
import { readOptions } from '../errors/arguments.ts';
import type { JavaScriptCompiler } from '../interpreter/code/compiled-module.ts';
import { Compiler, type CompilerOptions } from './function-compiler.ts';
import { type CutSizes, checkTarget, usualSizes } from './target.ts';
import { useTier } from './tier.ts';

/**
 * Makes a compiler: it generates JavaScript for what runs often, and the interpreter does the rest. Results, fuel,
 * traps, pauses and snapshots are the same with it and without; only time is not. See `docs/compiling.md`.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm', { compiler: compiler() });
 * console.log((await plugin.call('greet', 'Ada')).text()); // → Hello, Ada!
 * ```
 *
 * @throws UsageError
 */
export const compiler = (options?: CompilerOptions): JavaScriptCompiler => {
  const own = readOptions(options);
  return makeCompiler(own, checkTarget(own.target) === 'jit', null);
};

/**
 * The same with what tests want to choose.
 *
 * @param chance asked at every place where code can be left whether to leave there
 * @param sizes how large functions are cut
 */
export const makeCompiler = (
  options: CompilerOptions,
  hasJit: boolean,
  chance: (() => boolean) | null,
  sizes: CutSizes = usualSizes,
): Compiler => {
  useTier();
  return new Compiler(options, hasJit, chance, sizes);
};
