/** The errors of calls that fail: traps, exhaustions, and uncaught exceptions. */
import { type CodeOf, catalogue } from '../../errors/catalogue.ts';
import { ExhaustionError, InternalError, ThrownException, TrapError } from '../../errors/errors.ts';
import type { CallState } from '../loop/machine-state.ts';
import { FIRST_TRAP, type TrapCode, trapCodes } from '../loop/status.ts';
import type { Machine } from '../machine/machine.ts';
import { type RawFrame, withBacktrace } from './backtrace.ts';
import type { StackFrame } from './stack-frames.ts';
import { trapMessage } from './trap-message.ts';

/** Called with the failure of a call while its frames still exist: the error, and a function that reads the frames. */
export type FailureListener = (error: unknown, frames: () => StackFrame[]) => void;

/** The fuel count and the frames of a call that fails. */
export interface Failing {
  readonly fuelConsumed: number;
  readonly frames: readonly RawFrame[];
}

const isExhaustion = (code: TrapCode): code is TrapCode & CodeOf<'ExhaustionError'> =>
  catalogue[code].class === 'ExhaustionError';

/** The error for a status of the loop that is a trap. */
export const trapError = (code: number, machine: Machine, state: CallState, failing: Failing): Error => {
  const name = trapCodes[code - FIRST_TRAP];
  if (name === undefined) return new InternalError('internal.bug', { detail: `status ${code}` });
  const { fuelConsumed, frames } = failing;
  const details = withBacktrace({ fuelConsumed }, frames);
  if (isExhaustion(name)) return new ExhaustionError(name, details);
  return new TrapError(name, details, trapMessage(name, machine, state));
};

/** The error for an uncaught exception. */
export const uncaughtError = ({ thrown }: CallState, { fuelConsumed, frames }: Failing): Error =>
  thrown === null
    ? new InternalError('internal.bug', { detail: 'no exception' })
    : new ThrownException('exception.uncaught', withBacktrace({ exception: thrown, fuelConsumed }, frames));
