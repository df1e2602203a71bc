/**
 * Runs every test; `npm test -- decoder kernel` only the test files whose paths contain one of the words, and
 * `--fast` those of `test/fast.ts`. Other flags go to Node's test runner.
 *
 * The tests run without native Wasm and without code from strings, which proves that the engine needs neither. Those
 * of the compiler, which makes such code, run separately. With `--compiled` (and `--exits=P`, `--holes=P`,
 * `--seed=N`, `--target=T`) the chosen tests run where such code is allowed, and all that they run is compiled: `npm
 * test -- --compiled plugins wasi`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { forcedFlags, forcedOf, preloadFlags } from '../test/compiler/forced-flags.ts';
import { fastTests } from '../test/fast.ts';
import { noWasm, proof } from '../test/proof.ts';
import { root, sharedFolder, suiteClone, suiteFolder } from '../test/shared.ts';
import { figureNames, type TestSummary } from './failed-tests.ts';

/** Runs Node and returns its exit code; a signal counts as a failure. */
const runNode = (args: readonly string[]): number =>
  spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

/** Paths of the compiled tests, from `build/test`. */
const findTests = (): string[] =>
  readdirSync(join(root, 'build/test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js'))
    // The output of a test remains when its source is deleted.
    .filter((path) => existsSync(join(root, 'test', path.replace(/\.js$/, '.ts'))))
    .sort();

const options = {
  fast: { type: 'boolean', default: false },
  'test-reporter': { type: 'string' },
  ...forcedFlags,
} as const;
const own = (flag: string): boolean => flag.slice(2).split('=')[0]! in options;
const args = process.argv.slice(2);
const words = args.filter((word) => !word.startsWith('-'));
const flags = args.filter((word) => word.startsWith('-') && !own(word));
const { values } = parseArgs({ args: args.filter((word) => word.startsWith('-') && own(word)), options });
const isFast = values.fast === true;
const forced = forcedOf(values);
if (forced !== null) console.log(`everything is compiled: ${JSON.stringify(forced)}`);

const known = isFast
  ? Object.values(fastTests).flatMap((files) => files.map((file) => `${file}.test.js`))
  : findTests();
const files = known.filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
if (files.length === 0) {
  console.error(`no test file matches ${words.join(' ')}`);
  process.exit(1);
}
if (sharedFolder === null)
  console.log(
    'NOTICE: reference data was not found; tests that need it are skipped (set QUERN_SHARED to its path).',
  );
if (suiteFolder === null)
  console.log(
    `NOTICE: the official suite was not found; only scripts of this project run. To get it:\n  ${suiteClone}`,
  );
if (runNode(['build/scripts/build-examples.js']) !== 0) process.exitCode = 1;
// Two at a time: some tests measure, and small machines run the project's checks. A test that hangs must end as a
// failure.
const limits = ['--test', '--test-concurrency=2', '--test-timeout=1200000', ...flags];
const reporter = values['test-reporter'] ?? (process.stdout.isTTY ? 'spec' : 'tap');
const isOfCompiler = (path: string): boolean => path.startsWith('compiler');
const summaries = mkdtempSync(join(tmpdir(), 'quern-tests-'));
const summaryOf = (part: string): string => join(summaries, `${part}.json`);
const reporters = (part: string): string[] => [
  `--test-reporter=${reporter}`,
  '--test-reporter-destination=stdout',
  '--test-reporter=./build/scripts/failed-tests.js',
  `--test-reporter-destination=${summaryOf(part)}`,
];
const parts = [
  [
    'engine',
    forced === null ? proof : [...noWasm, ...preloadFlags(forced)],
    files.filter((path) => !isOfCompiler(path)),
  ],
  ['compiler', noWasm, files.filter(isOfCompiler)],
] as const;
for (const [part, nodeFlags, paths] of parts) {
  const built = paths.map((path) => join('build/test', path));
  if (built.length > 0 && runNode([...nodeFlags, ...limits, ...reporters(part), ...built]) !== 0)
    process.exitCode = 1;
}

// The end of the log names what failed, and counts all parts.
const ran = parts
  .map(([part]) => summaryOf(part))
  .filter((path) => existsSync(path))
  .map((path): TestSummary => JSON.parse(readFileSync(path, 'utf8')));
rmSync(summaries, { recursive: true });
for (const { name, file, error } of ran.flatMap(({ failed }) => failed))
  console.log(`FAILED: ${file}: ${name}\n${error.replace(/^/gm, '  ')}`);
const sum = (figure: (typeof figureNames)[number]): number =>
  ran.reduce((total, { figures }) => total + figures[figure], 0);
console.log(figureNames.map((figure) => `${figure} ${sum(figure)}`).join(' '));
