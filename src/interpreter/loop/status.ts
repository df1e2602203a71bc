/**
 * The statuses with which the loop stops, and the traps by number. The generated loop prints these numbers as
 * literals; everything else uses the names.
 */
import type { ErrorCode } from '../../errors/catalogue.ts';

/** Continue (returned by cold operations only). */
export const CONTINUE = 0;
/** The outermost call returned. */
export const DONE = 1;
/** At a boundary of fast code, the fuel for the stretch that begins there is not in hand. */
export const NO_FUEL = 2;
/** A sized operation, or a `charge` of careful code, needs `state.need` units. */
export const NEED_FUEL = 3;
/** A host function returned a promise, or requested a pause; `state.pending` holds it. */
export const HOST_PAUSE = 4;
/** JavaScript threw while serving the guest; `state.error` holds what. */
export const HOST_ERROR = 5;
/** The code array was replaced; continue in the loop for the new one. */
export const RESTART = 6;
/** An exception was thrown, `state.thrown`; `unwind` goes to its handler. */
export const THROWN = 7;
/** The exception is uncaught. */
export const UNCAUGHT = 8;
/** The call waits for a notify; `state.waiter` has the details. */
export const WAIT_PAUSE = 9;
/** The loop is at an operation, or a case of one, that `cold.ts` executes. */
export const COLD_OP = 10;
/** Something must read the stack, but frames are not laid: the operation is repeated once they are. */
export const LAY_FRAMES = 11;
/** The debugger pauses the call before an instruction. */
export const STOPPED = 12;
/** Statuses from here on are traps: `FIRST_TRAP + index` in `trapCodes`. */
export const FIRST_TRAP = 16;

/** Traps, and the exhaustions of code, by number. */
export const trapCodes = [
  'trap.unreachable',
  'trap.divide-by-zero',
  'trap.integer-overflow',
  'trap.invalid-conversion',
  'trap.memory-bounds',
  'trap.table-bounds',
  'trap.undefined-element',
  'trap.uninitialised-element',
  'trap.indirect-call-type',
  'trap.null-reference',
  'trap.null-function',
  'exhaustion.call-stack',
  'trap.null-exception',
  'trap.unaligned-atomic',
  'trap.expected-shared',
  'trap.deadlock',
  'trap.null-structure',
  'trap.null-array',
  'trap.null-i31',
  'trap.array-bounds',
  'trap.cast',
  'trap.allocation-size',
  'trap.null-descriptor',
  'trap.descriptor-cast',
  'exhaustion.heap',
  'exhaustion.code',
] as const satisfies readonly ErrorCode[];
export type TrapCode = (typeof trapCodes)[number];

/** The status of a trap. */
export const trapStatus = (code: TrapCode): number => FIRST_TRAP + trapCodes.indexOf(code);
