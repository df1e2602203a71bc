/** `compiler()`: what a store or a plug-in is given so that JavaScript is generated for what runs often. */
import { readOptions } from '../errors/arguments.ts';
import { UsageError } from '../errors/errors.ts';
import { valueText } from '../errors/texts.ts';
import type { JavaScriptCompiler } from '../interpreter/code/compiled-module.ts';
import { setTier } from '../interpreter/machine/machine.ts';
import { Compiler, type CompilerOptions } from './function-compiler.ts';
import { type CutSizes, usualSizes } from './target.ts';
import { CompilerTier } from './tier.ts';

let tier: CompilerTier | null = null;

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
  const { target = 'jit' } = own;
  if (target !== 'jit' && target !== 'nojit')
    throw new UsageError('usage.argument', {
      detail: `target is ${valueText(target)}, not "jit" or "nojit"`,
    });
  return makeCompiler(own, target === 'jit', null);
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
  if (tier === null) setTier((tier = new CompilerTier()));
  return new Compiler(options, hasJit, chance, sizes);
};
