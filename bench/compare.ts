/**
 * Is one build faster than another? `node build/bench/compare.js OLD NEW [WORKLOAD…]`, each a folder that holds
 * the `src` of a build. Samples are taken in turn; benchmark.js judges them with its rank test, so that noise is
 * called noise.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EngineProcess } from './engine-process.ts';
import { geometricMean, measure, median } from './measure.ts';
import { selectWorkloads } from './workloads.ts';

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
  options: { samples: { type: 'string', default: '9' }, target: { type: 'string', default: '150' } },
});
const [before, after, ...names] = positionals;
if (before === undefined || after === undefined) {
  console.error('usage: compare OLD NEW [WORKLOAD…] [--samples N] [--target MS]');
  process.exit(2);
}

const verdicts = { '-1': 'slower', '0': 'same', '1': 'faster' } as const;
const engines = [before, after].map((folder) => new EngineProcess(folder, 'quern', resolve(folder)));
const ratios: number[] = [];
for (const workload of selectWorkloads(names)) {
  const [old, now] = await measure(engines, workload, {
    samples: Number(values.samples),
    targetMs: Number(values.target),
  });
  if (old === undefined || now === undefined || 'error' in old || 'error' in now) {
    console.log(`${workload.name.padEnd(10)} failed: ${JSON.stringify([old, now])}`);
    process.exitCode = 1;
    continue;
  }
  const ratio = median(now.perUnit) / median(old.perUnit);
  ratios.push(ratio);
  // Samples are times, so a greater one is worse; benchmark.js thinks so, too.
  const verdict = verdicts[`${judged('new', now.perUnit).compare(judged('old', old.perUnit))}`];
  console.log(
    `${workload.name.padEnd(10)} ${(ratio * 100).toFixed(1).padStart(6)} % of the old time: ${verdict}`,
  );
}
if (ratios.length > 1) console.log(`geometric mean ${(geometricMean(ratios) * 100).toFixed(1)} %`);
for (const engine of engines) engine.stop();
