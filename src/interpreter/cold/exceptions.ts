/**
 * Cold operations that throw. They search for the handler and pay for the search, and stay where they are;
 * `unwind.ts` goes to the handler.
 */

import type { ColdOp } from '../code/isa.ts';
import { searchableFor, searchCost, valuesCost } from '../fuel/schedules.ts';
import { ExceptionInstance, exceptionBytes } from '../instances/exception.ts';
import type { TagInstance } from '../instances/tag.ts';
import { findHandler } from '../loop/handler-search.ts';
import type { MachineState } from '../loop/machine-state.ts';
import { LAY_FRAMES, NEED_FUEL, THROWN, trapStatus } from '../loop/status.ts';
import type { Cold, ColdTools, Stacks } from './tools.ts';

type ExceptionOp = Extract<ColdOp, 'throw' | 'throw_ref'>;

const NULL_EXCEPTION = trapStatus('trap.null-exception');
const HEAP_EXHAUSTED = trapStatus('exhaustion.heap');

export const createExceptionOps = (
  { callStack }: Stacks,
  { I, R, operand, slot, first, pay }: ColdTools,
): Record<ExceptionOp, Cold> => {
  /**
   * Searches for the handler and pays, including `extra`; false if the fuel is not in hand. A search that cannot be
   * paid for ends where the fuel does, so that it takes no more time than the fuel covers.
   */
  const search = (m: MachineState, at: number, tag: TagInstance, extra: number): boolean => {
    const left = m.fuel + m.reserve;
    const found = findHandler(callStack, m, at, tag, searchableFor(m.schedule, left - extra));
    if (found === null) {
      m.need = left + 1;
      return false;
    }
    if (!pay(m, extra + searchCost(m.schedule, found.count))) return false;
    m.search = found;
    return true;
  };
  const raise = (m: MachineState, at: number, exception: ExceptionInstance): number => {
    m.thrown = exception;
    m.pc = at;
    return THROWN;
  };
  return {
    throw: (m, at) => {
      const base = slot(m, at, 1);
      const tag = m.instance.tags[operand(at, 2)]!;
      if (m.isInside) return LAY_FRAMES;
      if (!search(m, at, tag, 0)) return NEED_FUEL;
      if (!m.instance.store.takeHeap(exceptionBytes(tag))) {
        m.search = null;
        return HEAP_EXHAUSTED;
      }
      const refs = tag.hasRefs ? R.slice(base >> 1, (base >> 1) + tag.slotCount) : [];
      return raise(m, at, new ExceptionInstance(tag, I.slice(base, base + 2 * tag.slotCount), refs));
    },
    throw_ref: (m, at) => {
      const exception = R[first(m, at) >> 1] as ExceptionInstance | null;
      if (exception === null) return NULL_EXCEPTION;
      if (m.isInside) return LAY_FRAMES;
      // The values are moved again; those of `throw` are counted by its tag.
      const values = valuesCost(m.schedule, exception.tag.slotCount);
      return search(m, at, exception.tag, values) ? raise(m, at, exception) : NEED_FUEL;
    },
  };
};
