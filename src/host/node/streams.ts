/**
 * File descriptors of the process as standard streams of a WASI program. They block: the guest waits for the same
 * thing, and what it wrote is out before it goes on or exits.
 */
import { readSync, writeSync } from 'node:fs';
import { ErrnoSignal, errnoOfPosix } from '../wasi/errno.ts';

/** Most bytes that one read takes. */
const MAX_READ = 65_536;
const RETRY_MILLISECONDS = 2;

/** Waits without giving up the thread. */
export const sleepHere = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

/** Tries again while a pipe or terminal that does not block has nothing to give or no room. */
const untilReady = (move: () => number): number => {
  for (;;) {
    try {
      return move();
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      // A pipe on Windows ends with an error.
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw new ErrnoSignal(errnoOfPosix(code));
      sleepHere(RETRY_MILLISECONDS);
    }
  }
};

/** What reads from a file descriptor. */
export const readerOf =
  (fd: number) =>
  (maxBytes: number): Uint8Array => {
    const buffer = new Uint8Array(Math.min(maxBytes, MAX_READ));
    return buffer.subarray(
      0,
      untilReady(() => readSync(fd, buffer)),
    );
  };

/** What writes all of a chunk to a file descriptor. */
export const writerOf =
  (fd: number) =>
  (chunk: Uint8Array): void => {
    for (let at = 0; at < chunk.length; ) at += untilReady(() => writeSync(fd, chunk, at));
  };
