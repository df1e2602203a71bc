/** Puts a namespace in the place where programs look for it. */
import type { WebAssemblyNamespace } from './types.ts';
import { NAMESPACE } from './web-idl.ts';

/**
 * Makes a namespace the global one.
 *
 * @param isForced whether one that is there gives way
 * @returns whether the global one is now this one
 */
export const install = (namespace: WebAssemblyNamespace, isForced: boolean): boolean => {
  const holder = globalThis as unknown as Record<string, unknown>;
  if (isForced || holder[NAMESPACE] === undefined) {
    // Not enumerable, as Web IDL has it; a place that is closed stays as it is.
    Reflect.defineProperty(holder, NAMESPACE, { value: namespace, writable: true, configurable: true });
  }
  return holder[NAMESPACE] === namespace;
};
