/** Gathers what a transcript covers, from the examples and from the reference data where it is found. */
import { readFileSync } from 'node:fs';
import {
  featuresOf,
  listSuite,
  needsRealThreads,
  type SuiteEntry,
  scriptData,
  suiteFolder,
  supersededLines,
} from '../spec-tests/suite.ts';
import { defaultFeatures } from '../src/syntax/features.ts';
import { assemble } from '../test/assembler.ts';
import { example } from '../test/examples/example-plugins.ts';
import { inputOf, moduleBytes, readSetUps, type SetUp } from '../test/plugins/recorded.ts';
import { shared, sharedFolder } from '../test/shared.ts';
import { readVectors, type VectorProgram } from '../test/vectors/format.ts';
import type {
  PluginProgram,
  Program,
  RecordingProgram,
  RunProgram,
  ScriptProgram,
  VectorsProgram,
} from './program.ts';
import { recordedSetUps, recordSetUp } from './recordings.ts';

/** What is covered: everything, or the slice of `npm test` and CI. */
export type Coverage = 'all' | 'slice';

/** Fuel of the first and of each further call. Primes, so that calls are cut off in the middle of things. */
const fuels: Readonly<Record<Coverage, readonly [first: number, further: number]>> = {
  all: [2_500_009, 200_003],
  slice: [500_009, 50_021],
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const examplePrograms = (fuel: PluginProgram['fuel']): PluginProgram[] => {
  const program = (id: string, calls: readonly (readonly [fn: string, input: string])[]): PluginProgram => ({
    id: `example ${id}`,
    wasm: base64(readFileSync(example(id))),
    useWasi: false,
    config: { greeting: 'Salut' },
    allowedHosts: [],
    directories: [],
    calls: calls.map(([fn, input]) => ({ fn, input: base64(Buffer.from(input)) })),
    fuel,
  });
  return [
    program('greet', [['greet', 'Ada']]),
    program('counter', [
      ['count', 'Hello'],
      ['count', 'World'],
      ['ratio', '0'],
      ['ratio', '7'],
    ]),
  ];
};

const setUpProgram = (setUp: SetUp, fuel: PluginProgram['fuel']): PluginProgram => ({
  id: setUp.id,
  wasm: base64(moduleBytes(setUp)),
  useWasi: setUp.wasi,
  config: setUp.config ?? {},
  allowedHosts: setUp.hosts ?? [],
  directories: Object.keys(setUp.paths ?? {}),
  calls: setUp.calls.map((call) => ({ fn: call.fn, input: base64(inputOf(call)) })),
  fuel,
});

/** Recursion without end: its depth must not depend on the room that the engine has for its own stack. */
const runaway = assemble({
  types: [{ params: ['i32'], results: ['i32'] }],
  funcs: [
    {
      type: 0,
      code: [
        ['local.get', 0],
        ['call', 0],
      ],
    },
  ],
  exports: [['run', 'func', 0]],
});

/** Benchmark modules; `sqlite` is left out, which as a plug-in is above. */
const benchmarks: readonly string[] = [
  ...['brvm', 'bulk', 'callind', 'collatz', 'fib', 'i64div', 'i64hash'],
  ...['mandel', 'matmul', 'nbody', 'qsort', 'sha256', 'sha512', 'sieve'],
];

const runPrograms = ([first, further]: PluginProgram['fuel']): RunProgram[] => [
  { id: 'runaway recursion', wasm: base64(runaway), fuel: first },
  ...(sharedFolder === null ? [] : benchmarks).map((id) => ({
    id: `bench ${id}`,
    wasm: base64(readFileSync(shared('bench', `${id}.wasm`))),
    fuel: further,
  })),
];

const scriptProgram = (folder: string, entry: SuiteEntry): ScriptProgram => {
  const { json, bytes } = scriptData(folder, entry);
  return {
    name: entry.name,
    json,
    bytes: base64(bytes),
    features: [...featuresOf(entry)].filter((key) => !defaultFeatures.has(key)),
    excused: [...supersededLines(folder, entry).keys()],
  };
};

/** Scripts of the slice that every run of the tests takes: numbers, control, memory, references, vectors. */
const sliceScripts =
  /^core\/(f32|f64_cmp|i64|conversions|float_misc|br_table|memory_grow|struct|try_table|simd_f32x4)$/;
/** Set-ups of the slice, cheap ones of every kind. */
const sliceSetUps = /^(kernel_all|kernel_http|lua|sqlite_file|rust185_wasip1|fs_text)$/;

/** One after the other: each holds what it makes of the outside. */
const recordingPrograms = async (
  setUps: readonly SetUp[],
  [first]: PluginProgram['fuel'],
): Promise<RecordingProgram[]> => {
  const programs: RecordingProgram[] = [];
  for (const setUp of setUps.filter(({ id }) => recordedSetUps.test(id))) {
    programs.push(await recordSetUp(setUp, first));
  }
  return programs;
};

/** Every so many-th program of the fuel vectors is in the slice. */
const VECTORS_STRIDE = 12;

const vectorModules = ({ modules, suite }: VectorProgram): readonly string[] => {
  if (suite === undefined) return modules!;
  const [start, length] = suite.at!;
  return [base64(readFileSync(shared('spec-suite', suite.file)).subarray(start, start + length))];
};

const vectorsProgram = (isAll: boolean): VectorsProgram => {
  const { schedules, programs } = readVectors();
  const found = programs.filter(({ suite }) => suite === undefined || suiteFolder !== null);
  return {
    schedules,
    programs: found
      .filter((_, i) => isAll || i % VECTORS_STRIDE === 0)
      .map((program) => ({ ...program, modules: vectorModules(program) })),
  };
};

/** Gathers a program. */
export const collect = async (coverage: Coverage): Promise<Omit<Program, 'compiled'>> => {
  const isAll = coverage === 'all';
  const fuel = fuels[coverage];
  const setUps = sharedFolder === null ? [] : readSetUps();
  const scripts = suiteFolder === null ? [] : listSuite(suiteFolder);
  return {
    vectors: vectorsProgram(isAll),
    recordings: await recordingPrograms(setUps, fuel),
    runs: runPrograms(fuel),
    plugins: [
      ...examplePrograms(fuel),
      ...setUps.filter(({ id }) => isAll || sliceSetUps.test(id)).map((setUp) => setUpProgram(setUp, fuel)),
    ],
    scripts: scripts
      .filter((entry) => (isAll ? !needsRealThreads(suiteFolder!, entry) : sliceScripts.test(entry.name)))
      .map((entry) => scriptProgram(suiteFolder!, entry)),
  };
};
