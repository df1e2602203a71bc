/** Makes a namespace the global one. */
import type { WebAssemblyNamespace } from './types.ts';
import { NAMESPACE } from './web-idl.ts';

/**
 * Makes a namespace the global one.
 *
 * @param isForced whether to replace an existing one
 * @returns whether it is now the global one
 */
export const install = (namespace: WebAssemblyNamespace, isForced: boolean): boolean => {
  const holder = globalThis as unknown as Record<string, unknown>;
  if (isForced || holder[NAMESPACE] === undefined) {
    // Not enumerable, as in Web IDL; a property that is not configurable stays as it is.
    Reflect.defineProperty(holder, NAMESPACE, { value: namespace, writable: true, configurable: true });
  }
  return holder[NAMESPACE] === namespace;
};
