/**
 * Variables: bytes that a plug-in keeps between calls, by name. They survive `reset` and traps.
 */

/** Default for the most bytes of all values together; as in the Rust and Go SDKs. */
const DEFAULT_MAX_VAR_BYTES = 1_048_576;

/** The variables of one plug-in. */
export class Variables {
  readonly #values = new Map<string, Uint8Array>();
  readonly #maxBytes: number;
  #valueBytes = 0;
  #keyUnits = 0;

  constructor(maxBytes: number | null) {
    this.#maxBytes = maxBytes ?? DEFAULT_MAX_VAR_BYTES;
  }

  /** All of them, by name. */
  entries(): Iterable<readonly [name: string, value: Uint8Array]> {
    return this.#values;
  }

  /** The value, which must not be changed; null when unset. */
  get(name: string): Uint8Array | null {
    return this.#values.get(name) ?? null;
  }

  /** Names and values in the order of the names. */
  sorted(): (readonly [name: string, value: Uint8Array])[] {
    return [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Stores a value. Returns null, or the reason why it does not fit. */
  set(name: string, value: Uint8Array): string | null {
    const old = this.#values.get(name);
    const valueBytes = this.#valueBytes - (old?.length ?? 0) + value.length;
    const keyUnits = this.#keyUnits + (old === undefined ? name.length : 0);
    // SAFETY: names count separately against the same limit; otherwise empty values under many names would be free.
    const requested = Math.max(valueBytes, keyUnits, this.#values.size + (old === undefined ? 1 : 0));
    if (requested > this.#maxBytes) {
      return `var memory limit exceeded: ${requested} bytes requested, ${this.#maxBytes} allowed`;
    }
    this.#values.set(name, value);
    this.#valueBytes = valueBytes;
    this.#keyUnits = keyUnits;
    return null;
  }

  delete(name: string): void {
    const old = this.#values.get(name);
    if (old === undefined) return;
    this.#values.delete(name);
    this.#valueBytes -= old.length;
    this.#keyUnits -= name.length;
  }
}
