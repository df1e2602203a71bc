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
  /** Most pages of all memories together. Default: only the limit of each memory. */
  readonly maxMemoryPages?: number;
  /**
   * Most bytes of structures, arrays, exceptions and elements of tables: of those that were reachable when the
   * outermost call began, and all that were made since. They count at least as much as Node uses for them, so that a
   * host with little memory can set a limit. Infinity is allowed. Default: 512 MiB.
   */
  readonly maxHeapBytes?: number;
  /**
   * Who can use memories that are declared shared. `thread` (default): calls in this JavaScript thread, which take
   * turns under a `Scheduler`. `workers`: other worker threads as well; such a memory is a SharedArrayBuffer of its
   * declared maximum, and is sent with `shareMemory` and `openSharedMemory`.
   */
  readonly sharing?: 'thread' | 'workers';
  /**
   * Whether a wait on a memory that workers share blocks this JavaScript thread instead of pausing the call.
   * For workers; browsers do not allow it on the main thread. Default: false.
   */
  readonly canBlock?: boolean;
  /**
   * Ends a call with `exhaustion.memory` if the limits allow a memory to grow but the host has no memory for it,
   * instead of reporting it to the guest: what the guest sees then depends only on its limits. Default: false.
   */
  readonly strictGrowth?: boolean;
  /**
   * Compiles what runs often to JavaScript: `compiler()` of `quern/compile`. Default: the interpreter runs
   * everything.
   */
  readonly compiler?: JavaScriptCompiler | undefined;
  /** Code that `quern compile` made from modules: used for those instead of the compiler. Default: none. */
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
  /** The number from which on it is worth checking what is still reachable; see `settleHeap`. */
  settleFrom = 0;
  /** Calls that have begun and not ended: their frames may hold objects. */
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
