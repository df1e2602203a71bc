/** How code is compiled on the two sides of a snapshot. */
import type { JavaScriptCompiler } from '../../src/compile.ts';
import { type Forced, forcedCompiler } from '../compiler/forced-compiler.ts';

/** How code is compiled where a snapshot is taken, and where it is restored; null for the interpreter alone. */
export interface Sides {
  readonly taken: Forced | null;
  readonly restored: Forced | null;
}
/** The interpreter alone. */
export const interpreted: Sides = { taken: null, restored: null };

/** An option of stores and plug-ins. */
type CompilerOption = { readonly compiler?: JavaScriptCompiler };

export const compilerOption = (forced: Forced | null): CompilerOption =>
  forced === null ? {} : { compiler: forcedCompiler(forced) };

const kept = new Map<string, CompilerOption>();
/** The same with one compiler for each kind in a process: plug-ins are large, and share what is generated. */
export const keptCompilerOption = (forced: Forced | null): CompilerOption => {
  const key = `${forced?.target} ${forced?.exits}`;
  let option = kept.get(key);
  if (option === undefined) kept.set(key, (option = compilerOption(forced)));
  return option;
};
