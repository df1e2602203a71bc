/** Compiling the body of a response. @see https://webassembly.github.io/spec/web-api/ */

/**
 * The part of `Response` that is used.
 *
 * ```ts
 * // What `fetch` would resolve to.
 * const response: ResponseLike = {
 *   ok: true,
 *   headers: { get: (name) => (name.toLowerCase() === 'content-type' ? 'application/wasm' : null) },
 *   arrayBuffer: async () => doubleWasm.buffer,
 * };
 * const { instance } = await WebAssembly.instantiateStreaming(response);
 * console.log(instance.exports['double'](21)); // → 42
 * ```
 */
export interface ResponseLike {
  readonly ok: boolean;
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBufferLike>;
}

const isResponse = (value: unknown): value is ResponseLike => {
  const { arrayBuffer, headers } = value as Partial<ResponseLike>;
  return typeof arrayBuffer === 'function' && typeof headers?.get === 'function';
};

/**
 * The bytes of a response, or of the promise of one.
 * @throws TypeError if it is not a response, failed, or is not of type application/wasm
 */
export const bytesOf = async (source: unknown): Promise<Uint8Array> => {
  const response = await source;
  if (!isObjectOrFunction(response) || !isResponse(response))
    throw new TypeError('the source must be a Response');
  const type = response.headers.get('Content-Type') ?? '';
  // No parameters are allowed after the type. @see the Web API, "compile a potential WebAssembly response"
  if (type.trim().toLowerCase() !== 'application/wasm')
    throw new TypeError(`the response is of type "${type}", not application/wasm`);
  if (!response.ok) throw new TypeError('the status of the response is an error');
  return new Uint8Array(await response.arrayBuffer());
};

import { isObjectOrFunction } from '../errors/checks.ts';
