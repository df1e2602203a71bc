/** Results of tests in common formats: TAP, and JUnit's XML. */

import { escapeXml } from '../../errors/texts.ts';

/** One line of TAP. */
export interface TapRow {
  readonly name: string;
  readonly isOk: boolean;
  /** A directive such as `SKIP reason`; empty for none. */
  readonly directive: string;
  /** Details of a failure, by key. */
  readonly details: Readonly<Record<string, string>>;
}

/** Test Anything Protocol, version 14. */
export const tapText = (rows: readonly TapRow[]): string => {
  const lines = ['TAP version 14', `1..${rows.length}`];
  for (const [i, { name, isOk, directive, details }] of rows.entries()) {
    const end = directive === '' ? '' : ` # ${directive}`;
    lines.push(`${isOk ? 'ok' : 'not ok'} ${i + 1} - ${name}${end}`);
    const entries = Object.entries(details);
    if (entries.length === 0) continue;
    lines.push('  ---', ...entries.map(([key, text]) => `  ${key}: ${JSON.stringify(text)}`), '  ...');
  }
  return `${lines.join('\n')}\n`;
};

/** One case of JUnit's XML; a plain one has passed. */
export interface JunitCase {
  readonly className: string;
  readonly name: string;
  readonly failure?: { readonly message: string; readonly text?: string };
  readonly skipped?: string;
}
export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

const caseXml = ({ className, name, failure, skipped }: JunitCase): string => {
  const open = `    <testcase classname="${escapeXml(className)}" name="${escapeXml(name)}"`;
  if (failure !== undefined) {
    const tag = `<failure message="${escapeXml(failure.message)}"`;
    const text = failure.text === undefined ? '/>' : `>${escapeXml(failure.text)}</failure>`;
    return `${open}>${tag}${text}</testcase>`;
  }
  return skipped === undefined
    ? `${open}/>`
    : `${open}><skipped message="${escapeXml(skipped)}"/></testcase>`;
};

/** JUnit's XML. */
export const junitText = (suites: readonly JunitSuite[]): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...suites.flatMap(({ name, cases }) => {
      const failures = cases.filter(({ failure }) => failure !== undefined).length;
      return [
        `  <testsuite name="${escapeXml(name)}" tests="${cases.length}" failures="${failures}">`,
        ...cases.map(caseXml),
        '  </testsuite>',
      ];
    }),
    '</testsuites>',
    '',
  ].join('\n');
