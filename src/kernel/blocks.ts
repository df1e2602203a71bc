/**
 * The memory of the Extism kernel and its block allocator, laid out byte for byte as in the official linear
 * kernel: the same sequence of calls gives the same addresses, page counts and contents.
 *
 * Where the official kernel would trap or return a broken block (addresses at the very end of memory, sizes that
 * wrap), this one returns 0 or does nothing. The whole state of a kernel is this memory.
 */
import { noRoom } from '../interpreter/instances/memory.ts';
import { HEADER_SIZE, HeaderIndex } from './header-index.ts';

/** Bytes of a page, as in Wasm. */
export const PAGE_SIZE = 65_536;

// The root record starts at address 1, so that 0 is never an address. All fields are little-endian u64 and
// unaligned; only the first is a byte.
const ROOT_INITIALISED = 1;
/** Bytes in use after the root. */
const ROOT_POSITION = 9;
/** Bytes that the allocator manages. */
const ROOT_LENGTH = 17;
/** Fields of the root that are registers of the kernel, not of the allocator. */
export const ROOT_ERROR = 25;
export const ROOT_INPUT_OFFSET = 33;
export const ROOT_INPUT_LENGTH = 41;
export const ROOT_OUTPUT_OFFSET = 49;
export const ROOT_OUTPUT_LENGTH = 57;
/** Size of the root; the allocator subtracts it from the free bytes, although it is not part of them. */
const ROOT_SIZE = 64;
/** Address of the first block header. */
const FIRST_BLOCK = 65;

// Block header: status (u8, padded to 4), size (u32), used (u32); the data follows.
const STATUS_UNUSED = 0;
const STATUS_ACTIVE = 1;
const STATUS_FREE = 2;
/** A free block is split if at least this many bytes would be left. */
const SPLIT_SIZE = 128;

/** Pages of a fresh kernel. Until the memory grows, the allocator manages only the size of one page. */
const INITIAL_PAGES = 16;
/** Bytes beyond the managed ones that the allocator may read: those of a header that begins there. */
const SLACK = 64;

/**
 * Called before the memory grows by `pageCount` pages; `false` refuses.
 *
 * Example: see `KernelOptions`.
 */
export type GrowthGuard = (pageCount: number) => boolean;

/**
 * Kernel memory with its allocator. Addresses and lengths are numbers; a 64-bit value beyond 2^53 may be passed
 * rounded, because it is out of bounds either way.
 *
 * ```js
 * const memory = new BlockMemory();
 * const handle = memory.alloc(10);
 * console.log(handle, memory.length(handle), memory.length(handle + 1)); // → 77 10 0
 * ```
 */
export class BlockMemory {
  /** Block headers visited since the counter was last cleared; work that fuel pays for (`takeWorkCost`). */
  visitedCount = 0;
  /** Pages grown since the counter was last cleared. */
  grownPages = 0;
  /** Bytes that resets have zeroed since the counter was last cleared. */
  zeroedBytes = 0;

  /**
   * The beginning of the memory: the managed bytes, and others that were requested. The rest is zero. PERF: few
   * plug-ins use more than the first of sixteen pages, and a megabyte for each costs the collector more than
   * everything else.
   */
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(PAGE_SIZE + SLACK);
  #view = new DataView(this.#bytes.buffer);
  #pageCount = INITIAL_PAGES;
  readonly #headers = new HeaderIndex();
  readonly #mayGrow: GrowthGuard;
  readonly #maxPages: number;
  readonly #isStrict: boolean;

  /**
   * @param mayGrow called before each growth; everything up to `maxPages` is allowed by default
   * @param isStrict whether to throw ExhaustionError if the host has no memory for an allowed growth
   */
  constructor(mayGrow: GrowthGuard = () => true, maxPages = 32_767, isStrict = false) {
    this.#mayGrow = mayGrow;
    this.#isStrict = isStrict;
    this.#maxPages = maxPages;
    this.#view.setUint8(ROOT_INITIALISED, 1);
    this.writeRoot(ROOT_LENGTH, PAGE_SIZE - ROOT_SIZE);
    this.#headers.reserve(PAGE_SIZE);
  }

