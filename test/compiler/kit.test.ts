/** The conformance kit passes on compiled code, too, however often that is left. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { cases } from '../../src/conformance/cases/cases.ts';
import { root } from '../shared.ts';
import { preloadFlags } from './forced-flags.ts';

/** Runs the kit as a user does; the host in its process has the flags, too. */
const runKit = (flags: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const command = [join(root, 'build/src/cli/main.js'), 'conformance'];
    const env = { ...process.env, NODE_OPTIONS: flags.join(' ') };
    execFile(process.execPath, command, { cwd: root, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${stdout}\n${stderr}`, { cause: error }));
    });
  });

for (const exits of [0, 0.5])
  test(`every case, left with a probability of ${exits}`, async () => {
    const printed = await runKit(preloadFlags({ target: 'jit', exits, seed: 1 }));
    assert.match(
      printed,
      new RegExp(`^${cases.length} passed, 0 failed, 0 expected failures, 0 skipped$`, 'm'),
    );
  });
