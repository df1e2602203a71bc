/**
 * Entry point with an effect: gives the host a global namespace if it has none. An existing one stays;
 * `quern/webassembly/replace` replaces it.
 */

import { install } from './webassembly/install.ts';
import { WebAssembly } from './webassembly.ts';

export { createWebAssembly, FuelTank, WebAssembly } from './webassembly.ts';

/**
 * Whether the global namespace is this one: false if the host has its own.
 *
 * ```js
 * console.log(isInstalled, globalThis.WebAssembly === WebAssembly); // → true true
 * ```
 */
export const isInstalled: boolean = install(WebAssembly, false);
