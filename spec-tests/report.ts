/** Prints the sums of a run, and makes its part of docs/conformance.md from them. */
import type { ScriptResult } from '../src/scripts/outcome.ts';

const skippedCount = (result: ScriptResult): number => {
  let sum = 0;
  for (const count of result.skipped.values()) sum += count;
  return sum;
};

/** Sums over scripts. */
interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly texts: number;
  readonly differingTexts: number;
  readonly reasons: ReadonlyMap<string, number>;
}

const totalsOf = (results: readonly ScriptResult[]): Totals => {
  const reasons = new Map<string, number>();
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  let texts = 0;
  let differingTexts = 0;
  for (const result of results) {
    passed += result.passed;
    failed += result.failures.length;
    skipped += skippedCount(result);
    texts += result.texts;
    differingTexts += result.differingTexts;
    for (const [reason, count] of result.skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return { passed, failed, skipped, texts, differingTexts, reasons };
};

export interface GroupResult {
  readonly group: string;
  readonly results: readonly ScriptResult[];
}

/** Groups in the order of first appearance, core first. */
export const byGroup = (
  results: readonly (readonly [group: string, result: ScriptResult])[],
): readonly GroupResult[] => {
  const groups = new Map<string, ScriptResult[]>();
  for (const [group, result] of results) {
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [result]);
    else members.push(result);
  }
  return [...groups].map(([group, members]) => ({ group, results: members }));
};

const sortedReasons = (reasons: ReadonlyMap<string, number>): readonly (readonly [string, number])[] =>
  [...reasons].sort((a, b) => b[1] - a[1]);

/** The table by group, the reasons of skips, and the last line with the sums. */
export const printSummary = (groups: readonly GroupResult[], print: (line: string) => void): void => {
  const width = Math.max(5, ...groups.map(({ group }) => group.length));
  print(`${'group'.padEnd(width)}  files  passed  failed  skipped`);
  for (const { group, results } of groups) {
    const { passed, failed, skipped } = totalsOf(results);
    const cells = [
      `${results.length}`.padStart(5),
      `${passed}`.padStart(6),
      `${failed}`.padStart(6),
      `${skipped}`.padStart(7),
    ];
    print(`${group.padEnd(width)}  ${cells.join('  ')}`);
  }
  const totals = totalsOf(groups.flatMap(({ results }) => results));
  if (totals.reasons.size > 0) print('\nskipped because of:');
  for (const [reason, count] of sortedReasons(totals.reasons)) print(`${`${count}`.padStart(8)}  ${reason}`);
  if (totals.texts > 0) {
    print(`\nfailure texts: ${totals.texts} compared, ${totals.differingTexts} mismatches`);
  }
  print(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
};

/** The part of `docs/conformance.md`. */
export const conformancePage = (engineName: string, groups: readonly GroupResult[]): string => {
  const totals = totalsOf(groups.flatMap(({ results }) => results));
  const lines = [
    '## Test suite',
    '',
    `Commands of the official WebAssembly test suite, of its own files (testsuite \`193e551\`, and newer tests of`,
    `three repositories), on engine \`${engineName}\`: \`npm run spec\`. Counted are commands, not files. A failure`,
    `must be of the right class, and its message must begin with the text that the suite gives: ${totals.texts} texts`,
    `compared, ${totals.differingTexts} mismatches.`,
    '',
    `**${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped.**`,
    '',
    '| group | files | passed | failed | skipped |',
    '|---|--:|--:|--:|--:|',
    ...groups.map(({ group, results }) => {
      const { passed, failed, skipped } = totalsOf(results);
      return `| ${group} | ${results.length} | ${passed} | ${failed} | ${skipped} |`;
    }),
    '',
    '### Why commands are skipped',
    '',
    'The reasons are those of `spec-tests/known.json`: the suite holds commands of different feature sets that',
    'contradict each other. They are run too: one that passes fails the run.',
    '',
    '| reason | commands |',
    '|---|--:|',
    ...sortedReasons(totals.reasons).map(([reason, count]) => `| ${reason} | ${count} |`),
    '',
    '### By file',
    '',
    '| file | passed | failed | skipped |',
    '|---|--:|--:|--:|',
    ...groups.flatMap(({ results }) =>
      results.map((r) => `| ${r.name} | ${r.passed} | ${r.failures.length} | ${skippedCount(r)} |`),
    ),
    '',
  ];
  return lines.join('\n');
};

/** The part of `docs/conformance.md` for a second way to the engine: the sums, and why commands were skipped. */
export const summaryPage = (engineName: string, groups: readonly GroupResult[]): string => {
  const { passed, failed, skipped, reasons } = totalsOf(groups.flatMap(({ results }) => results));
  return [
    `## Test suite: ${engineName}`,
    '',
    `**${passed} passed, ${failed} failed, ${skipped} skipped.** Skipped: ${sortedReasons(reasons)
      .map(([reason, count]) => `${count} ${reason}`)
      .join('; ')}.`,
  ].join('\n');
};
