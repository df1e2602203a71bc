/**
 * Function instances, Wasm and host, and the values that cross their border.
 *
 * A raw value is the bits of a number as an unsigned bigint (32 bits for i32 and f32, 64 for i64 and f64, 128 for
 * v128 with lane 0 lowest) or a reference as it is. Raw values keep NaN payloads, which JavaScript numbers do not.
 */
import { badArgument, checkFunction, reading } from '../../errors/arguments.ts';
import { HostError } from '../../errors/errors.ts';
import { messageOf, valueText } from '../../errors/texts.ts';
import {
  type DefType,
  F32,
  type FuncType,
  funcDefType,
  I32,
  isRef,
  slotsOf,
  V128,
  type ValType,
} from '../../syntax/types.ts';
import type { FuncCode } from '../code/compiled-module.ts';
import { slotCountOf } from '../code/types-layout.ts';
import type { ModuleInstance } from './module-instance.ts';

/**
 * A reference: null, a function, structure, array or exception instance, an i31 as a number, or an object of the
 * embedder.
 *
 * ```ts
 * const note: Ref = { text: 'an object of the embedder' };
 * const table = new TableInstance({ limits: { min: 1n, max: null, address: I32 }, element: EXTERNREF }, note);
 * console.log(table.elements[0] === note); // → true
 * ```
 */
export type Ref = object | number | null;
/**
 * Bits of a number as an unsigned bigint (32 bits for i32 and f32, 64 for i64 and f64, 128 for v128 with lane 0
 * lowest), or a reference as it is. Bits keep what JavaScript numbers do not: the payload of a NaN.
 *
 * ```ts
 * const negate = hostFunction({ kind: 'func', params: [I32], results: [I32] }, ([x]) => -(x as bigint));
 * const [result]: RawValue[] = invoke(negate, [1n]);
 * console.log(result, BigInt.asIntN(32, result as bigint)); // → 4294967295n -1n
 * ```
 */
export type RawValue = bigint | Ref;

/**
 * What a host function learns about its caller.
 *
 * Example: see `HostResult`.
 */
export interface Caller {
  /** The instance whose code called; null when the embedder did. */
  readonly instance: ModuleInstance | null;
  /**
   * Adds to the bill of the running call. More than is left is owed: no further instruction runs before it is paid.
   *
   * @throws UsageError for anything but a whole number that is not negative
   */
  charge(fuel: number): void;
}

/**
 * The fast form of a host function: argument i lies at `words[base + 2 * i]` (i64 and f64: low word, then high
 * word); results replace the arguments in the same way, references lie in `refs[base / 2 + i]`. A promise as
 * the result pauses the call; the results are written when it has resolved.
 *
 * ```ts
 * const square: RawHostCode = (words, base, caller) => {
 *   words[base] = Math.imul(words[base] ?? 0, words[base] ?? 0);
 *   caller.charge(3);
 *   return undefined;
 * };
 * console.log(invoke(rawHostFunction({ kind: 'func', params: [I32], results: [I32] }, square), [7n])); // → [ 49n ]
 * ```
 */
export type RawHostCode = (
  words: Int32Array,
  base: number,
  caller: Caller,
  refs: unknown[],
) => undefined | Promise<HostWrite>;
/**
 * Writes the results of an asynchronous host function.
 *
 * ```ts
 * const answer = async (): Promise<HostWrite> => (words, base) => {
 *   words[base] = 42;
 * };
 * const execution = startExecution(rawHostFunction({ kind: 'func', params: [], results: [I32] }, answer), []);
 * console.log(execution.run(), execution.pause); // → paused host
 * const write: HostWrite | null = await execution.hostPromise;
 * if (write !== null) execution.resolveHost(write);
 * console.log(execution.run(), execution.results); // → done [ 42n ]
 * ```
 */
export type HostWrite = (words: Int32Array, base: number, refs: unknown[]) => void;

/**
 * A function of Wasm or of the host. @spec syntax-funcinst
 *
 * ```js
 * const { exports } = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const double = exports.get('double');
 * console.log(double instanceof FuncInstance, double.signature.params.map(valTypeName)); // → true [ 'i32' ]
 * ```
 */
export class FuncInstance {
  readonly kind = 'func';
  readonly type: DefType;
  readonly typeId: number;
  /** The instance of a Wasm function; null for a host function. */
  readonly instance: ModuleInstance | null;
  readonly code: FuncCode | null;
  readonly host: RawHostCode | null;
  /** Words that arguments or results take, whichever is more. */
  readonly borderWords: number;
  /** Of a host function: its price beyond the schedule's `hostCall`, paid before it runs. */
  readonly fuel: number;
  /** Of a host function: whether what it charges stands for all of its time, so that nobody looks at the clock after it. */
  readonly isBrief: boolean;

