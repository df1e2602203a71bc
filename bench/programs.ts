/**
 * How fast are real programs on `quern/webassembly`? CPU time of one unit of work, as a ratio to native Wasm:
 * `npm run bench:programs -- [--samples N] [--units N] [--compile] [PROGRAM…]`. Engines run in processes of their own,
 * in turn: ours, with `--compile` also as it makes JavaScript of what runs often, and polywasm where it can. Nothing is
 * counted whose result is not that of native Wasm. With `--units`, so many units run, and the last ones are measured,
 * too: compilers take seconds to warm up.
 */
import { parseArgs } from 'node:util';
import { ProgramProcess } from '../test/webassembly/children.ts';
import type { ProgramEngine } from '../test/webassembly/program-child.ts';
import { type ProgramName, programNames } from '../test/webassembly/programs.ts';
import { median } from './measure.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    samples: { type: 'string', default: '5' },
    units: { type: 'string' },
    compile: { type: 'boolean', default: false },
  },
});
const chosen = programNames.filter((name) => positionals.length === 0 || positionals.includes(name));
if (chosen.length === 0) {
  console.error(`unknown program; there are ${programNames.join(', ')}`);
  process.exit(2);
}
const WARM_UP = 3;
const samples = Number(values.samples);
const unitCount = Number(values.units ?? WARM_UP + samples);
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
        failures[i] = 'another result than native Wasm';
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

const WIDTH = 16;
const row = (head: string, cells: readonly string[]): string =>
  head.padEnd(22) + cells.map((text) => text.padStart(WIDTH)).join('');

console.log(
  `Node ${process.version}; CPU time: native in milliseconds, the others as a ratio (median; lower is better)\n`,
);
/** Without the first units, in which the interpreter's loop is compiled. */
const early = ({ units }: Times): number => median(units.slice(WARM_UP, WARM_UP + samples));
const late = ({ units }: Times): number => median(units.slice(-samples));
const columns: readonly (readonly [head: string, pick: (times: Times) => number])[] = [
  ['native unit', early],
  ...(values.units === undefined ? [] : [['native, last', late] as const]),
  ['native load', ({ load }) => Math.max(load, 1)],
];
console.log(
  row(
    '',
    columns.flatMap(([head]) => [head, ...otherNames]),
  ),
);
for (const name of chosen) {
  const [native, ...others] = await measure(name);
  if (native === undefined || 'failure' in native) {
    console.log(row(name, ['failed']));
    continue;
  }
  const ratio = (pick: (times: Times) => number): string[] => [
    pick(native).toPrecision(3),
    ...others.map((outcome) => ('failure' in outcome ? '–' : (pick(outcome) / pick(native)).toPrecision(3))),
  ];
  console.log(
    row(
      name,
      columns.flatMap(([, pick]) => ratio(pick)),
    ),
  );
  others.forEach((outcome, i) => {
    if ('failure' in outcome) console.log(`  ${otherNames[i]}: ${outcome.failure}`);
  });
  if (others.some((outcome, i) => otherNames[i] !== 'polywasm' && 'failure' in outcome)) process.exitCode = 1;
}
