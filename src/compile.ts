/**
 * Entry point for the compiled tier: `compiler()`, which `createPlugin`, `Store` and `createWebAssembly` take as an
 * option, and `compileToJavaScript()`, which makes files at build time. No other entry contains it: it makes
 * functions from text, which some hosts refuse.
 */
export { type CompileOptions, compileToJavaScript } from './compiler/ahead.ts';
export { compiler } from './compiler/compiler.ts';
export type { CompilerOptions } from './compiler/function-compiler.ts';
export { type CallProfile, type CallProfiler, callProfiler } from './compiler/profile.ts';
export type { JavaScriptCompiler } from './interpreter/code/compiled-module.ts';
export type { PrecompiledModule } from './interpreter/code/precompiled-module.ts';
