/**
 * JavaScript Promise Integration: functions of JavaScript that calls wait for (`Suspending`), and functions of modules
 * that give promises (`promising`).
 * @see https://github.com/WebAssembly/js-promise-integration/blob/main/document/js-api/index.bs
 *
 * A call waits by pausing, as it does for the functions of a plug-in host; its frames leave the machine meanwhile.
 */
import type { Execution } from '../interpreter/calls/execution.ts';
import type { FuncInstance, HostWrite, RawHostCode } from '../interpreter/instances/module-instance.ts';
import type { FuncType, ValType } from '../syntax/types.ts';
import { isFinal } from './errors.ts';
import { asException } from './exception.ts';
import { agent, type Callable, checkCrossing, hasEnded, startCall, writeResults } from './functions.ts';
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
          'only the call of a promising function waits, without JavaScript in between',
        ),
      );
    const args = readJsValues(params, words, base, refs, realm.functionObject);
    let promise: Promise<unknown>;
    try {
      promise = Promise.resolve(Reflect.apply(callable, undefined, args));
    } catch (error) {
      throw isFinal(error) ? error : asException(error);
    }
    return writeOf(results, promise);
  };

/** Waits for what a function of JavaScript gives, and converts it. */
const writeOf = async (results: readonly ValType[], promise: Promise<unknown>): Promise<HostWrite> => {
  try {
    const own = new Int32Array(4 * results.length);
    const ownRefs: unknown[] = [];
    writeResults(results, await promise, own, 0, ownRefs);
    return (words, base, refs) => {
      words.set(own.subarray(0, 2 * results.length), base);
      for (let i = 0; i < ownRefs.length; i++) {
        while (refs.length <= (base >> 1) + i) refs.push(null);
        refs[(base >> 1) + i] = ownRefs[i];
      }
    };
  } catch (error) {
    throw isFinal(error) ? error : asException(error);
  }
};

/** Runs a call until it is over or waits; whether it is over. */
const runPart = (realm: Realm, execution: Execution): boolean => {
  const { canSuspend } = agent;
  agent.canSuspend = true;
  try {
    return hasEnded(realm, execution);
  } finally {
    agent.canSuspend = canSuspend;
  }
};

/** Runs a call to its end, with what the namespace has of fuel. */
const runAll = async (realm: Realm, func: FuncInstance, args: readonly unknown[]): Promise<unknown> => {
  checkCrossing(func);
  let result: unknown;
  const take = (value: unknown): void => {
    result = value;
  };
  const { budget } = realm;
  let execution: Execution;
  let isOver =
    budget === null
      ? runPart(realm, (execution = startCall(realm, func, args, take)))
      : budget.run(
          (fuel) => (execution = startCall(realm, func, args, take, fuel)),
          (started) => runPart(realm, started),
        );
  while (!isOver) {
    const waiting = execution!;
    // Others may use meanwhile what it has left.
    const spent = waiting.fuelConsumed;
    try {
      waiting.resolveHost(await waiting.hostPromise!);
    } catch (error) {
      waiting.rejectHost(error);
    }
    isOver =
      budget === null
        ? runPart(realm, waiting)
        : budget.run(
            (fuel) => {
              waiting.addFuel(fuel);
              return waiting;
            },
            (continued) => runPart(realm, continued),
            spent,
          );
  }
  return result;
};

/** `promising`: a function that calls a function of a module and gives a promise of its results. */
export const promising = (realm: Realm, wasmFunc: unknown): object => {
  const func = typeof wasmFunc === 'function' ? slotOf(wasmFunc, 'func') : undefined;
  if (func === undefined) throw new TypeError('the argument must be a function that a module exports');
  const object = (...args: unknown[]): Promise<unknown> => runAll(realm, func, args);
  Object.defineProperty(object, 'name', { value: '', configurable: true });
  Object.defineProperty(object, 'length', { value: 1, configurable: true });
  return object;
};
