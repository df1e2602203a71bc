/** The store: limits and the fuel schedule that its instances share. @spec syntax-store */
import { UsageError } from '../errors/errors.ts';
import { DEFAULT_MAX_CALL_DEPTH, DEFAULT_MAX_STACK_SLOTS } from '../syntax/limits.ts';
import { type FuelSchedule, quern1 } from './fuel.ts';
import type { PageBudget } from './memory.ts';

/** Options of a store. */
export interface StoreOptions {
  /** What instructions cost. Default: `quern-1`. */
  readonly schedule?: FuelSchedule;
  /** Most nested Wasm frames of one call. Default and most: 65,536. */
  readonly maxCallDepth?: number;
  /** Most value slots (8 bytes) of all frames of one call. Default and most: 1,000,000. */
  readonly maxStackSlots?: number;
  /** Most pages of all memories together. Default: no limit but that of each memory. */
  readonly maxMemoryPages?: number;
}

/**
 * What instances share: limits, and the schedule that prices their code. @spec syntax-store
 *
 * ```js
 * const store = new Store({ schedule: flat1, maxCallDepth: 1000 });
 * console.log(store.maxCallDepth, store.pagesInUse); // → 1000 0
 * ```
 */
export class Store implements PageBudget {
  readonly schedule: FuelSchedule;
  readonly maxCallDepth: number;
  readonly maxStackSlots: number;
  readonly maxMemoryPages: number;
  /** Pages of all memories that were allocated here. */
  pagesInUse = 0;

  constructor(options: StoreOptions = {}) {
    this.schedule = options.schedule ?? quern1;
    this.maxCallDepth = limit('maxCallDepth', options.maxCallDepth, DEFAULT_MAX_CALL_DEPTH);
    this.maxStackSlots = limit('maxStackSlots', options.maxStackSlots, DEFAULT_MAX_STACK_SLOTS);
    this.maxMemoryPages = options.maxMemoryPages ?? Number.POSITIVE_INFINITY;
  }

  take(pageCount: number): boolean {
    if (this.pagesInUse + pageCount > this.maxMemoryPages) return false;
    this.pagesInUse += pageCount;
    return true;
  }
}

const limit = (name: string, value: number | undefined, most: number): number => {
  if (value === undefined) return most;
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new UsageError('usage.argument', {
      detail: `${name} must be a whole number from 1 to ${most}, not ${value}`,
    });
  }
  return value;
};
