import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { flat1 } from '../../src/node.ts';
import { assemble } from '../assembler.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { runQuern } from './run-quern.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-'));
before(buildExamples);
after(() => rmSync(folder, { recursive: true }));

const callGreet = (...flags: string[]) => runQuern(['call', example('greet'), 'greet', ...flags]);
const linked = ['--link', `extism:host/user=${example('remark')}`, example('counter')];

const needsWasi = assemble({
  types: [{}, { params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] }, { params: ['i32'] }],
  imports: [
    ['wasi_snapshot_preview1', 'fd_write', [0, 1]],
    ['wasi_snapshot_preview1', 'proc_exit', [0, 2]],
  ],
  funcs: [{}],
  exports: [['f', 'func', 2]],
});

const fileOf = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('quern call', () => {
  test('prints the output and nothing else', () => {
    assert.deepEqual(callGreet('--input', 'Ada'), {
      ...{ status: 0, stdout: 'Hello, Ada!', stderr: '', bytes: Buffer.from('Hello, Ada!') },
    });
  });

  test('names all missing imports, and the flags that provide them', () => {
    const run = runQuern(['call', fileOf('needs-wasi.wasm', needsWasi), 'f']);
    assert.equal(run.status, 1);
    assert.match(run.stderr, /"fd_write", "proc_exit": WASI is not enabled;.* --wasi\)/);
    assert.match(run.stderr, /--link/);
    assert.equal(runQuern(['call', fileOf('needs-wasi.wasm', needsWasi), 'f', '--wasi']).status, 0);
  });

  test('--config wins over --set-config, and a key without value is set to nothing', () => {
    const config = ['--set-config', '{"greeting":"Ahoj"}'];
    assert.equal(callGreet('-i', 'Ada', ...config).stdout, 'Ahoj, Ada!');
    assert.equal(callGreet('-i', 'Ada', ...config, '--config', 'greeting=a=b').stdout, 'a=b, Ada!');
    assert.equal(callGreet('-i', 'Ada', '--config', 'greeting').status, 0);
  });

  for (const bad of ['nonsense', '[]', 'null', '{"a":1}']) {
    test(`--set-config refuses ${bad}`, () => {
      const run = callGreet('--set-config', bad);
      assert.equal(run.status, 2);
      assert.match(run.stderr, /invalid value for --set-config/);
    });
  }

  test('--loop keeps the state of the plug-in and ends each output with a newline', () => {
    const run = runQuern(['call', ...linked, 'count', '-i', 'Hello', '--loop', '2']);
    assert.equal(
      run.stdout,
      '{"vowels":2,"total":2,"remark":"a few"}\n{"vowels":2,"total":4,"remark":"a few"}\n',
      run.stderr,
    );
  });

  test('names a linked module by its file when no name is given', () => {
    const run = runQuern(['call', '--link', example('remark'), example('greet'), 'greet', '-i', 'Ada']);
    assert.equal(run.stdout, 'Hello, Ada!', run.stderr);
  });

  test('-m reads a manifest; flags go before its settings', () => {
    const manifest = { wasm: [{ path: example('greet') }], config: { greeting: 'Salut' }, timeout_ms: 60000 };
    const path = fileOf('manifest.json', JSON.stringify(manifest));
    assert.equal(runQuern(['call', '-m', path, 'greet', '-i', 'Ada']).stdout, 'Salut, Ada!');
    const run = runQuern(['call', '-m', path, 'greet', '-i', 'Ada', '--config', 'greeting=Ciao']);
    assert.equal(run.stdout, 'Ciao, Ada!');
  });

  test('distinguishes a manifest from a module', () => {
    const path = fileOf('plain.json', '{"wasm":[]}');
    assert.match(runQuern(['call', path, 'greet']).stderr, /pass -m/);
    assert.match(runQuern(['call', '-m', example('greet'), 'greet']).stderr, /omit -m/);
  });

  test('--show-fuel prints the same number on every run; a limit of exactly that is enough', () => {
    const fuelOf = (...flags: string[]) => callGreet('-i', 'Ada', '--show-fuel', ...flags).stderr.trim();
    const fuel = fuelOf();
    assert.match(fuel, /^fuel: \d+$/);
    assert.equal(fuelOf(), fuel);
    assert.equal(fuelOf('--deterministic'), fuel);
    const count = Number(fuel.slice('fuel: '.length));
    assert.equal(callGreet('-i', 'Ada', '--fuel', String(count)).status, 0);
    const short = callGreet('-i', 'Ada', '--fuel', String(count - 1));
    assert.equal(short.status, 1);
    assert.match(short.stderr, /^Error: out of fuel\n {4}at .*greet.*\(exhaustion\.fuel\)/s);
    assert.equal(short.stdout, '');
  });

  test('a schedule of one\u2019s own comes from a file', () => {
    const file = (name: string, table: object): string => fileOf(name, JSON.stringify(table));
    const fuelOf = (path: string) => callGreet('--show-fuel', '--schedule', path);
    const same = fuelOf(file('same.json', { ...flat1, name: 'same-1' }));
    assert.equal(same.status, 0, same.stderr);
    assert.equal(same.stderr, callGreet('--show-fuel', '--schedule', 'flat-1').stderr);
    const free = fuelOf(file('free.json', { ...flat1, name: 'free-1', cost: { ...flat1.cost, branch: 0 } }));
    assert.equal(free.status, 2);
    assert.match(free.stderr, /cost\.branch must be a whole number from 1/);
    assert.match(fuelOf(join(folder, 'none.json')).stderr, /cannot read the schedule/);
  });
  test('another schedule gives another bill', () => {
    const bill = (schedule: string) => callGreet('--show-fuel', '--schedule', schedule).stderr;
    assert.notEqual(bill('flat-1'), bill('quern-1'));
  });

  test('--timeout stops a call that takes too long', () => {
    const text = 'many words '.repeat(100_000);
    const run = runQuern(['call', example('greet'), 'greet', '--stdin', '--timeout', '1'], { stdin: text });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /timeout/);
  });
});

