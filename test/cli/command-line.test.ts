/** The command line itself: help, mistakes, numbers, colours. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { commands } from '../../src/cli/flags.ts';
import { commandNames } from '../../src/cli/help.ts';
import { bytesOf, numberOf, parseCommand } from '../../src/cli/parse.ts';
import { allowedPath } from '../../src/cli/plugin-flags.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { runQuern } from './run-quern.ts';

before(buildExamples);

describe('help', () => {
  test('the bare command shows all commands, and so do help and --help', () => {
    const { status, stdout, stderr } = runQuern([]);
    assert.deepEqual([status, stderr], [0, '']);
    for (const name of commandNames) assert.ok(stdout.includes(`\n  ${name} `), name);
    for (const args of [['help'], ['--help'], ['-h']]) assert.equal(runQuern(args).stdout, stdout);
  });

  test('help COMMAND and COMMAND --help show the flags of a command', () => {
    const { status, stdout } = runQuern(['help', 'call']);
    assert.equal(status, 0);
    for (const flag of ['-i, --input TEXT', '--wasi', '--link', '-o, --output FILE', '-q, --quiet'])
      assert.ok(stdout.includes(flag), flag);
    assert.equal(runQuern(['call', '--help']).stdout, stdout);
    assert.equal(runQuern(['--help', 'call']).stdout, stdout);
  });

  test('the examples of the help are command lines', () => {
    let count = 0;
    for (const name of commandNames) {
      const { examples = [] } = commands[name] as { readonly examples?: readonly string[] };
      for (const line of examples) {
        const words = /quern (.*?)(?:[)|].*)?$/.exec(line)![1]!.trim().split(' ');
        assert.equal(words[0], name);
        parseCommand(name, words.slice(1));
        count++;
      }
    }
    assert.ok(count > 10);
  });
});

describe('mistakes', () => {
  const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
    [['crush'], /unknown command "crush"\n/],
    [['inspct', 'a'], /unknown command "inspct"; did you mean "inspect"\?/],
    [['README.md', 'greet'], /unknown command "README.md"; quern call README.md calls a plug-in/],
    [['help', 'benhc'], /unknown command "benhc"; did you mean "bench"\?/],
    [['call', '--inptu', 'a', 'b', 'c'], /unknown flag --inptu; did you mean "--input"\?/],
    [
      ['call', 'a', 'b', '--log-level', 'wran'],
      /--log-level must be trace, .* or silent, not "wran"; did you mean "warn"\?/,
    ],
    [['call', 'a', 'b', '--feature', 'thread'], /; did you mean "threads"\?/],
    [['--fuel', '3', 'call'], /unknown flag --fuel\n/],
    [['completions', 'csh'], /SHELL must be bash, zsh or fish, not "csh"/],
    [['call', 'a', 'b', '--input'], /--input needs a value: TEXT/],
    [['call', 'a', 'b', '-i', '--wasi'], /-i needs a value; write .* as --input=--wasi/],
    [['call', 'a', 'b', '--wasi=true'], /--wasi takes no value/],
    [['call', '-x', 'a', 'b'], /unknown flag -x/],
    [['call', 'a', 'b', '--__proto__', 'c'], /unknown flag --__proto__/],
  ];
  for (const [args, message] of mistakes)
    test(`quern ${args.join(' ')}`, () => {
      const run = runQuern(args);
      assert.equal(run.status, 2);
      assert.match(run.stderr, message);
      assert.match(run.stderr, /Usage: quern/);
      assert.equal(run.stdout, '');
    });
});

describe('flags of every command', () => {
  test('stand before the command or after it', () => {
    const missing = ['call', 'nowhere.wasm', 'f'];
    const plain = runQuern(missing).stderr;
    assert.match(plain, /\(manifest\.source\)/);
    const verbose = runQuern(['--verbose', ...missing]).stderr;
    assert.match(verbose, /\n {4}at .*\nCaused by: /s);
    assert.equal(runQuern(['-v', ...missing]).stderr, verbose);
    assert.equal(runQuern([...missing, '-v']).stderr, verbose);
    assert.doesNotMatch(runQuern(['-q', ...missing]).stderr, /manifest\.source/);
  });

  test('those of a program stay its own', () => {
    const { operands, isVerbose } = parseCommand('run', ['-v', 'program.wasm', '-q', '--help']);
    assert.deepEqual([operands, isVerbose], [['program.wasm', '-q', '--help'], true]);
  });
});

describe('values', () => {
  const fuel = (text: string): number | undefined =>
    numberOf(parseCommand('call', ['p', 'f', `--fuel=${text}`]).flags, 'fuel');
  const bytes = (text: string): number | undefined =>
    bytesOf(parseCommand('call', ['p', 'f', `--var-max=${text}`]).flags, 'var-max');

  test('numbers have underscores and exponents', () => {
    assert.deepEqual(
      ['1000', '1_000_000', '1e6', '2.5E3', '1e+2', '-1'].map(fuel),
      [1000, 1_000_000, 1_000_000, 2500, 100, -1],
    );
    for (const text of ['', '1.5', '1__0', '_1', '1_', '1e', '1e-1', '1e99', '0x10', '1e3x', '1 000'])
      assert.throws(() => fuel(text), /must be a whole number/, text);
  });

  test('a value stands in the same word or in the next, and may be negative', () => {
    const { flags, operands } = parseCommand('call', [
      ...['-ia', 'p', '--timeout', '-1', '--config', 'a=1', '--config=b=--c', '--', '-f'],
    ]);
    assert.deepEqual(
      [flags, operands],
      [{ input: 'a', timeout: '-1', config: ['a=1', 'b=--c'] }, ['p', '-f']],
    );
    assert.equal(parseCommand('call', ['p', 'f', '-mi', '-']).flags.input, '-');
  });

  test('bytes have units', () => {
    assert.deepEqual(['5', '1e6', '64KiB', '1.5MB', '2 gib', '1_0kb', '0.5kib', '7B'].map(bytes), [
      5,
      1e6,
      65536,
      1.5e6,
      2 ** 31,
      10_000,
      512,
      7,
    ]);
    for (const text of ['', 'KiB', '1.5', '1.5B', '1XB', '9e9GB', '1constructor'])
      assert.throws(() => bytes(text), /must be a whole number of bytes/, text);
  });

  test('paths of Windows keep their drive', () => {
    const rows: readonly (readonly [item: string, isWindows: boolean, guest: string, host: string])[] = [
      ['data:/data', false, '/data', 'data'],
      ['data', false, 'data', 'data'],
      ['ro:data:/data', false, '/data', 'ro:data'],
      ['C:\\data:/data', true, '/data', 'C:\\data'],
      ['C:\\data:/data', false, '/data', 'C:\\data'],
      ['c:/data:/d', true, '/d', 'c:/data'],
      ['c:/data', false, '/data', 'c'],
      ['ro:D:\\a b', true, 'D:\\a b', 'ro:D:\\a b'],
      ['ro:D:\\a:/b', true, '/b', 'ro:D:\\a'],
      ['.:/', true, '/', '.'],
    ];
    for (const [item, isWindows, guest, host] of rows)
      assert.deepEqual(allowedPath(item, isWindows), [guest, host], item);
  });
});

describe('colours', () => {
  const redError = '\u001b[1;31mError:\u001b[0m';
  const stderrWith = (environment: Record<string, string>): string =>
    runQuern(['call', 'nowhere.wasm', 'f'], { environment: { NO_COLOR: '', ...environment } }).stderr;

  test('are for terminals, unless FORCE_COLOR says otherwise', () => {
    assert.ok(!stderrWith({}).includes('\u001b'));
    assert.ok(stderrWith({ FORCE_COLOR: '1' }).startsWith(redError));
    assert.ok(stderrWith({ FORCE_COLOR: '1', NO_COLOR: '1' }).includes(redError));
    assert.ok(!stderrWith({ FORCE_COLOR: '0' }).includes('\u001b'));
  });

  test('mark the headings of inspect', () => {
    const { stdout } = runQuern(['inspect', example('greet')], { environment: { FORCE_COLOR: '1' } });
    assert.ok(stdout.includes('\u001b[1mImports\u001b[0m (11)'), stdout);
  });
});
