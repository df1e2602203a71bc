/** What plug-ins can do on a platform; the names are those of `@extism/extism`. */
import type { Platform } from './platform.ts';

/**
 * Abilities of a platform.
 *
 * ```ts
 * const sourceFor = ({ manifestSupportsPaths }: Capabilities): string =>
 *   manifestSupportsPaths ? 'build/examples/greet.wasm' : 'https://example.com/greet.wasm';
 * console.log(sourceFor(CAPABILITIES)); // → build/examples/greet.wasm
 * ```
 */
export interface Capabilities {
  /** Whether host functions may return promises without a worker. Always: calls can pause. */
  readonly supportsJSPromiseInterface: boolean;
  readonly allowSharedBufferCodec: boolean;
  /** Whether manifests may name files. */
  readonly manifestSupportsPaths: boolean;
  readonly crossOriginChecksEnforced: boolean;
  readonly fsAccess: boolean;
  /** Whether plug-ins can run in workers. Never, and they need none. */
  readonly hasWorkerCapability: boolean;
  readonly supportsWasiPreview1: boolean;
  readonly supportsTimeouts: boolean;
  /** Whether `EXTISM_ENABLE_WASI_OUTPUT` was set. */
  readonly extismStdoutEnvVarSet: boolean;
}

/** The abilities of a platform. */
export const capabilitiesOf = (platform: Platform): Capabilities => ({
  supportsJSPromiseInterface: true,
  allowSharedBufferCodec: false,
  manifestSupportsPaths: platform.readFile !== undefined,
  crossOriginChecksEnforced: false,
  fsAccess: platform.readFile !== undefined,
  hasWorkerCapability: false,
  supportsWasiPreview1: true,
  supportsTimeouts: true,
  // Looked up when it is read: the module reads no environment when it loads.
  get extismStdoutEnvVarSet() {
    return platform.wantsWasiOutput ?? false;
  },
});
