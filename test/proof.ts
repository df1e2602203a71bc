/**
 * Flags of Node under which tests run: they prove that the engine needs neither native Wasm nor code from strings.
 * Newer Nodes have no flag that hides native Wasm; there the namespace is deleted before anything else runs.
 */
import { knownFlags } from './known-flags.ts';

/** No global `WebAssembly`. */
export const noWasm: readonly string[] =
  knownFlags(['--no-expose-wasm']).length > 0
    ? ['--no-expose-wasm']
    : ['--import=data:text/javascript,delete globalThis.WebAssembly'];

/** No global `WebAssembly`, and no code from strings. */
export const proof: readonly string[] = [...noWasm, '--disallow-code-generation-from-strings'];