describe('quern call, failing', () => {
  test('a trap shows what, where, and what to do', () => {
    const run = runQuern(['call', ...linked, 'ratio', '-i', '0']);
    assert.equal(run.status, 1);
    assert.equal(run.stdout, '');
    const [what, innermost, outer, advice] = run.stderr.split('\n');
    assert.equal(what, 'Error: integer divide by zero');
    assert.match(
      innermost!,
      /^ {4}at examples\/counter\/assembly\/index\/divide \(function \d+, byte 0x[0-9a-f]+\)$/,
    );
    assert.match(outer!, /\/ratio \(/);
    assert.match(advice!, /^\(trap\.divide-by-zero\) Correct the plug-in/);
  });

  test('a missing import names module and function', () => {
    const run = runQuern(['call', example('counter'), 'count']);
    assert.equal(run.status, 1);
    assert.match(run.stderr, /"extism:host\/user" "remark"/);
    assert.match(run.stderr, /Provide the import/);
  });

  test('a missing function, a missing file and a file that is no module', () => {
    assert.match(runQuern(['call', example('greet'), 'nope']).stderr, /function "nope" does not exist/);
    const missing = runQuern(['call', join(folder, 'none.wasm'), 'f']);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /cannot read the plug-in: .*none\.wasm/);
    const text = fileOf('text.wasm', 'not a module');
    assert.match(runQuern(['call', text, 'f']).stderr, /magic header not detected\n {4}at byte 0x0/);
  });

  const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown flag', ['call', '--bogus', 'a', 'b'], /unknown flag --bogus/],
    ['a missing operand', ['call', 'a'], /FUNCTION is missing/],
    ['an operand too many', ['call', 'a', 'b', 'c'], /unexpected operand "c"/],
    ['an invalid number', ['call', 'a', 'b', '--fuel', '1e3x'], /--fuel must be a whole number/],
    ['an unknown command', ['crush'], /unknown command "crush"/],
  ];
  for (const [name, args, message] of mistakes) {
    test(`${name} is a mistake of usage`, () => {
      const run = runQuern(args);
      assert.equal(run.status, 2);
      assert.match(run.stderr, message);
      assert.match(run.stderr, /Usage: quern/);
    });
  }

  test('an unknown log level or schedule is a mistake of usage', () => {
    assert.equal(callGreet('--log-level', 'loud').status, 2);
    assert.equal(callGreet('--schedule', 'gold-1').status, 2);
    assert.equal(callGreet('--fuel=-1').status, 2);
  });
});

describe('quern', () => {
  test('--version', () => {
    assert.match(runQuern(['--version']).stdout, /^quern \d+\.\d+\.\d+\n$/);
  });
});
