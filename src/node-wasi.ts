/**
 * Entry point for Node.js programs that give WASI to modules of `quern/webassembly`: a class in the form of that of
 * `node:wasi`, and a function that puts it in its place. `quern/webassembly/auto` and `/replace` call that.
 */
export { type NodeWasiOptions, replaceNodeWasi, WASI, type WasiInstance } from './host/node/wasi-class.ts';
