/** The snapshot that a job goes on with, in pieces: a whole one, and what changed since. */
import { sha256Hex } from '../syntax/sha256.ts';
import { damagedJob } from './job.ts';
import type { StateMark } from './receipt.ts';

/** Pieces, and what a receipt says of the last of them. */
interface StoredState {
  readonly pieces: readonly Uint8Array[];
  readonly mark: StateMark;
}

/** The snapshot of pieces; null for none. @throws JobError */
export const joinState = (pieces: readonly Uint8Array[]): Uint8Array | null => {
  if (pieces.length > 1) throw damagedJob('more pieces of a snapshot than there can be');
  return pieces[0] ?? null;
};

/** Stores a snapshot after the pieces of the one before. */
export const storeState = (_previous: readonly Uint8Array[], snapshot: Uint8Array): StoredState => {
  const mark: StateMark = { kind: 'whole', hash: sha256Hex(snapshot), byteLength: snapshot.length };
  return { pieces: [snapshot], mark };
};
