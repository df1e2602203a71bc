/** Makes instances of the thread programs; apart from their texts, so that workers need not assemble them. */
import {
  compileModule,
  defaultFeatures,
  type Features,
  instantiate,
  type MemoryInstance,
  type ModuleInstance,
  type Store,
} from '../../src/wasm.ts';

/** The spec's features, and threads. */
export const features: Features = new Set([...defaultFeatures, 'threads']);

/** An instance of a module that imports a memory. */
export const makeInstance = (store: Store, shared: MemoryInstance, bytes: Uint8Array): ModuleInstance =>
  instantiate(store, compileModule(bytes, features), () => shared);
