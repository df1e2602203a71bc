/**
 * Checks of values of any origin: arguments, JSON, answers of other programs.
 *
 * These only test. `arguments.ts` uses them to refuse arguments, and this file has the words for what a check
 * expects.
 */

/** Whether a value is an object or a list, but not a function. */
export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether a value is an object or a function: what ECMAScript calls an object. */
export const isObjectOrFunction = (value: unknown): value is object =>
  isObject(value) || typeof value === 'function';

/** Whether a value is an object with fields, but not a list. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) && !Array.isArray(value);

/** Whether a value is a promise, of any implementation. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  isObject(value) && typeof (value as { then?: unknown }).then === 'function';

/** Whether a value is a whole number within bounds; JavaScript holds those up to 2^53-1 exactly. */
export const isWholeNumber = (
  value: unknown,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): value is number => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;

/** What `isWholeNumber` expects, for a message: `a whole number from 0 to 255`. */
export const wholeNumberText = (least = 0, most: number = Number.MAX_SAFE_INTEGER): string => {
  if (least === Number.MIN_SAFE_INTEGER && most === Number.MAX_SAFE_INTEGER) return 'a whole number';
  return `a whole number from ${least} to ${most === Number.MAX_SAFE_INTEGER ? '2^53-1' : most}`;
};
