/** Makes instances of the thread programs; apart from their texts, so that workers need not assemble them. */

import type { MemoryInstance } from '../../src/interpreter/instances/memory.ts';
import type { ModuleInstance } from '../../src/interpreter/instances/module-instance.ts';
import type { Store } from '../../src/interpreter/instances/store.ts';
import { compileModule, instantiate } from '../../src/interpreter/instantiate/instantiate.ts';
import { defaultFeatures, type Features } from '../../src/syntax/features.ts';

/** The spec's features, and threads. */
export const features: Features = new Set([...defaultFeatures, 'threads']);

/** An instance of a module that imports a memory. */
export const makeInstance = (store: Store, shared: MemoryInstance, bytes: Uint8Array): ModuleInstance =>
  instantiate(store, compileModule(bytes, features), () => shared);
