/**
 * Exceptions of the runner: a listed one that passes is a failure, of every kind; and the contradictions that the
 * data lists between core and a proposal are real. The first run on a suite of a few lines made here.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assemble } from '../assembler.ts';
import { needsShared, shared } from '../shared.ts';
import { runSuite, runSuiteOf, type SuiteRun } from './run-suite.ts';

const modules = {
  valid: assemble({}),
  invalid: assemble({ funcs: [{ code: ['drop'] }] }),
  unsupported: assemble({ types: [[0x5f, 1, 0x63, 0x62, 0, 0]] }),
};
type Json = Readonly<Record<string, unknown>>;
const bytes = Buffer.concat(Object.values(modules));
const at = (name: keyof typeof modules): Json => {
  const start = bytes.indexOf(modules[name]);
  return { at: [start, modules[name].length], module_type: 'binary' };
};

const module = (line: number, name: keyof typeof modules): Json => ({ type: 'module', line, ...at(name) });
const assertInvalid = (line: number, name: keyof typeof modules, text = 'type mismatch'): Json => ({
  type: 'assert_invalid',
  line,
  text,
  ...at(name),
});

/** Runs a script, `core/script`, with a list of known exceptions. */
const run = async (commands: readonly Json[], known: Json = {}): Promise<SuiteRun> => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-suite-'));
  try {
    const suite = join(folder, 'spec-suite');
    mkdirSync(join(suite, 'core'), { recursive: true });
    writeFileSync(join(folder, 'README.md'), '');
    writeFileSync(join(suite, 'core/script.bin'), bytes);
    const write = (name: string, content: Json): void =>
      writeFileSync(join(suite, `${name}.json`), JSON.stringify(content));
    write('manifest', { files: [{ file: 'core/script.json' }] });
    write('known', { superseded: [], needsRealThreads: [], ...known });
    write('core/script', { source_filename: 'script.wast', commands });
    return await runSuiteOf({ QUERN_SHARED: folder }, '--data');
  } finally {
    rmSync(folder, { recursive: true });
  }
};
const failuresOf = ({ output }: SuiteRun): string[] =>
  [...output.matchAll(/^FAIL (.*)$/gm)].map(([, text]) => text!);

const superseded = { superseded: [{ file: 'core/script.wast', lines: [7], why: 'contradicts another' }] };

test('a line that is listed is skipped while it fails', async () => {
  const result = await run([assertInvalid(7, 'valid'), assertInvalid(8, 'invalid')], superseded);
  assert.equal(result.exitCode, 0, result.output);
  assert.deepEqual([result.passed, result.failed, result.skipped], [1, 0, 1]);
  assert.deepEqual([...result.reasons], [['contradicts another', 1]]);
});

test('a line that is listed and passes is a failure', async () => {
  const result = await run([assertInvalid(7, 'invalid')], superseded);
  assert.equal(result.exitCode, 1);
  assert.deepEqual(failuresOf(result), [
    'script.wast:7 assert_invalid: listed as an exception (contradicts another), but passes',
  ]);
});

test('a line that is listed and is not a command is a failure', async () => {
  const result = await run([assertInvalid(8, 'invalid')], superseded);
  assert.equal(result.exitCode, 1);
  assert.match(failuresOf(result)[0]!, /^script.wast:7 exception: listed .* but is not a command$/);
});

test('a text agrees only when ours begins with it', async () => {
  const prefix = await run([assertInvalid(1, 'invalid', 'type')]);
  assert.equal(prefix.exitCode, 0, prefix.output);
  assert.match(prefix.output, /^failure texts: 1 compared, 0 mismatches$/m);
  // Longer than ours.
  const longer = await run([assertInvalid(1, 'invalid', `type mismatch${' and more'.repeat(20)}`)]);
  assert.equal(longer.exitCode, 1);
  assert.match(longer.output, /^failure texts: 1 compared, 1 mismatches$/m);
});

test('a module that the engine calls unsupported is no reason to skip', async () => {
  const result = await run([module(1, 'unsupported')]);
  assert.equal(result.exitCode, 1);
  assert.match(failuresOf(result)[0]!, /^script.wast:1 module: unsupported: .*custom-descriptors/);
});

test('what core and custom descriptors disagree about is just what the data lists', needsShared, async () => {
  const known = JSON.parse(readFileSync(shared('spec-suite', 'known.json'), 'utf8')) as {
    featureDependent: { file: string; lines: number[] }[];
  };
  const files = ['core/br_on_cast', 'core/br_on_cast_fail'];
  assert.equal((await runSuite(...files)).failed, 0);
  const { output } = await runSuite(...files, '--feature', 'custom-descriptors');
  assert.deepEqual(
    [...output.matchAll(/^FAIL (\S+)/gm)].map(([, where]) => where),
    known.featureDependent.flatMap(({ file, lines }) => lines.map((line) => `${file}:${line}`)),
  );
});
