/**
 * Finds who catches an exception. @spec exec-throw_ref
 *
 * Frames are looked at from the innermost outwards. Leaving a frame costs no fuel: it was paid for when it was called.
 * Handlers and clauses that are looked at do: code can have any number of them, and none is paid for when it is passed.
 */

import { LEAVE_PC } from '../code/code-space.ts';
import { regionAt } from '../code/compiled-module.ts';
import type { PlacedClause } from '../code/handlers.ts';
import type { ModuleInstance } from '../instances/module-instance.ts';
import type { TagInstance } from '../instances/tag.ts';

/** The frame that a call stands in, and what lies below it; see `CallState`. */
interface Frames {
  readonly fp: number;
  readonly sp: number;
  readonly instance: ModuleInstance | null;
  readonly instances: readonly ModuleInstance[];
  readonly callLimit: number;
}

/** What a search came to: the clause with the state of the frame that it is in, or no clause. */
export interface Search {
  readonly clause: PlacedClause | null;
  readonly fp: number;
  readonly sp: number;
  readonly instance: ModuleInstance | null;
  readonly callLimit: number;
  /** Instances below the frame that other frames return to. */
  readonly crossings: number;
  /** Handlers and clauses that were looked at. */
  readonly count: number;
}

/**
 * Looks for who catches an exception of a tag that is thrown inside the operation at `at`. Null once more handlers and
 * clauses were looked at than `most`.
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
      // Not a frame, but the way back to the instance of the frames below.
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
    // A return point lies behind the call that is still under way.
    sp -= 2;
    pc = callStack[sp]! - 1;
    fp = callStack[sp + 1]!;
  }
};
