/** Bytes of calls: what goes in and comes out is what the plug-in gets and gives, to the byte. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parseModule } from '../../src/text.ts';
import { root } from '../shared.ts';
import { runQuern } from './run-quern.ts';
import { needsTerminal, runOnTerminal } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-bytes-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, content?: string | Uint8Array): string => {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
};

/** `echo` gives its input back, `fail` traps, `none` has no output. */
const text = `(module
  (import "extism:host/env" "input_offset" (func $offset (result i64)))
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (func (export "echo") (result i32) (call $output (call $offset) (call $length)) (i32.const 0))
  (func (export "none") (result i32) (i32.const 0))
  (func (export "fail") (result i32) (unreachable)))`;
const plugin = file('echo.wasm', parseModule(text));
/** Every byte, no UTF-8, and a newline in the end, which must be the only one. */
const bytes = Uint8Array.from({ length: 257 }, (_, i) => (i === 256 ? 10 : i));
const input = file('input', bytes);

const echo = (flags: readonly string[], stdin: string | Uint8Array = '') =>
  runQuern(['call', plugin, 'echo', ...flags], { stdin });
const equalBytes = (actual: Uint8Array, expected: Uint8Array): void =>
  assert.equal(Buffer.from(actual).toString('hex'), Buffer.from(expected).toString('hex'));

describe('input', () => {
  const ways: readonly (readonly [string, readonly string[]])[] = [
    ['--stdin', ['--stdin']],
    ['--input-file -', ['--input-file', '-']],
    ['--input-file FILE', ['--input-file', input]],
  ];
  for (const [name, flags] of ways)
    test(`${name} is bytes`, () => equalBytes(echo(flags, name.includes('FILE') ? '' : bytes).bytes, bytes));

  test('--input is the text, a hyphen too', () => {
    assert.equal(echo(['-i', 'Zoë']).stdout, 'Zoë');
    assert.equal(echo(['-i', '-'], 'not this').stdout, '-');
  });

  test('one at a time, and a file that is there', () => {
    const both = echo(['-i', 'a', '--stdin']);
    assert.equal(both.status, 2);
    assert.match(both.stderr, /--input and --stdin exclude each other/);
    assert.match(echo(['--input-file', input, '--stdin']).stderr, /--input-file and --stdin exclude/);
    const missing = echo(['--input-file', file('nowhere')]);
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /cannot read the input: .*nowhere/);
  });

  test('a plug-in comes from standard input, as bytes or as text; its input then does not', () => {
    for (const module of [readFileSync(plugin), text]) {
      const run = runQuern(['call', '-', 'echo', '-i', 'Ada'], { stdin: module });
      assert.equal(run.stdout, 'Ada', run.stderr);
    }
    const both = runQuern(['call', '-', 'echo', '--stdin'], { stdin: text });
    assert.equal(both.status, 2);
    assert.match(both.stderr, /standard input is already the plug-in/);
    const manifest = JSON.stringify({ wasm: [{ path: plugin }] });
    assert.equal(runQuern(['call', '-m', '-', 'echo', '-i', 'Ada'], { stdin: manifest }).stdout, 'Ada');
  });

  test('128 MiB from standard input take three times their size, and what Node takes', (context) => {
    // The peak that the process reports of itself begins with that of its parent.
    const status = '/proc/self/status';
    if (!existsSync(status)) return context.skip(`${status}, which has the peak of memory, is not found`);
    const size = 128 * 2 ** 20;
    const script = `import { readFileSync } from 'node:fs';
      process.on('exit', () => process.stderr.write(readFileSync('${status}', 'utf8')));`;
    const peakOf = (stdin: Uint8Array): number => {
      const nodeFlags = [`--import=data:text/javascript,${encodeURIComponent(script)}`];
      const run = spawnSync(
        process.execPath,
        [...nodeFlags, join(root, 'build/src/cli/main.js'), 'call', plugin, 'echo', '--stdin'],
        { input: stdin, maxBuffer: 2 * size },
      );
      assert.equal(run.stdout.length, stdin.length);
      return 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(run.stderr.toString())![1]);
    };
    // Measured: 3.1 to 3.2 times; 4.0 where the chunks are put together in the end.
    const factor = (peakOf(new Uint8Array(size).fill(7)) - peakOf(new Uint8Array(1))) / size;
    assert.ok(factor < 3.6, `${factor} times`);
  });
});

