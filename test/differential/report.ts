/** What an executor says about a generated program, in a form that can be compared as text. */
import { createHash } from 'node:crypto';
import type { HostFunctions } from './host-functions.ts';

/** One entry function that was called. */
export interface Step {
  /** Name of the entry; its results as unsigned integers, or the trap; what the host saw; what is in memory. */
  readonly outcome: string;
  readonly fuel: number;
}

/** Without the zeros at the end, which most of a memory is: they cost more to hash than the program to run. */
const withoutZeros = (bytes: Uint8Array): Uint8Array => {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let end = words.length;
  while (end > 0 && words[end - 1] === 0) end--;
  // Bytes after the last word are kept; memories of odd sizes are small.
  return bytes.length % 4 === 0 ? bytes.subarray(0, 4 * end) : bytes;
};

/** A digest of memories: length and contents. */
export const memoryDigest = (memories: readonly Uint8Array[]): string =>
  memories
    .map((bytes) => {
      const hash = createHash('sha1').update(withoutZeros(bytes)).digest('hex');
      return `${bytes.length}:${hash.slice(0, 12)}`;
    })
    .join(' ');

export const outcomeText = (
  name: string,
  ending: string,
  host: HostFunctions,
  memories: readonly Uint8Array[],
): string => `${name} → ${ending} | ${host.takeLog()} | ${memoryDigest(memories)}`;

export const valuesText = (values: readonly unknown[]): string => `[${values.join(' ')}]`;

/** Several traps are one to V8; for comparing with it. */
export const coarsenTraps = (outcome: string): string =>
  outcome
    .replace(/trap\.(uninitialised-element|indirect-call-type)/, 'trap.indirect-call')
    .replace(/trap\.(undefined-element|table-bounds)/, 'trap.table')
    .replace('trap.invalid-conversion', 'trap.integer-overflow');
