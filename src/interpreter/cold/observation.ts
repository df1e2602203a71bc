/** Observed code: passes on recorded events, and its operation when there is no room for more. */
import { FIRST_EVENT, NEXT_EVENT } from '../code/observer.ts';
import type { MachineState } from '../loop/machine-state.ts';
import { CONTINUE } from '../loop/status.ts';
import type { Cold, Stacks } from './tools.ts';

/** Passes on the events since its last call. The loop has just been left. */
export const createHandOver =
  ({ callStack }: Stacks) =>
  (m: MachineState): void => {
    const end = callStack[NEXT_EVENT]!;
    callStack[NEXT_EVENT] = FIRST_EVENT;
    m.instance.unit.observer?.observe(m, callStack, FIRST_EVENT, end);
  };

/** Repeats the operation: there is room now. */
export const observation: Record<'observe', Cold> = {
  observe: (m, at) => {
    m.pc = at;
    return CONTINUE;
  },
};
