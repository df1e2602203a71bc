/** Reports for people at a terminal (text), for TAP consumers, for CI systems (JUnit), and for programs (JSON). */
import { type Level, levelOf, levels } from '../cases/case.ts';
import { type ExpectedFailures, tally, verdictOf } from '../run/expected.ts';
import type { HostReport, Outcome } from '../run/run.ts';

/** The command that runs one case again. */
export const reproduction = (report: HostReport, { case: { id } }: Outcome): string =>
  `quern conformance --host '${report.command.replaceAll("'", "'\\''")}' --case ${id} --keep repro`;

const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write them
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd');

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

/** Test Anything Protocol, version 14. */
export const tapReport = (reports: readonly HostReport[], expected: ExpectedFailures): string => {
  const rows = reports.flatMap((report) => report.outcomes.map((outcome) => ({ report, outcome })));
  const lines = ['TAP version 14', `1..${rows.length}`];
  for (const [i, { report, outcome }] of rows.entries()) {
    const verdict = verdictOf(outcome, expected);
    const directive =
      verdict === 'skipped'
        ? ` # SKIP ${outcome.detail}`
        : verdict === 'expected failure'
          ? ' # TODO expected failure'
          : '';
    const isOk = outcome.status !== 'failed';
    lines.push(`${isOk ? 'ok' : 'not ok'} ${i + 1} - ${report.host}: ${outcome.case.id}${directive}`);
    if (outcome.status === 'failed')
      lines.push(
        '  ---',
        `  message: ${JSON.stringify(outcome.detail)}`,
        `  run: ${JSON.stringify(reproduction(report, outcome))}`,
        '  ...',
      );
  }
  return `${lines.join('\n')}\n`;
};

/** JUnit's XML: a suite for each host and level. */
export const junitReport = (reports: readonly HostReport[], expected: ExpectedFailures): string => {
  const suites = reports.flatMap((report) =>
    (Object.keys(levels) as Level[]).flatMap((level) => {
      const outcomes = report.outcomes.filter((outcome) => levelOf(outcome.case) === level);
      if (outcomes.length === 0) return [];
      const testcases = outcomes.map((outcome) => {
        const verdict = verdictOf(outcome, expected);
        const open = `    <testcase classname="${escapeXml(`${report.host}.${level}`)}" name="${escapeXml(outcome.case.id)}"`;
        const detail = escapeXml(outcome.detail ?? '');
        if (verdict === 'failed')
          return `${open}><failure message="${detail}">${escapeXml(reproduction(report, outcome))}</failure></testcase>`;
        if (verdict === 'unexpected pass')
          return `${open}><failure message="passes, though it is listed as an expected failure"/></testcase>`;
        if (verdict === 'passed') return `${open}/>`;
        return `${open}><skipped message="${detail}"/></testcase>`;
      });
      const failed = outcomes.filter((item) =>
        ['failed', 'unexpected pass'].includes(verdictOf(item, expected)),
      );
      return [
        `  <testsuite name="${escapeXml(`${report.host}: ${level}`)}" tests="${outcomes.length}" failures="${failed.length}">`,
        ...testcases,
        '  </testsuite>',
      ];
    }),
  );
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join(
    '\n',
  );
};

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