describe('output', () => {
  test('a file gets the bytes, and a failed call leaves it alone', () => {
    const path = file('output');
    const run = echo(['--input-file', input, '--output', path]);
    assert.deepEqual([run.status, run.stdout, run.stderr], [0, '', '']);
    equalBytes(readFileSync(path), bytes);
    const failed = runQuern(['call', plugin, 'fail', '-o', path]);
    assert.equal(failed.status, 1);
    equalBytes(readFileSync(path), bytes);
    assert.equal(echo(['-o', file('fresh')]).status, 0);
    assert.equal(readFileSync(file('fresh')).length, 0);
    const nowhere = echo(['-o', join(folder, 'no', 'folder')]);
    assert.equal(nowhere.status, 2);
    assert.match(nowhere.stderr, /cannot write the output/);
  });

  test('a full disk is an error, not a mistake of usage and no crash', (context) => {
    if (!existsSync('/dev/full')) return context.skip('there is no /dev/full');
    const full = openSync('/dev/full', 'w');
    const main = join(root, 'build/src/cli/main.js');
    for (const [flags, stdout] of [
      [[], full],
      [['-o', '/dev/full'], 'pipe'],
    ] as const) {
      const args = [main, 'call', plugin, 'echo', '-i', 'a', ...flags];
      const run = spawnSync(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'], encoding: 'utf8' });
      assert.equal(run.status, 1);
      assert.match(run.stderr, /^Error: .*ENOSPC.*\n$/);
    }
    closeSync(full);
  });

  test('--newline ends the output with one; --raw adds none, not even between outputs', () => {
    assert.equal(echo(['-i', 'a', '--newline']).stdout, 'a\n');
    assert.equal(echo(['-i', 'a', '--loop', '2']).stdout, 'a\na\n');
    assert.equal(echo(['-i', 'a', '--loop', '2', '--raw']).stdout, 'aa');
    assert.equal(echo(['-i', 'a', '--raw', '--newline']).status, 2);
  });

  test('a terminal gets a newline, unless --raw is given', needsTerminal, () => {
    const shown = (...flags: string[]): string =>
      runOnTerminal(['call', plugin, 'echo', '-i', 'text', ...flags]).shown;
    assert.ok(shown().includes('text\r\n'), shown());
    assert.ok(!shown('--raw').includes('text\r\n'));
    assert.ok(shown('--raw').includes('text'));
  });

  test('--json is a line for each call, also for one that fails', () => {
    const lines = (run: { stdout: string }) =>
      run.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const [first, second] = lines(echo(['-i', 'Zoë\u001b', '--json', '--loop', '2']));
    assert.deepEqual([first!['output'], first!['encoding'], first!['error']], ['Zoë\u001b', 'utf8', null]);
    assert.equal(first!['function'], 'echo');
    assert.equal(typeof second!['fuel'], 'number');
    const [binary] = lines(echo(['--input-file', input, '--json']));
    assert.equal(binary!['encoding'], 'base64');
    equalBytes(Buffer.from(binary!['output'] as string, 'base64'), bytes);
    assert.equal(lines(runQuern(['call', plugin, 'none', '--json']))[0]!['output'], null);
    const run = runQuern(['call', plugin, 'fail', '--json']);
    assert.equal(run.status, 1);
    const error = lines(run)[0]!['error'] as { code: string; backtrace: { funcIndex: number }[] };
    assert.equal(error.code, 'trap.unreachable');
    assert.equal(error.backtrace[0]!.funcIndex, 5);
    assert.match(run.stderr, /^Error: unreachable/);
  });
});
