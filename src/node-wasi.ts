/**
 * Entry point for Node.js programs that give WASI to modules of `quern/webassembly`: a class in the form of the one
 * in `node:wasi`, and a function that replaces that one. `quern/webassembly/auto` and `/replace` call that.
 */
export { type NodeWasiOptions, replaceNodeWasi, WASI, type WasiInstance } from './host/node/wasi-class.ts';
