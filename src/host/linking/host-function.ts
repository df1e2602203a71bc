/**
 * Functions of the embedder as imports of a plug-in.
 *
 * They are plain closures; their types come from the module that imports them. i64 crosses as a signed bigint, i32 as
 * a signed number, f32 and f64 as numbers. A closure may return a promise: the call pauses until it settles.
 */
import { isObject, isThenable, isWholeNumber } from '../../errors/checks.ts';
import { HostError, UnlinkableError, UsageError } from '../../errors/errors.ts';
import { messageOf, nameText, valueText } from '../../errors/texts.ts';
import { hostFunctionCost } from '../../interpreter/fuel/schedules.ts';
import { rawHostFunction } from '../../interpreter/instances/host-function.ts';
import type { FuncInstance, HostWrite, RawHostCode } from '../../interpreter/instances/module-instance.ts';
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../../interpreter/numerics/floats.ts';
import { takeWorkCost } from '../../kernel/imports.ts';
import { funcTypeName, valTypeName } from '../../syntax/type-names.ts';
import { F32, F64, type FuncType, I32, I64, type ValType } from '../../syntax/types.ts';
import type { CurrentPlugin } from '../state/current-plugin.ts';
import type { PluginState } from '../state/plugin-state.ts';

/**
 * A host function. Its first argument is the plug-in; the others, and the result, are what the import declares.
 *
 * Example: see `HostFunctions`.
 */
// biome-ignore lint/suspicious/noExplicitAny: the types are those of the importing module, checked at run time
export type HostFunction = (context: CurrentPlugin, ...args: any[]) => any;
/**
 * Host functions by namespace and name.
 *
 * ```ts
 * const remark: HostFunction = (plugin, total: bigint) => plugin.store(`${total} so far`);
 * const functions: HostFunctions = { 'extism:host/user': { remark } };
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions });
 * console.log((await plugin.call('count', 'Hello'))?.json().remark); // → 2 so far
 * ```
 */
export type HostFunctions = Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;

/** Types that were declared with `typedHostFunction`; other functions have the type of the import. */
const declaredTypes = new WeakMap<HostFunction, FuncType>();

/** Declares the type of a host function, for linking to check. */
export const declareType = (fn: HostFunction, type: FuncType): void => void declaredTypes.set(fn, type);

/** Gives a wrapper of a function the type that was declared for that function. */
export const declareTypeOf = (fn: HostFunction, original: HostFunction): void => {
  const type = declaredTypes.get(original);
  if (type !== undefined) declareType(fn, type);
};

const isSameType = (a: FuncType, b: FuncType): boolean => funcTypeName(a) === funcTypeName(b);

/** Checks host functions and copies them into maps, so that look-ups see only own properties. @throws UsageError */
export const checkHostFunctions = (functions: unknown): Map<string, Map<string, HostFunction>> => {
  const namespaces = new Map<string, Map<string, HostFunction>>();
  if (functions !== undefined && !isObject(functions))
    throw new UsageError('usage.argument', {
      detail: `functions must be an object, not ${valueText(functions)}`,
    });
  for (const [namespace, members] of Object.entries(functions ?? {})) {
    const byName = new Map<string, HostFunction>();
    for (const [name, fn] of Object.entries((members ?? {}) as Record<string, unknown>)) {
      if (typeof fn !== 'function') {
        throw new UsageError('usage.argument', {
          detail: `functions["${nameText(namespace)}"]["${nameText(name)}"] is not a function`,
        });
      }
      byName.set(name, fn as HostFunction);
    }
    namespaces.set(namespace, byName);
  }
  return namespaces;
};

const bits = new DataView(new ArrayBuffer(8));

/** Reads one argument as a JavaScript value. */
const readArgument = (type: ValType, words: Int32Array, at: number): number | bigint => {
  const low = words[at]!;
  if (type === I32) return low;
  if (type === I64) return (BigInt(words[at + 1]!) << 32n) | BigInt(low >>> 0);
  bits.setInt32(0, low, true);
  if (type === F32) return bits.getFloat32(0, true);
  bits.setInt32(4, words[at + 1]!, true);
  return bits.getFloat64(0, true);
};

/**
 * Booleans and undefined, as the JavaScript API converts them: the result of a function without `return` is 0, except
 * for i64, which requires a number there, too. Other conversions, of texts, objects and numbers that do not fit, are
 * usually mistakes.
 */
const converted = (type: ValType, value: unknown): unknown => {
  if (typeof value === 'boolean') return Number(value);
  if (value !== undefined || type === I64) return value;
  return type === I32 ? 0 : Number.NaN;
};

const isInRange = (value: bigint): boolean => value >= -(1n << 63n) && value < 1n << 64n;

