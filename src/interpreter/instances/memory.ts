/**
 * Memory instances. @spec syntax-meminst
 *
 * The buffer may be larger than the memory, so that growing page by page does not copy each time; bounds are
 * always those of `byteLength`. Pages beyond it are zero and never visible.
 */
import { ExhaustionError, LimitError } from '../../errors/errors.ts';
import { MAX_MEMORY_PAGES } from '../../syntax/limits.ts';
import { I64, type MemoryType } from '../../syntax/types.ts';
import { allocateShared, type SharedCells } from './shared-memory.ts';
import { WaiterQueue } from './waiters.ts';

/** How much a store allows memories to grow; see `Store`. */
export interface PageBudget {
  /** Takes pages from the budget; false, without taking any, if there are not enough. */
  take(pageCount: number): boolean;
  /** With `workers`, memories that are declared shared can be shared with other worker threads. */
  readonly sharing?: 'thread' | 'workers';
  /** Whether it is an error, not a result, if the host has no memory for a growth within the limits. */
  readonly isStrict: boolean;
}

/** Growth that the limits allow, but for which the host has no memory. */
export const noRoom = (pageCount: number): Error =>
  new ExhaustionError('exhaustion.memory', { detail: `the host has no memory for ${pageCount} more pages` });

export const PAGE_SIZE = 65536;

/**
 * A linear memory. @spec syntax-meminst
 *
 * ```js
 * const memory = new MemoryInstance({ limits: { min: 1n, max: 2n, address: I32 }, isShared: false, pageSizeLog2: 16 });
 * console.log(memory.byteLength, memory.grow(1), memory.grow(1)); // → 65536 1 -1
 * ```
 */
export class MemoryInstance {
  readonly kind = 'memory';
  /** The whole buffer; only the first `byteLength` bytes belong to the memory. */
  view: DataView;
  /** Bytes of the memory. If workers share it, those that this thread knows of: `refresh` updates them. */
  byteLength: number;
  readonly pageSize: number;
  /** Called at each growth, even by 0 pages: for an embedder that exposes the buffer. */
  onGrow: (() => void) | null = null;
  /** Calls of this thread that wait here. */
  readonly waiters = new WaiterQueue();
  /** Views for atomic access when workers share the memory; null otherwise. */
  readonly cells: SharedCells | null;
  private readonly declared: MemoryType;
  private readonly budget: PageBudget | null;

  /**
   * @param given cells of a memory that another worker has made
   * @throws LimitError, UnsupportedError
   */
  constructor(type: MemoryType, budget: PageBudget | null = null, given: SharedCells | null = null) {
    const { min } = type.limits;
    this.declared = type;
    this.budget = budget;
    this.pageSize = 2 ** type.pageSizeLog2;
    // A number that is far too large may lose digits here, and stays too large.
    const byteLength = (given?.pageCount ?? Number(min)) * this.pageSize;
    const isTooLarge = byteLength > MAX_BYTES;
    // PERF: a number of more than 31 bits would give all memories another hidden class.
    this.byteLength = isTooLarge ? 0 : byteLength;
    const isGranted = !isTooLarge && (budget === null || budget.take(unitsOf(byteLength)));
    let cells = given;
    if (isGranted && given === null && budget?.sharing === 'workers' && type.isShared) {
      cells = allocateShared(this.mostPages * this.pageSize, Number(min));
      if (cells === null) {
        throw new LimitError('limit.memory', {
          actual: this.mostPages,
          detail: `${this.mostPages} pages, the maximum of a memory for workers, which is reserved at once`,
        });
      }
    }
    this.cells = cells;
    const view = !isGranted
      ? null
      : cells === null
        ? allocate(byteLength, type.isShared)
        : new DataView(cells.buffer);
    if (view === null) {
      throw new LimitError('limit.memory', {
        ...(isTooLarge ? { limit: Math.floor(MAX_BYTES / this.pageSize) } : {}),
        actual: String(min),
        detail: `${min} pages`,
      });
    }
    this.view = view;
  }

  /** Whether addresses are i64. */
  get is64(): boolean {
    return this.declared.limits.address === I64;
  }

  get isShared(): boolean {
    return this.declared.isShared;
  }

  get pageCount(): number {
    this.refresh();
    return this.byteLength / this.pageSize;
  }

  /** Checks whether another worker has grown the memory; true if it has. */
  refresh(): boolean {
    if (this.cells === null) return false;
    const byteLength = this.cells.pageCount * this.pageSize;
    if (byteLength === this.byteLength) return false;
    this.byteLength = byteLength;
    return true;
  }

