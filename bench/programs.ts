/**
 * How fast are real programs on `quern/webassembly`, from a cold start to warm? CPU time as a ratio to native Wasm:
 * `npm run bench:programs -- [--processes N] [--units N] [--compile] [PROGRAM…]`. Each program runs in separate
 * processes, one per engine, in turn: ours, with `--compile` also with its compiler, and polywasm where it can.
 * Results count only if they are those of native Wasm. CPU time of a process counts V8's own compilers, which take
 * seconds to warm up: that is why the table is a curve, of the whole time to load a program and to do 1, 10 and 100
 * units of work, and of a unit at the end.
 */
import { parseArgs } from 'node:util';
import { ProgramProcess } from '../test/webassembly/children.ts';
import type { ProgramEngine } from '../test/webassembly/program-child.ts';
import { type ProgramName, programNames } from '../test/webassembly/programs.ts';
import { median } from './measure.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: 'string', default: '3' },
    units: { type: 'string', default: '100' },
    compile: { type: 'boolean', default: false },
  },
});
const chosen = programNames.filter((name) => positionals.length === 0 || positionals.includes(name));
if (chosen.length === 0) {
  console.error(`unknown program; there are ${programNames.join(', ')}`);
  process.exit(2);
}
const unitCount = Number(values.units);
const processCount = Number(values.processes);
/** Units whose median is the time of a unit at the end. */
const LAST = 9;
const engineNames: readonly ProgramEngine[] = values.compile
  ? ['native', 'quern', 'quern-compiled', 'polywasm']
  : ['native', 'quern', 'polywasm'];
const otherNames = engineNames.slice(1);

interface Times {
  readonly load: number;
  readonly units: readonly number[];
}
type Outcome = Times | { readonly failure: string };

/** A unit that has not answered by then will not. */
const PATIENCE_MS = 120_000;
const impatient = <T>(promise: Promise<T>): Promise<T | { error: string }> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<{ error: string }>((resolve) => {
    timer = setTimeout(() => resolve({ error: 'no answer' }), PATIENCE_MS);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
};

/** Measures one program on all engines, in turn. */
const measure = async (name: ProgramName): Promise<Outcome[]> => {
  const engines = engineNames.map((engine) => new ProgramProcess(engine, engine));
  const times = engines.map(() => ({ load: 0, units: [] as number[] }));
  const failures: (string | null)[] = engines.map(() => null);
  for (let round = 0; round < unitCount; round++) {
    let expected: string | null = null;
    for (const [i, engine] of engines.entries()) {
      if (failures[i] !== null) continue;
      const answer = await impatient(engine.ask(name));
      if ('error' in answer) failures[i] = answer.error.split('\n')[0]!.slice(0, 80);
      else if (expected !== null && answer.result !== expected)
        failures[i] = 'a different result than native Wasm';
      else {
        expected ??= answer.result;
        if (round === 0) times[i]!.load = answer.loadMs;
        times[i]!.units.push(answer.ms);
      }
    }
  }
  for (const engine of engines) engine.stop();
  return engines.map((_, i) => (failures[i] === null ? times[i]! : { failure: failures[i]! }));
};

/** Milliseconds of CPU at points of the curve. */
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const until = (units: number) => (times: Times) => times.load + sum(times.units.slice(0, units));
const columns: readonly (readonly [head: string, pick: (times: Times) => number])[] = [
  ...[1, 10, 100].filter((units) => units <= unitCount).map((n) => [`native, ${n}`, until(n)] as const),
  ['native, last', ({ units }) => median(units.slice(-LAST))],
];

const WIDTH = 15;
const row = (head: string, cells: readonly string[]): string =>
  head.padEnd(20) + cells.map((text) => text.padStart(WIDTH)).join('');

console.log(
  `Node ${process.version}; CPU time to load and do so many units, and of a unit at the end: native in milliseconds,`,
);
console.log(`the others as a ratio (medians of ${processCount} processes; lower is better)\n`);
console.log(
  row(
    '',
    columns.flatMap(([head]) => [head, ...otherNames]),
  ),
);
for (const name of chosen) {
  const runs: Outcome[][] = [];
  for (let i = 0; i < processCount; i++) runs.push(await measure(name));
  /** The median over processes; null where one failed. */
  const figure = (engine: number, pick: (times: Times) => number): number | null => {
    const outcomes = runs.map((run) => run[engine]!);
    const times = outcomes.filter((outcome): outcome is Times => !('failure' in outcome));
    return times.length < outcomes.length ? null : median(times.map(pick));
  };
  console.log(
    row(
      name,
      columns.flatMap(([, pick]) => {
        const native = figure(0, pick);
        if (native === null) return engineNames.map(() => 'failed');
        const ratios = otherNames.map((_, i) => figure(i + 1, pick));
        return [
          native.toPrecision(3),
          ...ratios.map((ms) => (ms === null ? '–' : (ms / native).toPrecision(3))),
        ];
      }),
    ),
  );
  for (const [i, engine] of engineNames.entries()) {
    const failed = runs.map((run) => run[i]!).find((outcome) => 'failure' in outcome);
    if (failed === undefined) continue;
    console.log(`  ${engine}: ${(failed as { failure: string }).failure}`);
    if (engine !== 'polywasm') process.exitCode = 1;
  }
}
