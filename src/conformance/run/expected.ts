/**
 * Files of expected failures: one case a line, `#` before a reason. A listed case that passes is as wrong as one
 * that fails without being listed, so that a list cannot grow stale.
 */
import { cases } from '../cases/cases.ts';
import type { HostReport, Outcome } from './run.ts';

/** Cases that may fail, and why. */
export type ExpectedFailures = ReadonlyMap<string, string>;

/** Reads a list. @throws Error naming the line that is no case */
export const parseExpectedFailures = (text: string): ExpectedFailures => {
  const known = new Set(cases.map(({ id }) => id));
  const expected = new Map<string, string>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const [id = '', ...reason] = line.split('#');
    if (id.trim() === '') continue;
    if (!known.has(id.trim())) throw new Error(`line ${i + 1}: there is no case "${id.trim()}"`);
    expected.set(id.trim(), reason.join('#').trim());
  }
  return expected;
};

/** How an outcome counts once expected failures are known. */
export type Verdict = 'passed' | 'failed' | 'skipped' | 'expected failure' | 'unexpected pass';

/** The verdict on an outcome. */
export const verdictOf = (outcome: Outcome, expected: ExpectedFailures): Verdict => {
  if (!expected.has(outcome.case.id) || outcome.status === 'skipped') return outcome.status;
  return outcome.status === 'failed' ? 'expected failure' : 'unexpected pass';
};

/** How many outcomes have each verdict. */
export const tally = (report: HostReport, expected: ExpectedFailures): Record<Verdict, number> => {
  const counts = { passed: 0, failed: 0, skipped: 0, 'expected failure': 0, 'unexpected pass': 0 };
  for (const outcome of report.outcomes) counts[verdictOf(outcome, expected)]++;
  return counts;
};

/** Whether a report is one to be content with. */
export const isContent = (report: HostReport, expected: ExpectedFailures): boolean => {
  const counts = tally(report, expected);
  return counts.failed === 0 && counts['unexpected pass'] === 0;
};
