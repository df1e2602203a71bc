/**
 * Bounds-checked access to the memory of the module that called a WASI function.
 *
 * An address out of bounds ends the function with `errno.fault`, never with a JavaScript error.
 */
import type { MemoryInstance } from '../../interpreter/instances/memory.ts';
import { ErrnoSignal } from './errno.ts';

const fault = new ErrnoSignal('fault');
const inval = new ErrnoSignal('inval');

/** Bytes that describe one buffer. */
const VECTOR_SIZE = 8;
/** Most vectors of one read or write, as on POSIX systems. */
export const MAX_VECTORS = 1024;
/** Most bytes that one read or write moves; more becomes a short read or write, which guests must expect. */
export const MAX_TRANSFER = 1 << 24;

/** Memory of the caller during one call; growth in between would need a new object. */
export class GuestMemory {
  readonly #view: DataView;
  readonly #byteLength: number;

  /** @param memory null without a calling module: then every address is out of bounds */
  constructor(memory: MemoryInstance | null) {
    this.#view = memory?.view ?? new DataView(new ArrayBuffer(0));
    this.#byteLength = memory?.byteLength ?? 0;
  }

  #check(address: number, length: number): void {
    if (address + length > this.#byteLength) throw fault;
  }

  /** A view of a range. @throws ErrnoSignal if it is not all in memory */
  slice(address: number, length: number): Uint8Array {
    this.#check(address, length);
    return new Uint8Array(this.#view.buffer, address, length);
  }
  readU8(address: number): number {
    this.#check(address, 1);
    return this.#view.getUint8(address);
  }
  readU16(address: number): number {
    this.#check(address, 2);
    return this.#view.getUint16(address, true);
  }
  readU32(address: number): number {
    this.#check(address, 4);
    return this.#view.getUint32(address, true);
  }
  readU64(address: number): bigint {
    this.#check(address, 8);
    return this.#view.getBigUint64(address, true);
  }
  writeU8(address: number, value: number): void {
    this.#check(address, 1);
    this.#view.setUint8(address, value);
  }
  writeU16(address: number, value: number): void {
    this.#check(address, 2);
    this.#view.setUint16(address, value, true);
  }
  writeU32(address: number, value: number): void {
    this.#check(address, 4);
    this.#view.setUint32(address, value, true);
  }
  writeU64(address: number, value: bigint): void {
    this.#check(address, 8);
    this.#view.setBigUint64(address, value, true);
  }

  /** The buffers of an array of `VECTOR_SIZE` bytes each: address and length; truncated to `MAX_TRANSFER` bytes. */
  vectors(address: number, count: number): Uint8Array[] {
    if (count > MAX_VECTORS) throw inval;
    this.#check(address, VECTOR_SIZE * count);
    const buffers: Uint8Array[] = [];
    let room = MAX_TRANSFER;
    for (let i = 0; i < count; i++) {
      const buffer = this.slice(
        this.readU32(address + VECTOR_SIZE * i),
        this.readU32(address + VECTOR_SIZE * i + 4),
      );
      buffers.push(buffer.subarray(0, room));
      room -= Math.min(room, buffer.length);
    }
    return buffers;
  }
}
