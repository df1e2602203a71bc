/**
 * Flags of Node under which tests run: they prove that the engine needs neither native Wasm nor code from strings.
 * Newer Nodes have no flag that hides native Wasm; there the namespace is deleted before anything else runs.
 */
import { spawnSync } from 'node:child_process';

const hidesWasm =
  spawnSync(process.execPath, ['--no-expose-wasm', '--version'], { stdio: 'ignore' }).status === 0;

/** No global `WebAssembly`. */
export const noWasm: readonly string[] = hidesWasm
  ? ['--no-expose-wasm']
  : ['--import', 'data:text/javascript,delete globalThis.WebAssembly'];

/** No global `WebAssembly`, and no code from strings. */
export const proof: readonly string[] = [...noWasm, '--disallow-code-generation-from-strings'];
