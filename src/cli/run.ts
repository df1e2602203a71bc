/** `quern run`: runs a WASI command with the arguments, environment and directories that it is given. */
import { nodeDirectory } from '../host/node/files.ts';
import { readerOf, writerOf } from '../host/node/streams.ts';
import type { FileTree } from '../host/platform/files.ts';
import { FileQuota, limitedFiles } from '../host/wasi/limited-files.ts';
import { readOnlyFiles } from '../host/wasi/read-only-files.ts';
import { createPluginOn, isQuernError } from '../node.ts';
import { compilerOf } from './compiled.ts';
import type { Parsed } from './flags.ts';
import { modulePlatform } from './modules.ts';
import { bytesOf, numberOf, usageError } from './parse.ts';
import { scheduleOf } from './schedule.ts';
import { deterministicOf, featuresOf } from './values.ts';

const READ_ONLY_SUFFIX = '::ro';

/** `HOST::GUEST`, `HOST` alone for the same path in the guest, each with `::ro` for reading only. */
const directoryOf = (text: string, quota: FileQuota | null): [guest: string, tree: FileTree] => {
  const isReadOnly = text.endsWith(READ_ONLY_SUFFIX);
  const [host = '', guest = host, ...rest] = text
    .slice(0, isReadOnly ? -READ_ONLY_SUFFIX.length : text.length)
    .split('::');
  if (host === '' || guest === '' || rest.length > 0) {
    throw usageError(`--dir must be HOST::GUEST or HOST::GUEST::ro, not "${text}"`);
  }
  const tree = nodeDirectory(host);
  if (isReadOnly) return [guest, readOnlyFiles(tree)];
  return [guest, quota === null ? tree : limitedFiles(tree, quota)];
};

const variableOf = (text: string): [name: string, value: string] => {
  const at = text.indexOf('=');
  if (at <= 0) throw usageError(`--env must be NAME=VALUE, not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
};

/** Runs `quern run`; the exit code is that of the program. */
export const runProgram = async ({ operands, flags }: Parsed<'run'>): Promise<void> => {
  const [file = '', ...args] = operands;
  const most = bytesOf(flags, 'file-max');
  const quota = most === undefined ? null : new FileQuota(most);
  const plugin = await createPluginOn(modulePlatform)(
    { wasm: [{ path: file }] },
    {
      logLevel: 'error',
      fuel: numberOf(flags, 'fuel'),
      features: featuresOf(flags),
      schedule: scheduleOf(flags.schedule),
      deterministic: deterministicOf(flags),
      compiler: await compilerOf(flags),
      wasi: {
        args: [file, ...args],
        env: Object.fromEntries((flags.env ?? []).map(variableOf)),
        stdin: readerOf(0),
        stdout: writerOf(1),
        stderr: writerOf(2),
        preopens: Object.fromEntries((flags.dir ?? []).map((text) => directoryOf(text, quota))),
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
