/** Input of calls: from a flag, a file or standard input. */
import { readFileSync } from 'node:fs';
import { access } from './files.ts';
import type { Flags } from './flags.ts';
import { usageError } from './parse.ts';

/** What names standard input instead of a file. */
export const STDIN = '-';

/** A buffer that grows in place. Node 20 has it, the declarations that we compile against do not. */
type GrowingBuffer = ArrayBuffer & { resize(byteLength: number): void };
const GrowingBuffer = ArrayBuffer as unknown as new (
  byteLength: number,
  options: { readonly maxByteLength: number },
) => GrowingBuffer;

/** No plug-in has memory for more. */
const MAX_BYTES = 2 ** 31;
const FIRST_BYTES = 1 << 20;

/**
 * Reads standard input to its end.
 *
 * PERF: the bytes are not joined at the end, which would need twice their size: 700 MiB through `quern call`.
 */
export const readStdin = async (): Promise<Uint8Array> => {
  const buffer = new GrowingBuffer(FIRST_BYTES, { maxByteLength: MAX_BYTES });
  const bytes = new Uint8Array(buffer);
  let length = 0;
  for await (const chunk of process.stdin) {
    const { byteLength } = chunk as Uint8Array;
    if (length + byteLength > MAX_BYTES) throw usageError('standard input is longer than 2 GiB');
    // Pages that were never written to use no memory yet.
    if (length + byteLength > buffer.byteLength)
      buffer.resize(Math.min(MAX_BYTES, Math.max(2 * buffer.byteLength, length + byteLength)));
    bytes.set(chunk as Uint8Array, length);
    length += byteLength;
  }
  return bytes.subarray(0, length);
};

const readInputFile = (file: string): Uint8Array => access('read the input', () => readFileSync(file));

/** The input of a call. @param source the plug-in, which may itself come from standard input */
export const readInput = async (
  source: string,
  { input, stdin, 'input-file': file }: Pick<Flags<'call'>, 'input' | 'stdin' | 'input-file'>,
): Promise<Uint8Array | string> => {
  const given = Object.entries({ input, 'input-file': file, stdin }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length > 1)
    throw usageError(`${given.map(([name]) => `--${name}`).join(' and ')} exclude each other`);
  if (stdin || file === STDIN) {
    if (source === STDIN) throw usageError('standard input is already the plug-in');
    return readStdin();
  }
  return file === undefined ? (input ?? '') : readInputFile(file);
};
