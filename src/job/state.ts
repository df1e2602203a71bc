/**
 * The snapshot from which a job resumes, in pieces: a complete one, and the changes of each slice after it. If a
 * complete one would not be much larger than the changes, it is stored instead. The choice depends on the snapshots
 * alone, so that everyone who runs the job again stores the same.
 */
import { applyChanges, changesBetween } from '../interpreter/snapshot/changes.ts';
import { sha256Hex } from '../syntax/sha256.ts';
import { damagedJob } from './job.ts';
import type { StateMark } from './receipt.ts';

/** Most changes after a complete snapshot: each is applied when the job resumes. */
const MAX_CHANGES = 32;

/** Pieces, and what a receipt says about the last of them. */
interface StoredState {
  readonly pieces: readonly Uint8Array[];
  /** All pieces as one snapshot. */
  readonly snapshot: Uint8Array;
  readonly mark: StateMark;
}

/** The snapshot that pieces make up; null for no pieces. @throws JobError */
export const joinState = ([whole, ...changes]: readonly Uint8Array[]): Uint8Array | null => {
  if (whole === undefined) return null;
  try {
    return changes.reduce(applyChanges, whole);
  } catch (cause) {
    throw damagedJob('the pieces of its snapshot do not match', cause);
  }
};

/**
 * Stores a snapshot after the pieces of the preceding one.
 *
 * @param before the snapshot that those pieces make up; null for none
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
