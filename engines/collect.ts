/** Collects the contents of a transcript, from the examples and from the reference data if it is found. */
import { readFileSync } from 'node:fs';
import {
  dataFolder,
  dataSuite,
  featuresOf,
  type Suite,
  type SuiteEntry,
  scriptData,
} from '../spec-tests/suite.ts';
import { defaultFeatures } from '../src/syntax/features.ts';
import { assemble } from '../test/assembler.ts';
import { example } from '../test/examples/example-plugins.ts';
import { inputOf, moduleBytes, readSetUps, type SetUp } from '../test/plugins/recorded.ts';
import { shared, sharedFolder } from '../test/shared.ts';
import { readVectors, type VectorProgram } from '../test/vectors/format.ts';
import { compileWat } from '../test/wat.ts';
import type {
  DeepCallsProgram,
  PluginProgram,
  Program,
  RecordingProgram,
  RunProgram,
  ScriptProgram,
  VectorsProgram,
} from './program.ts';
import { recordedSetUps, recordSetUp } from './recordings.ts';

/** The scope: everything, or the slice of `npm test` and CI. */
export type Coverage = 'all' | 'slice';

/** Fuel of the first and of each further call. Primes, so that calls are interrupted in the middle of operations. */
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

/** Endless recursion: its depth must not depend on the size of the engine's own stack. */
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

/** The depth of precompiled code: Hermes parses 1,024 levels. */
const DEEPEST = 291;
const nested = assemble({
  types: [{ params: ['i32'], results: ['i32'] }],
  funcs: [
    {
      type: 0,
      code: [
        ...Array.from(
          { length: DEEPEST },
          () => [['loop', null], ['local.get', 0], 'i32.eqz', ['br_if', 0]] as const,
        ).flat(),
        ['local.get', 0],
        ...Array.from({ length: 1001 }, () => 'i32.eqz' as const),
        ['local.set', 0],
        ...Array.from({ length: DEEPEST }, () => 'end' as const),
        ['local.get', 0],
      ],
    },
  ],
  exports: [['run', 'func', 0]],
});

const wide = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 'f64' : 'i64'));
const deepWays = ['small', 'wide', 'mutual', 'mixed', 'indirect', 'host', 'values', 'bounded'] as const;
const deepCallsProgram = (): DeepCallsProgram => {
  const { deep } = compileWat({
    deep: `(module
      (import "env" "again" (func $again))
      (table funcref (elem $indirect))
      (type $one (func (param i32) (result i32)))
      (global $calls (mut i32) (i32.const 0))
      (memory 1)
      (func $note (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))))
      (func $small (export "small") (param i32) (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (i32.add (call $small (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
      (func $wide (export "wide") (param i32) (result i32) (local ${wide.join(' ')})
        (local.set 2 (i64.extend_i32_s (local.get 0)))
        (local.set 1 (f64.convert_i32_s (local.get 0)))
        (call $note)
        (drop (call $wide (i32.add (local.get 0) (i32.const 1))))
        (i32.wrap_i64 (i64.add (local.get 2) (i64.trunc_sat_f64_s (local.get 1)))))
      (func $mutual (export "mutual") (param i32) (result i32)
        (i32.trunc_sat_f64_s (call $other (f64.convert_i32_s (local.get 0)) (i64.const 7))))
      (func $other (param f64 i64) (result f64)
        (call $note)
        (f64.convert_i32_s (call $mutual (i32.trunc_sat_f64_s (local.get 0)))))
      ;; every second function has no code of its own
      (func $mixed (export "mixed") (param i32) (result i32)
        (i32.add (call $interpreted (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
      (func $interpreted (param i32) (result i32)
        (drop (ref.is_null (ref.null func)))
        (i32.sub (call $mixed (local.get 0)) (i32.const 1)))
      (func $indirect (export "indirect") (type $one)
        (i32.sub (call_indirect (type $one) (i32.add (local.get 0) (i32.const 3)) (i32.const 0)) (i32.const 1)))
      (func $host (export "host") (param i32) (result i32)
        (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 4000))) (then (call $again)))
        (i32.add (call $host (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
      (func $values (export "values") (param i32) (result i32)
        (i32.const 1) (i32.const 2) (f64.const 0.5) (i64.const 9)
        (call $values (i32.add (local.get 0) (i32.const 1)))
        (drop) (drop) (drop) (i32.add))
      ;; comes back from as deep as most frames are counted
      (func $bounded (export "bounded") (param i32) (result i32)
        (call $note)
        (if (result i32) (i32.ge_u (local.get 0) (i32.const 60000)) (then (i32.load (i32.const 8)))
          (else (i32.add (call $bounded (i32.add (local.get 0) (i32.const 1))) (i32.const 1))))))`,
  });
  return { wasm: base64(deep), names: deepWays };
};

