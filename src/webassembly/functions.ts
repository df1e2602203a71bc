/**
 * Functions across the border: exported functions, which are ordinary JavaScript functions, and functions of
 * JavaScript as imports. @spec exported-function-exotic-objects
 */
import { ExhaustionError, isQuernError } from '../errors/errors.ts';
import type { Execution } from '../interpreter/calls/execution.ts';
import { startExecution } from '../interpreter/calls/invoke.ts';
import type { ExecutionOptions } from '../interpreter/calls/options.ts';
import { exceptionOf } from '../interpreter/instances/exception.ts';
import {
  allocateHostFunc,
  type FuncInstance,
  type RawHostCode,
} from '../interpreter/instances/module-instance.ts';
import type { DefType, FuncType, ValType } from '../syntax/types.ts';
import { isFinal, toNativeError } from './errors.ts';
import { asException } from './exception.ts';
import { isLost } from './memory.ts';
import type { Realm } from './realm.ts';
import { bind, objectOf } from './slots.ts';
import { hasHidden, readJsValue, readJsValues, writeJsValue, writeJsValues } from './values.ts';
import { listOf } from './web-idl.ts';

type Callable = (...args: unknown[]) => unknown;

/** Number of the import that a function of JavaScript was first given for: its name as an exported function. */
const importIndices = new WeakMap<FuncInstance, number>();

const nameOf = (func: FuncInstance): string => String(func.code?.index ?? importIndices.get(func) ?? 0);

/** Results for JavaScript: none, one, or an array. */
const readResults = (
  realm: Realm,
  results: readonly ValType[],
  words: Int32Array,
  base: number,
  refs: unknown[],
): unknown => {
  if (results.length === 0) return undefined;
  if (results.length === 1) return readJsValue(results[0]!, words, base, refs, realm.functionObject);
  return readJsValues(results, words, base, refs, realm.functionObject);
};

/** The error for JavaScript that ended a call. */
const errorOf = (realm: Realm, { func, error }: Execution): unknown => {
  if (isQuernError(error, 'internal.bug') && func.instance?.memories.some(isLost))
    return new realm.errors.RuntimeError('JavaScript has detached the buffer of a memory', { cause: error });
  const exception = isQuernError(error, 'exception.uncaught') ? exceptionOf(error) : null;
  return exception === null ? toNativeError(realm.errors, error) : realm.thrownValue(exception);
};

const finish = (realm: Realm, execution: Execution): void => {
  let result = execution.run();
  // Calls run to their end here: nobody can notify one that waits, but its time may run out.
  while (result === 'paused' && execution.pause === 'wait') {
    execution.endWait();
    result = execution.run();
  }
  if (result === 'done') return;
  if (result === 'trap') throw errorOf(realm, execution);
  // Only fuel can have stopped it.
  const { fuelConsumed, backtrace } = execution;
  throw toNativeError(realm.errors, new ExhaustionError('exhaustion.fuel', { fuelConsumed, backtrace }));
};

/** Calls a function with values of JavaScript. @spec call-an-exported-function */
export const callFunction = (realm: Realm, func: FuncInstance, args: readonly unknown[]): unknown => {
  const { params, results } = func.signature;
  let result: unknown;
  const prepare = (options: ExecutionOptions): Execution =>
    startExecution(
      func,
      (words, base, refs) => {
        writeJsValues(params, args, words, base, refs);
      },
      {
        ...options,
        onResults: (words, base, refs) => {
          result = readResults(realm, results, words, base, refs);
        },
      },
    ).hideStack();
  const { budget } = realm;
  if (budget === null) finish(realm, prepare({}));
  else
    budget.run(
      (fuel) => prepare({ fuel }),
      (execution) => finish(realm, execution),
    );
  return result;
};

/** The function object of a function. */
export const functionObject = (realm: Realm, func: FuncInstance): object =>
  objectOf(func, () => {
    const { params, results } = func.signature;
    const cannotCross = hasHidden(params) || hasHidden(results);
    // An arrow function: there is nothing to construct.
    const object = (...args: unknown[]): unknown => {
      if (cannotCross) throw new TypeError('the function has values that JavaScript cannot see');
      return callFunction(realm, func, args);
    };
    Object.defineProperty(object, 'name', { value: nameOf(func), configurable: true });
    Object.defineProperty(object, 'length', { value: params.length, configurable: true });
    return bind(object, func);
  });

const writeResults = (
  results: readonly ValType[],
  returned: unknown,
  words: Int32Array,
  base: number,
  refs: unknown[],
): void => {
  if (results.length === 0) return;
  if (results.length === 1) {
    writeJsValue(results[0]!, returned, words, base, refs);
    return;
  }
  const method = (returned as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  const values = listOf(returned, method, 'what a function of several results returns');
  if (values.length !== results.length)
    throw new TypeError(`expected ${results.length} results, got ${values.length}`);
  // All are converted before any is written: converting may call into the guest.
  const own = new Int32Array(4 * values.length);
  const ownRefs: unknown[] = [];
  writeJsValues(results, values, own, 0, ownRefs);
  words.set(own.subarray(0, 2 * values.length), base);
  for (let i = 0; i < ownRefs.length; i++) {
    while (refs.length <= (base >> 1) + i) refs.push(null);
    refs[(base >> 1) + i] = ownRefs[i];
  }
};

/** A function of JavaScript as the guest calls it. @spec run-a-host-function */
export const hostFunctionOf = (
  realm: Realm,
  callable: Callable,
  type: DefType,
  index: number,
): FuncInstance => {
  const { params, results } = type.comp as FuncType;
  const cannotCross = hasHidden(params) || hasHidden(results);
  const run: RawHostCode = (words, base, _caller, refs) => {
    try {
      if (cannotCross) throw new TypeError('the function has values that JavaScript cannot see');
      const args = readJsValues(params, words, base, refs, realm.functionObject);
      writeResults(results, Reflect.apply(callable, undefined, args), words, base, refs);
    } catch (error) {
      throw isFinal(error) ? error : asException(error);
    }
    // A promise is a value like any other: calls of this API do not wait.
    return undefined;
  };
  const { budget } = realm;
  const code: RawHostCode =
    budget === null
      ? run
      : (words, base, caller, refs) => budget.visit(caller, () => run(words, base, caller, refs));
  const func = allocateHostFunc(type, code);
  importIndices.set(func, index);
  return func;
};
