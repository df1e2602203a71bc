/** The hosts that `bench:host` measures: ours, and the official SDK on native Wasm where Node has it. */
import { compileModule, createPlugin } from '../src/node.ts';

export interface HostPlugin {
  call(name: string, input?: Uint8Array): Promise<{ bytes(): Uint8Array } | null>;
  getExports(): Promise<readonly { readonly name: string }[]>;
  close(): Promise<void>;
}
export interface Host {
  readonly name: string;
  /** Makes what a manifest takes as `module`. */
  compile(bytes: Uint8Array): Promise<object>;
  createPlugin(manifest: object, options: object): Promise<HostPlugin>;
}

const quern: Host = {
  name: 'quern',
  compile: async (bytes) => compileModule(bytes),
  createPlugin: (manifest, options) => createPlugin(manifest as Parameters<typeof createPlugin>[0], options),
};

/** The official SDK as far as it is used. */
interface Sdk {
  createPlugin(manifest: object, options: object): Promise<HostPlugin & { reset(): Promise<boolean> }>;
}
/**
 * A call with what ends it in Quern, too: blocks are given back. The SDK 1.0.3 keeps those of every call until it is
 * told, and has addresses for 32,767 of them.
 */
const resetAfterCalls = async (plugin: ReturnType<Sdk['createPlugin']>): Promise<HostPlugin> => {
  const own = await plugin;
  return {
    call: async (name, input) => {
      const output = await own.call(name, input);
      await own.reset();
      return output;
    },
    getExports: () => own.getExports(),
    close: () => own.close(),
  };
};

const loadExtism = async (): Promise<Host[]> => {
  const native = (globalThis as { WebAssembly?: Pick<Host, 'compile'> }).WebAssembly;
  if (native === undefined) return [];
  const name = '@extism/extism';
  const { createPlugin } = (await import(name)) as Sdk;
  return [
    {
      name,
      compile: (bytes) => native.compile(bytes),
      createPlugin: (manifest, options) => resetAfterCalls(createPlugin(manifest, options)),
    },
  ];
};

/** Ours first. */
export const hosts: readonly Host[] = [quern, ...(await loadExtism())];
