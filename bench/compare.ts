/**
 * Is one build faster than another? `node build/bench/compare.js OLD NEW [WORKLOAD…]`, each a folder that contains
 * the `src` of a build. Samples are taken in turn, in several rounds with new processes, since compiled code varies
 * between processes; benchmark.js compares them with its rank test, so that noise is recognised.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EngineProcess } from './engine-process.ts';
import { geometricMean, measure, median } from './measure.ts';
import { selectWorkloads, type Workload } from './workloads.ts';

/** The part of benchmark.js that is used: its test of two sets of samples. */
interface Judged {
  stats: { sample: readonly number[] };
  compare(other: Judged): -1 | 0 | 1;
}
const Benchmark = createRequire(import.meta.url)('benchmark') as new (
  name: string,
  run: () => void,
) => Judged;

const judged = (name: string, sample: readonly number[]): Judged => {
  const benchmark = new Benchmark(name, () => {});
  benchmark.stats = { ...benchmark.stats, sample };
  return benchmark;
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    samples: { type: 'string', default: '5' },
    target: { type: 'string', default: '150' },
  },
});
const [before, after, ...names] = positionals;
if (before === undefined || after === undefined) {
  console.error('usage: compare OLD NEW [WORKLOAD…] [--rounds N] [--samples N] [--target MS]');
  process.exit(2);
}
for (const folder of [before, after]) {
  if (existsSync(join(folder, 'src/wasm.js'))) continue;
  console.error(`${folder} contains no build`);
  process.exit(2);
}

const verdicts = { '-1': 'slower', '0': 'same', '1': 'faster' } as const;
const ratios: number[] = [];

/** Samples of both builds from separate processes. @throws Error when one fails */
const measureRound = async (workload: Workload): Promise<(readonly number[])[]> => {
  const engines = [before, after].map((folder) => new EngineProcess(folder, 'quern', resolve(folder)));
  try {
    const options = { samples: Number(values.samples), targetMs: Number(values.target) };
    return (await measure(engines, workload, options)).map((samples) => {
      if ('error' in samples) throw new Error(samples.error);
      return samples.perUnit;
    });
  } finally {
    for (const engine of engines) engine.stop();
  }
};

const compareOn = async (workload: Workload): Promise<void> => {
  const old: number[] = [];
  const now: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const samples = await measureRound(workload);
    old.push(...samples[0]!);
    now.push(...samples[1]!);
  }
  const ratio = median(now) / median(old);
  const best = Math.min(...now) / Math.min(...old);
  ratios.push(ratio);
  // Samples are times, so a greater one is worse, as benchmark.js assumes.
  const verdict = verdicts[`${judged('new', now).compare(judged('old', old))}`];
  const percent = (share: number): string => (share * 100).toFixed(1).padStart(6);
  console.log(
    `${workload.name.padEnd(10)} ${percent(ratio)} % of the old time (best samples ${percent(best)} %): ${verdict}`,
  );
};

for (const workload of selectWorkloads(names)) {
  try {
    await compareOn(workload);
  } catch (error) {
    console.log(`${workload.name.padEnd(10)} failed: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
if (ratios.length > 1) console.log(`geometric mean ${(geometricMean(ratios) * 100).toFixed(1)} %`);
