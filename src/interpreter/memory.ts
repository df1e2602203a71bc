/**
 * Memory instances. @spec syntax-meminst
 *
 * The buffer may be larger than the memory, so that growing page by page does not copy each time; bounds are
 * always those of `byteLength`. Pages beyond it are zero and never shown.
 */
import { LimitError } from '../errors/errors.ts';
import { MAX_MEMORY_PAGES } from '../syntax/limits.ts';
import type { MemoryType } from '../syntax/types.ts';

/** What a store allows memories to grow by; see `Store`. */
export interface PageBudget {
  /** Takes pages from the budget; false if they are not to be had, and then nothing was taken. */
  take(pageCount: number): boolean;
}

export const PAGE_SIZE = 65536;

export class MemoryInstance {
  readonly kind = 'memory';
  /** The whole buffer; only the first `byteLength` bytes belong to the memory. */
  view: DataView;
  byteLength: number;
  private readonly declared: MemoryType;
  private readonly budget: PageBudget | null;

  constructor(type: MemoryType, budget: PageBudget | null = null) {
    const min = type.limits.min;
    if (min > BigInt(MAX_MEMORY_PAGES)) {
      throw new LimitError('limit.memory', {
        limit: MAX_MEMORY_PAGES,
        actual: String(min),
        detail: `${min} pages`,
      });
    }
    if (budget !== null && !budget.take(Number(min)))
      throw new LimitError('limit.memory', { actual: String(min), detail: `${min} pages` });
    this.declared = type;
    this.budget = budget;
    this.byteLength = Number(min) * PAGE_SIZE;
    this.view = new DataView(new ArrayBuffer(this.byteLength));
  }

  get pageCount(): number {
    return this.byteLength / PAGE_SIZE;
  }

  /** The type with the current size as its minimum: what imports are matched against. */
  get type(): MemoryType {
    return { ...this.declared, limits: { ...this.declared.limits, min: BigInt(this.pageCount) } };
  }

  /** A view of the current memory; take it anew after anything that may grow the memory. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.view.buffer, 0, this.byteLength);
  }

  /** Whether the memory may grow by that many pages, the store's budget aside. */
  canGrow(pageCount: number): boolean {
    const limit = this.declared.limits.max;
    const most = limit === null || limit > BigInt(MAX_MEMORY_PAGES) ? MAX_MEMORY_PAGES : Number(limit);
    return this.pageCount + pageCount <= most;
  }

  /**
   * Grows by whole pages. @spec grow-mem
   * @returns the old size in pages, or -1 if a limit forbids it
   */
  grow(pageCount: number): number {
    const old = this.pageCount;
    if (!this.canGrow(pageCount)) return -1;
    if (pageCount > 0 && this.budget !== null && !this.budget.take(pageCount)) return -1;
    const byteLength = this.byteLength + pageCount * PAGE_SIZE;
    if (byteLength > this.view.byteLength) {
      const view = enlarge(this.bytes, byteLength);
      if (view === null) return -1;
      this.view = view;
    }
    this.byteLength = byteLength;
    return old;
  }
}

/** A larger buffer with the same contents, half as large again so that repeated growth stays linear. */
const enlarge = (bytes: Uint8Array, byteLength: number): DataView | null => {
  const roomy = Math.min(
    Math.max(byteLength, Math.ceil((byteLength * 1.5) / PAGE_SIZE) * PAGE_SIZE),
    MAX_MEMORY_PAGES * PAGE_SIZE,
  );
  for (const size of [roomy, byteLength]) {
    try {
      const buffer = new ArrayBuffer(size);
      new Uint8Array(buffer).set(bytes);
      return new DataView(buffer);
    } catch {
      // The host has no room for it: a failed growth, not an error (spec: growing may always fail).
    }
  }
  return null;
};