  /** Unpaid work, as a list of counters. */
  get work(): readonly number[] {
    return [this.visitedCount, this.grownPages, this.zeroedBytes];
  }
  set work([visitedCount = 0, grownPages = 0, zeroedBytes = 0]: readonly number[]) {
    this.visitedCount = visitedCount;
    this.grownPages = grownPages;
    this.zeroedBytes = zeroedBytes;
  }

  /** Pages of the memory, including those that the allocator does not manage yet. */
  get pageCount(): number {
    return this.#pageCount;
  }
  /** Bytes that the allocator manages. */
  get managedLength(): number {
    return this.readRoot(ROOT_LENGTH);
  }
  get #byteLength(): number {
    return this.#pageCount * PAGE_SIZE;
  }

  /** The whole memory, including its root; must not be changed. */
  get bytes(): Uint8Array {
    this.#reach(this.#byteLength);
    return this.#bytes.subarray(0, this.#byteLength);
  }

  /** Whether no plug-in has overwritten a header since the last reset. */
  get isTrusted(): boolean {
    return this.#headers.isTrusted;
  }

  /**
   * Restores an earlier state of this memory or another one: the same size, with the contents that `write` writes.
   *
   * @returns null, or why such a memory is impossible
   */
  restore(pageCount: number, isTrusted: boolean, write: (bytes: Uint8Array) => void): string | null {
    const grown = pageCount - INITIAL_PAGES;
    if (grown < 0 || pageCount > this.#maxPages) return 'kernel memory of an impossible size';
    this.#headers.clear(FIRST_BLOCK + this.managedLength);
    if (pageCount < this.#pageCount) this.#shrink(pageCount);
    else if (!this.#grow(pageCount - this.#pageCount)) return 'no room for kernel memory';
    this.grownPages = 0;
    const managed = PAGE_SIZE - ROOT_SIZE + grown * PAGE_SIZE;
    if (!this.#extend(this.#byteLength)) return 'no room for kernel memory';
    write(this.#bytes.subarray(0, this.#byteLength));
    if (this.#view.getUint8(ROOT_INITIALISED) !== 1 || this.managedLength !== managed)
      return 'kernel memory with a damaged root';
    // The registers may have any value: a plug-in can overwrite one of them, and none is trusted.
    if (this.readRoot(ROOT_POSITION) > managed) return 'kernel memory with a damaged root';
    if (!isTrusted) this.#headers.distrust();
    else if (!this.#indexBlocks()) return 'kernel memory with damaged blocks';
    return null;
  }

  /** Finds all headers again; false if they do not form a chain. */
  #indexBlocks(): boolean {
    const end = FIRST_BLOCK + this.readRoot(ROOT_POSITION);
    let header = FIRST_BLOCK;
    while (header + HEADER_SIZE <= end) {
      // SAFETY: bounds the walk by existing bytes, since zeros are free in a snapshot.
      if (this.#view.getUint8(header) === STATUS_UNUSED) return false;
      this.#headers.add(header);
      header += HEADER_SIZE + this.#view.getUint32(header + 4, true);
    }
    return header === end;
  }

  /** Value of a field of the root record. */
  readRoot(field: number): number {
    return this.#view.getUint32(field + 4, true) * 0x1_0000_0000 + this.#view.getUint32(field, true);
  }
  /** Sets a field of the root record to a value below 2^32. */
  writeRoot(field: number, value: number): void {
    this.#view.setUint32(field, value, true);
    this.#view.setUint32(field + 4, 0, true);
  }

  /** A view of `[address, address + length)`, or null when that is not all in memory. Valid until the next call. */
  slice(address: number, length: number): Uint8Array<ArrayBuffer> | null {
    if (length < 0 || address < ROOT_SIZE || address + length > this.#byteLength) return null;
    this.#reach(address + length);
    return this.#bytes.subarray(address, address + length);
  }

  /** Whether `address` is in the managed bytes. */
  inArena(address: number): boolean {
    return address >= FIRST_BLOCK && address < FIRST_BLOCK + this.managedLength;
  }

  /** A copy of the whole memory. */
  dump(): Uint8Array {
    return this.bytes.slice();
  }

  /** Allocates `length` bytes; returns the address of the data, or 0. */
  alloc(length: number): number {
    if (length <= 0) return 0;
    const need = length + HEADER_SIZE;
    const position = this.readRoot(ROOT_POSITION);
    const left = this.managedLength - position - ROOT_SIZE;
    if (need >= left) {
      // Freed blocks are searched only if there is no room after the last block.
      const reused = need <= position ? this.#reuse(length, position) : 0;
      if (reused !== 0) return reused;
      if (!this.#grow(Math.ceil((need - left) / PAGE_SIZE))) return 0;
    }
    const header = FIRST_BLOCK + position;
    this.writeRoot(ROOT_POSITION, position + need);
    this.#addHeader(header, length);
    return header + HEADER_SIZE;
  }

  /**
   * Allocates a block that has an address but length 0. Plug-ins cannot make such a block (`alloc(0)` is 0); the host
   * uses it where "empty" and "missing" must differ.
   */
  allocEmpty(): number {
    const address = this.alloc(1);
    if (address !== 0) this.#view.setUint32(address - 4, 0, true);
    return address;
  }

  /** Frees a block. Returns whether `address` was the handle of one. */
  free(address: number): boolean {
    const header = this.#findBlock(address);
    if (header === 0) return false;
    this.#view.setUint8(header, STATUS_FREE);
    return true;
  }

  /** Length of the block at `address`, or 0 if there is none. */
  length(address: number): number {
    const header = this.#findBlock(address);
    return header === 0 ? 0 : this.#view.getUint32(header + 8, true);
  }

  /** Whether `address` is the handle of a block in use. */
  isBlock(address: number): boolean {
    return this.#findBlock(address) !== 0;
  }

  /** Like `length`, but trusts that a header precedes `address`. */
  lengthUnsafe(address: number): number {
    if (!this.#inMemory(address)) return 0;
    this.#reach(address);
    const header = address - HEADER_SIZE;
    return this.#view.getUint8(header) === STATUS_ACTIVE ? this.#view.getUint32(header + 8, true) : 0;
  }

  loadU8(address: number): number {
    return this.#inMemory(address) && address < this.#bytes.length ? this.#view.getUint8(address) : 0;
  }
  /** Whether 8 bytes at `address` may be read and written. The test is on the last byte, as in the kernel. */
  holdsU64(address: number): boolean {
    if (address + 7 < ROOT_SIZE || address + 7 >= this.#byteLength) return false;
    this.#reach(address + 8);
    return true;
  }
  /** One 32-bit word; only where `holdsU64` covers it. */
  loadWord(address: number): number {
    return this.#view.getInt32(address, true);
  }
  storeWord(address: number, word: number): void {
    this.#headers.noteStore(address, 4);
    this.#view.setInt32(address, word, true);
  }
  storeU8(address: number, value: number): void {
    if (!this.#inMemory(address) || address >= this.#byteLength) return;
    this.#reach(address + 1);
    this.#headers.noteStore(address, 1);
    this.#view.setUint8(address, value);
  }

  /** Frees every block and zeroes what was in use; the memory does not shrink. The caller resets the registers. */
  reset(): void {
    this.zeroedBytes += this.readRoot(ROOT_POSITION);
    this.#bytes.fill(0, FIRST_BLOCK, FIRST_BLOCK + this.readRoot(ROOT_POSITION));
    this.#headers.clear(FIRST_BLOCK + this.readRoot(ROOT_POSITION));
    this.writeRoot(ROOT_POSITION, 0);
  }

  /** The kernel's quick test: not in the root, not beyond the memory (whose end passes the test). */
  #inMemory(address: number): boolean {
    return address >= ROOT_SIZE && address <= this.#byteLength;
  }

  #writeHeader(header: number, status: number, size: number, used: number): void {
    this.#view.setUint8(header, status);
    this.#view.setUint32(header + 4, size, true);
    this.#view.setUint32(header + 8, used, true);
  }

  #addHeader(header: number, length: number): void {
    this.#writeHeader(header, STATUS_ACTIVE, length, length);
    this.#headers.add(header);
  }

  /** Header of the active block whose data starts at `address`, or 0. */
  #findBlock(address: number): number {
    if (this.#headers.isTrusted) {
      const header = address - HEADER_SIZE;
      return this.#headers.has(header) && this.#view.getUint8(header) === STATUS_ACTIVE ? header : 0;
    }
    return this.#walkTo(address);
  }

  #walkTo(address: number): number {
    // Overwritten headers can lead the walk anywhere, but only forward and never past the end.
    const end = FIRST_BLOCK + this.readRoot(ROOT_POSITION);
    if (!this.#inMemory(address) || address > end) return 0;
    for (let header = FIRST_BLOCK; header + HEADER_SIZE <= address; ) {
      this.visitedCount++;
      if (header + HEADER_SIZE === address && this.#view.getUint8(header) === STATUS_ACTIVE) return header;
      header += HEADER_SIZE + this.#view.getUint32(header + 4, true);
    }
    return 0;
  }

  /** First fit among the freed blocks: the address of the data, or 0. */
  #reuse(length: number, position: number): number {
    const end = FIRST_BLOCK + position;
    for (let header = FIRST_BLOCK; header < end; ) {
      this.visitedCount++;
      const status = this.#view.getUint8(header);
      const size = this.#view.getUint32(header + 4, true);
      if (status === STATUS_UNUSED || (status === STATUS_FREE && size >= length)) {
        if (status === STATUS_UNUSED || size - length < SPLIT_SIZE) {
          this.#writeHeader(header, STATUS_ACTIVE, size, length);
          return header + HEADER_SIZE;
        }
        const rest = size - length - HEADER_SIZE;
        const tail = header + HEADER_SIZE + rest;
        // An overwritten size can point beyond the memory: then there is no block, but no crash.
        if (tail + HEADER_SIZE + length > this.#byteLength) return 0;
        this.#reach(tail + HEADER_SIZE);
        this.#view.setUint32(header + 4, rest, true);
        this.#addHeader(tail, length);
        return tail + HEADER_SIZE;
      }
      header += HEADER_SIZE + size;
    }
    return 0;
  }

  #shrink(pageCount: number): void {
    this.#mayGrow(pageCount - this.#pageCount);
    this.#pageCount = pageCount;
    this.#bytes.fill(0, this.#byteLength);
  }

  #grow(pageCount: number): boolean {
    if (pageCount === 0) return true;
    const total = this.#pageCount + pageCount;
    if (total > this.#maxPages || !this.#mayGrow(pageCount)) return false;
    const managed = this.managedLength + pageCount * PAGE_SIZE;
    if (!this.#extend(FIRST_BLOCK + managed + SLACK)) {
      // DETERMINISM: whether the host has room must not affect the plug-in.
      if (this.#isStrict) throw noRoom(pageCount);
      return false;
    }
    this.#pageCount = total;
    this.grownPages += pageCount;
    this.writeRoot(ROOT_LENGTH, managed);
    this.#headers.reserve(FIRST_BLOCK + this.managedLength);
    return true;
  }

  /** Allocates bytes up to `end`, which is in the memory. */
  #reach(end: number): void {
    if (end > this.#bytes.length && !this.#extend(end)) throw noRoom(this.#pageCount);
  }

  /** The same; false if the host has no room. */
  #extend(end: number): boolean {
    if (end <= this.#bytes.length) return true;
    // Half as much again, so that growth page by page stays linear; a host short of memory gets the minimum.
    const bytes = allocate(Math.min(end + (end >> 1), this.#maxPages * PAGE_SIZE)) ?? allocate(end);
    if (bytes === null) return false;
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    return true;
  }
}

/** SAFETY: the only place where the host can run out of memory; a refused growth is a result of `alloc`. */
const allocate = (byteLength: number): Uint8Array<ArrayBuffer> | null => {
  try {
    return new Uint8Array(byteLength);
  } catch {
    return null;
  }
};
