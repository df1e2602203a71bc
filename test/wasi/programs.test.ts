/**
 * Real programs, compiled from C where clang and wasi-libc are installed: what they print under `quern run` is what
 * Node's own WASI, on native Wasm, lets them print.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runQuern } from '../cli/run-quern.ts';
import { compileC, hasClang, programs, runByNode, STDIN } from './c-programs.ts';

describe('C programs', { skip: !hasClang() && 'clang with wasi-libc not found' }, () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'quern-programs-'));
    for (const [name, source] of Object.entries(programs)) {
      compileC(source, join(folder, `${name}.wasm`));
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const name of Object.keys(programs)) {
    test(name, () => {
      const file = join(folder, `${name}.wasm`);
      const roots = ['quern', 'node'].map((host) => join(folder, `${name}-${host}`));
      for (const root of roots) mkdirSync(root);
      const [own, theirs] = roots as [string, string];
      const run = runQuern(['run', '--env', 'HOME=/home', '--dir', `${own}::/`, file, 'x', 'y'], {
        stdin: STDIN,
      });
      const expected = runByNode(file, theirs);
      assert.deepEqual(
        [run.stdout, run.stderr, run.status],
        [expected.stdout, expected.stderr, expected.status],
      );
      assert.deepEqual(readdirSync(own), readdirSync(theirs));
    });
  }
  test('a crash is reported with where it was', () => {
    writeFileSync(join(folder, 'x'), '');
    const file = join(folder, 'crash.wasm');
    compileC('int main(void) { __builtin_trap(); }', file);
    const run = runQuern(['run', file]);
    assert.equal(run.status, 1);
    assert.match(run.stderr, /unreachable/);
  });
});
