/** Draws tables of the documents: conformance, environments, sizes. The tables are the data; scripts and tests hold them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeXml } from '../src/errors/texts.ts';
import { root } from '../test/shared.ts';
import { drawing, round } from './drawing.ts';

const WIDTH = 760;
const ROW = 22;
const TOP = 52;

const readPage = (page: string): string => readFileSync(join(root, page), 'utf8');

/** The cells of the rows of the first table that begins with a head, without code font. */
const readTable = (page: string, head: string): string[][] => {
  const lines = readPage(page)
    .split('\n')
    .map((line) => line.trim());
  const start = lines.findIndex((line) => line.startsWith(head));
  if (start === -1) throw new Error(`${page} has no table that begins with ${head}`);
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
};

const textAt = (x: number, y: number, text: string, kind = ''): string =>
  `<text${kind === '' ? '' : ` class="${kind}"`} x="${x}" y="${y}">${escapeXml(text)}</text>`;
const countText = (count: number): string => count.toLocaleString('en');

/** Commands of the official test suite by group: how many there are, on a logarithmic scale, and how they ended. */
const drawConformance = (): string => {
  const rows = readTable('docs/conformance.md', '| group | files |').map(
    ([group, , passed, failed, skipped]) => ({
      group: group!,
      passed: Number(passed),
      failed: Number(failed),
      skipped: Number(skipped),
    }),
  );
  const total = (key: 'passed' | 'failed' | 'skipped'): number =>
    rows.reduce((sum, row) => sum + row[key], 0);
  const most = Math.max(...rows.map(({ passed }) => passed));
  const [left, right] = [210, 540];
  const x = (count: number): number =>
    count < 1 ? left : round(left + ((right - left) * Math.log(count + 1)) / Math.log(most + 1));
  const lines = rows
    .toSorted((a, b) => b.passed - a.passed)
    .map(({ group, passed, failed, skipped }, i) => {
      const y = TOP + i * ROW;
      const bar = `<rect class="passed" x="${left}" y="${y}" width="${round(x(passed) - left)}" height="12"/>`;
      const fault =
        failed === 0 ? '' : `<rect class="peer" x="${x(passed)}" y="${y}" width="4" height="12"/>`;
      const numbers = [passed, failed, skipped].map((count, column) =>
        textAt(600 + column * 70, y + 10, countText(count), count === 0 ? 'number note' : 'number'),
      );
      return `${textAt(8, y + 10, group)}${bar}${fault}${numbers.join('')}`;
    });
  const bottom = TOP + rows.length * ROW;
  const heads = ['passed', 'failed', 'skipped'].map((text, i) =>
    textAt(600 + i * 70, TOP - 10, text, 'note number'),
  );
  return drawing(
    { title: 'Commands of the official test suite that pass', width: WIDTH, height: bottom + 14 },
    [
      textAt(
        8,
        18,
        `Official test suite: ${countText(total('passed'))} commands pass, ${total('failed')} fail, ${total('skipped')} are skipped (bars are logarithmic)`,
      ),
      ...heads,
      ...lines,
    ],
  );
};

/** Environments and plug-ins: a filled square where all outputs were right. */
const drawEnvironments = (): string => {
  const head = '| environment | mode |';
  const titles = readPage('docs/environments.md')
    .split('\n')
    .find((line) => line.startsWith(head))!
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''))
    .slice(2);
  const rows = readTable('docs/environments.md', head);
  const column = (i: number): number => 400 + i * 84;
  const lines = rows.map(([name, mode, ...results], i) => {
    const y = TOP + i * ROW;
    const shown = i > 0 && rows[i - 1]![0] === name ? '' : name!;
    const marks = results.map((result, plugin) =>
      result === 'yes'
        ? `<rect class="passed" x="${column(plugin)}" y="${y - 1}" width="14" height="14" rx="3"/>`
        : textAt(column(plugin), y + 10, result || '–', 'note'),
    );
    return `${textAt(8, y + 10, shown)}${textAt(140, y + 10, mode!, 'note')}${marks.join('')}`;
  });
  const right = rows.filter(([, , ...results]) => results.every((result) => result === 'yes')).length;
  return drawing(
    { title: 'Environments that run four plug-ins', width: WIDTH, height: TOP + rows.length * ROW + 14 },
    [
      textAt(
        8,
        18,
        `Four plug-ins with the packed package: right in ${right} of ${rows.length} environments`,
      ),
      ...titles.map((title, i) => textAt(column(i), TOP - 12, title, 'note')),
      ...lines,
    ],
  );
};

/** What a program takes, of the table of the README that `test/package` holds. */
const drawSizes = (): string => {
  const rows = readTable('README.md', '| program | size |').map(
    ([program, size]) => [program!, Number(size!.replace(' kB', ''))] as const,
  );
  const most = Math.max(...rows.map(([, size]) => size));
  const left = 330;
  const lines = rows.map(([program, size], i) => {
    const y = TOP - 14 + i * 26;
    const width = round(((680 - left) * size) / most);
    // Names alone: the whole program is in the table.
    const names = program
      .replace(/^export \* from /, 'all of ')
      .replace(/^export \{ (.*) \} from /, '$1 of ');
    const shown = names.replace(/^.*, Store of/, 'an engine of').replaceAll("'", '');
    return `${textAt(8, y + 10, shown)}<rect class="jit" x="${left}" y="${y}" width="${width}" height="12"/>${textAt(740, y + 10, `${size} kB`, 'number')}`;
  });
  return drawing({ title: 'Sizes of programs', width: WIDTH, height: TOP + rows.length * 26 - 6 }, [
    textAt(8, 18, 'What a program takes, minified and compressed'),
    ...lines,
  ]);
};

/** The pictures by their files. */
export const drawTables = (): Record<string, string> => ({
  'docs/conformance.svg': drawConformance(),
  'docs/environments.svg': drawEnvironments(),
  'docs/sizes.svg': drawSizes(),
});
