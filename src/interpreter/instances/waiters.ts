/**
 * Calls that wait at an address of a shared memory, and the calls that wake them. @spec exec-memory.atomic.waitn
 *
 * Between the calls of one JavaScript thread a wait is a pause: the call leaves the machine, and a notify of
 * another call sets its answer. DETERMINISM: waiters of an address are woken in the order of their arrival. If
 * workers share the memory, the queue is that of the JavaScript engine; see `shared-memory.ts`.
 */

/** Results of `memory.atomic.wait`: woken, a different value, or timed out. */
export const WOKEN = 0;
export const NOT_EQUAL = 1;
export const TIMED_OUT = 2;

/**
 * One call that waits at an address of a shared memory: `Execution.waiter`.
 *
 * ```ts
 * // (module (memory 1 1 shared)
 * //   (func (export "w") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 9)))))
 * const bytes = Uint8Array.of(
 *   ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 7, 5, 1, 1, 0x77, 0, 0],
 *   ...[10, 15, 1, 13, 0, 0x41, 0, 0x41, 0, 0x42, 9, 0xfe, 1, 2, 0, 0x1a, 0x0b],
 * );
 * const compiled = compileModule(bytes, new Set([...defaultFeatures, 'threads' as const]));
 * const { exports } = instantiate(new Store(), compiled, () => undefined);
 * const execution = startExecution(exports.get('w') as FuncInstance, []);
 * execution.run();
 * const waiter: Waiter | null = execution.waiter;
 * console.log(execution.pause, waiter?.address, waiter?.timeout); // → wait 0 9n
 * ```
 */
export class Waiter {
  /** First of the bytes it waits at. */
  readonly address: number;
  /** Nanoseconds that it waits at most, from its beginning; null = forever. */
  readonly timeout: bigint | null;
  /** Word index of the answer on the call's stack. */
  readonly base: number;
  /** Resolves when there is an answer; null between calls of one JavaScript thread. */
  readonly promise: Promise<void> | null;
  private settled: typeof WOKEN | typeof TIMED_OUT | null = null;
  private readonly queue: WaiterQueue | null;

  constructor(
    address: number,
    timeout: bigint | null,
    base: number,
    end: WaiterQueue | Promise<'ok' | 'timed-out'>,
  ) {
    this.address = address;
    this.timeout = timeout;
    this.base = base;
    this.queue = end instanceof WaiterQueue ? end : null;
    this.promise =
      end instanceof WaiterQueue
        ? null
        : end.then((answer) => {
            this.settled = answer === 'ok' ? WOKEN : TIMED_OUT;
          });
  }

  /** The result of the wait; null while it lasts. */
  get answer(): number | null {
    return this.settled;
  }

  /** Ends the wait as a notify does. The queue calls this. */
  wake(): void {
    this.settled = WOKEN;
  }

  /** Ends the wait by its timeout; no effect if it has ended, or if workers share the memory. */
  timeOut(): void {
    if (this.settled !== null || this.queue === null) return;
    this.queue.remove(this);
    this.settled = TIMED_OUT;
  }
}

/** The waiters of one memory. */
export class WaiterQueue {
  private readonly byAddress = new Map<number, Waiter[]>();

  add(waiter: Waiter): void {
    const list = this.byAddress.get(waiter.address);
    if (list === undefined) this.byAddress.set(waiter.address, [waiter]);
    else list.push(waiter);
  }

  remove(waiter: Waiter): void {
    const list = this.byAddress.get(waiter.address) ?? [];
    const index = list.indexOf(waiter);
    if (index >= 0) list.splice(index, 1);
    if (list.length === 0) this.byAddress.delete(waiter.address);
  }

  /** Wakes at most `count` waiters of an address, the earliest first; returns how many. */
  notify(address: number, count: number): number {
    const list = this.byAddress.get(address) ?? [];
    const woken = list.splice(0, count);
    if (list.length === 0) this.byAddress.delete(address);
    for (const waiter of woken) waiter.wake();
    return woken.length;
  }
}
