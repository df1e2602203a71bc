/** The store: limits and the fuel schedule that its instances share. @spec syntax-store */

import { checkWholeNumber } from '../../errors/arguments.ts';
import {
  DEFAULT_MAX_CALL_DEPTH,
  DEFAULT_MAX_HEAP_BYTES,
  DEFAULT_MAX_STACK_SLOTS,
} from '../../syntax/limits.ts';
import {
  type CodeUnit,
  type CompiledModule,
  checkCompiler,
  type JavaScriptCompiler,
} from '../code/compiled-module.ts';
import { checkPrecompiled, isMadeOf, type PrecompiledModule } from '../code/precompiled-module.ts';
import { selectSchedule } from '../fuel/check-schedule.ts';
import type { FuelSchedule } from '../fuel/schedules.ts';
import type { PageBudget } from './memory.ts';
import { checkBlocking, checkSharing } from './shared-memory.ts';
import type { HeapBudget } from './table.ts';

/**
 * Options of a store.
 *
 * ```ts
 * const options: StoreOptions = { schedule: 'flat-1', maxCallDepth: 1000, maxMemoryPages: 64 };
 * console.log(new Store(options).schedule.name); // → flat-1
 * ```
 */
export interface StoreOptions {
  /** What instructions cost: a schedule, or the name of one. Default: `quern-1`. */
  readonly schedule?: FuelSchedule | string;
  /** Most nested Wasm frames of one call. Default and most: 65,536. */
  readonly maxCallDepth?: number;
  /** Most value slots (8 bytes) of all frames of one call. Default and most: 1,000,000. */
  readonly maxStackSlots?: number;
  /** Most pages of all memories together. Default: no limit but that of each memory. */
  readonly maxMemoryPages?: number;
  /**
   * Most bytes of structures, arrays, exceptions and elements of tables: of those that were reachable when the
   * outermost call began, and all that were made since. What counts is at least what Node takes for them, so a host
   * with little memory says what it can spare. Infinity is allowed. Default: 512 MiB.
   */
  readonly maxHeapBytes?: number;
  /**
   * Who has a part in memories that are declared shared. `thread` (default): calls in this JavaScript thread,
   * which a `Scheduler` lets take turns. `workers`: other worker threads as well; such a memory lies in a
   * SharedArrayBuffer that holds its declared maximum, and travels by `shareMemory` and `openSharedMemory`.
   */
  readonly sharing?: 'thread' | 'workers';
  /**
   * Whether a wait on a memory that workers share blocks this JavaScript thread instead of pausing the call.
   * For workers; browsers forbid it to the page itself. Default: false.
   */
  readonly canBlock?: boolean;
  /**
   * Ends a call with `exhaustion.memory` where the limits allow a memory to grow and the host has no room, in place
   * of telling the guest: what it is told then depends on its limits alone. Default: false.
   */
  readonly strictGrowth?: boolean;
  /** Makes JavaScript of what runs often: `compiler()` of `quern/compile`. Default: the interpreter does everything. */
  readonly compiler?: JavaScriptCompiler | undefined;
  /** Code that `quern compile` made of modules: of those, in place of the compiler. Default: none. */
  readonly precompiled?: PrecompiledModule | readonly PrecompiledModule[] | undefined;
}

/**
 * What instances share: limits, and the schedule that prices their code. @spec syntax-store
 *
 * ```js
 * const store = new Store({ schedule: flat1, maxCallDepth: 1000 });
 * console.log(store.maxCallDepth, store.pagesInUse); // → 1000 0
 * ```
 */
export class Store implements PageBudget, HeapBudget {
  readonly schedule: FuelSchedule;
  readonly maxCallDepth: number;
  readonly maxStackSlots: number;
  readonly maxMemoryPages: number;
  readonly maxHeapBytes: number;
  readonly sharing: 'thread' | 'workers';
  readonly canBlock: boolean;
  readonly isStrict: boolean;
  readonly compiler: JavaScriptCompiler | null;
  private readonly precompiled: readonly PrecompiledModule[];
  /** Pages of all memories that were allocated here. */
  pagesInUse = 0;
  /** Bytes that count against `maxHeapBytes`. */
  heapBytes = 0;
  /** From how many on it is worth looking at what is still reachable; see `settleHeap`. */
  settleFrom = 0;
  /** Calls that have begun and are not over: their frames may hold objects. */
  openCalls = 0;

  /** @throws UsageError, and UnsupportedError when workers cannot share memories on this host */
  constructor(options: StoreOptions = {}) {
    this.schedule = selectSchedule(options.schedule);
    this.maxCallDepth = limit('maxCallDepth', options.maxCallDepth, DEFAULT_MAX_CALL_DEPTH);
    this.maxStackSlots = limit('maxStackSlots', options.maxStackSlots, DEFAULT_MAX_STACK_SLOTS);
    this.maxMemoryPages = options.maxMemoryPages ?? Number.POSITIVE_INFINITY;
    this.maxHeapBytes =
      options.maxHeapBytes === Number.POSITIVE_INFINITY
        ? options.maxHeapBytes
        : limit('maxHeapBytes', options.maxHeapBytes ?? DEFAULT_MAX_HEAP_BYTES, Number.MAX_SAFE_INTEGER);
    this.sharing = options.sharing ?? 'thread';
    this.canBlock = options.canBlock ?? false;
    if (this.sharing === 'workers') checkSharing();
    if (this.canBlock) checkBlocking();
    this.isStrict = options.strictGrowth ?? false;
    this.compiler = checkCompiler(options.compiler);
    this.precompiled = checkPrecompiled(options.precompiled);
    for (const precompiled of this.precompiled) precompiled.check(this.schedule);
  }

  /** The code of a module, as its instances here run it. */
  unitOf(compiled: CompiledModule): CodeUnit {
    const precompiled = this.precompiled.find((item) => isMadeOf(item, compiled.module));
    return compiled.unit(this.schedule, precompiled ?? this.compiler);
  }

  take(pageCount: number): boolean {
    if (this.pagesInUse + pageCount > this.maxMemoryPages) return false;
    this.pagesInUse += pageCount;
    return true;
  }

  hasHeap(byteCount: number): boolean {
    return this.heapBytes + byteCount <= this.maxHeapBytes;
  }

  takeHeap(byteCount: number): boolean {
    if (!this.hasHeap(byteCount)) return false;
    this.heapBytes += byteCount;
    return true;
  }
}

const limit = (name: string, value: number | undefined, most: number): number =>
  value === undefined ? most : checkWholeNumber(value, name, 1, most);
