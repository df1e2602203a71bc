/**
 * Entry point of files that `quern compile` wrote: what runs the JavaScript in them. It generates nothing, and makes no
 * code from text.
 */

export type { PrecompiledHead } from './compiler/precompiled.ts';
export { precompiled } from './compiler/precompiled.ts';
export type { PrecompiledModule } from './interpreter/code/precompiled-module.ts';
