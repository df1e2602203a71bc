/** The one place where code is generated from text. */
import type { Scope } from './scope.ts';

/** Makes a scope from its environment. */
type MakeScope = (environment: Readonly<Record<string, unknown>>) => Scope;

/**
 * Makes the function that makes scopes, with the host's function constructor. @throws the host's error if its policy
 * forbids it
 */
export const makeScope = (text: string): MakeScope => new Function('E', text) as MakeScope;

/** The member of a scope that makes functions later. */
export const EVALUATE = ',evaluate:function(t){return eval(t)}';

/** Whether functions that a scope evaluates see its variables. */
export const seesScope = (): boolean => {
  try {
    return new Function('"use strict";var x=1;return function(t){return eval(t)}("x")')() === 1;
  } catch {
    return false;
  }
};
