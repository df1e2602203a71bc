/**
 * Finds the handler of an exception. @spec exec-throw_ref
 *
 * Frames are visited from the innermost outwards. Leaving a frame costs no fuel: it was paid for by the call.
 * Visiting handlers and clauses does: code can have any number of them, and entering them costs nothing.
 */

import { LEAVE_PC } from '../code/code-space.ts';
import { regionAt } from '../code/compiled-module.ts';
import type { PlacedClause } from '../code/handlers.ts';
import type { ModuleInstance } from '../instances/module-instance.ts';
import type { TagInstance } from '../instances/tag.ts';

/** The current frame of a call, and what is below it; see `CallState`. */
interface Frames {
  readonly fp: number;
  readonly sp: number;
  readonly instance: ModuleInstance | null;
  readonly instances: readonly ModuleInstance[];
  readonly callLimit: number;
}

/** The result of a search: the clause with the state of its frame, or no clause. */
export interface Search {
  readonly clause: PlacedClause | null;
  readonly fp: number;
  readonly sp: number;
  readonly instance: ModuleInstance | null;
  readonly callLimit: number;
  /** Instances below the frame that other frames return to. */
  readonly crossings: number;
  /** Handlers and clauses that were visited. */
  readonly count: number;
}

/**
 * Searches for the handler of an exception of a tag that is thrown inside the operation at `at`. Null once more than
 * `most` handlers and clauses were visited.
 */
export const findHandler = (
  callStack: Int32Array,
  m: Frames,
  at: number,
  tag: TagInstance,
  most: number,
): Search | null => {
  let pc = at;
  let { fp, sp, instance, callLimit } = m;
  let crossings = m.instances.length;
  let count = 0;
  let found: PlacedClause | null = null;
  for (;;) {
    if (pc === LEAVE_PC - 1) {
      // Not a frame, but the return to the instance of the frames below.
      crossings--;
      instance = m.instances[crossings]!;
      callLimit -= 2;
    } else if (instance !== null) {
      const handlers = regionAt(instance, pc)?.handlers ?? null;
      if (handlers !== null) {
        const { next, first, tags, clauses } = handlers;
        for (let i = handlers.handlerAt(pc); i >= 0 && found === null; i = next[i]!) {
          const last = first[i + 1]!;
          const end = Math.min(last, first[i]! + Math.max(0, most - count) + 1);
          let c = first[i]!;
          while (c < end && tags[c]! >= 0 && instance.tags[tags[c]!] !== tag) c++;
          if (c < end) found = clauses[c]!;
          count += 1 + Math.min(c + 1, end) - first[i]!;
          if (count > most) return null;
        }
      }
    }
    if (found !== null || sp === 0) return { clause: found, fp, sp, instance, callLimit, crossings, count };
    // A return point is after the call that is still active.
    sp -= 2;
    pc = callStack[sp]! - 1;
    fp = callStack[sp + 1]!;
  }
};
