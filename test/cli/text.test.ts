/** `quern wat` and `quern wasm`, and modules in the text format where a command takes a module. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseModule, printModule } from '../../src/text.ts';
import { runQuern } from './run-quern.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-text-'));
after(() => rmSync(folder, { recursive: true }));

const text = `;; A plug-in that answers with a constant.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (func (export "answer") (result i32) (local $at i64)
    (local.set $at (call $alloc (i64.const 2)))
    (call $store_u8 (local.get $at) (i32.const 0x34))
    (call $store_u8 (i64.add (local.get $at) (i64.const 1)) (i32.const 0x32))
    (call $output_set (local.get $at) (i64.const 2))
    (i32.const 0)))
`;
const file = join(folder, 'answer.wat');
writeFileSync(file, text);

test('text to bytes, and bytes to text', () => {
  const out = join(folder, 'answer.wasm');
  assert.equal(runQuern(['wasm', file, '-o', out]).status, 0);
  assert.deepEqual(new Uint8Array(readFileSync(out)), parseModule(text));
  assert.deepEqual(
    new Uint8Array(runQuern(['wasm', '--no-names', file]).bytes),
    parseModule(text, { names: false }),
  );
  for (const folded of [false, true]) {
    const run = runQuern(['wat', ...(folded ? ['--folded'] : []), out]);
    assert.equal(run.stdout, printModule(parseModule(text), { folded }));
  }
});

test('text where a module is wanted', () => {
  assert.equal(runQuern(['call', file, 'answer']).stdout.trim(), '42');
  assert.match(runQuern(['inspect', file]).stdout, /answer/);
});

test('a fault has its place', () => {
  const bad = join(folder, 'bad.wat');
  writeFileSync(bad, '(module\n  (func (i32.ad)))');
  const run = runQuern(['wasm', bad]);
  assert.equal(run.status, 1);
  assert.match(run.stderr, /unknown operator i32\.ad \(line 2, column 10\)/);
  assert.match(runQuern(['call', bad, 'f']).stderr, /unknown operator/);
  assert.equal(runQuern(['wat', join(folder, 'none.wasm')]).status, 1);
});
