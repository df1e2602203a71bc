/** What became of a call, as text that can be compared: of the record, and of a run of the official SDK. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RecordedCall } from '../../plugins/recorded.ts';
import { shared } from '../../shared.ts';

/** What one set-up gave: each call in order, and what host functions were told. */
export interface SetUpRun {
  readonly id: string;
  readonly calls: readonly string[];
  readonly told: readonly string[];
  /** CPU time. */
  readonly milliseconds: number;
}

/** For calls that were abandoned. */
export const ENDLESS = 'does not end';

/** Traps by kind, since engines word them differently; a stack of Wasm's own is exhausted in either way. */
const traps: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/unreachable/i, 'trap: unreachable'],
  [/divide by zero/i, 'trap: division by zero'],
  [/out of bounds|call stack/i, 'trap: memory bounds or call stack'],
];

/** An error by its message. */
export const errorOutcome = (message: string): string => {
  const isFromPlugin = message.startsWith('Plugin');
  const kind = isFromPlugin ? undefined : traps.find(([pattern]) => pattern.test(message))?.[1];
  return `error: ${kind ?? message}`;
};

/** A plug-in that there was none of. Engines word it differently, too; a worker passes no more than the text. */
export const notMade = ({ name, message }: Error): string =>
  `not made: ${name.includes('LinkError') || message.includes('LinkError') ? 'LinkError' : message}`;

/** An output by its bytes. */
export const outputOutcome = (bytes: Uint8Array | undefined): string => {
  if (bytes === undefined) return 'null';
  return bytes.length <= 200
    ? `"${Buffer.from(bytes).toString('latin1')}"`
    : `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex')}`;
};

/** What the record says of a call. */
export const recordedOutcome = ({ out, error }: RecordedCall): string => {
  if (error !== undefined) return errorOutcome(error);
  if (out === null || out === undefined) return outputOutcome(undefined);
  if (out.text !== undefined) return outputOutcome(Buffer.from(out.text, 'utf8'));
  return outputOutcome(
    out.b64 === undefined ? readFileSync(shared('plugins', out.file ?? '')) : Buffer.from(out.b64, 'base64'),
  );
};
