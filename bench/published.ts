/**
 * How fast is this engine compared with native interpreters? `npm run bench:wasmi -- CHECKOUT [flags] [PROGRAM…]`
 * runs the programs of a checkout of wasmi-labs/wasmi-benchmarks, with its submodule, on native Wasm and on ours,
 * which counts fuel. Programs are measured only if their results are those of native Wasm. The figures that the
 * repository publishes for other engines are printed below, as published: from another machine, as a multiple of V8
 * there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EngineProcess } from './engine-process.ts';
import { type EngineName, engineNames } from './engines/engine.ts';
import { geometricMean, measure, median } from './measure.ts';
import { preparedWorkloads } from './prepared.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engines: { type: 'string', default: 'quern,quern-compiled' },
    build: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    samples: { type: 'string', default: '5' },
    target: { type: 'string', default: '300' },
    machine: { type: 'string', default: 'amd-epyc-7763' },
    jitless: { type: 'boolean', default: false },
  },
});
const [checkout, ...names] = positionals;
if (checkout === undefined) {
  console.error('npm run bench:wasmi -- CHECKOUT [PROGRAM…]; CHECKOUT is of wasmi-labs/wasmi-benchmarks');
  process.exit(2);
}

/** Geometric means over the programs that an engine runs, as multiples of V8's time, from the checkout's own data. */
const published = (): readonly {
  readonly engine: string;
  readonly ratio: number;
  readonly count: number;
}[] => {
  const times = new Map<string, Map<string, number>>();
  for (const line of readFileSync(join(checkout, 'data', values.machine, 'criterion.json'), 'utf8').split(
    '\n',
  )) {
    const row = (line === '' ? {} : JSON.parse(line)) as { id?: string; typical?: { estimate: number } };
    const [kind, program, engine] = row.id?.split('/') ?? [];
    if (kind !== 'execute' || row.typical === undefined) continue;
    const byProgram = times.get(engine!) ?? new Map<string, number>();
    times.set(engine!, byProgram.set(program!, row.typical.estimate));
  }
  const reference = times.get('v8')!;
  return [...times]
    .map(([engine, byProgram]) => {
      const ratios = [...byProgram].map(([program, time]) => time / reference.get(program)!);
      return { engine, ratio: geometricMean(ratios), count: ratios.length };
    })
    .sort((a, b) => a.ratio - b.ratio);
};

const isEngine = (name: string): name is EngineName => (engineNames as readonly string[]).includes(name);
const others = values.engines.split(',').map((name) => {
  if (!isEngine(name)) throw new Error(`unknown engine ${name}`);
  return new EngineProcess(name, name, values.build, values.jitless ? ['--jitless'] : []);
});
const engines = [new EngineProcess('native', 'native', ''), ...others];
const ratios = others.map((): number[] => []);
const cells = (...list: readonly string[]): string => `| ${list.join(' | ')} |`;
console.log(cells('program', 'native, ms', ...others.map(({ label }) => label)));
console.log(cells('---', ...engines.map(() => '---:')));
for (const workload of preparedWorkloads(checkout, names)) {
  const options = { samples: Number(values.samples), targetMs: Number(values.target) };
  const [native, ...rest] = await measure(engines, workload, options);
  if (native === undefined || 'error' in native) throw new Error(`${workload.name}: ${native?.error}`);
  const base = median(native.perUnit);
  const row = rest.map((result, i) => {
    if ('error' in result) return result.error;
    const ratio = median(result.perUnit) / base;
    ratios[i]!.push(ratio);
    return ratio.toPrecision(3);
  });
  console.log(cells(workload.name, (base / 1000).toPrecision(3), ...row));
}
console.log(cells('geometric mean', '', ...ratios.map((list) => geometricMean(list).toPrecision(3))));
for (const engine of engines) engine.stop();
console.log(`\nPublished by that repository, measured by it on ${values.machine}, as multiples of V8 there:`);
for (const { engine, ratio, count } of published())
  console.log(cells(engine, ratio.toPrecision(3), `${count} programs`));
