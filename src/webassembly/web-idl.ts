/**
 * The parts of Web IDL that the JavaScript API is written in: conversions of arguments, and the form of interfaces
 * and namespaces as JavaScript objects. @see https://webidl.spec.whatwg.org/
 */
import { asBytes } from '../errors/bytes.ts';
import { isObjectOrFunction } from '../errors/checks.ts';
import { I64, type ValType } from '../syntax/types.ts';

/** Name of the namespace, before the names of its interfaces. */
export const NAMESPACE = 'WebAssembly';

const MAX_U32 = 0xffff_ffff;
const MAX_U64 = 0xffff_ffff_ffff_ffffn;

/** `[EnforceRange] unsigned long`. @throws TypeError when it is not a whole number of 32 bits */
export const toU32 = (value: unknown, what: string): number => {
  // A unary plus is ToNumber, which refuses symbols and bigints.
  const number = Math.trunc(+(value as number));
  if (!(number >= 0 && number <= MAX_U32)) throw new TypeError(`${what} must be from 0 to ${MAX_U32}`);
  return number;
};

/** A bigint, converted as `ToBigInt` does, with all digits. */
const toBigInt = (value: unknown): bigint =>
  typeof value === 'bigint' ? value : BigInt.asIntN(Number.MAX_SAFE_INTEGER, value as bigint);

/**
 * A size or index of a memory or table, by its address type. @spec addressvaluetou64
 * @throws TypeError when it is out of range
 */
export const toAddress = (value: unknown, address: ValType, what: string): bigint => {
  if (address !== I64) return BigInt(toU32(value, what));
  const big = toBigInt(value);
  if (big < 0n || big > MAX_U64) throw new TypeError(`${what} must be from 0 to 2^64 - 1`);
  return big;
};

/** A size or index as JavaScript sees it. @spec u64toaddressvalue */
export const fromAddress = (value: number, address: ValType): number | bigint =>
  address === I64 ? BigInt(value) : value;

/** A dictionary argument; undefined and null are an empty one. @throws TypeError when it is not an object */
export const toDictionary = (value: unknown, what: string): Readonly<Record<string, unknown>> => {
  if (value === undefined || value === null) return {};
  if (!isObjectOrFunction(value)) throw new TypeError(`${what} must be an object`);
  return value as Readonly<Record<string, unknown>>;
};

/** A required enumeration value. @throws TypeError if it is not one of them */
export const toEnum = <T extends string>(value: unknown, known: readonly T[], what: string): T => {
  const text = `${value as string}`;
  const found = known.find((item) => item === text);
  if (found === undefined) throw new TypeError(`${what} must be one of ${known.join(', ')}`);
  return found;
};

/** A `sequence`. @throws TypeError when it is not iterable */
export const toSequence = (value: unknown, what: string): unknown[] => {
  if (!isObjectOrFunction(value)) throw new TypeError(`${what} must be iterable`);
  const method = (value as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  return listOf(value, method, what);
};

/** The items of a value, by the iterator method that was read from it. */
export const listOf = (value: unknown, method: unknown, what: string): unknown[] => {
  if (typeof method !== 'function') throw new TypeError(`${what} must be iterable`);
  return Array.from({ [Symbol.iterator]: () => Reflect.apply(method, value, []) as Iterator<unknown> });
};

/** A `USVString`: lone surrogates become U+FFFD. */
export const toScalarString = (value: unknown): string =>
  `${value as string}`.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, (unit) =>
    unit.length === 2 ? unit : '\uFFFD',
  );

/**
 * A copy of the bytes of a `BufferSource`; empty for a detached one.
 * @throws TypeError when it is neither a buffer nor a view
 */
export const copyBytes = (source: unknown): Uint8Array => {
  const bytes = asBytes(source);
  if (bytes === null) throw new TypeError('the bytes must be an ArrayBuffer or a view of one');
  return bytes.slice();
};

const showMembers = (target: object, hidden: readonly string[]): void => {
  for (const key of Object.getOwnPropertyNames(target)) {
    if (hidden.includes(key)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(target, key)!;
    Object.defineProperty(target, key, { ...descriptor, enumerable: true });
  }
};

/** The string that `Object.prototype.toString` shows. */
export const tag = (target: object, name: string): void => {
  Object.defineProperty(target, Symbol.toStringTag, { value: name, configurable: true });
};

/** Gives a class the form of a Web IDL interface: enumerable members, and its qualified name as the tag. */
export const asInterface = <C extends { readonly prototype: object; readonly name: string }>(cls: C): C => {
  showMembers(cls, ['length', 'name', 'prototype']);
  showMembers(cls.prototype, ['constructor']);
  tag(cls.prototype, `${NAMESPACE}.${cls.name}`);
  return cls;
};

/** Defines a property that is neither enumerable nor read-only, like a class of a namespace. */
export const define = (target: object, name: string, value: unknown): void => {
  Object.defineProperty(target, name, { value, writable: true, configurable: true });
};
