/**
 * Goes to the handler of a thrown exception. @spec exec-throw_ref
 *
 * Nothing changes before a handler is found: for an uncaught exception, the whole stack remains, to show where it
 * came from.
 */

import type { PlacedClause } from '../code/handlers.ts';
import { searchCost, valuesCost } from '../fuel/schedules.ts';
import type { ExceptionInstance } from '../instances/exception.ts';
import { findHandler, type Search } from '../loop/handler-search.ts';
import type { CallState } from '../loop/machine-state.ts';
import { CONTINUE, NO_FUEL, UNCAUGHT } from '../loop/status.ts';
import type { Machine } from '../machine/machine.ts';

/** Writes the values of the clause to the slots that its label expects. */
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

/** `m.pc` is inside the instruction that threw `m.thrown`; afterwards at the handler, if there is one. */
export const unwind = (machine: Machine, m: CallState): number => {
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
  // PERF: setting a length, even to the same value, costs a tenth of a throw.
  if (crossings < m.instances.length) m.instances.length = crossings;
  m.callLimit = search.callLimit;
  m.thrown = null;
  return pay(m, clause.remaining);
};

/**
 * The search for an exception that the host threw. The host's call has ended and cannot wait: the cost of the search
 * is owed.
 */
const searchForHost = (machine: Machine, m: CallState, { tag }: ExceptionInstance): Search => {
  const search = findHandler(machine.callStack, m, m.pc, tag, Number.POSITIVE_INFINITY)!;
  m.fuel -= valuesCost(m.schedule, tag.slotCount) + searchCost(m.schedule, search.count);
  return search;
};

/** Pays for the stretch that the handler begins in. */
const pay = (m: CallState, cost: number): number => {
  if (m.isArmed === 1) {
    m.reserve += m.fuel;
    m.fuel = 0;
  }
  m.fuel -= cost;
  return m.fuel < 0 ? NO_FUEL : CONTINUE;
};
