/**
 * Arguments of public functions, which can be anything: null, proxies that were revoked, objects whose getters throw.
 *
 * Every failure to read an argument is a `UsageError`; what a getter of the embedder threw is its cause.
 */
import { asBytes } from './bytes.ts';
import { isObject, isWholeNumber, wholeNumberText } from './checks.ts';
import { isQuernError, UsageError } from './errors.ts';
import { messageOf, valueText } from './texts.ts';

/** The error for an invalid argument. */
export const badArgument = (detail: string, cause?: unknown): Error =>
  new UsageError('usage.argument', cause === undefined ? { detail } : { detail, cause });

/** Runs a function that only reads arguments. @throws UsageError, or an error of Quern that it throws itself */
export const reading = <T>(what: string, read: () => T): T => {
  try {
    return read();
  } catch (cause) {
    if (isQuernError(cause)) throw cause;
    throw badArgument(`${what} cannot be read: ${messageOf(cause)}`, cause);
  }
};

/** An object of options as a plain copy; undefined and null give an empty one. @throws UsageError */
export const readOptions = <T extends object>(value: T | null | undefined, what = 'options'): T => {
  if (value === undefined || value === null) return {} as T;
  if (!isObject(value)) throw badArgument(`${what} must be an object, not ${valueText(value)}`);
  return reading(what, () => ({ ...value }));
};

/** `instanceof` for values from outside: false for a proxy that cannot be inspected. */
export const isInstance = <T extends object>(
  value: unknown,
  cls: abstract new (...args: never[]) => T,
): value is T => {
  try {
    return value instanceof cls;
  } catch {
    return false;
  }
};

/** Checks the class of an argument. @throws UsageError */
export const checkInstance = <T extends object>(
  value: unknown,
  cls: abstract new (...args: never[]) => T,
  what: string,
): T => {
  if (reading(what, () => value instanceof cls)) return value as T;
  throw badArgument(`${what} is not ${valueText(value)}`);
};

/** Checks that an argument is a whole number within bounds. @throws UsageError */
export const checkWholeNumber = (
  value: number,
  what: string,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): number => {
  if (isWholeNumber(value, least, most)) return value;
  throw badArgument(`${what} must be ${wholeNumberText(least, most)}, not ${valueText(value)}`);
};

/** Checks that an argument is a function. @throws UsageError */
export const checkFunction = <T>(value: T, what: string): T => {
  if (typeof value === 'function') return value;
  throw badArgument(`${what} is not a function`);
};

/** The bytes of an argument. @throws UsageError when it is neither a buffer nor a view of one */
export const checkBytes = (value: unknown, what: string): Uint8Array => {
  const bytes = reading(what, () => asBytes(value));
  if (bytes !== null) return bytes;
  throw badArgument(`${what} must be bytes, not ${valueText(value)}`);
};
