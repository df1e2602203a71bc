/** Cold operations that throw. They stay where they are; `unwind.ts` finds the handler. */
import type { Cold, ColdTools } from './cold-tools.ts';
import { ExceptionInstance, exceptionBytes } from './exception.ts';
import type { ColdOp } from './isa.ts';
import type { MachineState } from './machine-state.ts';
import { THROWN, trapStatus } from './status.ts';

export type ExceptionOp = Extract<ColdOp, 'throw' | 'throw_ref'>;

const NULL_EXCEPTION = trapStatus('trap.null-exception');
const HEAP_EXHAUSTED = trapStatus('exhaustion.heap');

export const createExceptionOps = ({ C, I, R, first }: ColdTools): Record<ExceptionOp, Cold> => {
  const raise = (m: MachineState, at: number, exception: ExceptionInstance): number => {
    m.thrown = exception;
    m.pc = at;
    return THROWN;
  };
  return {
    throw: (m, at) => {
      const base = m.fp + C[at + 1]!;
      const tag = m.instance.tags[C[at + 2]!]!;
      if (!m.instance.store.takeHeap(exceptionBytes(tag))) return HEAP_EXHAUSTED;
      const refs = tag.hasRefs ? R.slice(base >> 1, (base >> 1) + tag.slotCount) : [];
      return raise(m, at, new ExceptionInstance(tag, I.slice(base, base + 2 * tag.slotCount), refs));
    },
    throw_ref: (m, at) => {
      const exception = R[first(m, at) >> 1] as ExceptionInstance | null;
      return exception === null ? NULL_EXCEPTION : raise(m, at, exception);
    },
  };
};
