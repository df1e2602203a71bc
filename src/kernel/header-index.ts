/**
 * The places of the block headers in kernel memory, so that a handle is recognised without a walk over all blocks.
 *
 * One bit per byte of the arena, set where a header starts. A plug-in can write over headers; from then on, until
 * the next reset, the index is invalid and the allocator walks as the official kernel does.
 */

/** Bytes of a header; a store into any of them invalidates the index. */
export const HEADER_SIZE = 12;

/** Set of header addresses. */
export class HeaderIndex {
  #bits = new Uint8Array(0);
  #isTrusted = true;

  /** Whether no header was overwritten since the last reset. */
  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /** Makes room for addresses below `limit`. */
  reserve(limit: number): void {
    // Four bytes more, so that `#window` never reads past the end.
    const length = (limit >> 3) + 5;
    if (length <= this.#bits.length) return;
    const bits = new Uint8Array(Math.max(length, this.#bits.length * 2));
    bits.set(this.#bits);
    this.#bits = bits;
  }

  /** Records a header; unnecessary until the next reset, once headers were overwritten. */
  add(header: number): void {
    if (this.#isTrusted) this.#bits[header >> 3]! |= 1 << (header & 7);
  }

  /** Whether a header starts at an address, which can be any number. */
  has(header: number): boolean {
    // SAFETY: shifts use 32 bits of a number; a value beyond the bits is not an address.
    if (header < 0 || header >= this.#bits.length * 8) return false;
    return ((this.#bits[header >> 3] ?? 0) & (1 << (header & 7))) !== 0;
  }

  /** Forgets every header below `limit`. */
  clear(limit: number): void {
    this.#bits.fill(0, 0, (limit >> 3) + 1);
    this.#isTrusted = true;
  }

  /** Records that headers were overwritten. */
  distrust(): void {
    this.#isTrusted = false;
  }

  /** Records a store of `byteCount` (at most 8) bytes by a guest. */
  noteStore(address: number, byteCount: number): void {
    // Headers that start up to 11 bytes before the store overlap it, and those that start within it.
    const first = address - HEADER_SIZE + 1;
    const mask = (1 << (byteCount + HEADER_SIZE - 1)) - 1;
    if ((this.#window(first) & mask) !== 0) this.#isTrusted = false;
  }

  /** The 24 bits or more from `first` on. */
  #window(first: number): number {
    const bits = this.#bits;
    const at = first >> 3;
    const low = (bits[at] ?? 0) | ((bits[at + 1] ?? 0) << 8) | ((bits[at + 2] ?? 0) << 16);
    return ((low >>> (first & 7)) | ((bits[at + 3] ?? 0) << (24 - (first & 7)))) >>> 0;
  }
}
