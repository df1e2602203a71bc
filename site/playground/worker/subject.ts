/** What a call runs on: a plug-in of the Extism host, or an instance of the engine alone. One interface for both. */
import type { DebugSession } from '../../../src/debug.ts';
import type { JavaScriptCompiler } from '../../../src/profile.ts';
import type { CallRequest, LogLine, Settings, ShownValue } from '../protocol.ts';
import type { LoadedProgram } from './program.ts';

/** What every subject is made with. */
export interface SubjectOptions {
  readonly loaded: LoadedProgram;
  readonly settings: Settings;
  readonly log: (line: LogLine) => void;
  /** Lets the messages of the page come in. */
  readonly breathe: () => Promise<void>;
  /** Profiles instead of debugging. */
  readonly profiler?: JavaScriptCompiler;
}

/** What a call has come to. */
export interface Outcome {
  readonly output: Uint8Array | null;
  readonly results: readonly ShownValue[] | null;
  readonly hasFailed: boolean;
}

export interface Subject {
  /** Prepares a call, and a session that stands before its first instruction when it has been started. */
  begin(request: CallRequest): Promise<DebugSession>;
  /** Runs a call to its end, without a session. Rejects where the call fails. */
  run(request: CallRequest, isStopped: () => boolean): Promise<void>;
  addFuel(fuel: number): void;
  readonly fuel: number;
  readonly fuelLeft: number | null;
  readonly outcome: Outcome;
  readonly variables: readonly ShownValue[];
  snapshot(): Uint8Array;
  /** Ends a call that has not ended. */
  giveUp(): Promise<void>;
  close(): Promise<void>;
}

/** Fuel for what runs before any call: start functions and initialisers. */
export const INITIAL_FUEL = 200_000_000;

const decoder = new TextDecoder();

/** Bytes as text; as digits where they are no text. */
export const textOfBytes = (bytes: Uint8Array, most = 4096): string => {
  const shown = bytes.subarray(0, most);
  const text = decoder.decode(shown);
  // Below a space only tabs and ends of lines are text.
  const isText = !text.includes('\ufffd') && shown.every((byte) => byte >= 0x20 || (byte >= 9 && byte <= 13));
  const rest = bytes.length > most ? ` … ${bytes.length - most} more bytes` : '';
  return (isText ? text : Array.from(shown, (byte) => byte.toString(16).padStart(2, '0')).join(' ')) + rest;
};
