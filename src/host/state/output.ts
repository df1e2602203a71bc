/**
 * The result of a call and what host functions read: bytes with the convenience methods of `@extism/extism`.
 */
import { UsageError } from '../../errors/errors.ts';
import { decodeUtf8Lossy } from '../../syntax/utf8.ts';

/**
 * Read-only bytes as a `DataView` with `text()`, `json()` and `bytes()`. A copy: it never changes.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const output: PluginOutput | null = await plugin.call('greet', 'Ada');
 * console.log(output?.text(), output?.bytes().length, output?.getUint8(0)); // → Hello, Ada! 11 72
 * ```
 */
export class PluginOutput extends DataView<ArrayBuffer> {
  #bytes: Uint8Array<ArrayBuffer> | null = null;

  /** @param bytes the contents; must span their whole buffer */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The contents as text; ill-formed UTF-8 is replaced, a byte order mark dropped. */
  text(): string {
    const text = decodeUtf8Lossy(this.bytes());
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  /** The same as `text`. */
  string(): string {
    return this.text();
  }

  /**
   * The contents parsed as JSON.
   *
   * @throws SyntaxError if they are not JSON
   */
  // biome-ignore lint/suspicious/noExplicitAny: only the caller knows the shape of the JSON, as with JSON.parse
  json(): any {
    return JSON.parse(this.text());
  }

  /** The contents as bytes; the same array at each call. */
  bytes(): Uint8Array<ArrayBuffer> {
    this.#bytes ??= new Uint8Array(this.buffer, this.byteOffset, this.byteLength);
    return this.#bytes;
  }

  /** The contents as a separate buffer. */
  arrayBuffer(): ArrayBuffer {
    return this.buffer.slice(this.byteOffset, this.byteOffset + this.byteLength);
  }
}

const setters = [
  ...['setInt8', 'setInt16', 'setInt32', 'setUint8', 'setUint16', 'setUint32'],
  ...['setFloat32', 'setFloat64', 'setBigInt64', 'setBigUint64'],
];
for (const name of setters) {
  Object.defineProperty(PluginOutput.prototype, name, {
    configurable: true,
    writable: true,
    value: () => {
      throw new UsageError('usage.state', {}, 'Cannot set values on output');
    },
  });
}
