/** The hosts that `bench:host` measures: ours, and the official SDK on native Wasm if Node has it. */
import { compileModule, createPlugin } from '../src/node.ts';
import { createOnSdk, type HostPlugin, officialSdk } from './official-sdk.ts';

export interface Host {
  readonly name: string;
  /** Makes the `module` of a manifest. */
  compile(bytes: Uint8Array): Promise<object>;
  createPlugin(manifest: object, options: object): Promise<HostPlugin>;
}

const quern: Host = {
  name: 'quern',
  compile: async (bytes) => compileModule(bytes),
  createPlugin: (manifest, options) => createPlugin(manifest as Parameters<typeof createPlugin>[0], options),
};

const loadExtism = (): Host[] => {
  const native = (globalThis as { WebAssembly?: Pick<Host, 'compile'> }).WebAssembly;
  if (native === undefined) return [];
  return [{ name: officialSdk, compile: (bytes) => native.compile(bytes), createPlugin: createOnSdk }];
};

/** Ours first. */
export const hosts: readonly Host[] = [quern, ...loadExtism()];
