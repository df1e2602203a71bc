/** `quern conformance`: runs the kit against hosts and writes reports. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, type Level, levelOf, levels } from '../conformance/cases/case.ts';
import { cases } from '../conformance/cases/cases.ts';
import { expand } from '../conformance/cases/wat.ts';
import { htmlReport } from '../conformance/reports/html-report.ts';
import { jsonReport, junitReport, tapReport, textReport } from '../conformance/reports/text-reports.ts';
import { type ExpectedFailures, isContent, parseExpectedFailures } from '../conformance/run/expected.ts';
import { type Host, type HostReport, runCases, type Surroundings } from '../conformance/run/run.ts';
import { startAdapter } from './conformance/adapter-process.ts';
import { startFixture } from './conformance/fixture-server.ts';
import type { Flags, Parsed } from './flags.ts';
import { usageError } from './parse.ts';
import { shellWord } from './shell.ts';

type KitFlags = Flags<'conformance'>;

/** `quern`, `npm:PACKAGE` for SDKs with the interface of `@extism/extism`, or a command; `NAME=` may precede it. */
const hostOf = (text: string, adapterFile: string): Host => {
  const [, name = null, given] = /^(?:([\w .@/-]+)=)?(.*)$/s.exec(text) as unknown as [
    string,
    string | undefined,
    string,
  ];
  const node = `${shellWord(process.execPath)} ${shellWord(adapterFile)}`;
  const command =
    given === 'quern' ? node : given.startsWith('npm:') ? `${node} ${shellWord(given.slice(4))}` : given;
  return { name, command: text, connect: async () => startAdapter(command) };
};

const chosenCases = (flags: KitFlags): readonly Case[] => {
  const wantedLevels = flags.level ?? [];
  const unknown = wantedLevels.find((level) => !Object.hasOwn(levels, level));
  if (unknown !== undefined)
    throw usageError(`unknown level "${unknown}"; the levels are ${Object.keys(levels).join(', ')}`);
  const wantedCases = flags.case ?? [];
  const missing = wantedCases.find((id) => !cases.some((item) => item.id === id));
  if (missing !== undefined) throw usageError(`unknown case "${missing}"; --list shows all cases`);
  return cases.filter(
    (item) =>
      (wantedLevels.length === 0 || wantedLevels.includes(levelOf(item))) &&
      (wantedCases.length === 0 || wantedCases.includes(item.id)),
  );
};

const readExpected = (file: string | undefined): ExpectedFailures => {
  if (file === undefined) return new Map();
  try {
    return parseExpectedFailures(readFileSync(file, 'utf8'));
  } catch (error) {
    throw usageError(`--expected ${file}: ${(error as Error).message}`);
  }
};

const list = (chosen: readonly Case[]): string =>
  (Object.keys(levels) as Level[])
    .flatMap((level) => {
      const own = chosen.filter((item) => levelOf(item) === level);
      return own.length === 0
        ? []
        : [`${level}: ${levels[level]}`, ...own.map(({ id, title }) => `  ${id.padEnd(30)} ${title}`), ''];
    })
    .join('\n');

const surroundingsIn = (folder: string, http: Surroundings['http']): Surroundings => {
  return {
    http,
    makeDirectory: (name) => {
      const path = join(mkdtempSync(join(folder, 'directory-')), name);
      mkdirSync(path);
      writeFileSync(join(path, '../secret.txt'), 'not for plug-ins');
      return path;
    },
    writeModule: (key, bytes) => {
      const path = join(folder, `${key.replace(/[/:]/g, '.')}.wasm`);
      writeFileSync(path, bytes);
      return path;
    },
  };
};

/** Writes the files that a person needs to try a case by hand. */
const keepText = (folder: string, chosen: readonly Case[]): void => {
  for (const item of chosen) {
    for (const [name, source] of Object.entries(item.modules))
      writeFileSync(join(folder, `${item.id.replace('/', '.')}.${name}.wat`), `${expand(source)}\n`);
    const { modules: _, ...rest } = item;
    writeFileSync(join(folder, `${item.id.replace('/', '.')}.json`), `${JSON.stringify(rest, null, 2)}\n`);
  }
};

const reportFlags = { html: htmlReport, junit: junitReport, tap: tapReport, json: jsonReport } as const;

/** Runs `quern conformance`. */
/** @param adapterFile the program that is the adapter of hosts in JavaScript */
export const runConformance = async (
  { flags }: Parsed<'conformance'>,
  adapterFile: string,
): Promise<void> => {
  const chosen = chosenCases(flags);
  if (flags.list) {
    process.stdout.write(`${list(chosen)}${chosen.length} cases\n`);
    return;
  }
  const expected = readExpected(flags.expected);
  const hosts = (flags.host ?? ['quern']).map((host) => hostOf(host, adapterFile));
  const folder = flags.keep ?? mkdtempSync(join(tmpdir(), 'quern-conformance-'));
  if (flags.keep !== undefined) mkdirSync(folder, { recursive: true });
  const fixture = await startFixture();
  const reports: HostReport[] = [];
  try {
    for (const host of hosts) {
      const report = await runCases(host, chosen, surroundingsIn(folder, fixture));
      reports.push(report);
      process.stdout.write(`${textReport(report, expected)}\n`);
    }
    for (const [name, make] of Object.entries(reportFlags)) {
      const file = flags[name as keyof typeof reportFlags];
      if (file !== undefined) writeFileSync(file, make(reports, expected));
    }
    if (flags.keep !== undefined) keepText(folder, chosen);
  } finally {
    fixture.close();
    if (flags.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
  if (!reports.every((report) => isContent(report, expected))) process.exitCode = 1;
};
