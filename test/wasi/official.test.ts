/**
 * The official preview-1 tests, where a checkout of WebAssembly/wasi-testsuite (branch `prod/testsuite-base`) is
 * named by `QUERN_WASI_TESTSUITE`. The tests beside this one cover the same without it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { chromium } from '../browser/browser.ts';
import { proof } from '../proof.ts';
import { root } from '../shared.ts';

const suite = process.env['QUERN_WASI_TESTSUITE'];

describe('official WASI tests', { skip: suite === undefined && 'QUERN_WASI_TESTSUITE is not set' }, () => {
  for (const [name, flags] of [
    ['real', proof],
    ['memory', proof],
    ['memory', ['--jitless']],
    ['page', proof],
  ] as const) {
    const skip = name === 'page' && chromium === null && 'Chromium not found';
    test(`${name} files, ${flags[0]}`, { skip }, () => {
      const main = join(root, 'build/spec-tests/wasi/main.js');
      const run = spawnSync(process.execPath, [...flags, main, suite ?? '', '--files', name, '--strict'], {
        encoding: 'utf8',
      });
      assert.equal(run.status, 0, run.stdout + run.stderr);
      assert.equal(run.stdout, 'rust: 46 of 46\nc: 14 of 14\nassemblyscript: 12 of 12\n');
    });
  }
});
