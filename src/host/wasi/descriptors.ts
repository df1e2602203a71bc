/**
 * File descriptors of a WASI program: for now the three standard streams.
 */
import {
  RIGHT_FD_FDSTAT_SET_FLAGS,
  RIGHT_FD_FILESTAT_GET,
  RIGHT_FD_READ,
  RIGHT_FD_WRITE,
  RIGHT_POLL_FD_READWRITE,
} from './abi.ts';

/** A stream: bytes go in or out, there is no position. */
export interface Stream {
  /** Takes up to `buffer.length` bytes; 0 is the end. Null where nothing can be read. */
  readonly read: ((buffer: Uint8Array) => number) | null;
  /** Bytes that `read` still has. */
  readonly available: () => number;
  /** Writes all of a chunk, which the callee may keep. Null where nothing can be written. */
  readonly write: ((chunk: Uint8Array) => void) | null;
  flags: number;
  rights: bigint;
}

const commonRights = RIGHT_FD_FDSTAT_SET_FLAGS | RIGHT_FD_FILESTAT_GET | RIGHT_POLL_FD_READWRITE;

const inputStream = (contents: Uint8Array): Stream => {
  let position = 0;
  return {
    read: (buffer) => {
      const count = Math.min(buffer.length, contents.length - position);
      buffer.set(contents.subarray(position, position + count));
      position += count;
      return count;
    },
    available: () => contents.length - position,
    write: null,
    flags: 0,
    rights: commonRights | RIGHT_FD_READ,
  };
};

const outputStream = (write: (chunk: Uint8Array) => void): Stream => ({
  read: null,
  available: () => 0,
  write,
  flags: 0,
  rights: commonRights | RIGHT_FD_WRITE,
});

/** The descriptors that a program starts with. */
export const standardStreams = (
  stdin: Uint8Array,
  stdout: (chunk: Uint8Array) => void,
  stderr: (chunk: Uint8Array) => void,
): Map<number, Stream> => new Map([inputStream(stdin), outputStream(stdout), outputStream(stderr)].entries());
