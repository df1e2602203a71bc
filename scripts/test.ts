/**
 * Runs every test, then the official suite where its data is found. `npm test -- decoder kernel` runs only the
 * test files whose paths contain one of the words.
 *
 * The tests run without native Wasm and without code from strings, which proves that the engine needs neither.
 * Conformance runs first, so that the last lines are the summary of the test runner.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { proof } from '../test/proof.ts';
import { root, sharedFolder } from '../test/shared.ts';

/** Runs Node and returns its exit code; a signal counts as a failure. */
const runNode = (args: readonly string[]): number =>
  spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

const findTests = (words: readonly string[]): string[] =>
  readdirSync(join(root, 'build/test'), { recursive: true, encoding: 'utf8' })
    .filter(
      (path) => path.endsWith('.test.js') && (words.length === 0 || words.some((w) => path.includes(w))),
    )
    // A test whose source is gone leaves its output behind.
    .filter((path) => existsSync(join(root, 'test', path.replace(/\.js$/, '.ts'))))
    .map((path) => join('build/test', path))
    .sort();

const runConformance = (): number => {
  const main = join(root, 'build/spec-tests/main.js');
  if (sharedFolder === null) {
    console.log('NOTICE: the official suite was not found and is left out (set QUERN_SHARED to its place).');
    return 0;
  }
  console.log(`Official suite (${relative(root, sharedFolder)}):`);
  return runNode([...proof, main]);
};

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const flags = process.argv.slice(2).filter((word) => word.startsWith('-'));
const files = findTests(words);
if (files.length === 0) {
  console.error(`no test file matches ${words.join(' ')}`);
  process.exit(1);
}
if (runNode(['build/scripts/build-examples.js']) !== 0) process.exitCode = 1;
if (words.length === 0 && runConformance() !== 0) process.exitCode = 1;
// Two at a time: some tests measure, and small machines run the project's checks. What hangs must end as a failure.
const limits = ['--test-concurrency=2', '--test-timeout=1200000'];
if (runNode([...proof, '--test', ...limits, ...flags, ...files]) !== 0) process.exitCode = 1;
