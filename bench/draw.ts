/** Draws `bench/baseline.json`; with `--check` fails if the picture is another instead. */
import { writeOrCheck } from '../scripts/generated-files.ts';
import { type Baseline, type Contestant, contestants, readBaseline } from './baseline.ts';
import { geometricMean } from './measure.ts';

const WIDTH = 760;
const PLOT = { left: 84, right: 620, top: 76 } as const;
const COLUMNS = { quern: 680, 'quern --jitless': 740 } as const;
const ROW = 30;
const BAR = 10;

/** How each engine is shown: ours as a bar, others as a mark on it. `line` is the bar that it belongs to. */
const marks = {
  quern: { style: 'jit', line: 0, text: 'Quern' },
  'quern --jitless': { style: 'jitless', line: 1, text: 'Quern, node --jitless' },
  polywasm: { style: 'peer', line: 0, text: 'polywasm, which compiles to JavaScript' },
  'polywasm --jitless': { style: 'peer', line: 1, text: '' },
} as const satisfies Readonly<Record<Contestant, object>>;

const css = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .note { fill: #59636e; }
  .number { text-anchor: end; font-variant-numeric: tabular-nums; }
  .grid { stroke: #d1d9e0; }
  .native { stroke: #59636e; }
  .jit { fill: #0969da; }
  .jitless { fill: #80b5f5; }
  .peer { fill: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .native { stroke: #9198a1; }
    .jit { fill: #4493f8; }
    .jitless { fill: #2a5fa5; }
    .peer { fill: #f0883e; }
  }
`;

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
const round = (value: number): number => Math.round(value * 10) / 10;

const draw = ({ date, node, system, ratios }: Baseline): string => {
  const measured = Object.entries(ratios);
  const rows = [...measured, meanRow(measured)];
  const known = measured
    .flatMap(([, row]) => contestants.map((name) => row[name]))
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
  const heads = [
    `<text class="note number" x="${COLUMNS.quern}" y="${PLOT.top - 12}">Quern</text>`,
    `<text class="note number" x="${COLUMNS['quern --jitless']}" y="${PLOT.top - 12}">jitless</text>`,
  ];

  const markOf = (name: Contestant, ratio: number, y: number): string => {
    const { style, line } = marks[name];
    const top = y + line * (BAR + 1);
    if (style === 'peer')
      return `<rect class="peer" x="${x(ratio) - 2}" y="${top}" width="4" height="${BAR}"/>`;
    const [left, right] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
    return `<rect class="${style}" x="${left}" y="${top}" width="${round(right - left)}" height="${BAR}"/>`;
  };
  const numberOf = (name: keyof typeof COLUMNS, ratio: number | null, y: number): string =>
    `<text class="number" x="${COLUMNS[name]}" y="${y}">${ratio === null ? '–' : numberText(ratio)}</text>`;
  const lines = rows.map(([name, row], i) => {
    const y = PLOT.top + i * ROW + 4;
    const drawn = contestants.flatMap((key) => (row[key] === null ? [] : [markOf(key, row[key], y)]));
    const base = y + BAR + 5;
    const numbers = [
      numberOf('quern', row.quern, base),
      numberOf('quern --jitless', row['quern --jitless'], base),
    ];
    return `<text x="8" y="${base}">${name}</text>${drawn.join('')}${numbers.join('')}`;
  });

  const legend = (['quern', 'quern --jitless', 'polywasm'] as const).map((name, i) => {
    const left = PLOT.left + [0, 80, 250][i]!;
    const { style, text } = marks[name];
    const width = style === 'peer' ? 4 : 16;
    return `<rect class="${style}" x="${left}" y="32" width="${width}" height="${BAR}"/><text x="${left + width + 6}" y="41">${text}</text>`;
  });

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 30}" width="${WIDTH}" height="${bottom + 30}" role="img">
<title>CPU time as a ratio to native Wasm</title>
<style>${css}</style>
<text x="8" y="18">CPU time as a multiple of native Wasm (logarithmic; shorter is better)</text>
${[...legend, ...grid, ...heads, ...lines].join('\n')}
<text class="note" x="8" y="${bottom + 22}">Node ${node.replace(/^v/, '')}, ${system}, code of ${date}</text>
</svg>
`;
};

writeOrCheck({ 'docs/benchmarks.svg': draw(readBaseline()) }, 'npm run bench:draw');
