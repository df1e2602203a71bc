/**
 * Finds the handler of a thrown exception and goes there. @spec exec-throw_ref
 *
 * Frames are looked at from the innermost outwards, and nothing changes before a handler is found: of an
 * exception that nobody catches, the whole stack is left to tell where it came from. Unwinding costs no fuel;
 * what it walks over was paid for when it was called.
 */

import { regionAt } from './code.ts';
import { LEAVE_PC } from './code-space.ts';
import type { ExceptionInstance } from './exception.ts';
import { type Handler, handlerAt, type PlacedClause } from './exception-handlers.ts';
import type { Machine } from './machine.ts';
import type { MachineState } from './machine-state.ts';
import type { ModuleInstance } from './module-instance.ts';
import { CONTINUE, NO_FUEL, UNCAUGHT } from './status.ts';

const clauseFor = (
  handlers: readonly Handler[],
  pc: number,
  { tag }: ExceptionInstance,
  instance: ModuleInstance,
): PlacedClause | null => {
  for (let index = handlerAt(handlers, pc); index >= 0; index = handlers[index]!.next) {
    for (const clause of handlers[index]!.clauses)
      if (clause.tag < 0 || instance.tags[clause.tag] === tag) return clause;
  }
  return null;
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
  const { callStack } = machine;
  const exception = m.thrown!;
  let { pc, fp, sp, instance, callLimit } = m;
  let crossings = m.instances.length;
  for (;;) {
    if (pc === LEAVE_PC - 1) {
      // Not a frame, but the way back to the instance of the frames below.
      crossings--;
      instance = m.instances[crossings]!;
      callLimit -= 2;
    } else {
      const region = regionAt(instance, pc);
      const clause = region === null ? null : clauseFor(region.handlers, pc, exception, instance);
      if (clause !== null) {
        deliver(machine, fp, clause, exception);
        m.pc = clause.pc;
        m.fp = fp;
        m.sp = sp;
        m.instance = instance;
        // PERF: setting a length, even to what it is, costs a tenth of a throw.
        if (crossings < m.instances.length) m.instances.length = crossings;
        m.callLimit = callLimit;
        m.thrown = null;
        return pay(m, clause.remaining);
      }
    }
    if (sp === 0) return UNCAUGHT;
    // A return point lies behind the call that is still under way.
    sp -= 2;
    pc = callStack[sp]! - 1;
    fp = callStack[sp + 1]!;
  }
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
