/** TABLE: the programs of wasmi-labs/wasmi-benchmarks, as its `benches/criterion/execute.rs` runs them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseModule } from '../src/text.ts';
import { root } from '../test/shared.ts';
import type { Workload } from './workloads.ts';

type Value = number | { readonly i64: string };
/** How a module is prepared. A run is a call of `run`. */
export interface Preparation {
  /** The argument of `setup`, whose result `run` takes; null if there is none, and `run` takes `argument`. */
  readonly setup: Value | null;
  readonly argument?: Value;
  /** A file that is written where `input_ptr` says. */
  readonly input?: string;
}

const i64 = (value: number): Value => ({ i64: String(value) });
const texts: Readonly<Record<string, Value>> = {
  'counter-local': 1_000_000,
  'counter-param': 1_000_000,
  'counter-global': 500_000,
  'fibonacci-rec': i64(30),
  'fibonacci-iter': i64(2_000_000),
  'fibonacci-tail': i64(1_000_000),
  'bulk-ops': i64(5000),
};

const book = { setup: 152_089, input: 'res/alice29.txt' };
const genome = { setup: 10_245, input: 'cases/reverse-complement/input.txt' };
const rust: Readonly<Record<string, Preparation>> = {
  sort: { setup: 1_000_000 },
  'sort-dyn': { setup: 400_000 },
  'prime-sieve': { setup: i64(10_000_000) },
  'matrix-mul': { setup: 400 },
  nbody: { setup: 400 },
  argon2: { setup: 3000 },
  // It takes no argument.
  'tiny-keccak': { setup: 0 },
  mandelbrot: { setup: 150 },
  spectralnorm: { setup: 500 },
  compression: book,
  'word-count': book,
  'json-parse': { setup: 1_727_205, input: 'res/citm_catalog.json' },
  'reverse-complement': genome,
  'regex-redux': genome,
};

/** The programs of these names, all when none is given. Those that are text are translated by our reader. */
export const preparedWorkloads = (checkout: string, names: readonly string[]): Workload[] => {
  const folder = join(root, 'build/bench/wasmi');
  const read = (path: string): Buffer => readFileSync(join(checkout, path));
  mkdirSync(folder, { recursive: true });
  const rows = [
    ...Object.entries(texts).map(([name, argument]) => {
      const file = join(folder, `${name}.wasm`);
      writeFileSync(file, parseModule(read(`res/wat/${name}.wat`).toString()));
      return { name, file, preparation: { setup: null, argument } };
    }),
    ...Object.entries(rust).map(([name, preparation]) => {
      const input = preparation.input && join(checkout, 'res/rust', preparation.input);
      const file = join(checkout, 'res/rust/cases', name, 'out.wasm');
      return { name, file, preparation: { ...preparation, ...(input && { input }) } };
    }),
  ];
  return rows
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map((row) => ({ ...row, kind: 'prepared', stresses: '' }));
};