/** Writes one result; false when the value does not fit the type. */
const writeResult = (type: ValType, given: unknown, words: Int32Array, at: number): boolean => {
  const value = converted(type, given);
  switch (type) {
    case I32:
      if (!isWholeNumber(value, -0x8000_0000, 0xffff_ffff)) return false;
      words[at] = value;
      return true;
    case I64: {
      const wide = isWholeNumber(value, Number.MIN_SAFE_INTEGER) ? BigInt(value) : value;
      if (typeof wide !== 'bigint' || !isInRange(wide)) return false;
      bits.setBigInt64(0, BigInt.asIntN(64, wide), true);
      break;
    }
    case F32:
      if (typeof value !== 'number') return false;
      bits.setFloat32(0, value, true);
      // DETERMINISM: JavaScript leaves the bits of a NaN open; a plug-in always sees the canonical one.
      words[at] = Number.isNaN(value) ? CANONICAL_NAN_32 : bits.getInt32(0, true);
      return true;
    default:
      if (typeof value !== 'number') return false;
      if (Number.isNaN(value)) {
        bits.setInt32(0, 0, true);
        bits.setInt32(4, CANONICAL_NAN_64_HIGH, true);
      } else bits.setFloat64(0, value, true);
  }
  words[at] = bits.getInt32(0, true);
  words[at + 1] = bits.getInt32(4, true);
  return true;
};

const describeValue = (value: unknown): string => {
  if (typeof value === 'bigint') return valueText(value);
  return typeof value === 'number' || value === null || value === undefined ? String(value) : typeof value;
};

/** The results of a host function as a list of the right length. */
const toResults = (value: unknown, count: number): readonly unknown[] | null => {
  if (count <= 1) return count === 0 ? [] : [value];
  if (!isObject(value) || !(Symbol.iterator in value)) return null;
  const list = [...(value as Iterable<unknown>)];
  return list.length === count ? list : null;
};

/** The error for a result that cannot be read: a proxy that was revoked, a getter that throws. */
export const unreadable = (cause: unknown): Error =>
  new HostError('host.value', { cause, detail: messageOf(cause) });

const crossable: readonly ValType[] = [I32, I64, F32, F64];

/**
 * Makes a host function importable.
 *
 * @param type the type that the importing module declares
 * @throws UnlinkableError if the type has values that cannot cross (vectors, references)
 */
export const importHostFunction = (
  fn: HostFunction,
  type: FuncType,
  names: { readonly module: string; readonly name: string },
  state: PluginState,
): FuncInstance => {
  const { module, name } = names;
  const label = `"${nameText(module)}" "${nameText(name)}"`;
  const foreign = [...type.params, ...type.results].find((item) => !crossable.includes(item));
  if (foreign !== undefined) {
    const detail = `${label}: host functions cannot take or return ${valTypeName(foreign)}`;
    throw new UnlinkableError('unlinkable.incompatible-import', { module, name, detail });
  }
  const declared = declaredTypes.get(fn);
  if (declared !== undefined && !isSameType(declared, type)) {
    const [expected, actual] = [funcTypeName(type), funcTypeName(declared)];
    const detail = `${label}: expected func ${expected}, got func ${actual}`;
    throw new UnlinkableError('unlinkable.incompatible-import', { module, name, expected, actual, detail });
  }
  const write = (value: unknown): HostWrite => {
    let values: readonly unknown[] | null = null;
    let cause: unknown;
    try {
      values = toResults(value, type.results.length);
    } catch (error) {
      cause = error;
    }
    if (values === null) {
      const detail = `${label}: expected ${type.results.length} results`;
      throw new HostError('host.value', { module, name, cause, detail });
    }
    return (words, base) => {
      type.results.forEach((result, i) => {
        if (writeResult(result, values[i], words, base + 2 * i)) return;
        const detail = `${label}: expected ${valTypeName(result)}, got ${describeValue(values[i])}`;
        throw new HostError('host.value', { module, name, detail });
      });
    };
  };
  const run: RawHostCode = (words, base, caller, refs) => {
    const args = type.params.map((param, i) => readArgument(param, words, base + 2 * i));
    const { context } = state;
    const settle = (): void => {
      // The call was stopped in the meantime: what the function does now is ignored.
      if (state.context !== context) return;
      caller.charge(takeWorkCost(state.kernel, state.schedule));
      state.caller = null;
    };
    state.caller = caller;
    state.charged = 0;
    let result: unknown;
    let isLater: boolean;
    try {
      result = fn(context, ...args);
    } catch (error) {
      settle();
      throw error;
    }
    try {
      isLater = isThenable(result);
    } catch (cause) {
      settle();
      throw unreadable(cause);
    }
    if (isLater) return Promise.resolve(result).finally(settle).then(write);
    settle();
    write(result)(words, base, refs);
    return undefined;
  };
  return rawHostFunction(type, run, hostFunctionCost(state.schedule, module, name, 0));
};
