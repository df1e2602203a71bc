/**
 * The turns of calls of a plug-in: one call at a time. Others are refused, or wait in a queue.
 */

import { ExhaustionError, UsageError } from '../../errors/errors.ts';
import { valueText } from '../../errors/texts.ts';
import type { AbortSignalLike } from './call-watch.ts';
import { Line } from './line.ts';

/**
 * What happens to a call of a plug-in that is busy with another one: it rejects, or waits for its turn.
 *
 * ```ts
 * const whenBusy: WhenBusy = 'queue';
 * const plugin = await createPlugin('build/examples/greet.wasm', { whenBusy });
 * const outputs = await Promise.all(['Ada', 'Grace'].map((name) => plugin.call('greet', name)));
 * console.log(outputs.map((output) => output?.text())); // → [ 'Hello, Ada!', 'Hello, Grace!' ]
 * ```
 */
export type WhenBusy = 'refuse' | 'queue';

/** Most calls that wait for one plug-in. */
const MAX_WAITING = 1000;

/** Checks the `whenBusy` option. @throws UsageError */
export const checkWhenBusy = (value: unknown): WhenBusy => {
  if (value === undefined || value === null) return 'refuse';
  if (value === 'refuse' || value === 'queue') return value;
  throw new UsageError('usage.argument', {
    detail: `whenBusy must be 'refuse' or 'queue', not ${valueText(value)}`,
  });
};

/** The options of a call for its turn. */
interface TurnRequest {
  readonly whenBusy: WhenBusy;
  readonly signal: AbortSignalLike | null;
}

/** The turns of one plug-in. */
export class Turns {
  #isTaken = false;
  readonly #line = new Line<void>();
  /** Makes the error with which calls are refused once there are no more turns; null before. */
  #refusal: (() => Error) | null = null;

  /** Whether a call has its turn. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /**
   * Takes the turn if it is free; null then. Otherwise a promise that resolves when it is this call's turn; `check`
   * must follow.
   *
   * @throws UsageError when the plug-in is closed, or busy and calls do not wait; ExhaustionError when too many do
   */
  take({ whenBusy, signal }: TurnRequest): Promise<void> | null {
    this.check();
    if (!this.#isTaken) {
      this.#isTaken = true;
      return null;
    }
    if (whenBusy === 'refuse') throw new UsageError('usage.state', {}, 'plugin is not reentrant');
    if (this.#line.length >= MAX_WAITING)
      throw new ExhaustionError('exhaustion.queue', { limit: MAX_WAITING });
    return this.#line.stand(signal);
  }

  /** Checks that the plug-in was not closed between the end of the preceding call and now. @throws UsageError */
  check(): void {
    if (this.#refusal !== null) throw this.#refusal();
  }

  /** Ends the turn; the next in line gets it. */
  pass(): void {
    const next = this.#line.next();
    if (next === undefined) this.#isTaken = false;
    else next.take();
  }

  /** Gives no more turns; refuses all that wait. Takes the last turn: null if it is free, otherwise a promise of it. */
  close(refusal: () => Error): Promise<void> | null {
    this.#refusal = refusal;
    if (this.#line.length > 0) this.#line.refuseAll(refusal());
    if (this.#isTaken) return this.#line.stand(null);
    this.#isTaken = true;
    return null;
  }
}
