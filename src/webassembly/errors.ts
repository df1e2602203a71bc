/**
 * `CompileError`, `LinkError`, `RuntimeError` and `SuspendError`, and which error of the engine becomes which of
 * them.
 * @spec errors, error-objects
 *
 * Each carries the data of the engine's own error: `code`, `details` (offset, function, instruction, fuel, backtrace)
 * and the error itself as `cause`; the stack begins with the guest's frames.
 */

import type { ErrorClass } from '../errors/catalogue.ts';
import { isObject } from '../errors/checks.ts';
import { type BacktraceFrame, isQuernError, type QuernError } from '../errors/errors.ts';
import { define } from './web-idl.ts';

/**
 * The constructor of one class of errors; works with and without `new`.
 *
 * ```ts
 * const classes: readonly NativeErrorConstructor[] = [WebAssembly.CompileError, WebAssembly.LinkError];
 * try {
 *   new WebAssembly.Module(Uint8Array.of(1, 2, 3));
 * } catch (error) {
 *   console.log(classes.map((item) => error instanceof item)); // → [ true, false ]
 * }
 * ```
 */
export interface NativeErrorConstructor {
  new (message?: string, options?: { readonly cause?: unknown }): Error;
  (message?: string, options?: { readonly cause?: unknown }): Error;
  readonly prototype: Error;
}
type NativeErrorName = 'CompileError' | 'LinkError' | 'RuntimeError' | 'SuspendError';
export type NativeErrors = Readonly<Record<NativeErrorName, NativeErrorConstructor>>;

/** An error class in the form of `TypeError` and others. @see ECMA-262, NativeError Object Structure */
const nativeError = (name: NativeErrorName): NativeErrorConstructor => {
  const construct = function (this: unknown, ...args: unknown[]): Error {
    return Reflect.construct(Error, args, new.target ?? construct) as Error;
  };
  Object.setPrototypeOf(construct, Error);
  Object.defineProperty(construct, 'name', { value: name, configurable: true });
  Object.defineProperty(construct, 'length', { value: 1, configurable: true });
  const prototype: object = Object.create(Error.prototype);
  define(prototype, 'constructor', construct);
  define(prototype, 'name', name);
  define(prototype, 'message', '');
  Object.defineProperty(construct, 'prototype', { value: prototype, writable: false });
  return construct as unknown as NativeErrorConstructor;
};

/** The classes of one namespace. */
export const makeNativeErrors = (): NativeErrors => ({
  CompileError: nativeError('CompileError'),
  LinkError: nativeError('LinkError'),
  RuntimeError: nativeError('RuntimeError'),
  SuspendError: nativeError('SuspendError'),
});

/**
 * Errors that end a call for good: the guest's handlers do not catch them, even if they have passed through
 * JavaScript on their way. Engines agree on this for traps; running out of fuel must behave the same.
 */
const final = new WeakSet<object>();

export const isFinal = (error: unknown): boolean => isObject(error) && final.has(error);

/** Classes by what went wrong; the other errors of the engine are passed on unchanged. */
const names: Readonly<Partial<Record<ErrorClass, NativeErrorName>>> = {
  MalformedError: 'CompileError',
  InvalidError: 'CompileError',
  UnsupportedError: 'CompileError',
  UnlinkableError: 'LinkError',
  TrapError: 'RuntimeError',
  ExhaustionError: 'RuntimeError',
  HostError: 'RuntimeError',
  ExitError: 'RuntimeError',
};

const frameText = ({ funcName, funcIndex, offset }: BacktraceFrame): string =>
  `\n    at ${funcName} (wasm-function[${funcIndex}]:0x${offset.toString(16)})`;

/** Puts the guest's frames into the stack when it is first read: finding them costs translations. */
const showFrames = (error: Error, source: QuernError): void => {
  let stack = error.stack ?? '';
  let isComplete = source.details.backtrace === undefined;
  const heading = `${error.name}: ${error.message}`;
  Object.defineProperty(error, 'stack', {
    configurable: true,
    enumerable: false,
    get: () => {
      if (!isComplete) {
        isComplete = true;
        const frames = (source.details.backtrace ?? []).map(frameText).join('');
        stack = stack.startsWith(heading)
          ? heading + frames + stack.slice(heading.length)
          : heading + frames + (stack === '' ? '' : `\n${stack}`);
      }
      return stack;
    },
    set: (value: string) => {
      stack = value;
      isComplete = true;
    },
  });
};

const isBacktraced = (error: QuernError): boolean => Object.hasOwn(error.details, 'backtrace');

const dress = (error: Error, source: QuernError): Error => {
  define(error, 'code', source.code);
  define(error, 'details', source.details);
  if (isBacktraced(source)) showFrames(error, source);
  final.add(error);
  return error;
};

/**
 * The error of the JavaScript API for an error of the engine; anything else is unchanged.
 *
 * @param isCompiling whether a limit was exceeded by the module's form, and not by what it allocates
 */
export const toNativeError = (errors: NativeErrors, error: unknown, isCompiling = false): unknown => {
  if (!isQuernError(error)) return error;
  const { code, message } = error;
  // A stack overflow is the same error as in JavaScript, and so is a failed allocation.
  if (code === 'exhaustion.call-stack')
    return dress(new RangeError(`Maximum call stack size exceeded: ${message}`, { cause: error }), error);
  if (code === 'exhaustion.heap' || (error.name === 'LimitError' && !isCompiling))
    return dress(new RangeError(message, { cause: error }), error);
  // The host's own stack may overflow while it runs the engine.
  if (code === 'internal.bug' && error.cause instanceof RangeError) return error.cause;
  const name = error.name === 'LimitError' ? 'CompileError' : names[error.name as ErrorClass];
  return name === undefined ? error : dress(new errors[name](message, { cause: error }), error);
};
