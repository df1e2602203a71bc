/** `await using` for objects that close. */

/**
 * Makes `await using` close the objects of a class. A method `[Symbol.asyncDispose]` in the class itself would have
 * the name "undefined" on engines without that symbol.
 */
export const closeWhenDisposed = (prototype: { readonly close: () => Promise<void> }): void => {
  const { asyncDispose } = Symbol as { readonly asyncDispose?: symbol };
  if (asyncDispose === undefined) return;
  const value = function (this: typeof prototype): Promise<void> {
    return this.close();
  };
  Object.defineProperty(prototype, asyncDispose, { value, writable: true, configurable: true });
};
