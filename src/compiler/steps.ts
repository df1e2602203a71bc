/** Work that is done in steps, so that nobody has to wait for all of it. */
import type { MachineState } from '../interpreter/loop/machine-state.ts';

/** Instructions that are generated at a time where somebody may wait for a turn: a millisecond, a few at first. */
export const SHARE = 1024;
/** The JavaScript engine reads so many characters as fast as an instruction is generated. */
export const CHARACTERS = 32;

/** How much may be done before others have their turn, in instructions that are generated. */
export interface Allowance {
  left: number;
}

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

/**
 * Counts work that no fuel stands for. After a share of it whoever watches has a turn, before anything more is done.
 *
 * @param amount in instructions that are generated
 * @returns whether that is so now
 */
export const countWork = (m: MachineState, amount: number): boolean => {
  if (!m.isWatched) return false;
  m.generated += amount;
  if (m.generated < SHARE) return false;
  m.generated = 0;
  m.isLookDue = true;
  return true;
};
