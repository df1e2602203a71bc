/**
 * Which values are bytes: buffers and views of them, of any realm.
 *
 * An iframe, a vm context and Jest's environments have classes of their own, so that `instanceof` would refuse their
 * values. `ArrayBuffer.isView` identifies a view; the getter of its length, which works only on buffers, identifies a
 * buffer.
 */
import { isObjectOrFunction } from './checks.ts';

/**
 * Bytes as JavaScript represents them: a buffer, shared or not, or a view of one; of any realm.
 *
 * ```ts
 * const bytes = new TextEncoder().encode('Ada');
 * const inputs: readonly BytesLike[] = [bytes, bytes.slice().buffer, new DataView(bytes.buffer)];
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * for (const input of inputs) console.log((await plugin.call('greet', input))?.text());
 * // → Hello, Ada!
 * // → Hello, Ada!
 * // → Hello, Ada!
 * ```
 */
export type BytesLike = ArrayBufferLike | ArrayBufferView;

const lengthGetter = (prototype: object | undefined): ((this: unknown) => number) | undefined =>
  prototype && (Object.getOwnPropertyDescriptor(prototype, 'byteLength')?.get as () => number);
const bufferLengths = [
  lengthGetter(ArrayBuffer.prototype),
  lengthGetter(typeof SharedArrayBuffer === 'undefined' ? undefined : SharedArrayBuffer.prototype),
];

const isPlain = (value: object): boolean => {
  try {
    return Object.getPrototypeOf(value) === Object.prototype;
  } catch {
    return false;
  }
};

/**
 * Whether a value is an `ArrayBuffer` or a `SharedArrayBuffer`. PERF: a getter that throws takes ten microseconds, and
 * most of the objects that are tested are plain.
 */
const isBuffer = (value: object): value is ArrayBufferLike =>
  !isPlain(value) &&
  bufferLengths.some((length) => {
    try {
      length?.call(value);
      return length !== undefined;
    } catch {
      return false;
    }
  });

/** The bytes of a value, not copied; empty for a detached buffer. Null for a value without bytes. */
export const asBytes = (value: unknown): Uint8Array | null => {
  if (!isObjectOrFunction(value)) return null;
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return byteLength === 0 ? new Uint8Array() : new Uint8Array(buffer, byteOffset, byteLength);
  }
  if (!isBuffer(value)) return null;
  return value.byteLength === 0 ? new Uint8Array() : new Uint8Array(value);
};
