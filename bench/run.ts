/**
 * How fast is this engine? CPU time per unit of work, as a ratio to native Wasm: `npm run bench -- [flags]
 * [WORKLOAD…]`. Nothing is measured before its result is known to equal that of native Wasm.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runDeadline } from './deadline.ts';
import { EngineProcess } from './engine-process.ts';
import { type EngineName, engineNames } from './engines/engine.ts';
import { runFuelTable } from './fuel.ts';
import { geometricMean, measure, median, type Samples } from './measure.ts';
import { runMetering } from './metering.ts';
import { runStopping } from './stopping.ts';
import { selectWorkloads, type Workload } from './workloads.ts';

const help = `npm run bench -- [flags] [WORKLOAD…]
npm run bench -- metering [WORKLOAD…]   what metering costs, on the same workloads
npm run bench -- deadline [ROW…]        how soon a call is stopped, and the effect on others
npm run bench -- fuel [ROW…]            the time of a unit of fuel, of every instruction and host function
  The workload \`vectors\` stands for all with vectors; these are built with clang, and measured only if named.
  --engines NAMES   besides native: quern, quern-compiled, polywasm, wasm2js (default quern,polywasm)
  --sketch FOLDER   also measure the sketch of a register interpreter in FOLDER
  --build FOLDER    measure this build of quern (default build)
  --samples N       samples of each engine (default 5)
  --target MS       CPU time of one sample (default 150)
  --jitless         run the engines, but not native Wasm, without a compiler
  --json FILE       write every sample to FILE
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engines: { type: 'string', default: 'quern,polywasm' },
    sketch: { type: 'string' },
    build: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    samples: { type: 'string', default: '5' },
    target: { type: 'string', default: '150' },
    jitless: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const isEngine = (name: string): name is EngineName => (engineNames as readonly string[]).includes(name);

const startEngines = (): EngineProcess[] => {
  const nodeFlags = values.jitless ? ['--jitless'] : [];
  const names = values.engines.split(',').filter((name) => name !== '' && name !== 'native');
  const engines = names.map((name) => {
    if (!isEngine(name) || name === 'sketch') throw new Error(`unknown engine ${name}`);
    return new EngineProcess(name, name, values.build, nodeFlags);
  });
  const sketch =
    values.sketch === undefined ? [] : [new EngineProcess('sketch', 'sketch', values.sketch, nodeFlags)];
  return [new EngineProcess('native', 'native', ''), ...engines, ...sketch];
};

const ratioTo = (native: Samples, other: Samples): number | null =>
  'error' in native || 'error' in other ? null : median(other.perUnit) / median(native.perUnit);

const WIDTH = 15;
const rowText = (head: string, cells: readonly string[]): string =>
  head.padEnd(WIDTH) + cells.map((text) => text.padStart(WIDTH)).join('');

const printRow = (workload: Workload, results: readonly Samples[], labels: readonly string[]): void => {
  const native = results[0]!;
  const first = 'error' in native ? 'failed' : median(native.perUnit).toPrecision(3);
  const ratios = results.slice(1).map((result) => ratioTo(native, result)?.toPrecision(3) ?? '–');
  console.log(rowText(workload.name, [first, ...ratios]));
  results.forEach((result, i) => {
    if ('error' in result) console.log(`  ${labels[i]}: ${result.error}`);
  });
};

const run = async (): Promise<void> => {
  const chosen = selectWorkloads(positionals);
  const engines = startEngines();
  const labels = engines.map(({ label }) => label);
  const options = { samples: Number(values.samples), targetMs: Number(values.target) };
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}${values.jitless ? ', no compiler' : ''}`,
  );
  console.log(
    'CPU time per unit: native in microseconds, the others as a ratio to it (median; lower is better)\n',
  );
  console.log(rowText('', ['native µs', ...labels.slice(1)]));
  const all: { readonly workload: Workload; readonly results: readonly Samples[] }[] = [];
  for (const workload of chosen) {
    const results = await measure(engines, workload, options);
    all.push({ workload, results });
    printRow(workload, results, labels);
  }
  const micros = all.filter(({ workload }) => workload.kind === 'micro');
  const means = labels.slice(1).map((_, i) => {
    const ratios = micros.map(({ results }) => ratioTo(results[0]!, results[i + 1]!));
    const known = ratios.filter((ratio) => ratio !== null);
    return known.length === 0
      ? '–'
      : `${geometricMean(known).toPrecision(3)}${known.length < ratios.length ? ' *' : ''}`;
  });
  if (micros.length > 1)
    console.log(`${rowText('geo. mean', ['', ...means])}   (of ${micros.length} micros)`);
  if (means.some((text) => text.endsWith('*'))) console.log('* without those that failed');
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ node: process.version, labels, all }, null, 2)}\n`);
  for (const engine of engines) engine.stop();
  if (
    all.some(({ results }) =>
      results.some((result, i) => labels[i]!.startsWith('quern') && 'error' in result),
    )
  )
    process.exitCode = 1;
};

const choose = (): Promise<void> => {
  const [first, ...rest] = positionals;
  const options = { samples: Number(values.samples), targetMs: Number(values.target) };
  if (first === 'metering') return runMetering(values.build, rest, options);
  if (first === 'fuel') return runFuelTable(rest, values.json);
  if (first !== 'deadline') return run();
  return runDeadline().then(() => runStopping(rest));
};

if (values.help) process.stdout.write(help);
else {
  await choose().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
