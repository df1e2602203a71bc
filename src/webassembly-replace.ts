/** Entry point with an effect: makes the namespace the global one, whether or not the host has its own. */

import { install } from './webassembly/install.ts';
import { WebAssembly } from './webassembly.ts';

export { createWebAssembly, FuelTank, WebAssembly } from './webassembly.ts';

/**
 * Whether the global namespace is this one; false if the host does not let it be replaced.
 *
 * ```js
 * console.log(isInstalled, globalThis.WebAssembly === WebAssembly); // → true true
 * ```
 */
export const isInstalled: boolean = install(WebAssembly, true);