  /** The type with the current size as its minimum: what imports are matched against. */
  get type(): MemoryType {
    return { ...this.declared, limits: { ...this.declared.limits, min: BigInt(this.pageCount) } };
  }

  /** A view of the current memory; call again after anything that may grow the memory. */
  get bytes(): Uint8Array {
    this.refresh();
    return new Uint8Array(this.view.buffer, 0, this.byteLength);
  }

  /** Whether the memory may grow by that many pages, apart from the store's budget. */
  canGrow(pageCount: number): boolean {
    return this.pageCount + pageCount <= this.mostPages;
  }

  /** Pages that the memory may have at most. */
  private get mostPages(): number {
    const most = Math.floor(MAX_BYTES / this.pageSize);
    const declared = this.declared.limits.max;
    return declared === null || declared > BigInt(most) ? most : Number(declared);
  }

  /**
   * Grows by whole pages. @spec grow-mem
   * @returns the old size in pages, or -1 if a limit forbids it
   * @throws ExhaustionError when the host has no room and the budget is strict
   */
  grow(pageCount: number): number {
    const old = this.pageCount;
    if (!this.canGrow(pageCount)) return -1;
    const byteLength = this.byteLength + pageCount * this.pageSize;
    const units = unitsOf(byteLength) - unitsOf(this.byteLength);
    if (units > 0 && this.budget !== null && !this.budget.take(units)) return -1;
    if (this.cells !== null && !this.cells.grow(old, old + pageCount)) {
      // Another worker was faster: return what was taken, and try to grow again.
      this.budget?.take(-units);
      return this.grow(pageCount);
    }
    if (byteLength > this.view.byteLength) {
      const view = enlarge(this.bytes, byteLength, this.isShared);
      if (view === null) {
        // DETERMINISM: whether the host has memory must not affect the plug-in, which therefore must not continue.
        if (this.budget?.isStrict) throw noRoom(pageCount);
        return -1;
      }
      this.view = view;
    }
    this.byteLength = byteLength;
    this.onGrow?.();
    return old;
  }

  /** Removes pages at the end, to restore an earlier state. @internal */
  shrink(pageCount: number): void {
    const byteLength = pageCount * this.pageSize;
    this.budget?.take(unitsOf(byteLength) - unitsOf(this.byteLength));
    this.bytes.fill(0, byteLength);
    this.byteLength = byteLength;
    this.onGrow?.();
  }

  /**
   * The buffer, resized to the memory's length; a growth may replace it. For a memory of workers, it is the shared
   * one, which has the maximum size.
   */
  exactBuffer(): ArrayBufferLike {
    if (this.cells !== null) return this.cells.buffer;
    if (this.view.byteLength !== this.byteLength)
      this.view = new DataView(this.view.buffer.slice(0, this.byteLength));
    return this.view.buffer;
  }
}

/** Most bytes of a memory, whatever its page size. */
const MAX_BYTES = MAX_MEMORY_PAGES * PAGE_SIZE;

/** What a number of bytes counts as in budgets and fuel: pages of 64 KiB, rounded up. */
export const unitsOf = (byteCount: number): number => Math.ceil(byteCount / PAGE_SIZE);

/** A zeroed buffer, or null if the host has no memory for it. */
const allocate = (byteLength: number, isShared: boolean): DataView | null => {
  try {
    // Hosts without isolation hide shared buffers; with one agent an ordinary one is as good.
    const isHidden = typeof SharedArrayBuffer === 'undefined';
    return new DataView(
      isShared && !isHidden ? new SharedArrayBuffer(byteLength) : new ArrayBuffer(byteLength),
    );
  } catch {
    return null;
  }
};

/** A larger buffer with the same contents, half as large again so that repeated growth stays linear. */
const enlarge = (bytes: Uint8Array, byteLength: number, isShared: boolean): DataView | null => {
  const roomy = Math.min(
    Math.max(byteLength, Math.ceil((byteLength * 1.5) / PAGE_SIZE) * PAGE_SIZE),
    MAX_BYTES,
  );
  // Without memory for either, this is a failed growth, not an error: growing may always fail. @spec exec-memory.grow
  const view = allocate(roomy, isShared) ?? allocate(byteLength, isShared);
  if (view !== null) new Uint8Array(view.buffer).set(bytes);
  return view;
};
