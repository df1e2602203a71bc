/** Memories as runs: blocks of zeros are only counted, since most of a memory has never been written. */
import { BLOCK_BYTES } from './format.ts';
import { corrupt, type SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** Writes the blocks of a memory that are not zero. */
export const writeRuns = (out: SnapshotWriter, bytes: Uint8Array): void => {
  const runs = findRuns(bytes);
  let last = 0;
  out.list(runs, ([start, end]) => {
    out.uint(start - last);
    out.uint(end - start);
    out.raw(bytes.subarray(start * BLOCK_BYTES, end * BLOCK_BYTES));
    last = end;
  });
};

/** Ranges of blocks that are not zero: the first block, and the one after the last. */
const findRuns = (bytes: Uint8Array): [start: number, end: number][] => {
  const wordCount = bytes.length >> 2;
  // Memories begin at the start of their buffers, so words are aligned; kernel memories at other offsets are copied.
  const source = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Int32Array(source.buffer, source.byteOffset, wordCount);
  const blockWords = BLOCK_BYTES >> 2;
  const runs: [number, number][] = [];
  const isZero = (block: number): boolean => {
    const end = Math.min((block + 1) * blockWords, wordCount);
    let at = block * blockWords;
    // PERF: eight words per iteration; most of a memory is zeros, and finding them took a third of a snapshot.
    for (; at + 8 <= end; at += 8) {
      const low = words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!;
      if ((low | words[at + 4]! | words[at + 5]! | words[at + 6]! | words[at + 7]!) !== 0) return false;
    }
    for (; at < end; at++) if (words[at] !== 0) return false;
    if (end === wordCount)
      for (let i = 4 * wordCount; i < bytes.length; i++) if (bytes[i] !== 0) return false;
    return true;
  };
  const blockCount = Math.ceil(bytes.length / BLOCK_BYTES);
  for (let block = 0; block < blockCount; block++) {
    if (isZero(block)) continue;
    const run = runs[runs.length - 1];
    if (run?.[1] === block) run[1]++;
    else runs.push([block, block + 1]);
  }
  return runs;
};

/** A run that was read: bytes, and their address. */
interface Run {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Reads the runs of a memory of this many bytes, without copying them. */
export const readRuns = (reader: SnapshotReader, byteLength: number): Run[] => {
  const blockCount = Math.ceil(byteLength / BLOCK_BYTES);
  let block = 0;
  return reader.list(() => {
    block += reader.uint(blockCount);
    const start = block;
    block += reader.uint(blockCount);
    if (block > blockCount) throw corrupt('contents go beyond the end of a memory');
    const address = start * BLOCK_BYTES;
    const end = Math.min(block * BLOCK_BYTES, byteLength);
    if (end <= address) throw corrupt('an empty run');
    return { address, bytes: reader.raw(end - address) };
  });
};

/** Sets `target` to the contents of the runs. */
export const applyRuns = (target: Uint8Array, runs: readonly Run[]): void => {
  target.fill(0);
  for (const { address, bytes } of runs) target.set(bytes, address);
};
