/**
 * File descriptors of the process as standard streams of a WASI program. They block: the guest waits for the same
 * thing, and its output is written before it continues or exits.
 */
import { readSync, writeSync } from 'node:fs';
import { ErrnoSignal, errnoOfPosix } from '../wasi/errno.ts';

/** Most bytes of one read. */
const MAX_READ = 65_536;
const RETRY_MILLISECONDS = 2;

/** Waits without yielding the thread. */
export const sleepHere = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

/** Retries while a non-blocking pipe or terminal has no data or no room. */
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

/** Makes a reader of a file descriptor. */
export const readerOf =
  (fd: number) =>
  (maxBytes: number): Uint8Array => {
    const buffer = new Uint8Array(Math.min(maxBytes, MAX_READ));
    return buffer.subarray(
      0,
      untilReady(() => readSync(fd, buffer)),
    );
  };

/** Makes a writer of whole chunks to a file descriptor. */
export const writerOf =
  (fd: number) =>
  (chunk: Uint8Array): void => {
    for (let at = 0; at < chunk.length; ) at += untilReady(() => writeSync(fd, chunk, at));
  };
