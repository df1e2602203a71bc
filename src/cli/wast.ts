/** `quern wast`: runs scripts in the form of the official suite, and writes reports. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type JunitCase, junitText, type TapRow, tapText } from '../conformance/reports/formats.ts';
import { isQuernError } from '../errors/errors.ts';
import { printable, printableJson } from '../errors/texts.ts';
import type { Outcome } from '../scripts/outcome.ts';
import { quernEngine } from '../scripts/quern-engine.ts';
import { runScript } from '../scripts/runner.ts';
import { readScript } from '../scripts/script-reader.ts';
import { defaultFeatures, type FeatureKey, type Features, featureTable } from '../wasm.ts';
import { access } from './files.ts';
import type { Parsed } from './flags.ts';

/** Result of one command. */
interface CommandReport {
  readonly line: number;
  readonly type: string;
  readonly outcome: Outcome;
}
interface FileReport {
  readonly file: string;
  readonly commands: readonly CommandReport[];
}

const featuresOf = (names: readonly string[]): Features => {
  const features = new Set(defaultFeatures);
  for (const name of names) {
    if (name === 'all') for (const key of Object.keys(featureTable)) features.add(key as FeatureKey);
    else features.add(name as FeatureKey);
  }
  return features;
};

const read = (file: string): Uint8Array => access(`read ${file}`, () => readFileSync(file));

const runFile = async (file: string, features: Features): Promise<FileReport> => {
  const commands: CommandReport[] = [];
  const bytes = read(file);
  try {
    await runScript(readScript(bytes, file, file), quernEngine({ careful: false, unitFuel: false }), {
      features,
      settle: () => new Promise(setImmediate),
      afterCommand: ({ line, type }, outcome) => {
        commands.push({ line, type, outcome });
      },
    });
  } catch (error) {
    if (!isQuernError(error, 'malformed.text')) throw error;
    const outcome: Outcome = { status: 'failed', message: error.message };
    commands.push({ line: error.details.line ?? 1, type: 'script', outcome });
  }
  return { file, commands };
};

const messageOf = (outcome: Outcome): string =>
  outcome.status === 'failed' ? outcome.message : outcome.status === 'skipped' ? outcome.reason : '';

const countOf = (reports: readonly FileReport[], status: Outcome['status']): number =>
  reports.reduce(
    (sum, { commands }) => sum + commands.filter(({ outcome }) => outcome.status === status).length,
    0,
  );

const textReport = (reports: readonly FileReport[]): string => {
  const lines = reports.flatMap(({ file, commands }) =>
    commands
      .filter(({ outcome }) => outcome.status === 'failed')
      .map(({ line, type, outcome }) => `FAIL ${file}:${line} ${type}: ${printable(messageOf(outcome))}`),
  );
  const [passed, failed, skipped] = (['passed', 'failed', 'skipped'] as const).map((status) =>
    countOf(reports, status),
  );
  return [...lines, `${passed} passed, ${failed} failed, ${skipped} skipped`, ''].join('\n');
};

const tapReport = (reports: readonly FileReport[]): string =>
  tapText(
    reports.flatMap(({ file, commands }) =>
      commands.map(
        ({ line, type, outcome }): TapRow => ({
          name: `${file}:${line} ${type}`,
          isOk: outcome.status !== 'failed',
          directive: outcome.status === 'skipped' ? `SKIP ${outcome.reason}` : '',
          details: outcome.status === 'failed' ? { message: outcome.message } : {},
        }),
      ),
    ),
  );

const junitReport = (reports: readonly FileReport[]): string =>
  junitText(
    reports.map(({ file, commands }) => ({
      name: file,
      cases: commands.map(({ line, type, outcome }): JunitCase => {
        const named = { className: file, name: `${line} ${type}` };
        if (outcome.status === 'failed') return { ...named, failure: { message: outcome.message } };
        return outcome.status === 'skipped' ? { ...named, skipped: outcome.reason } : named;
      }),
    })),
  );

const jsonReport = (reports: readonly FileReport[]): string =>
  printableJson(
    `${JSON.stringify(
      reports.map(({ file, commands }) => ({
        file,
        commands: commands.map(({ line, type, outcome }) => ({ line, type, ...outcome })),
      })),
      null,
      2,
    )}\n`,
  );

const reportFlags = { junit: junitReport, tap: tapReport, json: jsonReport } as const;

/** Runs `quern wast`. */
export const runWast = async ({ operands, flags }: Parsed<'wast'>): Promise<void> => {
  const features = featuresOf(flags.feature ?? []);
  const reports: FileReport[] = [];
  for (const file of operands) reports.push(await runFile(file, features));
  process.stdout.write(textReport(reports));
  for (const [name, make] of Object.entries(reportFlags)) {
    const file = flags[name as keyof typeof reportFlags];
    if (file !== undefined) writeFileSync(file, make(reports));
  }
  if (countOf(reports, 'failed') > 0) process.exitCode = 1;
};