/** Benchmark modules; `sqlite` is left out, which as a plug-in is above. */
const benchmarks: readonly string[] = [
  ...['brvm', 'bulk', 'callind', 'collatz', 'fib', 'i64div', 'i64hash'],
  ...['mandel', 'matmul', 'nbody', 'qsort', 'sha256', 'sha512', 'sieve'],
];

const runPrograms = ([first, further]: PluginProgram['fuel']): RunProgram[] => [
  { id: 'runaway recursion', wasm: base64(runaway), fuel: first },
  { id: 'nested loops', wasm: base64(nested), fuel: first },
  ...(sharedFolder === null ? [] : benchmarks).map((id) => ({
    id: `bench ${id}`,
    wasm: base64(readFileSync(shared('bench', `${id}.wasm`))),
    fuel: further,
  })),
];

const scriptProgram = (suite: Suite, entry: SuiteEntry): ScriptProgram => {
  const { json, bytes } = scriptData(dataFolder!, entry);
  return {
    name: entry.name,
    json,
    bytes: base64(bytes),
    features: [...featuresOf(entry)].filter((key) => !defaultFeatures.has(key)),
    excused: [...suite.exceptionsOf(entry).keys()],
  };
};

/** Scripts of the slice that every run of the tests takes: numbers, control, memory, references, vectors. */
const sliceScripts =
  /^core\/(f32|f64_cmp|i64|conversions|float_misc|br_table|memory_grow|struct|try_table|simd_f32x4)$/;
/** Set-ups of the slice, cheap ones of every kind. */
const sliceSetUps = /^(kernel_all|kernel_http|lua|sqlite_file|rust185_wasip1|fs_text)$/;

/** One after the other: each keeps its state of the outside. */
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

/** Every n-th program of the fuel vectors is in the slice. */
const VECTORS_STRIDE = 12;

const vectorModules = ({ modules, suite }: VectorProgram): readonly string[] => {
  if (suite === undefined) return modules!;
  const [start, length] = suite.at!;
  return [base64(readFileSync(shared('spec-suite', suite.file)).subarray(start, start + length))];
};

const vectorsProgram = (isAll: boolean): VectorsProgram => {
  const { schedules, programs } = readVectors();
  const found = programs.filter(({ suite }) => suite === undefined || dataFolder !== null);
  return {
    schedules,
    programs: found
      .filter((_, i) => isAll || i % VECTORS_STRIDE === 0)
      .map((program) => ({ ...program, modules: vectorModules(program) })),
  };
};

/** Collects a program. */
export const collect = async (coverage: Coverage): Promise<Omit<Program, 'compiled'>> => {
  const isAll = coverage === 'all';
  const fuel = fuels[coverage];
  const setUps = sharedFolder === null ? [] : readSetUps();
  const suite = dataFolder === null ? null : dataSuite(dataFolder);
  return {
    vectors: vectorsProgram(isAll),
    recordings: await recordingPrograms(setUps, fuel),
    runs: runPrograms(fuel),
    deepCalls: deepCallsProgram(),
    plugins: [
      ...examplePrograms(fuel),
      ...setUps.filter(({ id }) => isAll || sliceSetUps.test(id)).map((setUp) => setUpProgram(setUp, fuel)),
    ],
    scripts: (suite?.entries ?? [])
      .filter((entry) => (isAll ? !suite!.needsRealThreads(entry) : sliceScripts.test(entry.name)))
      .map((entry) => scriptProgram(suite!, entry)),
  };
};
