/**
 * Runs the recorded plug-ins on the official Extism SDK, on native Wasm and on `quern/webassembly`:
 * `npm run extism-sdk -- [--report] [--compiled] [ID…]`. Prints a table; `--report` writes it into docs/conformance.md.
 * Exit code 1 if a call did not end as the record and the table of deviations say.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { forcedFlags, forcedOf, preloadFlags } from '../../test/compiler/forced-flags.ts';
import { readSetUps, type SetUp } from '../../test/plugins/recorded.ts';
import { root, sharedFolder } from '../../test/shared.ts';
import {
  departures,
  expectedRun,
  type PackageName,
  packageNames,
} from '../../test/webassembly/extism-sdk/departures.ts';
import { type Mode, modes, runSetUps, startServer } from '../../test/webassembly/extism-sdk/runs.ts';
import { writePart } from '../page.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const versionOf = (packageName: PackageName): string => {
  const path = join(root, 'node_modules', packageName, 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
};

/** How many calls of a set-up ended as expected. */
interface Cell {
  readonly good: number;
  readonly total: number;
  readonly milliseconds: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { report: { type: 'boolean', default: false }, ...forcedFlags },
});
const forced = forcedOf(values);
const further = preloadFlags(forced);

const judge = async (packageName: PackageName, mode: Mode, setUp: SetUp, port: number): Promise<Cell> => {
  const expected = expectedRun(packageName, setUp);
  const total = expected.calls.length;
  const where = `${setUp.id}, ${versionOf(packageName)}, ${mode}`;
  try {
    const result = (await runSetUps(packageName, mode, port, [setUp.id], further))[0];
    if (result === undefined) throw new Error('it gave no result');
    const isGood = (call: string, i: number): boolean => call === result.calls[i];
    expected.calls.forEach((call, i) => {
      if (!isGood(call, i))
        print(`FAIL ${where}, call ${i}\n  expected ${call}\n  got      ${result.calls[i]}`);
    });
    if (JSON.stringify(result.told) !== JSON.stringify(expected.told)) {
      print(`FAIL ${where}: host functions were told ${JSON.stringify(result.told)}`);
      return { good: 0, total, milliseconds: result.milliseconds };
    }
    return { good: expected.calls.filter(isGood).length, total, milliseconds: result.milliseconds };
  } catch (error) {
    print(`FAIL ${where}: ${(error as Error).message}`);
    return { good: 0, total, milliseconds: 0 };
  }
};

const page = (rows: readonly string[]): string =>
  [
    '## The official Extism SDK',
    '',
    'The recorded plug-ins on `@extism/extism` in Node, as it comes from npm: on native Wasm, and on',
    '`quern/webassembly/auto` in `node --no-expose-wasm` and in `node --jitless`. A cell counts the calls that end as',
    'the record says, or as the table below it does; the seconds are the CPU time of loading and of all calls.',
    '',
    ...rows,
    '',
    'Where the SDK does not give, on native Wasm either, what the record says, which is of 2.0.0-rc13:',
    '',
    '| version | set-up | all calls | reason |',
    '|---|---|---|---|',
    ...departures.map(
      ({ packageName, id, outcome, reason }) =>
        `| ${versionOf(packageName)} | ${id} | ${outcome} | ${reason} |`,
    ),
  ].join('\n');

if (sharedFolder === null) {
  print('The reference data was not found (set QUERN_SHARED to its place).');
  process.exit(2);
}
const known = readSetUps();
const setUps = known.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
if (setUps.length === 0) {
  const ids = known.map(({ id }) => id).join(', ');
  print(`no set-up is called ${positionals.join(' or ')}; there are ${ids}`);
  process.exit(2);
}
const columns = packageNames.flatMap((packageName) =>
  (Object.keys(modes) as Mode[])
    .filter((mode) => (mode === 'compiled') === (forced !== null))
    .map((mode) => ({ packageName, mode })),
);
const head = columns.map(({ packageName, mode }) => `${versionOf(packageName)}, ${mode}`);
const rows = [`| set-up | ${head.join(' | ')} |`, `|---|${columns.map(() => '--:').join('|')}|`];
for (const row of rows) print(row);
const server = await startServer();
let isGood = true;
for (const setUp of setUps) {
  const cells: string[] = [];
  for (const { packageName, mode } of columns) {
    const { good, total, milliseconds } = await judge(packageName, mode, setUp, server.port);
    if (good < total) isGood = false;
    cells.push(`${good} of ${total}, ${(milliseconds / 1000).toFixed(1)} s`);
  }
  rows.push(`| ${setUp.id} | ${cells.join(' | ')} |`);
  print(rows.at(-1)!);
}
server.stop();
if (values.report) writePart('official SDK', 'npm run extism-sdk -- --report', page(rows));
process.exitCode = isGood ? 0 : 1;
