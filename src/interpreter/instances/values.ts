/**
 * The values that cross function boundaries, and their layout in a frame.
 *
 * A raw value is the bits of a number as an unsigned bigint (32 bits for i32 and f32, 64 for i64 and f64, 128 for
 * v128 with lane 0 lowest) or a reference itself. Raw values keep NaN payloads, which JavaScript numbers do not.
 */
import { HostError } from '../../errors/errors.ts';
import { F32, I32, isRef, slotsOf, V128, type ValType } from '../../syntax/types.ts';

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
 * lowest), or a reference itself. Bits keep what JavaScript numbers do not: the payload of a NaN.
 *
 * ```ts
 * const negate = hostFunction({ kind: 'func', params: [I32], results: [I32] }, ([x]) => -(x as bigint));
 * const [result]: RawValue[] = invoke(negate, [1n]);
 * console.log(result, BigInt.asIntN(32, result as bigint)); // → 4294967295n -1n
 * ```
 */
export type RawValue = bigint | Ref;

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
