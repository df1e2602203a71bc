/** `quern run`: runs a WASI command with the arguments, environment and directories that it is given. */
import { readSync, writeSync } from 'node:fs';
import { nodeDirectory } from '../host/node/files.ts';
import { ErrnoSignal, errnoOfPosix } from '../host/wasi/errno.ts';
import type { FileTree } from '../host/wasi/files.ts';
import { readOnlyFiles } from '../host/wasi/read-only-files.ts';
import { createPlugin, isQuernError } from '../node.ts';
import { deterministicOf, type Flags, type Parsed, parseWholeNumber, usageError } from './flags.ts';
import { scheduleOf } from './schedule.ts';

const READ_ONLY_SUFFIX = '::ro';
/** Most bytes that one read of standard input takes. */
const MAX_READ = 65_536;
const RETRY_MILLISECONDS = 2;

/** `HOST::GUEST`, `HOST` alone for the same path in the guest, each with `::ro` for reading only. */
const directoryOf = (text: string): [guest: string, tree: FileTree] => {
  const isReadOnly = text.endsWith(READ_ONLY_SUFFIX);
  const [host = '', guest = host, ...rest] = text
    .slice(0, isReadOnly ? -READ_ONLY_SUFFIX.length : text.length)
    .split('::');
  if (host === '' || guest === '' || rest.length > 0) {
    throw usageError(`--dir must be HOST::GUEST or HOST::GUEST::ro, not "${text}"`);
  }
  const tree = nodeDirectory(host);
  return [guest, isReadOnly ? readOnlyFiles(tree) : tree];
};

const variableOf = (text: string): [name: string, value: string] => {
  const at = text.indexOf('=');
  if (at <= 0) throw usageError(`--env must be NAME=VALUE, not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
};

/** Waits without giving up the thread: the guest waits for the same. */
const pause = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MILLISECONDS);
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
      pause();
    }
  }
};

const readInput = (maxBytes: number): Uint8Array => {
  const buffer = new Uint8Array(Math.min(maxBytes, MAX_READ));
  return buffer.subarray(
    0,
    untilReady(() => readSync(0, buffer)),
  );
};

/** Writes all of a chunk before the guest goes on, so that nothing is lost when it exits. */
const writeTo = (fd: number) => (chunk: Uint8Array) => {
  for (let at = 0; at < chunk.length; ) at += untilReady(() => writeSync(fd, chunk, at));
};

const fuelOf = ({ fuel }: Flags<'run'>): number | undefined =>
  fuel === undefined ? undefined : parseWholeNumber('fuel', fuel);

/** Runs `quern run`; the exit code is that of the program. */
export const runProgram = async ({ operands, flags }: Parsed<'run'>): Promise<void> => {
  const [file = '', ...args] = operands;
  const plugin = await createPlugin(
    { wasm: [{ path: file }] },
    {
      logLevel: 'error',
      fuel: fuelOf(flags),
      schedule: scheduleOf(flags.schedule),
      deterministic: deterministicOf(flags),
      wasi: {
        args: [file, ...args],
        env: Object.fromEntries((flags.env ?? []).map(variableOf)),
        stdin: readInput,
        stdout: writeTo(1),
        stderr: writeTo(2),
        preopens: Object.fromEntries((flags.dir ?? []).map(directoryOf)),
      },
    },
  );
  try {
    await plugin.call('_start');
  } catch (error) {
    if (!isQuernError(error, 'exit.code')) throw error;
    process.exitCode = (error.details.exitCode ?? 1) & 0xff;
  } finally {
    if (flags['show-fuel']) process.stderr.write(`fuel: ${plugin.fuelConsumed}\n`);
    await plugin.close();
  }
};
