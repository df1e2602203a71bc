/**
 * Finds the handler of a thrown exception and goes there. @spec exec-throw_ref
 *
 * Frames are looked at from the innermost outwards, and nothing changes before a handler is found: of an
 * exception that nobody catches, the whole stack is left to tell where it came from. Leaving a frame costs no fuel:
 * it was paid for when it was called. Handlers and clauses that are looked at do: code can have any number of them,
 * and none is paid for when it is passed.
 */

import { regionAt } from './code.ts';
import { LEAVE_PC } from './code-space.ts';
import type { ExceptionInstance } from './exception.ts';
import type { PlacedClause } from './exception-handlers.ts';
import { searchCost, valuesCost } from './fuel.ts';
import type { Machine } from './machine.ts';
import type { MachineState } from './machine-state.ts';
import type { ModuleInstance } from './module-instance.ts';
import { CONTINUE, NO_FUEL, UNCAUGHT } from './status.ts';
import type { TagInstance } from './tag.ts';

/** What a search came to: the clause with the state of the frame that it is in, or no clause. */
export interface Search {
  readonly clause: PlacedClause | null;
  readonly fp: number;
  readonly sp: number;
  readonly instance: ModuleInstance;
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
  m: MachineState,
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
    } else {
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

/** Writes what the clause takes to the slots that its label expects. */
const deliver = (machine: Machine, fp: number, clause: PlacedClause, exception: ExceptionInstance): void => {
  const { words, refs } = machine;
  const put = (slot: number, ref: unknown): void => {
    const at = (fp >> 1) + slot;
    while (refs.length <= at) refs.push(null);
    refs[at] = ref;
  };
  if (clause.tag >= 0) {
    words.set(exception.words, fp + 2 * clause.slot);
    exception.refs.forEach((ref, i) => {
      put(clause.slot + i, ref);
    });
  }
  if (clause.refSlot >= 0) put(clause.refSlot, exception);
};

/** `m.pc` lies inside the instruction that threw `m.thrown`; afterwards at the handler, if there is one. */
export const unwind = (machine: Machine, m: MachineState): number => {
  const exception = m.thrown!;
  const search = m.search ?? searchForHost(machine, m, exception);
  m.search = null;
  const { clause, fp, crossings } = search;
  if (clause === null) return UNCAUGHT;
  deliver(machine, fp, clause, exception);
  m.pc = clause.pc;
  m.fp = fp;
  m.sp = search.sp;
  m.instance = search.instance;
  // PERF: setting a length, even to what it is, costs a tenth of a throw.
  if (crossings < m.instances.length) m.instances.length = crossings;
  m.callLimit = search.callLimit;
  m.thrown = null;
  return pay(m, clause.remaining);
};

/** The search for an exception that the host threw. The call is over and cannot wait: what it costs is owed. */
const searchForHost = (machine: Machine, m: MachineState, { tag }: ExceptionInstance): Search => {
  const search = findHandler(machine.callStack, m, m.pc, tag, Number.POSITIVE_INFINITY)!;
  m.fuel -= valuesCost(m.schedule, tag.slotCount) + searchCost(m.schedule, search.count);
  return search;
};

/** Pays for the run that the handler begins in. */
const pay = (m: MachineState, cost: number): number => {
  if (m.isArmed === 1) {
    m.reserve += m.fuel;
    m.fuel = 0;
  }
  m.fuel -= cost;
  return m.fuel < 0 ? NO_FUEL : CONTINUE;
};
