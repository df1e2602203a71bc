/** Observed code: what it has noted is handed over, and its operation where there is no room for more. */
import { FIRST_EVENT, NEXT_EVENT } from '../code/observer.ts';
import type { MachineState } from '../loop/machine-state.ts';
import { CONTINUE } from '../loop/status.ts';
import type { Cold, Stacks } from './tools.ts';

/** Hands over what was noted since it was last called. The loop has just been left. */
export const createHandOver =
  ({ callStack }: Stacks) =>
  (m: MachineState): void => {
    const end = callStack[NEXT_EVENT]!;
    callStack[NEXT_EVENT] = FIRST_EVENT;
    m.instance.unit.observer?.observe(m, callStack, FIRST_EVENT, end);
  };

/** Does it again: there is room now. */
export const observation: Record<'observe', Cold> = {
  observe: (m, at) => {
    m.pc = at;
    return CONTINUE;
  },
};
