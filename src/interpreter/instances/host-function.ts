/** Functions of the host, made by the embedder. */
import { badArgument, checkFunction, reading } from '../../errors/arguments.ts';
import { HostError } from '../../errors/errors.ts';
import { messageOf, valueText } from '../../errors/texts.ts';
import { funcDefType } from '../../syntax/canonical-types.ts';
import type { FuncType } from '../../syntax/types.ts';
import {
  allocateHostFunc,
  type Caller,
  type HostFuncInstance,
  type HostWrite,
  type RawHostCode,
} from './module-instance.ts';
import { type RawValue, readValues, writeValues } from './values.ts';

/**
 * A host function in its fast form; see `RawHostCode`.
 *
 * ```js
 * const type = { kind: 'func', params: [I32], results: [I32] };
 * const square = rawHostFunction(type, (words, base, caller) => {
 *   words[base] = Math.imul(words[base], words[base]);
 *   caller.charge(3);
 * });
 * const execution = startExecution(square, [7n]);
 * console.log(execution.run(), execution.results, execution.fuelConsumed >= 3); // → done [ 49n ] true
 * ```
 *
 * @param fuel price of a call beyond the schedule's `hostCall`; paid before the function runs
 * @param isBrief whether its prices cover all of its time; after other functions, `onSlice` is called
 */
export const rawHostFunction = (
  type: FuncType,
  code: RawHostCode,
  fuel = 0,
  isBrief = false,
): HostFuncInstance => {
  const { params, results } = readType(type);
  checkFunction(code, 'the code of a host function');
  return allocateHostFunc(funcDefType(params, results), code, fuel, isBrief);
};

/** @throws UsageError for anything but a function type */
const readType = (type: FuncType): FuncType =>
  reading('the type of a host function', () => {
    const [params, results] = [[...type.params], [...type.results]];
    for (const item of [...params, ...results])
      if (!Number.isInteger(item)) throw badArgument(`${valueText(item)} is not a value type`);
    return { kind: 'func', params, results };
  });

/**
 * What a host function of raw values returns, directly or by a promise: nothing, one value, or a list.
 *
 * ```ts
 * const divide = ([a, b]: RawValue[], caller: Caller): HostResult => {
 *   caller.charge(3);
 *   return [(a as bigint) / (b as bigint), (a as bigint) % (b as bigint)];
 * };
 * const func = hostFunction({ kind: 'func', params: [I32, I32], results: [I32, I32] }, divide);
 * console.log(invoke(func, [17n, 5n])); // → [ 3n, 2n ]
 * ```
 */
export type HostResult = RawValue | readonly RawValue[] | undefined;

const toList = (result: HostResult, count: number): readonly RawValue[] => {
  const list = Array.isArray(result)
    ? (result as readonly RawValue[])
    : result === undefined || count === 0
      ? []
      : [result as RawValue];
  if (list.length !== count)
    throw new HostError('host.value', { detail: `expected ${count} results, got ${list.length}` });
  return list;
};

/**
 * A host function of raw values.
 *
 * What it throws ends the call and reaches the embedder unchanged; the guest can catch only an `ExceptionInstance`,
 * since nothing else has a tag that the guest knows.
 *
 * ```js
 * const square = hostFunction({ kind: 'func', params: [I32], results: [I32] }, ([x]) => x * x);
 * console.log(invoke(square, [7n])); // → [ 49n ]
 * ```
 */
export const hostFunction = (
  type: FuncType,
  fn: (args: RawValue[], caller: Caller) => HostResult | Promise<HostResult>,
): HostFuncInstance => {
  const { params, results } = readType(type);
  checkFunction(fn, 'a host function');
  return rawHostFunction(type, (words, base, caller, refs) => {
    const write =
      (result: HostResult): HostWrite =>
      (w, b, r) => {
        const values = toList(result, results.length);
        try {
          writeValues(results, values, w, b, r);
        } catch (cause) {
          throw new HostError('host.value', { cause, detail: messageOf(cause) });
        }
      };
    const result = fn(readValues(params, words, base, refs), caller);
    if (result instanceof Promise) return result.then(write);
    write(result as HostResult)(words, base, refs);
    return undefined;
  });
};
