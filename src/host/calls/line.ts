/** A queue of callers: each waits until it is served, refused, or cancelled by its signal. */
import { InterruptedError } from '../../errors/errors.ts';
import type { AbortSignalLike } from './call-watch.ts';

/** A caller in the queue. */
interface Waiter<T> {
  /** Ends the wait; false if it had ended before, and the value was not taken. */
  take(value: T): boolean;
  refuse(error: unknown): void;
}

export class Line<T> {
  /** In order of arrival. */
  readonly #waiters = new Set<Waiter<T>>();

  get length(): number {
    return this.#waiters.size;
  }

  /** Waits for a value. @throws InterruptedError `interrupted.cancelled` on the signal */
  stand(signal: AbortSignalLike | null): Promise<T> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (): boolean => {
        if (isOver) return false;
        isOver = true;
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
        return true;
      };
      const waiter: Waiter<T> = {
        take: (value) => {
          if (!end()) return false;
          resolve(value);
          return true;
        },
        refuse: (error) => {
          if (end()) reject(error);
        },
      };
      const onAbort = (): void =>
        waiter.refuse(new InterruptedError('interrupted.cancelled', { cause: signal?.reason }));
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
    });
  }

  /** Removes the first from the queue; it can still be cancelled. */
  next(): Waiter<T> | undefined {
    const [first] = this.#waiters;
    if (first !== undefined) this.#waiters.delete(first);
    return first;
  }

  refuseAll(error: unknown): void {
    for (const waiter of this.#waiters) waiter.refuse(error);
  }
}
