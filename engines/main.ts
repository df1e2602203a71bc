/**
 * Runs one transcript on every JavaScript engine that is installed and compares them line by line:
 * `npm run engines -- [--install] [--slice] [--parts N] [--precompiled] [--compiled] [--keep] [--json FILE] [ENGINE…]`.
 *
 * With `--compiled` (and `--exits P`, `--holes P`, `--seed N`, `--target T`) everything is compiled on each engine before its first
 * call, and compared with the interpreter on the first one.
 *
 * ENGINE is the beginning of a name in `table.ts`; `--slice` covers little; with `--precompiled` plug-ins and modules
 * run precompiled JavaScript, except on the engine that the others are compared with. Everything is covered in `N`
 * parts, each in a process of its own: Hermes needs 4 GB and more than an hour for all precompiled code at once.
 * `--keep` keeps scripts and transcripts in `build/transcripts`. Exit code 1 if one differs; a missing engine is listed,
 * but is not a failure.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { forcedFlags, forcedOf } from '../test/compiler/forced-flags.ts';
import { sharedFolder } from '../test/shared.ts';
import { type Syntax, writeScript } from './bundle.ts';
import { collect } from './collect.ts';
import { compare, printTable, type Row, runParts } from './compare.ts';
import { divide } from './parts.ts';
import { precompiledText } from './precompile.ts';
import { type EngineRow, engines, installEngines } from './table.ts';

/** So many that the largest takes a few minutes in the slowest engine. */
const PARTS = 12;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    install: { type: 'boolean', default: false },
    slice: { type: 'boolean', default: false },
    parts: { type: 'string' },
    precompiled: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    json: { type: 'string' },
    ...forcedFlags,
  },
});

const isCalled = ({ id }: EngineRow, word: string): boolean => id.startsWith(word);
const unknown = positionals.find((word) => !engines.some((engine) => isCalled(engine, word)));
if (unknown !== undefined) {
  console.error(`no engine is called ${unknown}; there are ${engines.map(({ id }) => id).join(', ')}`);
  process.exit(2);
}
const partCount = Number(values.parts ?? (values.slice ? 1 : PARTS));
if (!Number.isInteger(partCount) || partCount < 1) {
  console.error(`--parts ${values.parts}: a number of at least 1`);
  process.exit(2);
}
if (values.install) installEngines();
if (sharedFolder === null) console.log('NOTICE: the reference data was not found; examples only');

const folder = values.keep ? 'build/transcripts' : mkdtempSync(join(tmpdir(), 'quern-engines-'));
mkdirSync(folder, { recursive: true });
const compiled = forcedOf(values);
const program = { ...(await collect(values.slice ? 'slice' : 'all')), compiled };
const parts = divide(program, partCount);
const precompiled: string[] = [];
if (values.precompiled) for (const part of parts) precompiled.push(await precompiledText(part));
const folderOf = (name: string): string => {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
};
const scripts = new Map<Syntax, Promise<readonly string[]>>();
const scriptsFor = (syntax: Syntax): Promise<readonly string[]> => {
  const paths =
    scripts.get(syntax) ??
    Promise.all(
      parts.map((part, i) => writeScript(syntax, part, precompiled[i] ?? '{}', folderOf(`part-${i}`))),
    );
  scripts.set(syntax, paths);
  return paths;
};
/** All others are compared with the transcript of the interpreter. */
const plainScripts = (): Promise<readonly string[]> =>
  Promise.all(
    parts.map((part, i) => writeScript('es2023', { ...part, compiled: null }, '{}', folderOf(`plain-${i}`))),
  );

/** When an engine counts as hung: the slice takes minutes, everything an hour in the slowest. */
const timeout = (values.slice ? 0.5 : 3) * 3_600_000;

const [first] = engines;
const isChosen = (engine: EngineRow): boolean =>
  engine === first ||
  (positionals.length === 0 ? !engine.isMode : positionals.some((word) => isCalled(engine, word)));
const isRefused = ({ refusesText }: EngineRow): boolean => compiled !== null && refusesText === true;
const chosen = engines.filter((engine) => isChosen(engine) && !isRefused(engine));
const refused = engines.filter((engine) => isChosen(engine) && isRefused(engine));
let reference: readonly string[] | null = null;
if (compiled !== null) {
  console.log(`everything is compiled: ${JSON.stringify(compiled)}`);
  reference = (await runParts(first!.command()!, await plainScripts(), first!.env ?? {}, timeout)).lines;
}
const rows: Row[] = [];
for (const engine of chosen) {
  const command = engine.command();
  if (command === null) {
    rows.push({ engine, result: null });
    continue;
  }
  const paths = await (reference === null ? plainScripts() : scriptsFor(engine.syntax));
  const run = await runParts(command, paths, engine.env ?? {}, timeout);
  if (values.keep) writeFileSync(join(folder, `${engine.id}.txt`), run.lines.join('\n'));
  reference ??= run.lines;
  rows.push({ engine, result: { seconds: run.seconds, ...compare(reference, run.lines) } });
  printTable(rows.slice(-1), reference.length);
}
if (!values.keep) rmSync(folder, { recursive: true });
const differing = rows.filter(({ result }) => result !== null && result.firstDifference !== null);
const absent = rows.filter(({ result }) => result === null);
for (const { title } of refused) console.log(`refuses code from text, not run: ${title}`);
for (const { engine } of absent) console.log(`absent: ${engine.title} (${engine.source})`);
console.log(
  `${rows.length - absent.length} engines and modes ran, ${differing.length} differ, ${absent.length} absent; ${reference?.length ?? 0} lines each`,
);
if (values.json !== undefined) {
  const summary = rows.map(({ engine: { id, title }, result }) => ({ id, title, result }));
  writeFileSync(values.json, JSON.stringify({ lines: reference, rows: summary }));
}
process.exitCode = differing.length > 0 ? 1 : 0;
