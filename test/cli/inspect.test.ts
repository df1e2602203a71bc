import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  decodeModule,
  disassembleFunction,
  findFunction,
  formatLine,
  summariseModule,
} from '../../src/inspect.ts';
import { assemble } from '../assembler.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { runQuern } from './run-quern.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-inspect-'));
before(buildExamples);
after(() => rmSync(folder, { recursive: true }));

/** `(module (memory 1 2) (func (export "f") (param i32 f64) (result i32) …))` with a block, constants and a load. */
const small = assemble({
  types: [{ params: ['i32', 'f64'], results: ['i32'] }],
  memories: [{ min: 1, max: 2 }],
  exports: [['f', 'func', 0]],
  funcs: [
    {
      locals: [[2, 'i64']],
      code: [
        ...([
          ['block', 'i32'],
          ['i32.const', -1],
          ['i32.load', { offset: 8 }],
        ] as const),
        ...([['f64.const', -0], 'drop', ['i32.const', 1], 'i32.extend8_s', ['br_if', 0], 'end'] as const),
        ...([['i64.const', -1n], 'drop'] as const),
      ],
    },
  ],
});

describe('quern inspect', () => {
  test('shows imports, exports, needs and sections', () => {
    const { stdout, status } = runQuern(['inspect', example('counter')]);
    assert.equal(status, 0);
    assert.match(stdout, /^Needs \(\d+\)\n {2}bulk-memory /m);
    assert.match(stdout, /func {3}extism:host\/user remark +\(i64\) -> i64/);
    assert.match(stdout, /func {3}ratio +\(\) -> i32 {2}\[\d+\]/);
    assert.match(stdout, /custom "name" +[\d,]+ bytes/);
  });

  /** The commands that it says call a plug-in, as words. */
  const commandsOf = (stdout: string): string[][] =>
    [...stdout.matchAll(/^ {2}quern (.*)$/gm)].map((match) => match[1]!.split(' '));
  const remark = `extism:host/user=${example('remark')}`;

  test('names the commands that call it, which do once FILE is filled in', () => {
    const { stdout } = runQuern(['inspect', example('counter')]);
    const commands = commandsOf(stdout);
    assert.deepEqual(
      commands.map((words) => words.slice(0, 3).join(' ')),
      [`call ${example('counter')} count`, `call ${example('counter')} ratio`],
    );
    assert.match(stdout, /^ {2}extism:host\/env +12 {2}every Extism host provides these$/m);
    assert.match(
      stdout,
      /^ {2}extism:host\/user +1 {2}host functions \(option functions\), or --link .*: remark$/m,
    );
    const words = commands[0]!.map((word) => word.replace('extism:host/user=FILE', remark));
    const run = runQuern(words);
    assert.equal(run.stdout, '{"vowels":1,"total":1,"remark":"a few"}', run.stderr);
  });

  test('knows the flags that WASI and features need, and programs', () => {
    const inspectText = (text: string): string => runQuern(['inspect', '-'], { stdin: text }).stdout;
    const wasi = '(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))';
    const run = '(func (export "run") (result i32) (i32.const 0))';
    const shared = '(memory 1 1 shared)';
    assert.match(inspectText(`(module ${wasi} ${run})`), /^ {2}quern call - run --input TEXT --wasi$/m);
    const threads = inspectText(`(module ${shared} ${run})`);
    assert.match(threads, /^ {2}quern call - run --input TEXT --feature threads$/m);
    assert.match(threads, /^ {2}threads .*with --feature threads$/m);
    assert.match(inspectText(`(module ${wasi} (func (export "_start")))`), /^ {2}quern run -$/m);
    assert.deepEqual(commandsOf(inspectText('(module (func (export "add") (param i32)))')), []);
    const odd = inspectText('(module (func (export "a b$c")))');
    assert.match(odd, /^ {2}quern call - "a b\\\$c" --input TEXT$/m);
  });

  test('reads manifests: what the modules need of each other is there', () => {
    const manifest = {
      wasm: [{ path: example('remark'), name: 'extism:host/user' }, { path: example('counter') }],
      config: { greeting: 'Salut\u001b' },
      allowed_hosts: ['*.example.com'],
      memory: { max_pages: 100 },
      timeout_ms: 5000,
    };
    const path = join(folder, 'manifest.json');
    writeFileSync(path, ` ${JSON.stringify(manifest)}`);
    const { stdout, stderr } = runQuern(['inspect', path]);
    assert.match(stdout, /manifest of 2 modules\n/, stderr);
    assert.doesNotMatch(stdout, /--link/);
    for (const line of ['greeting=Salut\\u{1b}', '*.example.com', 'maxPages 100', 'timeoutMs      5,000'])
      assert.ok(stdout.includes(line), stdout);
    const run = runQuern(commandsOf(stdout)[0]!);
    assert.equal(run.stdout, '{"vowels":1,"total":1,"remark":"a few"}', run.stderr);
    const { modules } = JSON.parse(runQuern(['inspect', path, '--json']).stdout) as {
      modules: { name: string | null; summary: { exports: { name: string }[] } }[];
    };
    assert.deepEqual(
      modules.map(({ name }) => name),
      ['extism:host/user', null],
    );
    assert.ok(modules[1]!.summary.exports.some(({ name }) => name === 'count'));
    const listing = runQuern(['inspect', path, '-d']);
    assert.equal(listing.status, 2);
    assert.match(listing.stderr, /is a manifest, not a module/);
  });

  test('--json is the summary of the library', () => {
    const { stdout } = runQuern(['inspect', '--json', example('greet')]);
    assert.deepEqual(
      JSON.parse(stdout),
      JSON.parse(JSON.stringify(summariseModule(readFileSync(example('greet'))))),
    );
  });

  test('--disassemble prints one function by name, or all', () => {
    const one = runQuern(['inspect', example('counter'), '--disassemble', 'ratio']).stdout;
    assert.match(one, /^[0-9a-f]{6} {2}func \d+ .*ratio.*\(result i32\)\n/);
    assert.match(one, /call \d+ .*examples\/counter\/assembly\/index\/divide/);
    const all = runQuern(['inspect', example('counter'), '-d']).stdout;
    assert.ok(all.includes(one));
  });

  test('--javascript prints a function, with the offsets of its instructions', () => {
    const { stdout } = runQuern(['inspect', example('counter'), '--javascript', 'ratio']);
    assert.match(stdout, /^ +function\(w\)\{var .*try\{\n/);
    const listed = runQuern(['inspect', example('counter'), '-d', 'ratio']).stdout;
    const offsets = [...stdout.matchAll(/^\/\* ([0-9a-f]{6}) \*\/ +\S/gm)].map((match) => match[1]!);
    assert.ok(offsets.length > 5);
    assert.deepEqual(offsets, offsets.toSorted());
    for (const offset of offsets) assert.match(listed, new RegExp(`^${offset} `, 'm'));
    // Lines go deeper and come back.
    assert.match(stdout, /\n +\}catch\(e\)\{var n=.*throw e\}\}\n$/);
    const imported = runQuern(['inspect', example('counter'), '--javascript', '0']);
    assert.match(imported.stdout, /^\/\/ func 0 is not compiled/);
    assert.equal(runQuern(['inspect', example('counter'), '--javascript']).status, 2);
  });

  test('says which function is missing, and where a damaged module is damaged', () => {
    const missing = runQuern(['inspect', example('greet'), '-d', 'nope']);
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /unknown function "nope"/);
    const damaged = runQuern(['inspect', 'README.md']);
    assert.equal(damaged.status, 1);
    assert.match(damaged.stderr, /magic header not detected/);
  });
});

describe('inspect library', () => {
  test('sizes of sections add up to the module', () => {
    const bytes = readFileSync(example('greet'));
    const { sections, byteLength } = summariseModule(bytes);
    const last = sections.at(-1)!;
    assert.equal(last.offset + last.byteLength, byteLength);
    for (const section of sections) assert.ok(section.byteLength >= 0 && section.offset > 0);
  });

  test('finds exactly the features that a module needs', () => {
    assert.deepEqual(
      summariseModule(small).features.map(({ key }) => key),
      ['sign-extension'],
    );
    assert.deepEqual(summariseModule(small).memories, ['1 to 2 pages']);
  });

  test('finds functions by export, by name and by index', () => {
    const module = decodeModule(small);
    assert.equal(findFunction(module, 'f'), 0);
    assert.equal(findFunction(module, '0'), 0);
    assert.equal(findFunction(module, '1'), null);
    assert.equal(findFunction(module, 'g'), null);
    const text = Array.from(disassembleFunction(module, 0), formatLine).join('\n');
    assert.match(text, /^[0-9a-f]{6} {2}func .*i32\.load .*offset=8.*i32\.extend8_s/s);
  });
});
