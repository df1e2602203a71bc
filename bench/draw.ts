/**
 * Draws `bench/baseline.json`, `bench/plugins.json` and tables of the documents, and writes the table of plug-ins into
 * its page; with `--check` fails if one of these would change instead.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOrCheck } from '../scripts/generated-files.ts';
import { root } from '../test/shared.ts';
import { type Baseline, type Contestant, contestants, readBaseline } from './baseline.ts';
import { drawPlugins, withPluginTable } from './draw-plugins.ts';
import { drawTables } from './draw-tables.ts';
import { conditionsText, drawing, round } from './drawing.ts';
import { geometricMean } from './measure.ts';
import { readPluginFigures } from './plugins.ts';

const WIDTH = 760;
const PLOT = { left: 84, right: 620, top: 76 } as const;
const COLUMNS = [680, 740] as const;
const LEGEND = [0, 140, 330, 420] as const;
const ROW = 30;
const BAR = 10;

/** How an engine is shown: ours as a bar, others as a mark on it. */
interface Mark {
  readonly style: 'jit' | 'jitless' | 'peer' | 'other';
  /** The bar that it belongs to. */
  readonly line: 0 | 1;
  /** In the legend; empty if another mark has the same colour. */
  readonly text: string;
}
/** A picture: its engines, ours first. */
interface Picture {
  readonly file: string;
  readonly marks: Partial<Readonly<Record<Contestant, Mark>>>;
  /** The engines whose numbers are written at the right. */
  readonly numbers: readonly [jit: Contestant, jitless: Contestant];
}
const polywasm: Picture['marks'] = {
  polywasm: { style: 'peer', line: 0, text: 'polywasm' },
  'polywasm --jitless': { style: 'peer', line: 1, text: '' },
};
const pictures: readonly Picture[] = [
  {
    file: 'docs/benchmarks.svg',
    marks: {
      quern: { style: 'jit', line: 0, text: 'Quern' },
      'quern --jitless': { style: 'jitless', line: 1, text: 'Quern, node --jitless' },
      ...polywasm,
    },
    numbers: ['quern', 'quern --jitless'],
  },
  {
    file: 'docs/benchmarks-compiled.svg',
    marks: {
      'quern-compiled': { style: 'jit', line: 0, text: 'Quern, compiled' },
      'quern-compiled --jitless': { style: 'jitless', line: 1, text: 'compiled, node --jitless' },
      ...polywasm,
      wasm2js: { style: 'other', line: 0, text: 'wasm2js' },
      'wasm2js --jitless': { style: 'other', line: 1, text: '' },
    },
    numbers: ['quern-compiled', 'quern-compiled --jitless'],
  },
];

/** 1, 2 and 5 of every power of ten. */
const steps = [-2, -1, 0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

type Row = readonly [name: string, ratios: Baseline['ratios'][string]];

/** The geometric mean of each engine; null for one that cannot run everything. */
const meanRow = (rows: readonly Row[]): Row => {
  const meanOf = (name: Contestant): number | null => {
    const values = rows.map(([, ratios]) => ratios[name]);
    return values.includes(null) ? null : geometricMean(values as number[]);
  };
  const means = Object.fromEntries(contestants.map((name) => [name, meanOf(name)]));
  return ['geo. mean', means as Row[1]];
};

const numberText = (ratio: number): string =>
  ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString('en');

const draw = ({ date, node, system, ratios }: Baseline, { marks, numbers: shown }: Picture): string => {
  const drawn = contestants.filter((name) => marks[name] !== undefined);
  const measured = Object.entries(ratios);
  const rows = [...measured, meanRow(measured)];
  const known = measured
    .flatMap(([, row]) => drawn.map((name) => row[name]))
    .filter((ratio) => ratio !== null);
  const low = steps.findLast((step) => step <= Math.min(1, ...known))!;
  const high = steps.find((step) => step >= Math.max(...known))!;
  const x = (ratio: number): number =>
    round(PLOT.left + ((PLOT.right - PLOT.left) * Math.log(ratio / low)) / Math.log(high / low));
  const bottom = PLOT.top + rows.length * ROW;

  const grid = steps
    .filter((step) => step >= low && step <= high)
    .map((step) => {
      const kind = step === 1 ? 'native' : 'grid';
      const line = `<line class="${kind}" x1="${x(step)}" x2="${x(step)}" y1="${PLOT.top - 6}" y2="${bottom}"/>`;
      if (!Number.isInteger(Math.log10(step))) return line;
      const label = step === 1 ? 'native' : `${step.toLocaleString('en')}×`;
      return `${line}<text class="note" text-anchor="middle" x="${x(step)}" y="${PLOT.top - 12}">${label}</text>`;
    });
  const heads = ['Quern', 'jitless'].map(
    (text, i) => `<text class="note number" x="${COLUMNS[i]}" y="${PLOT.top - 12}">${text}</text>`,
  );

  const markOf = (name: Contestant, ratio: number, y: number): string => {
    const { style, line } = marks[name]!;
    const top = y + line * (BAR + 1);
    if (style === 'peer' || style === 'other')
      return `<rect class="${style}" x="${x(ratio) - 2}" y="${top}" width="4" height="${BAR}"/>`;
    const [left, right] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
    return `<rect class="${style}" x="${left}" y="${top}" width="${round(right - left)}" height="${BAR}"/>`;
  };
  const lines = rows.map(([name, row], i) => {
    const y = PLOT.top + i * ROW + 4;
    const marked = drawn.flatMap((key) => (row[key] === null ? [] : [markOf(key, row[key], y)]));
    const base = y + BAR + 5;
    const numbers = shown.map((key, column) => {
      const ratio = row[key];
      const text = ratio === null ? '–' : numberText(ratio);
      return `<text class="number" x="${COLUMNS[column]}" y="${base}">${text}</text>`;
    });
    return `<text x="8" y="${base}">${name}</text>${marked.join('')}${numbers.join('')}`;
  });

  const legend = drawn
    .map((name) => marks[name]!)
    .filter(({ text }) => text !== '')
    .map(({ style, text }, i) => {
      const left = PLOT.left + LEGEND[i]!;
      const width = style === 'peer' || style === 'other' ? 4 : 16;
      return `<rect class="${style}" x="${left}" y="32" width="${width}" height="${BAR}"/><text x="${left + width + 6}" y="41">${text}</text>`;
    });

  return drawing({ title: 'CPU time as a ratio to native Wasm', width: WIDTH, height: bottom + 30 }, [
    '<text x="8" y="18">CPU time as a multiple of native Wasm (logarithmic; shorter is better)</text>',
    ...[...legend, ...grid, ...heads, ...lines],
    `<text class="note" x="8" y="${bottom + 22}">${conditionsText({ date, node, system })}</text>`,
  ]);
};

const baseline = readBaseline();
const plugins = readPluginFigures();
const page = 'docs/benchmarks.md';
writeOrCheck(
  {
    ...Object.fromEntries(pictures.map((picture) => [picture.file, draw(baseline, picture)])),
    'docs/benchmarks-plugins.svg': drawPlugins(plugins),
    ...drawTables(),
    [page]: withPluginTable(readFileSync(join(root, page), 'utf8'), plugins),
  },
  'npm run bench:draw',
);
