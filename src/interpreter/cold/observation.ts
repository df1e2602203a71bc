/** The cold operation of observed code. */
import type { ObservedEvent } from '../code/observer.ts';
import { CONTINUE } from '../loop/status.ts';
import type { Cold, ColdTools } from './tools.ts';

export const createObservation = ({ operand }: ColdTools): Record<'observe', Cold> => ({
  observe: (m, at) => {
    const { observer } = m.instance.unit;
    observer!.observe(m, operand(at, 1) as ObservedEvent, operand(at, 2), operand(at, 3));
    return CONTINUE;
  },
});
