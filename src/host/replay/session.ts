/**
 * What a plug-in reports to its tape: that it is ready, that a call begins and how it ended, and changes by its owner
 * between calls. A replay is checked by the ends: output, fuel, and a hash of the whole state.
 */
import { isWholeNumber } from '../../errors/checks.ts';
import { isQuernError } from '../../errors/errors.ts';
import { sha256Hex } from '../../syntax/sha256.ts';
import type { Json } from '../state/operation.ts';
import { bytes } from './forms.ts';
import { interruptionOf, type Tape } from './tape.ts';

/** The recorded result of a call. */
interface CallOutcome {
  readonly output: { bytes(): Uint8Array } | null;
  readonly returnCode: number;
  readonly error: string | null;
}

/** How a call ended, as the request of the event `end`. */
interface CallEnd {
  /** SHA-256 of the output, or null if there is none. */
  readonly output: string | null;
  readonly returnCode: number;
  /** The message with which the plug-in reported failure. */
  readonly error: string | null;
  /** Code of the error of the call, or null. */
  readonly failure: string | null;
  readonly fuel: number;
  /** Fuel limit that the call reached, or null. */
  readonly limit: number | null;
  /** Hash of memories, kernel and variables. */
  readonly memory: string;
}

/** The last call of a recording or replay. */
export interface SeenCall {
  readonly functionName: string;
  readonly inputHash: string;
  readonly end: CallEnd;
  /** Hash of the recording up to the end of the call. */
  readonly transcriptHash: string;
}

/** Code of an error, independent of its origin. */
export const failureCode = (error: unknown): string => (isQuernError(error) ? error.code : 'host.threw');

/**
 * Most fuel of a call whose end is not in the recording: less than a second. Such a replay can only show its
 * progress.
 */
const UNENDED_FUEL = 2 ** 26;
/**
 * Most fuel that a single instruction may request, and so the most that a call out of fuel had left: the cost of the
 * largest bulk operation under Quern's schedules.
 */
const LAST_NEED = 2 ** 26;

const sameEnd = (expected: Json, actual: CallEnd): boolean =>
  JSON.stringify(expected) === JSON.stringify(actual);

/** The part of a plug-in that records or replays. */
export class TapeSession {
  readonly tape: Tape;
  #call: { readonly functionName: string; readonly inputHash: string } | null = null;
  /** In a replay: fuel limit that the recorded call reached, or null. */
  #limit: number | null = null;
  /** Whether the replay's own limit bounds the fuel of the call, not the recording. */
  #isOwnLimit = false;
  /** The last call that ended. */
  lastCall: SeenCall | null = null;

  constructor(tape: Tape) {
    this.tape = tape;
  }

  /** Records that initialisation has ended. */
  ready(fuel: number, memory: () => string): void {
    this.tape.note('ready', { fuel, memory: memory() });
  }

  /** Records that a call begins; in a replay it must be the recorded one. */
  beginCall(functionName: string, input: Uint8Array): void {
    this.tape.note('call', { function: functionName, input: bytes.write(input) });
    this.#call = { functionName, inputHash: sha256Hex(input) };
  }

  /**
   * The fuel that a replayed call, or initialisation, may use: what it used in the recording. A call that uses more
   * has diverged.
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
    // Out of fuel below its limit: the instruction at which it stopped requested more than was left.
    const named = isWholeNumber(limit) && isWholeNumber(fuel) ? Math.min(limit, fuel + LAST_NEED) : fuel;
    this.#limit = isWholeNumber(limit) ? limit : null;
    this.#isOwnLimit = given !== null && (!isWholeNumber(named) || given < named);
    const budget = this.#isOwnLimit ? given! : isWholeNumber(named) ? named : UNENDED_FUEL;
    tape.mostFuel = Math.max(budget, isWholeNumber(fuel) ? fuel : 0);
    return budget;
  }

  /**
   * The error of a replayed call: if the recorded one was stopped from outside, so is this one. A call that the
   * replay's own limits have stopped has ended.
   */
  failure(error: unknown, isStopped: boolean): unknown {
    const { tape } = this;
    if (!tape.isReplay || tape.failure !== null) return error;
    const isOutOfFuel = isQuernError(error, 'exhaustion.fuel');
    if (isStopped || (isOutOfFuel && this.#isOwnLimit)) return tape.stop(error as Error);
    return (isOutOfFuel ? interruptionOf(tape.upcoming?.ask ?? null) : null) ?? error;
  }

  /** The error of initialisation; for a replay that uses more than was recorded, the error that it has diverged. */
  initialFailure(error: unknown, isStopped: boolean): unknown {
    const failure = this.failure(error, isStopped);
    const { tape } = this;
    if (!tape.isReplay || tape.failure !== null || !isQuernError(failure, 'exhaustion.fuel')) return failure;
    return tape.diverge({ event: 'ready', ask: { fuel: 'more' } });
  }

  /** Records how a call ended. @throws ReplayError if the recorded one ended differently */
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
    // A replay that has ended reports that itself.
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
    // Not `expect`: the next event should be an interrupted end.
    if (tape.isReplay && (tape.upcoming?.event !== 'end' || !sameEnd(tape.upcoming.ask, end)))
      throw tape.diverge({ event: 'end', ask });
    tape.closeCall();
    if (tape.isReplay) tape.skip();
    else tape.note('end', ask);
    this.lastCall = { ...call, end, transcriptHash: tape.hash };
  }

  /** Records what the plug-in's owner does between calls, or while a host function runs. */
  change(name: string, ...args: Json[]): void {
    const { tape } = this;
    if (tape.openOperations !== null) tape.openOperations.push([name, ...args]);
    else tape.note('owner', [name, ...args]);
  }
}
