/**
 * What a plug-in tells its tape: that it is ready, that a call begins and how it ended, and what its owner changes
 * between calls. The ends are what a replay is judged by: output, fuel, and a hash of everything that is held.
 */
import { isQuernError } from '../../errors/errors.ts';
import { sha256Hex } from '../../syntax/sha256.ts';
import type { CallResult } from '../calling.ts';
import { bytes } from './forms.ts';
import type { Json } from './log.ts';
import { interruptionOf, type Tape } from './tape.ts';

/** How a call ended, as the question of the event `end`. */
export interface CallEnd {
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
const failureCode = (error: unknown): string => (isQuernError(error) ? error.code : 'host.threw');

const sameEnd = (expected: Json, actual: CallEnd): boolean =>
  JSON.stringify(expected) === JSON.stringify(actual);

/** The part of a plug-in that records or replays. */
export class TapeSession {
  readonly tape: Tape;
  #call: { readonly functionName: string; readonly inputHash: string } | null = null;
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

  /** The fuel that a replayed call may use: its limit where it reached it, or what it used until it was stopped. */
  budget(given: number | null): number | null {
    if (!this.tape.isReplay) return given;
    const end = this.tape.endOfCall()?.ask as Partial<CallEnd> | null | undefined;
    if (interruptionOf(end as Json) !== null) return end?.fuel ?? null;
    return end?.limit ?? null;
  }

  /** What a replayed call failed with: where the recorded one was stopped from outside, so is this. */
  failure(error: unknown): unknown {
    if (!this.tape.isReplay || !isQuernError(error, 'exhaustion.fuel')) return error;
    return interruptionOf(this.tape.upcoming?.ask ?? null) ?? error;
  }

  /** Notes how a call ended. @throws ReplayError when the recorded one ended otherwise */
  endCall(
    outcome: { readonly result: CallResult } | { readonly error: unknown },
    fuel: number,
    limit: number | null,
    memory: () => string,
  ): void {
    const call = this.#call;
    if (call === null) return;
    this.#call = null;
    const failure = 'error' in outcome ? failureCode(outcome.error) : null;
    // A replay that diverged is over already, and says so itself.
    if (failure?.startsWith('replay.')) throw (outcome as { readonly error: unknown }).error;
    const result = 'result' in outcome ? outcome.result : null;
    const end: CallEnd = {
      output: result === null || result.output === null ? null : sha256Hex(result.output.bytes()),
      returnCode: result?.returnCode ?? 0,
      error: result?.error ?? null,
      failure,
      fuel,
      limit: failure === 'exhaustion.fuel' ? limit : null,
      memory: memory(),
    };
    const { tape } = this;
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
