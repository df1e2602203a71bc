/** Runs the command where a person would: on a terminal, which `script` of util-linux makes. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../shared.ts';

const script = '/usr/bin/script';
const isThere = process.platform === 'linux' && existsSync(script);

/** Options for `test()` that skip with a reason where no terminal can be made. */
export const needsTerminal: { skip: string | false } = {
  skip: isThere ? false : 'script(1) of util-linux, which makes a terminal, is not found',
};

/** What the terminal shows, and the exit code. `typed` is what the person types. */
export const runOnTerminal = (
  args: readonly string[],
  { typed = '', cwd = root }: { readonly typed?: string; readonly cwd?: string } = {},
): { readonly shown: string; readonly status: number | null } => {
  const words = [process.execPath, join(root, 'build/src/cli/main.js'), ...args];
  const command = words.map((word) => `'${word}'`).join(' ');
  const { stdout, status } = spawnSync(script, ['-qec', command, '/dev/null'], {
    ...{ cwd, input: typed, encoding: 'utf8' },
  });
  return { shown: stdout, status };
};
