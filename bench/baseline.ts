/**
 * Measures every workload and writes `bench/baseline.json`: `npm run bench:baseline -- [--samples N] [--target MS]`.
 * It holds ratios to native Wasm, which depend less on the machine than times; `npm run bench:draw` draws them. All
 * engines take turns, those without a JavaScript compiler (`--jitless`) included.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { root } from '../test/shared.ts';
import { EngineProcess } from './engine-process.ts';
import type { EngineName } from './engines/engine.ts';
import { type Conditions, conditions, readFigures } from './figures.ts';
import { geometricMean, measure, median } from './measure.ts';
import { selectWorkloads } from './workloads.ts';

/** An engine, and whether JavaScript is compiled. */
export const contestants = [
  'quern',
  'quern --jitless',
  'quern-compiled',
  'quern-compiled --jitless',
  'polywasm',
  'polywasm --jitless',
  'wasm2js',
  'wasm2js --jitless',
] as const;
export type Contestant = (typeof contestants)[number];

export interface Baseline extends Conditions {
  /** CPU time by workload, as a ratio to native Wasm; null where an engine cannot run it. */
  readonly ratios: Readonly<Record<string, Readonly<Record<Contestant, number | null>>>>;
}

const file = join(root, 'bench/baseline.json');
export const readBaseline = (): Baseline => readFigures<Baseline>(file);

const writeBaseline = async (samples: number, targetMs: number): Promise<void> => {
  const engines = [
    new EngineProcess('native', 'native', ''),
    ...contestants.map((label) => {
      const [name, ...flags] = label.split(' ') as [EngineName, ...string[]];
      return new EngineProcess(label, name, join(root, 'build'), flags);
    }),
  ];
  const ratios: Record<string, Record<Contestant, number | null>> = {};
  for (const workload of selectWorkloads([])) {
    const [native, ...others] = await measure(engines, workload, { samples, targetMs });
    if ('error' in native!) throw new Error(`${workload.name}: ${native.error}`);
    const unit = median(native!.perUnit);
    const cells = others.map((result, i) => {
      if ('error' in result) console.error(`${workload.name}, ${contestants[i]}: ${result.error}`);
      return 'error' in result ? null : Number((median(result.perUnit) / unit).toPrecision(3));
    });
    console.log(workload.name.padEnd(10), ...cells);
    ratios[workload.name] = Object.fromEntries(
      contestants.map((name, i) => [name, cells[i]!]),
    ) as (typeof ratios)[string];
  }
  for (const engine of engines) engine.stop();
  const small = selectWorkloads([]).filter(({ name, kind }) => kind === 'micro' && name !== 'bulk');
  const means = contestants.map((contestant) => {
    const known = small.map(({ name }) => ratios[name]![contestant]);
    return known.includes(null) ? null : Number(geometricMean(known as number[]).toPrecision(3));
  });
  console.log(`mean of ${small.length}`, ...means);
  const baseline: Baseline = { ...conditions(), ratios };
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { samples: { type: 'string', default: '5' }, target: { type: 'string', default: '150' } },
  });
  await writeBaseline(Number(values.samples), Number(values.target));
}
