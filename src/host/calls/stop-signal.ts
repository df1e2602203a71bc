/** The host's own `AbortSignal`, since not every JavaScript engine has the class. */
import type { AbortSignalLike } from './call-watch.ts';

export class StopSignal implements AbortSignalLike {
  aborted = false;
  reason: unknown = undefined;
  readonly #listeners = new Set<() => void>();

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }
  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  /** Notifies all listeners, once. */
  fire(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listen of this.#listeners) listen();
  }
}
