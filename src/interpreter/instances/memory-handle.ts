/** How to send a memory from one worker thread to another: as a handle that messages can carry. */
import { UsageError } from '../../errors/errors.ts';
import { I32, I64 } from '../../syntax/types.ts';
import { MemoryInstance } from './memory.ts';
import { CONTROL_BYTES, SharedCells } from './shared-memory.ts';
import type { Store } from './store.ts';

/**
 * A shared memory in the form that `postMessage` and `workerData` carry: they copy the handle and share its contents.
 * Treat it as opaque.
 *
 * ```ts
 * const store = new Store({ sharing: 'workers' });
 * const limits = { min: 1n, max: 2n, address: I32 };
 * const memory = new MemoryInstance({ limits, isShared: true, pageSizeLog2: 16 }, store);
 * const handle: SharedMemoryHandle = shareMemory(memory);
 * // In another worker, which got the handle as its `workerData`:
 * console.log(openSharedMemory(store, handle).pageCount); // → 1
 * ```
 */
export interface SharedMemoryHandle {
  readonly buffer: SharedArrayBuffer;
  /** Page count, and a word for fences. */
  readonly control: SharedArrayBuffer;
  readonly min: bigint;
  readonly max: bigint;
  readonly is64: boolean;
  readonly pageSizeLog2: number;
}

/**
 * The handle of a memory, for other workers.
 *
 * ```js
 * const limits = { min: 1n, max: 2n, address: I32 };
 * const store = new Store({ sharing: 'workers' });
 * const memory = new MemoryInstance({ limits, isShared: true, pageSizeLog2: 16 }, store);
 * console.log(shareMemory(memory).buffer.byteLength); // → 131072
 * ```
 *
 * @throws UsageError unless the memory is declared shared and was made in a
 * store with `sharing: 'workers'`
 */
export const shareMemory = (memory: MemoryInstance): SharedMemoryHandle => {
  const { cells, type } = memory;
  if (cells === null) {
    throw new UsageError('usage.argument', {
      detail: "workers can share a memory only if it is declared shared, in a store with sharing: 'workers'",
    });
  }
  const { min, max, address } = type.limits;
  // Shared memories have a maximum. @spec valid-memtype
  return {
    buffer: cells.buffer,
    control: cells.controlBuffer,
    min,
    max: max!,
    is64: address === I64,
    pageSizeLog2: type.pageSizeLog2,
  };
};

/**
 * The memory of a handle, as an instance of this worker, to be passed to `instantiate` as an import. Its current
 * pages count in the budget of the store; growth by others does not.
 *
 * ```js
 * const limits = { min: 1n, max: 2n, address: I32 };
 * const store = new Store({ sharing: 'workers' });
 * const memory = new MemoryInstance({ limits, isShared: true, pageSizeLog2: 16 }, store);
 * const other = openSharedMemory(store, shareMemory(memory));
 * other.grow(1);
 * console.log(memory.pageCount); // → 2
 * ```
 *
 * @throws UsageError if it is not such a handle, UnsupportedError if the host has no shared memory, LimitError
 */
export const openSharedMemory = (store: Store, handle: SharedMemoryHandle): MemoryInstance => {
  if (store.sharing !== 'workers') {
    throw new UsageError('usage.argument', { detail: "the store needs sharing: 'workers'" });
  }
  const { buffer, control, min, max, is64, pageSizeLog2 } = handle;
  const isHandle =
    buffer instanceof SharedArrayBuffer &&
    control instanceof SharedArrayBuffer &&
    control.byteLength === CONTROL_BYTES &&
    typeof min === 'bigint' &&
    typeof max === 'bigint';
  const cells = isHandle ? new SharedCells(buffer, control) : null;
  if (cells === null || cells.pageCount * 2 ** pageSizeLog2 > buffer.byteLength) {
    throw new UsageError('usage.argument', { detail: 'not a handle of shareMemory' });
  }
  const limits = { min, max, address: is64 ? I64 : I32 };
  return new MemoryInstance({ limits, isShared: true, pageSizeLog2 }, store, cells);
};
