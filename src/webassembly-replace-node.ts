/**
 * Entry point with an effect, on Node.js: as `webassembly-replace.ts`; if the global namespace is Quern's,
 * `node:wasi` gets a class that takes its memories.
 */
import { replaceNodeWasi } from './host/node/wasi-class.ts';
import { isInstalled } from './webassembly-replace.ts';

export { createWebAssembly, FuelTank, WebAssembly } from './webassembly.ts';
export { isInstalled };

if (isInstalled) replaceNodeWasi();
