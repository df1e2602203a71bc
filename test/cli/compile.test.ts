/**
 * `--compile`: the same output and fuel, and a word on standard error where code from text is refused. And what
 * generated code can contain.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { javaScriptOf } from '../../src/cli/compiled.ts';
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

/** One function that does a bit of everything, of a module whose names and data are these. */
const named = (name: string, data: string): Uint8Array =>
  compileWat({
    module: `(module
      (import "${name}" "${name}" (func $${name} (param i64) (result f64)))
      (memory (export "${name}-memory") 1) (data (i32.const 0) "${data}")
      (global $g (export "${name}-global") (mut f32) (f32.const -0)) (table 1 funcref)
      (type $t (func (param f64) (result i32)))
      (func (export "${name}-run") (param $p i32) (result i32) (local $a i64)
        (local.set $a (i64.xor (i64.load (local.get $p)) (i64.const -1)))
        (loop (local.set $p (i32.add (local.get $p) (i32.const -2147483648)))
          (br_if 0 (i64.lt_u (local.get $a) (i64.extend_i32_s (local.get $p)))))
        (global.set $g (f32.const 1e-45))
        (block (block (block (br_table 0 1 2 (local.get $p))) (i32.store8 (i32.const 1) (i32.const 255)))
          (memory.fill (i32.const 0) (i32.const 7) (i32.const 9)))
        (call_indirect (type $t) (f64.add (f64.const inf) (call $${name} (local.get $a))) (i32.const 0))))`,
  }).module;

describe('generated code', () => {
  test('has nothing in it that a module says in its own words', async () => {
    const one = await javaScriptOf(named('constructor', 'alert(1)'), 1);
    const other = await javaScriptOf(named('isPrototype', '*/ } `${'), 1);
    assert.ok(one !== null && one.length > 20);
    assert.deepEqual(one, other);
    // Names, numbers and operators: no quotation marks, no escapes, and comments that close.
    assert.match(one.join('\n'), /^[\w$\s.,;:(){}[\]=+\-*/%&|^<>!?~]+$/);
  });
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
