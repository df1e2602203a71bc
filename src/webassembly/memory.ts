/**
 * `Memory` and its buffer. @spec memories
 *
 * The buffer is the memory itself, not a copy. Growing detaches it, by `ArrayBuffer.prototype.transfer` or, on older
 * hosts, by `structuredClone`. Without either, an old buffer stays as it was, and only `memory.buffer` is the memory.
 *
 * Between growths the engine may reserve more room than the memory has, so that a guest that grows page by page does
 * not copy each time; reading the buffer releases that room until the next growth.
 */
import { MemoryInstance, PAGE_SIZE } from '../interpreter/instances/memory.ts';
import { MAX_MEMORY_PAGES } from '../syntax/limits.ts';
import { I32, I64, type Limits, type ValType } from '../syntax/types.ts';
import { toNativeError } from './errors.ts';
import type { Realm } from './realm.ts';
import { bind, brand, objectOf } from './slots.ts';
import { asInterface, fromAddress, toAddress, toDictionary, toEnum } from './web-idl.ts';

const addressTypes = ['i32', 'i64'] as const;

/** The address type of a descriptor. */
export const toAddressType = (value: unknown): ValType =>
  value !== undefined && toEnum(value, addressTypes, 'address') === 'i64' ? I64 : I32;

/** The bounds of a descriptor, read in the order of the standard. @throws TypeError, RangeError */
export const toLimits = (
  descriptor: Readonly<Record<string, unknown>>,
  address: ValType,
  most: bigint,
): Limits => {
  const { initial } = descriptor;
  if (initial === undefined) throw new TypeError('initial is missing');
  const min = toAddress(initial, address, 'initial');
  const { maximum } = descriptor;
  const max = maximum === undefined ? null : toAddress(maximum, address, 'maximum');
  if (min > most || (max !== null && (max > most || min > max)))
    throw new RangeError('initial or maximum is out of range');
  return { min, max, address };
};

/** Methods of newer versions of the language and of some hosts, which the library of ES2023 lacks. */
interface Transferable {
  transfer?(): ArrayBuffer;
  readonly resizable?: boolean;
  resize?(byteLength: number): void;
}
interface Cloner {
  structuredClone?(value: unknown, options?: { readonly transfer: readonly unknown[] }): unknown;
}
interface Growable {
  readonly growable?: boolean;
  grow?(byteLength: number): void;
}

/** Moves the bytes of a buffer to a new one, which detaches the old one; null if that is impossible. */
const moveBytes = (buffer: ArrayBuffer): ArrayBuffer | null => {
  const { transfer } = buffer as Transferable;
  if (transfer !== undefined) return transfer.call(buffer);
  const { structuredClone } = globalThis as Cloner;
  return structuredClone ? (structuredClone(buffer, { transfer: [buffer] }) as ArrayBuffer) : null;
};

/** Detaches a buffer whose bytes are no longer needed. */
const detach = (buffer: ArrayBufferLike): void => {
  if (buffer instanceof ArrayBuffer) moveBytes(buffer);
};

type ResizableConstructor = new (byteLength: number, options: { maxByteLength: number }) => ArrayBuffer;

/** Most bytes that a resizable buffer reserves: what the engine can address. */
const MAX_RESERVED_BYTES = MAX_MEMORY_PAGES * PAGE_SIZE;

/** Moves a shared memory to a block that can grow; null if the host has none. */
const growableBlock = (memory: MemoryInstance): ArrayBufferLike | null => {
  if (typeof SharedArrayBuffer === 'undefined') return null;
  const { max } = memory.type.limits;
  const maxByteLength = Math.min(Number(max) * memory.pageSize, MAX_RESERVED_BYTES);
  const block = new (SharedArrayBuffer as unknown as ResizableConstructor)(memory.byteLength, {
    maxByteLength,
  });
  if ((block as Growable).growable !== true) return null;
  new Uint8Array(block).set(memory.bytes);
  memory.view = new DataView(block);
  return block;
};

/** Whether JavaScript has detached the buffer, which a native memory prevents. */
export const isLost = ({ view, byteLength }: MemoryInstance): boolean =>
  view.buffer.byteLength === 0 && byteLength > 0;

/** The buffer of one memory as JavaScript sees it. */
class BufferObject {
  private readonly memory: MemoryInstance;
  /** The last returned buffer; null if none was returned since the last growth. */
  private given: ArrayBufferLike | null = null;
  private isResizable = false;
  /** The block of a shared memory, once its buffer was read. */
  private block: ArrayBufferLike | null = null;

  constructor(memory: MemoryInstance) {
    this.memory = memory;
    memory.onGrow = () => {
      this.refresh();
    };
  }

  get(): ArrayBufferLike {
    this.given ??= this.memory.isShared ? this.sharedBuffer() : this.memory.exactBuffer();
    return this.given;
  }

