/** `compiler()`: the option of a store or a plug-in that compiles what runs often to JavaScript. */
import { readOptions } from '../errors/arguments.ts';
import type { JavaScriptCompiler } from '../interpreter/code/compiled-module.ts';
import { Compiler, type CompilerOptions } from './function-compiler.ts';
import { type CutSizes, checkTarget, usualSizes } from './target.ts';
import { useTier } from './tier.ts';

/**
 * Makes a compiler: it compiles what runs often to JavaScript, and the interpreter runs the rest. Results, fuel,
 * traps, pauses and snapshots are the same with and without it; only the time differs. See `docs/compiling.md`.
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
 * The same with choices for tests.
 *
 * @param chance called at every place where code can be left; whether to leave there
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