  constructor(
    type: DefType,
    instance: ModuleInstance | null,
    code: FuncCode | null,
    host: RawHostCode | null,
    fuel = 0,
    isBrief = false,
  ) {
    this.type = type;
    this.typeId = type.id;
    this.instance = instance;
    this.code = code;
    this.host = host;
    this.fuel = fuel;
    this.isBrief = isBrief;
    this.borderWords = 2 * Math.max(slotCountOf(this.signature.params), slotCountOf(this.signature.results));
  }

  get signature(): FuncType {
    return this.type.comp as FuncType;
  }
}

/** Reads one value from a frame. */
export const readValue = (
  type: ValType,
  words: Int32Array,
  at: number,
  refs: readonly unknown[],
): RawValue => {
  if (isRef(type)) return (refs[at >> 1] ?? null) as Ref;
  const lo = BigInt(words[at]! >>> 0);
  if (type === I32 || type === F32) return lo;
  const low = (BigInt(words[at + 1]! >>> 0) << 32n) | lo;
  if (type !== V128) return low;
  return (BigInt(words[at + 3]! >>> 0) << 96n) | (BigInt(words[at + 2]! >>> 0) << 64n) | low;
};

/** Writes one value into a frame. */
export const writeValue = (
  type: ValType,
  value: RawValue,
  words: Int32Array,
  at: number,
  refs: unknown[],
): void => {
  if (isRef(type)) {
    while (refs.length <= at >> 1) refs.push(null);
    refs[at >> 1] = value;
    return;
  }
  if (typeof value !== 'bigint')
    throw new HostError('host.value', {
      detail: `expected the bits of a number as bigint, got ${typeof value}`,
    });
  words[at] = Number(value & 0xffffffffn) | 0;
  if (type === I32 || type === F32) return;
  words[at + 1] = Number((value >> 32n) & 0xffffffffn) | 0;
  if (type !== V128) return;
  words[at + 2] = Number((value >> 64n) & 0xffffffffn) | 0;
  words[at + 3] = Number((value >> 96n) & 0xffffffffn) | 0;
};

/** Reads the values of a signature, in order. */
export const readValues = (
  types: readonly ValType[],
  words: Int32Array,
  base: number,
  refs: readonly unknown[],
): RawValue[] => {
  let at = base;
  return types.map((type) => {
    const value = readValue(type, words, at, refs);
    at += 2 * slotsOf(type);
    return value;
  });
};

/** Writes the values of a signature, in order. */
export const writeValues = (
  types: readonly ValType[],
  values: readonly RawValue[],
  words: Int32Array,
  base: number,
  refs: unknown[],
): void => {
  let at = base;
  types.forEach((type, i) => {
    writeValue(type, values[i] as RawValue, words, at, refs);
    at += 2 * slotsOf(type);
  });
};

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
 * @param isBrief whether its prices stand for all of its time; after others, `onSlice` is asked
 */
export const rawHostFunction = (
  type: FuncType,
  code: RawHostCode,
  fuel = 0,
  isBrief = false,
): FuncInstance => {
  const { params, results } = readType(type);
  checkFunction(code, 'the code of a host function');
  return new FuncInstance(funcDefType(params, results), null, null, code, fuel, isBrief);
};

/** @throws UsageError for what is no type of a function */
const readType = (type: FuncType): FuncType =>
  reading('the type of a host function', () => {
    const [params, results] = [[...type.params], [...type.results]];
    for (const item of [...params, ...results])
      if (!Number.isInteger(item)) throw badArgument(`${valueText(item)} is no type of a value`);
    return { kind: 'func', params, results };
  });

/**
 * What a host function of raw values returns, at once or by a promise: nothing, one value, or a list.
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
 * What it throws ends the call and reaches the embedder unchanged; only an `ExceptionInstance` can be caught by
 * the guest, since nothing else has a tag that the guest knows.
 *
 * ```js
 * const square = hostFunction({ kind: 'func', params: [I32], results: [I32] }, ([x]) => x * x);
 * console.log(invoke(square, [7n])); // → [ 49n ]
 * ```
 */
export const hostFunction = (
  type: FuncType,
  fn: (args: RawValue[], caller: Caller) => HostResult | Promise<HostResult>,
): FuncInstance => {
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
