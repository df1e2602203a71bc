/**
 * What a plug-in tells its tape: that it is ready, that a call begins and how it ended, and what its owner changes
 * between calls. The ends are what a replay is judged by: output, fuel, and a hash of everything that is held.
 */
import { isWholeNumber } from '../../errors/checks.ts';
import { isQuernError } from '../../errors/errors.ts';
import { sha256Hex } from '../../syntax/sha256.ts';
import type { Json } from '../state/operation.ts';
import { bytes } from './forms.ts';
import { interruptionOf, type Tape } from './tape.ts';

/** What is noted of what a call came to. */
interface CallOutcome {
  readonly output: { bytes(): Uint8Array } | null;
  readonly returnCode: number;
  readonly error: string | null;
}

/** How a call ended, as the question of the event `end`. */
interface CallEnd {
  /** SHA-256 of the output, or null when there is none. */
  readonly output: string | null;
  readonly returnCode: number;
  /** The message that the plug-in reported failure with. */
  readonly error: string | null;
  /** Code of the error that the call failed with, or null. */
  readonly failure: string | null;
  readonly fuel: number;
  /** Limit on fuel that the call reached, or null. */
  readonly limit: number | null;
  /** Hash of memories, kernel and variables. */
  readonly memory: string;
}

/** The call that a recording or replay saw last. */
export interface SeenCall {
  readonly functionName: string;
  readonly inputHash: string;
  readonly end: CallEnd;
  /** Hash of the recording up to the end of the call. */
  readonly transcriptHash: string;
}

/** Code of an error, in words that do not depend on whose error it is. */
export const failureCode = (error: unknown): string => (isQuernError(error) ? error.code : 'host.threw');

/**
 * Most fuel of a call whose end is not in the recording: less than a second. Such a replay can only show how far it came.
 */
const UNENDED_FUEL = 2 ** 26;
/**
 * Most fuel that a single instruction may ask for, by which a call that was out of fuel fell short: as much as the
 * largest bulk operation costs under the schedules of Quern's.
 */
const LAST_NEED = 2 ** 26;

const sameEnd = (expected: Json, actual: CallEnd): boolean =>
  JSON.stringify(expected) === JSON.stringify(actual);

/** The part of a plug-in that records or replays. */
export class TapeSession {
  readonly tape: Tape;
  #call: { readonly functionName: string; readonly inputHash: string } | null = null;
  /** In a replay: limit on fuel that the recorded call reached, or null. */
  #limit: number | null = null;
  /** Whether the fuel of the call is bounded by the replay's own limit, and not by what was recorded. */
  #isOwnLimit = false;
  /** The last call that ended. */
  lastCall: SeenCall | null = null;

  constructor(tape: Tape) {
    this.tape = tape;
  }

  /** Notes that initialisation is over. */
  ready(fuel: number, memory: () => string): void {
    this.tape.note('ready', { fuel, memory: memory() });
  }

  /** Notes that a call begins; in a replay it must be the recorded one. */
  beginCall(functionName: string, input: Uint8Array): void {
    this.tape.note('call', { function: functionName, input: bytes.write(input) });
    this.#call = { functionName, inputHash: sha256Hex(input) };
  }

  /**
   * The fuel that a replayed call, or initialisation, may use: what the recording says that it used. Whatever uses
   * more has diverged.
   *
   * @param given the limit of the replay itself
   */
  budget(given: number | null): number | null {
    const { tape } = this;
    if (!tape.isReplay) return given;
    if (tape.goesOn && tape.endOfCall() === null) {
      tape.mostFuel = Number.MAX_SAFE_INTEGER;
      return given;
    }
    const { fuel, limit = null } = (tape.endOfCall()?.ask ?? {}) as Partial<CallEnd>;
    // Out of fuel below its limit: the instruction that it stopped at asked for more than was left of it.
    const named = isWholeNumber(limit) && isWholeNumber(fuel) ? Math.min(limit, fuel + LAST_NEED) : fuel;
    this.#limit = isWholeNumber(limit) ? limit : null;
    this.#isOwnLimit = given !== null && (!isWholeNumber(named) || given < named);
    const budget = this.#isOwnLimit ? given! : isWholeNumber(named) ? named : UNENDED_FUEL;
    tape.mostFuel = Math.max(budget, isWholeNumber(fuel) ? fuel : 0);
    return budget;
  }

  /**
   * What a replayed call failed with: where the recorded one was stopped from outside, so is this. What the limits
   * of the replay itself have stopped is over.
   */
  failure(error: unknown, isStopped: boolean): unknown {
    const { tape } = this;
    if (!tape.isReplay || tape.failure !== null) return error;
    const isOutOfFuel = isQuernError(error, 'exhaustion.fuel');
    if (isStopped || (isOutOfFuel && this.#isOwnLimit)) return tape.stop(error as Error);
    return (isOutOfFuel ? interruptionOf(tape.upcoming?.ask ?? null) : null) ?? error;
  }

  /** What initialisation failed with; in a replay that uses more than was recorded, that it has diverged. */
  initialFailure(error: unknown, isStopped: boolean): unknown {
    const failure = this.failure(error, isStopped);
    const { tape } = this;
    if (!tape.isReplay || tape.failure !== null || !isQuernError(failure, 'exhaustion.fuel')) return failure;
    return tape.diverge({ event: 'ready', ask: { fuel: 'more' } });
  }

  /** Notes how a call ended. @throws ReplayError when the recorded one ended otherwise */
  endCall(
    outcome: { readonly result: CallOutcome } | { readonly error: unknown },
    fuel: number,
    limit: number | null,
    memory: () => string,
  ): void {
    const call = this.#call;
    if (call === null) return;
    this.#call = null;
    const { tape } = this;
    // A replay that is over says so itself.
    if (tape.isReplay && tape.failure !== null) throw tape.failure;
    const failure = 'error' in outcome ? failureCode(outcome.error) : null;
    const result = 'result' in outcome ? outcome.result : null;
    const end: CallEnd = {
      output: result === null || result.output === null ? null : sha256Hex(result.output.bytes()),
      returnCode: result?.returnCode ?? 0,
      error: result?.error ?? null,
      failure,
      fuel,
      limit: failure === 'exhaustion.fuel' ? (this.#limit ?? limit) : null,
      memory: memory(),
    };
    const ask = end as unknown as Json;
    // Not `expect`: an end that was interrupted is what the next event should be.
    if (tape.isReplay && (tape.upcoming?.event !== 'end' || !sameEnd(tape.upcoming.ask, end)))
      throw tape.diverge({ event: 'end', ask });
    tape.closeCall();
    if (tape.isReplay) tape.skip();
    else tape.note('end', ask);
    this.lastCall = { ...call, end, transcriptHash: tape.hash };
  }

  /** Notes what the plug-in's owner does between calls, or while a host function runs. */
  change(name: string, ...args: Json[]): void {
    const { tape } = this;
    if (tape.openOperations !== null) tape.openOperations.push([name, ...args]);
    else tape.note('owner', [name, ...args]);
  }
}
