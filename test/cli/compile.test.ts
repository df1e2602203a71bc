/** `--compile`: the same output and fuel, and a word on standard error where code from text is refused. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { compileWat } from '../wat.ts';
import { runQuern } from './run-quern.ts';

/** Counts to a million, which takes long enough to be compiled, and exits with what is left: 0. */
const { program } = compileWat({
  program: `(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $left i32)
      (local.set $left (i32.const 1000000))
      (loop (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (call $proc_exit (local.get $left))))`,
});

describe('--compile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-compile-'));
  const file = join(folder, 'program.wasm');
  before(() => {
    buildExamples();
    writeFileSync(file, program);
  });
  after(() => rmSync(folder, { recursive: true }));

  const commands = {
    call: ['call', example('greet'), 'greet', '--input', 'Ada', '--show-fuel'],
    run: ['run', '--show-fuel', file],
  };
  for (const [name, [command, ...rest]] of Object.entries(commands))
    test(`${name}: the same output, fuel and exit code`, () => {
      const plain = runQuern([command!, ...rest]);
      assert.equal(plain.status, 0, plain.stderr);
      const compiled = runQuern([command!, '--compile', ...rest], { nodeFlags: [] });
      assert.deepEqual(compiled, plain);
      const refused = runQuern([command!, '--compile', ...rest]);
      assert.equal(refused.stdout, plain.stdout);
      assert.match(refused.stderr, /this host refuses code from text/);
      assert.equal(refused.stderr.split('\n').length, plain.stderr.split('\n').length + 1);
    });

  test('bench: the same fuel', () => {
    const args = ['bench', example('greet'), 'greet', '-i', 'Ada', '--calls', '8'];
    const fuelOf = (text: string): string | undefined => /^fuel +(\S+) a call/m.exec(text)?.[1];
    const plain = fuelOf(runQuern(args).stdout);
    assert.ok(plain !== undefined);
    assert.equal(fuelOf(runQuern([...args, '--compile'], { nodeFlags: [] }).stdout), plain);
  });
});
