/** Reports for people at a terminal (text), for TAP consumers, for CI systems (JUnit), and for programs (JSON). */
import { type Level, levelOf, levels } from '../cases/case.ts';
import { type ExpectedFailures, tally, verdictOf } from '../run/expected.ts';
import type { HostReport, Outcome } from '../run/run.ts';
import { type JunitCase, type JunitSuite, junitText, type TapRow, tapText } from './formats.ts';

/** The command that runs one case again. */
export const reproduction = (report: HostReport, { case: { id } }: Outcome): string =>
  `quern conformance --host '${report.command.replaceAll("'", "'\\''")}' --case ${id} --keep repro`;

/** A line for each outcome that is not a plain pass, and a summary by level. */
export const textReport = (report: HostReport, expected: ExpectedFailures): string => {
  const lines = [`${report.host} ${report.version}`, ''];
  for (const outcome of report.outcomes) {
    const verdict = verdictOf(outcome, expected);
    if (verdict === 'passed' || verdict === 'skipped') continue;
    lines.push(`${verdict.toUpperCase()}  ${outcome.case.id}`, `  ${outcome.case.title}`);
    if (outcome.detail !== undefined) lines.push(`  ${outcome.detail}`);
    lines.push(`  ${reproduction(report, outcome)}`, '');
  }
  for (const level of Object.keys(levels) as Level[]) {
    const all = report.outcomes.filter((outcome) => levelOf(outcome.case) === level);
    if (all.length === 0) continue;
    const count = (status: Outcome['status']): number => all.filter((item) => item.status === status).length;
    const skipped = count('skipped');
    lines.push(
      `  ${level.padEnd(10)} ${String(count('passed')).padStart(3)} of ${String(all.length - skipped).padStart(3)}${skipped === 0 ? '' : `, ${skipped} skipped`}`,
    );
  }
  const counts = tally(report, expected);
  const reasons = new Set(
    report.outcomes.flatMap(({ status, detail }) => (status === 'skipped' ? [detail!] : [])),
  );
  for (const reason of reasons) lines.push(`  skipped: ${reason}`);
  lines.push(
    '',
    `${counts.passed} passed, ${counts.failed + counts['unexpected pass']} failed, ${counts['expected failure']} expected failures, ${counts.skipped} skipped`,
    '',
  );
  return lines.join('\n');
};

/** Test Anything Protocol. */
export const tapReport = (reports: readonly HostReport[], expected: ExpectedFailures): string =>
  tapText(
    reports.flatMap((report) =>
      report.outcomes.map((outcome): TapRow => {
        const verdict = verdictOf(outcome, expected);
        return {
          name: `${report.host}: ${outcome.case.id}`,
          isOk: outcome.status !== 'failed',
          directive:
            verdict === 'skipped'
              ? `SKIP ${outcome.detail}`
              : verdict === 'expected failure'
                ? 'TODO expected failure'
                : '',
          details:
            outcome.status === 'failed'
              ? { message: outcome.detail ?? '', run: reproduction(report, outcome) }
              : {},
        };
      }),
    ),
  );

const junitCase = (report: HostReport, outcome: Outcome, expected: ExpectedFailures): JunitCase => {
  const verdict = verdictOf(outcome, expected);
  const named = { className: `${report.host}.${levelOf(outcome.case)}`, name: outcome.case.id };
  const detail = outcome.detail ?? '';
  if (verdict === 'failed')
    return { ...named, failure: { message: detail, text: reproduction(report, outcome) } };
  if (verdict === 'unexpected pass')
    return { ...named, failure: { message: 'passes, though it is listed as an expected failure' } };
  return verdict === 'passed' ? named : { ...named, skipped: detail };
};

/** JUnit's XML: a suite for each host and level. */
export const junitReport = (reports: readonly HostReport[], expected: ExpectedFailures): string =>
  junitText(
    reports.flatMap((report) =>
      (Object.keys(levels) as Level[]).flatMap((level): JunitSuite[] => {
        const outcomes = report.outcomes.filter((outcome) => levelOf(outcome.case) === level);
        if (outcomes.length === 0) return [];
        const cases = outcomes.map((outcome) => junitCase(report, outcome, expected));
        return [{ name: `${report.host}: ${level}`, cases }];
      }),
    ),
  );

/** Everything, for programs. */
export const jsonReport = (reports: readonly HostReport[], expected: ExpectedFailures): string =>
  `${JSON.stringify(
    reports.map((report) => ({
      host: report.host,
      version: report.version,
      command: report.command,
      counts: tally(report, expected),
      cases: report.outcomes.map((outcome) => ({
        id: outcome.case.id,
        title: outcome.case.title,
        source: outcome.case.source,
        verdict: verdictOf(outcome, expected),
        variant: outcome.variant,
        detail: outcome.detail,
        reproduce: outcome.status === 'failed' ? reproduction(report, outcome) : undefined,
      })),
    })),
    null,
    2,
  )}\n`;
