/**
 * Entry point with an effect: gives the host a global namespace where it has none. One that is there stays.
 * `quern/webassembly/replace` puts ours in its place.
 */

import { install } from './webassembly/install.ts';
import { WebAssembly } from './webassembly.ts';

export { createWebAssembly, FuelTank, WebAssembly } from './webassembly.ts';

/**
 * Whether the global namespace is this one: false where the host has its own.
 *
 * ```js
 * console.log(isInstalled, globalThis.WebAssembly === WebAssembly); // → true true
 * ```
 */
export const isInstalled: boolean = install(WebAssembly, false);
