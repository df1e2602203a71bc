/** `quern run`: a WASI command with its arguments, environment, streams, directories and exit code. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compileWat } from '../wat.ts';
import { runQuern } from './run-quern.ts';

const wasi = (name: string, params: string): string =>
  `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${params}) (result i32)))`;
const exit = '(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))';

const modules = compileWat({
  /** Prints its arguments and environment as they lie in memory. */
  show: `(module ${wasi('args_get', 'i32 i32')} ${wasi('args_sizes_get', 'i32 i32')} ${wasi('environ_get', 'i32 i32')}
    ${wasi('environ_sizes_get', 'i32 i32')} ${wasi('fd_write', 'i32 i32 i32 i32')} (memory (export "memory") 1)
    (func $print (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.load (i32.const 12)))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
    (func (export "_start")
      (drop (call $args_sizes_get (i32.const 8) (i32.const 12))) (drop (call $args_get (i32.const 1024) (i32.const 4096))) (call $print)
      (drop (call $environ_sizes_get (i32.const 8) (i32.const 12))) (drop (call $environ_get (i32.const 1024) (i32.const 4096))) (call $print)))`,
  /** Copies standard input to standard error and exits with 7. */
  copy: `(module ${exit} ${wasi('fd_read', 'i32 i32 i32 i32')} ${wasi('fd_write', 'i32 i32 i32 i32')} (memory (export "memory") 2)
    (func (export "_start") (block $end (loop $next
      (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 5000))
      (br_if $end (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $end (i32.eqz (i32.load (i32.const 8))))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) (br $next)))
      (call $proc_exit (i32.const 7))))`,
  /** Makes the file "made" in its first directory; exits with the error. */
  make: `(module ${exit} ${wasi('path_open', 'i32 i32 i32 i32 i32 i64 i64 i32 i32')} (memory (export "memory") 1)
    (data (i32.const 1024) "made")
    (func (export "_start") (call $proc_exit (call $path_open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 4)
      (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 0)))))`,
  forever: '(module (func (export "_start") (loop (br 0))))',
});

describe('quern run', () => {
  let folder = '';
  const file = (name: string): string => join(folder, name);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'quern-run-'));
    for (const [name, bytes] of Object.entries(modules)) writeFileSync(file(`${name}.wasm`), bytes);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('arguments and environment; flags after the file are the program\u2019s', () => {
    const run = runQuern([
      'run',
      '--env',
      'A=1',
      '--env',
      'B=x=y',
      file('show.wasm'),
      'one',
      '--fuel',
      '-v',
      '--',
      '',
    ]);
    assert.equal(run.stdout, `${file('show.wasm')}\0one\0--fuel\0-v\0--\0\0A=1\0B=x=y\0`);
    assert.equal(run.status, 0, run.stderr);
  });
  test('standard streams, and the exit code of the program', () => {
    const stdin = 'line\n'.repeat(40_000);
    const run = runQuern(['run', file('copy.wasm')], { stdin });
    assert.deepEqual([run.status, run.stdout, run.stderr.length], [7, '', stdin.length]);
  });
  test('directories, for writing and for reading only', () => {
    const [work, fixed] = [file('work'), file('fixed')];
    for (const path of [work, fixed]) mkdirSync(path);
    assert.equal(runQuern(['run', '--dir', `${work}::/`, file('make.wasm')]).status, 0);
    assert.equal(readFileSync(join(work, 'made'), 'utf8'), '');
    const rofs = 69;
    assert.equal(runQuern(['run', '--dir', `${fixed}::/::ro`, file('make.wasm')]).status, rofs);
    const badf = 8;
    assert.equal(runQuern(['run', file('make.wasm')]).status, badf);
  });
  test('fuel', () => {
    const run = runQuern(['run', '--fuel', '10000', '--show-fuel', file('forever.wasm')]);
    assert.equal(run.status, 1);
    assert.match(run.stderr, /fuel: \d+\n/);
    assert.match(run.stderr, /all fuel consumed|fuel/);
  });
  for (const [args, message] of [
    [['run'], /FILE is missing/],
    [['run', '--env', 'X', 'f'], /--env must be NAME=VALUE/],
    [['run', '--dir', '::', 'f'], /--dir must be/],
    [['run', '--fuel', 'x', 'f'], /whole number/],
    [['run', '--unknown', 'f'], /unknown/i],
  ] as const) {
    test(`usage: ${args.join(' ')}`, () => {
      const run = runQuern(args);
      assert.deepEqual([run.status, message.test(run.stderr)], [2, true], run.stderr);
    });
  }
  test('a directory that is not there', () => {
    const run = runQuern(['run', '--dir', '/nothing/here::/', file('make.wasm')]);
    assert.notEqual(run.status, 0);
    assert.match(run.stderr, /cannot open the directory/);
  });
});
