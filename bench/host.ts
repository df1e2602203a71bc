/**
 * What does a host cost? `npm run bench:host -- [--time MS] [--rounds N] [WORD…]` measures the rows of
 * `host-rows.ts`, or those whose names contain a word, with the official SDK on native Wasm beside it if both support
 * them. A row is measured only if its outcome is the same on all hosts. `--cycles N` is described in `cycles.ts`.
 */
import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';
import { measureCycles } from './cycles.ts';
import { type Row, rows } from './host-rows.ts';
import { hosts } from './hosts.ts';
import { median } from './measure.ts';

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    time: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '3' },
    cycles: { type: 'string' },
  },
});

const time = Number(values.time);

/** Milliseconds of a row on each of the hosts that support it: medians of samples taken in turn. */
const measureRow = async ({ prepare, isQuernOnly = false }: Row): Promise<number[]> => {
  const able = isQuernOnly ? hosts.slice(0, 1) : hosts;
  const prepared = await Promise.all(able.map((host) => prepare(host)));
  const outcomes = new Set<string>();
  for (const { outcome } of [...prepared, ...prepared]) outcomes.add(await outcome());
  if (outcomes.size > 1) throw new Error(`outcomes differ: ${[...outcomes].join(' | ').slice(0, 200)}`);
  const medians: number[][] = able.map(() => []);
  for (let round = 0; round < Number(values.rounds); round++) {
    const bench = new Bench({ time, warmupTime: time, iterations: 10, throws: true });
    prepared.forEach(({ run }, i) => {
      bench.add(able[i]!.name, run, { async: true });
    });
    const tasks = await bench.run();
    tasks.forEach(({ result }, i) => {
      if ('latency' in result) medians[i]!.push(result.latency.p50);
    });
  }
  for (const { end } of prepared) await end?.();
  return medians.map(median);
};

const NAME_WIDTH = 40;
const CELL_WIDTH = 16;
const line = (name: string, cells: readonly string[]): string =>
  name.padEnd(NAME_WIDTH) + cells.map((text) => text.padStart(CELL_WIDTH)).join('');
const timeText = (ms: number): string =>
  ms < 1 ? `${(ms * 1000).toPrecision(3)} µs` : `${ms.toPrecision(3)} ms`;

const measureRows = async (): Promise<void> => {
  console.log(`Node ${process.version}; medians of wall time, and the first as a ratio to the second\n`);
  console.log(line('', [...hosts.map(({ name }) => name), ...(hosts.length > 1 ? ['ratio'] : [])]));
  const chosen = rows.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  for (const row of chosen) {
    try {
      const [own, other] = await measureRow(row);
      const cells = other === undefined ? [] : [timeText(other), (own! / other).toPrecision(3)];
      console.log(line(row.name, [timeText(own!), ...cells]));
    } catch (error) {
      console.log(`${row.name}: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
};

if (values.cycles === undefined) await measureRows();
else await measureCycles(Number(values.cycles));
