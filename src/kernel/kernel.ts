/**
 * The Extism kernel: block memory plus the registers for input, output and error.
 *
 * Semantics are those of the official linear kernel. Every method is total: a bad address returns 0 or changes
 * nothing. Methods named in camel case after an ABI function do what that function does; the others serve the host,
 * which copies data in and out.
 */
import {
  BlockMemory,
  type GrowthGuard,
  ROOT_ERROR,
  ROOT_INPUT_LENGTH,
  ROOT_INPUT_OFFSET,
  ROOT_OUTPUT_LENGTH,
  ROOT_OUTPUT_OFFSET,
} from './blocks.ts';

/**
 * Options of a kernel.
 *
 * ```ts
 * const mayGrow: GrowthGuard = (pageCount) => pageCount <= 4;
 * const options: KernelOptions = { mayGrow };
 * const kernel = new Kernel(options);
 * console.log(kernel.memory.alloc(100_000) > 0, kernel.memory.alloc(1_000_000)); // → true 0
 * ```
 */
export interface KernelOptions {
  /** Called before the memory grows; default: always allowed. */
  readonly mayGrow?: GrowthGuard;
  /** Whether it is an error if the host has no memory for an allowed growth. Default: false. */
  readonly isStrict?: boolean;
}

/**
 * One kernel; shared by all modules of a plug-in.
 *
 * ```js
 * const kernel = new Kernel();
 * kernel.setInput(new Uint8Array([1, 2, 3]));
 * kernel.outputSet(kernel.inputOffset + 1, 2);
 * console.log(kernel.output()); // → Uint8Array(2) [ 2, 3 ]
 * ```
 */
export class Kernel {
  readonly memory: BlockMemory;
  #isOutputSet = false;

  constructor(options: KernelOptions = {}) {
    this.memory = new BlockMemory(options.mayGrow, undefined, options.isStrict);
  }

  /** Whether the plug-in has set an output, an empty one included. */
  get isOutputSet(): boolean {
    return this.#isOutputSet;
  }

  /** Restores the state of another kernel into a fresh one; see `BlockMemory.restore`. */
  restore(
    isOutputSet: boolean,
    pageCount: number,
    isTrusted: boolean,
    write: (bytes: Uint8Array) => void,
  ): string | null {
    this.#isOutputSet = isOutputSet;
    return this.memory.restore(pageCount, isTrusted, write);
  }

  free(address: number): void {
    // A freed input counts as empty, though its address stays.
    if (this.memory.free(address) && address === this.inputOffset)
      this.memory.writeRoot(ROOT_INPUT_LENGTH, 0);
  }

  get inputOffset(): number {
    return this.memory.readRoot(ROOT_INPUT_OFFSET);
  }
  get inputLength(): number {
    return this.memory.readRoot(ROOT_INPUT_LENGTH);
  }
  get outputOffset(): number {
    return this.memory.readRoot(ROOT_OUTPUT_OFFSET);
  }
  get outputLength(): number {
    return this.memory.readRoot(ROOT_OUTPUT_LENGTH);
  }
  /** Handle of the error message, or 0. */
  get error(): number {
    return this.memory.readRoot(ROOT_ERROR);
  }

  inputSet(address: number, length: number): void {
    if (!this.#isRange(address, length)) return;
    this.memory.writeRoot(ROOT_INPUT_OFFSET, address);
    this.memory.writeRoot(ROOT_INPUT_LENGTH, length);
  }

  outputSet(address: number, length: number): void {
    const isRange = this.#isRange(address, length);
    // The registers ignore (0, 0), which is how a plug-in sets an empty output; the host distinguishes it from no
    // output.
    if (isRange || (address === 0 && length === 0)) this.#isOutputSet = true;
    if (!isRange) return;
    this.memory.writeRoot(ROOT_OUTPUT_OFFSET, address);
    this.memory.writeRoot(ROOT_OUTPUT_LENGTH, length);
  }

  errorSet(address: number): void {
    if (address === 0 || this.memory.inArena(address)) this.memory.writeRoot(ROOT_ERROR, address);
  }

  reset(): void {
    this.memory.reset();
    for (const field of [
      ROOT_ERROR,
      ROOT_INPUT_OFFSET,
      ROOT_INPUT_LENGTH,
      ROOT_OUTPUT_OFFSET,
      ROOT_OUTPUT_LENGTH,
    ]) {
      this.memory.writeRoot(field, 0);
    }
    this.#isOutputSet = false;
  }

  /** Copies `bytes` into a new block and returns its handle; 0 when they are empty or memory ran out. */
  store(bytes: Uint8Array): number {
    const address = this.memory.alloc(bytes.length);
    if (address !== 0) this.memory.slice(address, bytes.length)?.set(bytes);
    return address;
  }

  /** Like `store`, but empty bytes get a block, so that they differ from no bytes. */
  storePresent(bytes: Uint8Array): number {
    return bytes.length === 0 ? this.memory.allocEmpty() : this.store(bytes);
  }

  /** A copy of the block at `address`, or null when `address` is not the handle of a block in use. */
  read(address: number): Uint8Array<ArrayBuffer> | null {
    if (!this.memory.isBlock(address)) return null;
    return this.memory.slice(address, this.memory.length(address))?.slice() ?? null;
  }

  /** Makes a copy of `bytes` the input of the next call. Returns whether there was memory for it. */
  setInput(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    const address = this.store(bytes);
    if (address === 0) return false;
    this.inputSet(address, bytes.length);
    return true;
  }

  /** A copy of the output, or null when the plug-in set none. */
  output(): Uint8Array<ArrayBuffer> | null {
    if (!this.#isOutputSet) return null;
    // A plug-in can write over the length register (it borders on block memory); then there is no output.
    return this.memory.slice(this.outputOffset, this.outputLength)?.slice() ?? new Uint8Array(0);
  }

  /** A copy of the error message, or null without one. An empty message counts as none. */
  errorMessage(): Uint8Array | null {
    const message = this.error === 0 ? null : this.read(this.error);
    return message === null || message.length === 0 ? null : message;
  }

  /** Whether the first and the last byte are in the arena. With length 0, the byte before counts as the last. */
  #isRange(address: number, length: number): boolean {
    return (
      this.memory.inArena(address) &&
      length <= this.memory.managedLength &&
      this.memory.inArena(address + length - 1)
    );
  }
}
