/** Work that is done in steps, so that nobody has to wait for all of it. */
import type { Allowance } from './provider.ts';

/** Work that comes to a value. Each step says how much it did: instructions that were read, or statements. */
export type Steps<T> = IterableIterator<number, T>;

/** Does all of a work at once. */
export const complete = <T>(steps: Steps<T>): T => {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
};

/** Does a work as far as an allowance goes; undefined where it is not complete. */
export const advance = <T>(steps: Steps<T>, allowance: Allowance): T | undefined => {
  while (allowance.left > 0) {
    const { done, value } = steps.next();
    if (done) return value;
    allowance.left -= value;
  }
  return undefined;
};
