/** Runs the `quern` command as a user does, in a process of its own without native Wasm. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { proof } from '../proof.ts';
import { root } from '../shared.ts';

export interface QuernRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Uint8Array;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** Options of Node. Default: no native Wasm, no code from strings. */
  readonly nodeFlags?: readonly string[];
  /** Variables beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it runs. Default: the root of the project. */
  readonly cwd?: string;
}

/** Runs `quern` with arguments. */
export const runQuern = (
  args: readonly string[],
  { stdin = '', nodeFlags = proof, environment = {}, cwd = root }: RunOptions = {},
): QuernRun => {
  const main = join(root, 'build/src/cli/main.js');
  const run = spawnSync(process.execPath, [...nodeFlags, main, ...args], {
    cwd,
    input: stdin,
    env: { ...process.env, ...environment },
  });
  return {
    status: run.status,
    stdout: run.stdout.toString(),
    stderr: run.stderr.toString(),
    bytes: run.stdout,
  };
};
