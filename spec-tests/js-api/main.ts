/**
 * Runs the official tests of the JavaScript API against `quern/webassembly`:
 * `npm run js-api -- CHECKOUT [--report] [--verbose] [--large] [--jitless] [--compiled] [NAME…]`.
 *
 * CHECKOUT is one of WebAssembly/spec. Each file runs in a process without native Wasm. Exit code 1 when a test
 * failed that is not excused, or an excused one passed. `--large` adds the file whose modules take gigabytes.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { forcedFlags, forcedOf, preloadFlags } from '../../test/compiler/forced-flags.ts';
import { noWasm, proof } from '../../test/proof.ts';
import { writePart } from '../page.ts';
import { excuseOf, largeFiles } from './excuses.ts';
import type { TestResult } from './harness.ts';

/** Folders of a checkout that hold tests of the API. */
const folders = ['test/js-api', 'test/legacy/exceptions/js-api'];

interface FileResult {
  readonly file: string;
  readonly results: readonly TestResult[];
}
interface Sums {
  readonly passed: number;
  readonly failed: readonly TestResult[];
  readonly excused: readonly { readonly name: string; readonly reason: string }[];
  /** Tests that pass although they are excused. */
  readonly stale: readonly TestResult[];
}

const listFiles = (checkout: string): string[] =>
  folders
    .filter((folder) => existsSync(join(checkout, folder)))
    .flatMap((folder) =>
      readdirSync(join(checkout, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.any.js'))
        .map((path) => join(folder, path).replaceAll('\\', '/')),
    )
    .sort();

const child = fileURLToPath(new URL('./child.js', import.meta.url));

const runFile = (checkout: string, file: string, flags: readonly string[]): Promise<FileResult> =>
  new Promise((resolve) => {
    const args = [...flags, child, checkout, file];
    const run = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    run.stdout.on('data', (chunk) => (output += chunk));
    run.on('close', (code, signal) => {
      const line = output.trim().split('\n').pop() ?? '';
      const results = line.startsWith('[')
        ? (JSON.parse(line) as TestResult[])
        : [{ name: '(the file itself)', failure: `the process ended with ${signal ?? code}` }];
      resolve({ file, results });
    });
  });

const sumsOf = ({ file, results }: FileResult): Sums => {
  const excuse = (result: TestResult): string | null => excuseOf(file, result.name);
  return {
    passed: results.filter(({ failure }) => failure === null).length,
    failed: results.filter((result) => result.failure !== null && excuse(result) === null),
    excused: results
      .filter((result) => result.failure !== null && excuse(result) !== null)
      .map((result) => ({ name: result.name, reason: excuse(result)! })),
    stale: results.filter((result) => result.failure === null && excuse(result) !== null),
  };
};

const shortName = (file: string): string => file.replace('test/', '').replace('.any.js', '');

const page = (files: readonly FileResult[], leftOut: readonly string[]): string => {
  const sums = files.map((file) => ({ file: file.file, ...sumsOf(file) }));
  const total = (pick: (sum: Sums) => number): number => sums.reduce((all, sum) => all + pick(sum), 0);
  const excused = sums.flatMap(({ file, excused }) => excused.map((item) => ({ file, ...item })));
  return [
    '## JavaScript API',
    '',
    'The tests of `test/js-api` and `test/legacy/exceptions/js-api` of WebAssembly/spec on `quern/webassembly`,',
    'each file in a process without native Wasm.',
    '',
    `**${total((s) => s.passed)} passed, ${total((s) => s.failed.length)} failed, ${excused.length} excused.**`,
    '',
    '| file | passed | failed | excused |',
    '|---|--:|--:|--:|',
    ...sums.map((s) => `| ${shortName(s.file)} | ${s.passed} | ${s.failed.length} | ${s.excused.length} |`),
    ...(excused.length === 0
      ? []
      : [
          '',
          '| excused test | reason |',
          '|---|---|',
          ...excused.map(({ file, name, reason }) => `| ${shortName(file)}: ${name} | ${reason} |`),
        ]),
    ...leftOut.map((file) => `\nLeft out: \`${shortName(file)}\` (\`--large\` runs it).`),
  ].join('\n');
};

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    report: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    jitless: { type: 'boolean', default: false },
    ...forcedFlags,
  },
});
const [checkout, ...names] = positionals;
if (checkout === undefined || !existsSync(join(checkout, folders[0]!))) {
  print('usage: npm run js-api -- CHECKOUT [--report] [--verbose] [--large] [--jitless] [NAME…]');
  process.exit(2);
}
const isWanted = (file: string): boolean => names.length === 0 || names.some((name) => file.includes(name));
const all = listFiles(checkout).filter(isWanted);
if (all.length === 0) {
  print(`no file of the tests is named ${names.join(' or ')}`);
  process.exit(2);
}
const leftOut = values.large ? [] : all.filter((file) => largeFiles.includes(file));
const files: FileResult[] = [];
const queue = all.filter((file) => !leftOut.includes(file));
const forced = forcedOf(values);
const flags = [
  ...(forced === null ? proof : [...noWasm, ...preloadFlags(forced)]),
  ...(values.jitless ? ['--jitless'] : values.large ? ['--max-old-space-size=12000'] : []),
];
const work = async (): Promise<void> => {
  for (let file = queue.shift(); file !== undefined; file = queue.shift())
    files.push(await runFile(checkout, file, flags));
};
await Promise.all([work(), work()]);
files.sort((a, b) => (a.file < b.file ? -1 : 1));

let isGood = true;
for (const file of files) {
  const { passed, failed, excused, stale } = sumsOf(file);
  if (failed.length > 0 || stale.length > 0) isGood = false;
  if (values.verbose || failed.length > 0 || stale.length > 0)
    print(`${shortName(file.file)}: ${passed} passed, ${failed.length} failed, ${excused.length} excused`);
  for (const { name, failure } of failed) print(`  FAIL ${name}: ${failure}`);
  for (const { name } of stale) print(`  PASSES although it is excused: ${name}`);
}
const sums = files.map(sumsOf);
const count = (pick: (sum: Sums) => number): number => sums.reduce((total, sum) => total + pick(sum), 0);
print(
  `${files.length} files: ${count((s) => s.passed)} passed, ${count((s) => s.failed.length)} failed, ${count((s) => s.excused.length)} excused`,
);
if (values.report) writePart('JavaScript API', 'npm run js-api -- CHECKOUT --report', page(files, leftOut));
process.exitCode = isGood ? 0 : 1;
