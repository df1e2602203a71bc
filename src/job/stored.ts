/** Jobs that a queue stores between their slices: resuming from what is stored, and the meaning of failures. */
import { isRecord } from '../errors/checks.ts';
import { isQuernError } from '../errors/errors.ts';
import type { Platform } from '../host/platform/platform.ts';
import { type Advance, advanceOn } from './advance.ts';
import { damagedJob } from './job.ts';
import { isWhole } from './journal.ts';
import type { SliceReceipt } from './receipt.ts';

/** `advanceStored` for a platform. */
export const advanceStoredOn = (platform: Platform): Advance => {
  const advance = advanceOn(platform);
  return async (job, options) => {
    // A queue keeps lines as a whole: one that is cut was not cut by a crash, and another cannot be kept in its place.
    if (isRecord(job) && Array.isArray(job.journal) && !job.journal.every(isWhole))
      throw damagedJob('a line of its journal is cut off');
    try {
      return await advance(job, options);
    } catch (error) {
      if (!isQuernError(error, 'job.damaged') || job.slices.length === 0) throw error;
      return advance({ ...job, state: [], slices: [] }, options);
    }
  };
};

/**
 * The hashes of the pieces of the snapshot from which a job resumes, which its receipts name: a complete one, and
 * what changed since. A store keeps each piece once under its hash, and may forget those that are not named any more.
 *
 * ```js
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const job = createJob({ id: 'h', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * const { job: paused } = await advance(job, { modules: [greet], fuel: 500 });
 * console.log(stateHashes(paused.slices)[0] === moduleHash(paused.state[0])); // → true
 * ```
 */
export const stateHashes = (slices: readonly SliceReceipt[]): readonly string[] => {
  const hashes: string[] = [];
  for (let i = slices.length - 1; i >= 0; i--) {
    const state = slices[i]!.state;
    if (state === null) break;
    hashes.unshift(state.hash);
    if (state.kind === 'whole') break;
  }
  return hashes;
};

/** TABLE: codes of what is the same however often a slice is tried. */
const lastingCodes = ['plugin.function', 'usage.argument', 'job.damaged'] as const;

/**
 * Whether what `advanceStored` rejects with stays, however often the slice is tried: a queue gives such a job up. All
 * else may pass.
 *
 * ```js
 * const job = createJob({ id: 'l', modules: { main: moduleHash(doubleWasm) }, function: 'double' });
 * const error = await advanceStored(job, { modules: [] }).catch((error) => error);
 * console.log(error.code, isLasting(error)); // → job.module false
 * ```
 */
export const isLasting = (error: unknown): boolean => lastingCodes.some((code) => isQuernError(error, code));
