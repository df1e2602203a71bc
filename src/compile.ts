/**
 * Entry point for the compiled tier: `compiler()`, which `createPlugin`, `Store` and `createWebAssembly` take as an
 * option. No other entry contains it: it makes functions of text, which some hosts refuse.
 */
export { compiler } from './compiler/compiler.ts';
export type { CompilerOptions } from './compiler/function-compiler.ts';
export type { JavaScriptCompiler } from './interpreter/code/compiled-module.ts';