  /**
   * A buffer of a shared memory, which keeps its size and always shows the memory's bytes. Buffers of different sizes
   * over one block do not exist in the language; the closest is a growable one, of which each growth returns a clone
   * that keeps its size at that time: only views that are made of an old clone are longer.
   */
  private sharedBuffer(): ArrayBufferLike {
    const { memory } = this;
    const { structuredClone } = globalThis as Cloner;
    this.block ??= structuredClone === undefined ? null : growableBlock(memory);
    if (this.block === null) return Object.freeze(memory.exactBuffer());
    const clone = structuredClone!(this.block) as ArrayBufferLike;
    Object.defineProperty(clone, 'byteLength', { value: memory.byteLength });
    return Object.freeze(clone);
  }

  /** @spec refresh-the-memory-buffer */
  private refresh(): void {
    const { given, memory, block } = this;
    if (block !== null) {
      // Growing changed no byte of the old ones, and the new ones are zero.
      (block as Growable).grow!(memory.byteLength);
      memory.view = new DataView(block);
      this.given = null;
    }
    if (this.given === null || given === null) return;
    if (this.isResizable) {
      const contents = memory.bytes;
      // The method of the language: the buffer's own method makes the memory grow.
      (ArrayBuffer.prototype as Transferable).resize!.call(given, memory.byteLength);
      new Uint8Array(given).set(contents);
      memory.view = new DataView(given);
      return;
    }
    this.given = null;
    if (memory.view.buffer !== given) detach(given);
    else memory.view = new DataView(this.replacement(given));
  }

  /** Another buffer with the same bytes; the old one is detached. */
  private replacement(old: ArrayBufferLike): ArrayBufferLike {
    return (old instanceof ArrayBuffer ? moveBytes(old) : null) ?? old.slice(0);
  }

  toFixedLength(): ArrayBufferLike {
    const old = this.get();
    if (!this.isResizable) return old;
    this.isResizable = false;
    this.given = old.slice(0);
    this.memory.view = new DataView(this.given);
    detach(old);
    return this.given;
  }

  toResizable(): ArrayBufferLike {
    const { memory } = this;
    const { max } = memory.type.limits;
    if (max === null) throw new TypeError('the memory has no maximum');
    const old = this.get();
    if (this.isResizable) return old;
    const maxByteLength = Math.min(Number(max) * memory.pageSize, MAX_RESERVED_BYTES);
    const buffer = new (ArrayBuffer as ResizableConstructor)(old.byteLength, { maxByteLength });
    new Uint8Array(buffer).set(memory.bytes);
    this.isResizable = true;
    this.given = buffer;
    memory.view = new DataView(buffer);
    // The host must be notified: a memory grows by whole pages, and never shrinks.
    Object.defineProperty(buffer, 'resize', {
      value: (byteLength: unknown) => this.resize(byteLength),
      configurable: true,
      writable: true,
    });
    detach(old);
    return buffer;
  }

  /** @spec HostResizeArrayBuffer */
  private resize(byteLength: unknown): void {
    const { memory } = this;
    const delta = (Math.trunc(+(byteLength as number)) - memory.byteLength) / memory.pageSize;
    if (!(Number.isInteger(delta) && delta >= 0) || memory.grow(delta) < 0)
      throw new RangeError('a memory grows by whole pages, up to its maximum');
  }
}

const buffers = new WeakMap<MemoryInstance, BufferObject>();
const bufferOf = (memory: MemoryInstance): BufferObject => {
  let buffer = buffers.get(memory);
  if (buffer === undefined) buffers.set(memory, (buffer = new BufferObject(memory)));
  return buffer;
};

export const memoryObject = (realm: Realm, memory: MemoryInstance): object =>
  objectOf(memory, () => Object.create(realm.prototypes.memory) as object);

/** Most pages of a type. @spec valid-memtype */
const mostPages = (address: ValType): bigint => (address === I64 ? 1n << 48n : 1n << 16n);

/** The class `Memory`. */
export const makeMemoryClass = (realm: Realm) =>
  asInterface(
    class Memory {
      constructor(descriptor: unknown) {
        const members = toDictionary(descriptor, 'the descriptor');
        const address = toAddressType(members['address']);
        const limits = toLimits(members, address, mostPages(address));
        const isShared = Boolean(members['shared']);
        if (isShared && limits.max === null) throw new TypeError('a shared memory needs a maximum');
        try {
          bind(this, new MemoryInstance({ limits, isShared, pageSizeLog2: 16 }, realm.store));
        } catch (error) {
          throw toNativeError(realm.errors, error);
        }
      }

      grow(delta: unknown): number | bigint {
        const memory = brand(this, 'memory');
        const { address } = memory.type.limits;
        const pages = toAddress(delta, address, 'the number of pages');
        if (isLost(memory)) throw new TypeError('JavaScript has detached the buffer of the memory');
        const old = memory.grow(Number(pages));
        if (old < 0) throw new RangeError('the memory cannot grow so far');
        return fromAddress(old, address);
      }

      toFixedLengthBuffer(): ArrayBufferLike {
        return bufferOf(brand(this, 'memory')).toFixedLength();
      }

      toResizableBuffer(): ArrayBufferLike {
        return bufferOf(brand(this, 'memory')).toResizable();
      }

      get buffer(): ArrayBufferLike {
        return bufferOf(brand(this, 'memory')).get();
      }
    },
  );
