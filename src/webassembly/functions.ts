/**
 * Functions across the boundary: exported functions, which are ordinary JavaScript functions, and functions of
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

export type Callable = (...args: unknown[]) => unknown;

/** Number of the first import that a function of JavaScript was used for: its name as an exported function. */
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

/** The error, for JavaScript, that ended a call. */
const errorOf = (realm: Realm, { func, error }: Execution): unknown => {
  if (isQuernError(error, 'internal.bug') && func.instance?.memories.some(isLost))
    return new realm.errors.RuntimeError('JavaScript has detached the buffer of a memory', { cause: error });
  const exception = isQuernError(error, 'exception.uncaught') ? exceptionOf(error) : null;
  return exception === null ? toNativeError(realm.errors, error) : realm.thrownValue(exception);
};

/**
 * Runs a call until it ends or waits for a promise; returns whether it has ended.
 *
 * @throws RuntimeError, RangeError, or what JavaScript or the guest threw
 */
export const hasEnded = (realm: Realm, execution: Execution): boolean => {
  let result = execution.run();
  // Calls do not wait for a notify: nothing can send one, but their time may run out.
  while (result === 'paused' && execution.pause === 'wait') {
    execution.endWait();
    result = execution.run();
  }
  if (result === 'done') return true;
  if (result === 'trap') throw errorOf(realm, execution);
  if (execution.pause === 'host') return false;
  // Only fuel can have stopped it.
  const { fuelConsumed, backtrace } = execution;
  throw toNativeError(realm.errors, new ExhaustionError('exhaustion.fuel', { fuelConsumed, backtrace }));
};

/** State shared by the calls of this agent. */
export const agent = {
  /**
   * Whether a function of JavaScript that is called now may make its caller wait: there are no JavaScript frames in
   * between.
   */
  canSuspend: false,
};

/** A call with values of JavaScript. @param take receives the results */
export const startCall = (
  realm: Realm,
  func: FuncInstance,
  args: readonly unknown[],
  take: (result: unknown) => void,
  fuel?: number,
): Execution => {
  const { params, results } = func.signature;
  const onResults: ExecutionOptions['onResults'] = (words, base, refs) =>
    take(readResults(realm, results, words, base, refs));
  return startExecution(
    func,
    (words, base, refs) => {
      writeJsValues(params, args, words, base, refs);
    },
    fuel === undefined ? { onResults } : { fuel, onResults },
  ).hideStack();
};

/** Calls a function with values of JavaScript. @spec call-an-exported-function */
export const callFunction = (realm: Realm, func: FuncInstance, args: readonly unknown[]): unknown => {
  let result: unknown;
  const take = (value: unknown): void => {
    result = value;
  };
  const { budget } = realm;
  const { canSuspend } = agent;
  agent.canSuspend = false;
  try {
    if (budget === null) hasEnded(realm, startCall(realm, func, args, take));
    else
      budget.run(
        (fuel) => startCall(realm, func, args, take, fuel),
        (execution) => hasEnded(realm, execution),
      );
  } finally {
    agent.canSuspend = canSuspend;
  }
  return result;
};

/** @throws TypeError if JavaScript cannot see an argument or a result */
export const checkCrossing = ({ signature: { params, results } }: FuncInstance): void => {
  if (hasHidden(params) || hasHidden(results))
    throw new TypeError('the function has values that JavaScript cannot see');
};

/** The function object of a function. */
export const functionObject = (realm: Realm, func: FuncInstance): object =>
  objectOf(func, () => {
    const { params, results } = func.signature;
    const cannotCross = hasHidden(params) || hasHidden(results);
    // An arrow function: there is nothing to construct. Bound: its text is `[native code]`, as in other engines.
    const object = ((...args: unknown[]): unknown => {
      if (cannotCross) checkCrossing(func);
      return callFunction(realm, func, args);
    }).bind(undefined);
    Object.defineProperty(object, 'name', { value: nameOf(func), configurable: true });
    Object.defineProperty(object, 'length', { value: params.length, configurable: true });
    return bind(object, func);
  });

/** Writes what a function of JavaScript returned. @throws TypeError, or what converting threw */
export const writeResults = (
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
  const values = listOf(returned, method, 'the result of a function with several results');
  if (values.length !== results.length)
    throw new TypeError(`expected ${results.length} results, got ${values.length}`);
  // All are converted before any is written: converting may call into the guest.
  const own = new Int32Array(4 * values.length);
  const ownRefs: unknown[] = [];
  writeJsValues(results, values, own, 0, ownRefs);
  copyValues(own.subarray(0, 2 * values.length), ownRefs, words, base, refs);
};

/** Writes converted values where the guest expects them. */
export const copyValues = (
  from: Int32Array,
  fromRefs: readonly unknown[],
  words: Int32Array,
  base: number,
  refs: unknown[],
): void => {
  words.set(from, base);
  for (let i = 0; i < fromRefs.length; i++) {
    while (refs.length <= (base >> 1) + i) refs.push(null);
    refs[(base >> 1) + i] = fromRefs[i];
  }
};

/** The guest's view of an error of a function of JavaScript. */
export const thrownByHost = (error: unknown): unknown => (isFinal(error) ? error : asException(error));

/** The host's code for a function of JavaScript. @spec run-a-host-function */
export const plainCode =
  (realm: Realm, callable: Callable, { params, results }: FuncType): RawHostCode =>
  (words, base, _caller, refs) => {
    try {
      const args = readJsValues(params, words, base, refs, realm.functionObject);
      writeResults(results, Reflect.apply(callable, undefined, args), words, base, refs);
    } catch (error) {
      throw thrownByHost(error);
    }
    // A promise is a value like any other.
    return undefined;
  };

/** A function of JavaScript as the guest calls it. @param make makes the host's code for it */
export const hostFunctionOf = (
  realm: Realm,
  callable: Callable,
  type: DefType,
  index: number,
  make: typeof plainCode,
): FuncInstance => {
  const signature = type.comp as FuncType;
  const cannotCross = hasHidden(signature.params) || hasHidden(signature.results);
  const run: RawHostCode = cannotCross
    ? () => {
        throw asException(new TypeError('the function has values that JavaScript cannot see'));
      }
    : make(realm, callable, signature);
  const { budget } = realm;
  const code: RawHostCode =
    budget === null
      ? run
      : (words, base, caller, refs) => budget.visit(caller, () => run(words, base, caller, refs));
  const func = allocateHostFunc(type, code);
  importIndices.set(func, index);
  return func;
};
