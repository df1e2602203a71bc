/**
 * JavaScript Promise Integration: functions of JavaScript that calls wait for (`Suspending`), and functions of
 * modules that return promises (`promising`).
 * @see https://github.com/WebAssembly/js-promise-integration/blob/main/document/js-api/index.bs
 *
 * A call waits by pausing, as it does for the functions of a plug-in host; its frames leave the machine in the
 * meantime.
 */
import type { Execution } from '../interpreter/calls/execution.ts';
import type { FuncInstance, HostWrite, RawHostCode } from '../interpreter/instances/module-instance.ts';
import type { FuncType, ValType } from '../syntax/types.ts';
import { asException } from './exception.ts';
import {
  agent,
  type Callable,
  checkCrossing,
  copyValues,
  hasEnded,
  startCall,
  thrownByHost,
  writeResults,
} from './functions.ts';
import type { Realm } from './realm.ts';
import { bind, slotOf } from './slots.ts';
import { readJsValues } from './values.ts';
import { asInterface } from './web-idl.ts';

/** The class `Suspending`. */
export const makeSuspendingClass = () =>
  asInterface(
    class Suspending {
      constructor(jsFun: unknown) {
        if (typeof jsFun !== 'function') throw new TypeError('the argument must be a function');
        bind(this, { kind: 'suspending', callable: jsFun as Callable });
      }
    },
  );

/** The host's code for a function that calls wait for. */
export const suspendingCode =
  (realm: Realm, callable: Callable, { params, results }: FuncType): RawHostCode =>
  (words, base, _caller, refs) => {
    if (!agent.canSuspend)
      throw asException(
        new realm.errors.SuspendError(
          'only a call of a promising function can wait, without JavaScript frames in between',
        ),
      );
    const args = readJsValues(params, words, base, refs, realm.functionObject);
    let promise: Promise<unknown>;
    try {
      promise = Promise.resolve(Reflect.apply(callable, undefined, args));
    } catch (error) {
      throw thrownByHost(error);
    }
    return writeOf(results, promise);
  };

/** Waits for the result of a function of JavaScript, and converts it. */
const writeOf = async (results: readonly ValType[], promise: Promise<unknown>): Promise<HostWrite> => {
  try {
    const own = new Int32Array(4 * results.length);
    const ownRefs: unknown[] = [];
    writeResults(results, await promise, own, 0, ownRefs);
    const words = own.subarray(0, 2 * results.length);
    return (to, base, refs) => copyValues(words, ownRefs, to, base, refs);
  } catch (error) {
    throw thrownByHost(error);
  }
};

/** Runs a call until it ends or waits; returns whether it has ended. */
const runPart = (realm: Realm, execution: Execution): boolean => {
  const { canSuspend } = agent;
  agent.canSuspend = true;
  try {
    return hasEnded(realm, execution);
  } finally {
    agent.canSuspend = canSuspend;
  }
};

/** Runs a call to its end, with the fuel of the namespace. */
const runAll = async (realm: Realm, func: FuncInstance, args: readonly unknown[]): Promise<unknown> => {
  checkCrossing(func);
  let result: unknown;
  const take = (value: unknown): void => {
    result = value;
  };
  const { budget } = realm;
  let execution: Execution | null = null;
  /** The call, which is made with its fuel, and resumes with this much more. */
  const callWith = (fuel?: number): Execution => {
    if (execution === null) execution = startCall(realm, func, args, take, fuel);
    else if (fuel !== undefined) execution.addFuel(fuel);
    return execution;
  };
  const run = (part: Execution): boolean => runPart(realm, part);
  const goOn = (spent: number): boolean =>
    budget === null ? run(callWith()) : budget.run(callWith, run, spent);
  for (let isOver = goOn(0); !isOver; ) {
    const waiting = callWith();
    const spent = waiting.fuelConsumed;
    try {
      waiting.resolveHost(await waiting.hostPromise!);
    } catch (error) {
      waiting.rejectHost(error);
    }
    isOver = goOn(spent);
  }
  return result;
};

/** `promising`: a function that calls a function of a module and returns a promise of its results. */
export const promising = (realm: Realm, wasmFunc: unknown): object => {
  const func = typeof wasmFunc === 'function' ? slotOf(wasmFunc, 'func') : undefined;
  if (func === undefined) throw new TypeError('the argument must be a function that a module exports');
  const object = (...args: unknown[]): Promise<unknown> => runAll(realm, func, args);
  Object.defineProperty(object, 'name', { value: '', configurable: true });
  Object.defineProperty(object, 'length', { value: 1, configurable: true });
  return object;
};
