/**
 * Entry point for files that `quern compile` wrote: runs the JavaScript in them. It generates no code, and makes no
 * functions from text.
 */

export type { PrecompiledHead } from './compiler/precompiled.ts';
export { precompiled } from './compiler/precompiled.ts';
export type { PrecompiledModule } from './interpreter/code/precompiled-module.ts';
