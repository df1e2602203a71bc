/**
 * The snapshot that a job goes on with, in pieces: a whole one, and for each slice after it what changed. Where a whole
 * one would not be much more, it is stored; which of the two follows from the snapshots alone, so that whoever runs the
 * job again stores the same.
 */
import { applyChanges, changesBetween } from '../interpreter/snapshot/changes.ts';
import { sha256Hex } from '../syntax/sha256.ts';
import { damagedJob } from './job.ts';
import type { StateMark } from './receipt.ts';

/** Most changes after a whole snapshot: each is applied when the job goes on. */
const MAX_CHANGES = 32;

/** Pieces, and what a receipt says of the last of them. */
interface StoredState {
  readonly pieces: readonly Uint8Array[];
  /** All of them as one. */
  readonly snapshot: Uint8Array;
  readonly mark: StateMark;
}

/** The snapshot that pieces stand for; null for none. @throws JobError */
export const joinState = ([whole, ...changes]: readonly Uint8Array[]): Uint8Array | null => {
  if (whole === undefined) return null;
  try {
    return changes.reduce(applyChanges, whole);
  } catch (cause) {
    throw damagedJob('the pieces of its snapshot do not fit together', cause);
  }
};

/**
 * Stores a snapshot after the pieces of the one before.
 *
 * @param before what those pieces stand for; null for none
 */
export const storeState = (
  pieces: readonly Uint8Array[],
  before: Uint8Array | null,
  snapshot: Uint8Array,
): StoredState => {
  const store = (kind: StateMark['kind'], piece: Uint8Array, others: readonly Uint8Array[]): StoredState => ({
    pieces: [...others, piece],
    snapshot,
    mark: { kind, hash: sha256Hex(piece), byteLength: piece.length },
  });
  if (before === null || pieces.length > MAX_CHANGES) return store('whole', snapshot, []);
  const changes = changesBetween(before, snapshot);
  const sum = pieces.slice(1).reduce((bytes, { length }) => bytes + length, changes.length);
  return 2 * sum > snapshot.length ? store('whole', snapshot, []) : store('changes', changes, pieces);
};
