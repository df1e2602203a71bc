/** What tests ask of the garbage collector. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects garbage now, without a flag on the command line. */
export const collect: () => void = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** A leak is one however long it is looked at; ten seconds are enough for the slowest compilation. */
const ATTEMPTS = 200;

/**
 * How many of the objects stay reachable. One look is not enough: code that V8 compiles on its other thread holds on
 * to the objects it was seen with until it is done.
 */
export const countReachable = async (references: readonly WeakRef<object>[]): Promise<number> => {
  for (let attempt = 1; ; attempt++) {
    // A weak reference that was read holds on to its object until the current job ends.
    await sleep(attempt === 1 ? 0 : 50);
    collect();
    const count = references.filter((reference) => reference.deref() !== undefined).length;
    if (count === 0 || attempt === ATTEMPTS) return count;
  }
};
