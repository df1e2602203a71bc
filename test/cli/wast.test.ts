/** `quern wast`: the results of a script, on the terminal, in reports, and in the exit code. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runQuern } from './run-quern.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-wast-'));
after(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

const passing = `
(module $m
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "nan") (result f32) (f32.div (f32.const 0) (f32.const 0)))
  (func (export "id") (param externref) (result externref) (local.get 0))
  (func (export "trap") unreachable)
  (global (export "g") i64 (i64.const -1)))
(register "m" $m)
(assert_return (invoke "add" (i32.const 1) (i32.const -2)) (i32.const -1))
(assert_return (invoke $m "nan") (f32.const nan:canonical))
(assert_return (invoke "id" (ref.extern 7)) (ref.extern 7))
(assert_return (invoke "id" (ref.null extern)) (ref.null))
(assert_return (get "g") (i64.const 0xffff_ffff_ffff_ffff))
(assert_trap (invoke "trap") "unreachable")
(assert_malformed (module quote "(func (foo))") "unknown operator foo")
(assert_malformed (module binary "\\00asm") "unexpected end")
(assert_invalid (module (func (result i32))) "type mismatch")
(assert_unlinkable (module (import "m" "none" (func))) "unknown import")
(assert_trap (module (func $f unreachable) (start $f)) "unreachable")
(module definition $d (func (export "one") (result i32) (i32.const 1)))
(module instance $i $d)
(assert_return (invoke $i "one") (either (i32.const 2) (i32.const 1)))
`;

test('a script whose expectations are met', () => {
  const run = runQuern(['wast', write('passing.wast', passing)]);
  assert.equal(run.stdout, '16 passed, 0 failed, 0 skipped\n');
  assert.equal(run.status, 0);
});

test('each expectation that is not met fails, and is in the reports', () => {
  const file = write(
    'failing.wast',
    `(module (func (export "one") (result i32) (i32.const 1)))
(assert_return (invoke "one") (i32.const 2))
(assert_trap (invoke "one") "unreachable")
(assert_malformed (module quote "(func)") "unexpected token")
(assert_invalid (module (func)) "type mismatch")
(module (func (drop)))
(module quote "(func")
(input "other")`,
  );
  const reports = ['tap', 'junit', 'json'].flatMap((kind) => [`--${kind}`, join(folder, kind)]);
  const run = runQuern(['wast', file, ...reports]);
  assert.equal(run.status, 1);
  assert.deepEqual(
    run.stdout.split('\n').map((line) => line.replace(file, 'F').replace(/:.*? (\w+): .*/, ' $1')),
    [
      ...['assert_return', 'assert_trap', 'assert_malformed', 'assert_invalid'].map(
        (type) => `FAIL F ${type}`,
      ),
      ...['FAIL F module', 'FAIL F module', 'FAIL F unknown'],
      ...['1 passed, 7 failed, 0 skipped', ''],
    ],
    run.stdout,
  );
  const read = (kind: string): string => readFileSync(join(folder, kind), 'utf8');
  assert.equal(read('tap').match(/^not ok/gm)?.length, 7);
  assert.equal(read('junit').match(/<failure /g)?.length, 7);
  const [{ commands }] = JSON.parse(read('json')) as [{ commands: { line: number; status: string }[] }];
  assert.deepEqual(
    commands.map(({ line, status }) => `${line} ${status}`),
    ['1 passed', ...[2, 3, 4, 5, 6, 7, 8].map((line) => `${line} failed`)],
  );
});

test('several files, features, and a script that is malformed', () => {
  const shared = write('threads.wast', '(module (memory 1 1 shared))');
  const broken = write('broken.wast', '(module)\n  (assert_return');
  const without = runQuern(['wast', shared]);
  assert.match(without.stdout, /^FAIL .*unsupported: .*threads/);
  const run = runQuern(['wast', '--feature', 'threads', shared, broken]);
  assert.match(run.stdout, /broken\.wast:2 script: unexpected token/);
  assert.match(run.stdout, /^1 passed, 1 failed, 0 skipped$/m);
  assert.equal(runQuern(['wast', '--feature', 'teleport', shared]).status, 2);
});
