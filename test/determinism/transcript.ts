/**
 * Prints what the engine does with a fixed list of programs, one line for each call: how it ended, fuel, output,
 * memory. `determinism.test.ts` runs it under different options of Node and compares the texts.
 *
 * Long calls are cut off: where a call stands after so many units belongs to the transcript.
 */
import { readFileSync } from 'node:fs';
import { startExecution } from '../../src/interpreter/execution.ts';
import type { FuncInstance } from '../../src/interpreter/function.ts';
import { compileModule, instantiate } from '../../src/interpreter/instantiate.ts';
import { Store } from '../../src/interpreter/store.ts';
import type { CurrentPlugin, HostFunctions } from '../../src/node.ts';
import { featureTable } from '../../src/syntax/features.ts';
import { assemble } from '../assembler.ts';
import { example } from '../examples/example-plugins.ts';
import { fastEngine, upTo } from '../plugins/executors.ts';
import { type CallReport, codeOf, memoryDigest, PluginSession } from '../plugins/plugin-session.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions } from '../plugins/recorded.ts';
import { shared, sharedFolder } from '../shared.ts';

/** Fuel of a call; all calls together are some seconds' work for an engine without a JIT. */
const CALL_FUEL = 200_003;
/** Fuel of a plug-in's first call, in which language runtimes set themselves up. */
const FIRST_FUEL = 2_500_003;

const print = (name: string, { end, results, output, message, fuel, memory }: CallReport): void =>
  console.log([name, end, results.join(), fuel, output, JSON.stringify(message), memory].join(' | '));

/** Calls of the project's own examples, which are always there: plug-in, function, input. */
const exampleCalls: readonly (readonly [string, string, string])[] = [
  ['greet', 'greet', 'Ada'],
  ['counter', 'count', 'Hello'],
  ['counter', 'count', 'World'],
  ['counter', 'ratio', '0'],
  ['counter', 'ratio', '7'],
];
const remark: HostFunctions = {
  'extism:host/user': { remark: (context: CurrentPlugin, total: bigint) => context.store(`${total} so far`) },
};

const transcribeExamples = (): void => {
  const sessions = new Map<string, PluginSession>();
  for (const [name, fn, input] of exampleCalls) {
    const session =
      sessions.get(name) ??
      new PluginSession(compileModule(readFileSync(example(name))), fastEngine, { functions: remark });
    sessions.set(name, session);
    print(`${name}.${fn}`, session.call(fn, Buffer.from(input), upTo(CALL_FUEL)));
  }
};

const transcribePlugins = async (): Promise<void> => {
  for (const setUp of readSetUps()) {
    if (setUp.id === 'kernel_http' || (setUp.id.endsWith('_simd') && !featureTable.simd.isExecuted)) continue;
    const session = new PluginSession(compileModule(moduleBytes(setUp)), fastEngine, {
      config: setUp.config ?? {},
      functions: await recordedFunctions(setUp),
    });
    for (const [i, call] of setUp.calls.entries()) {
      if (!session.hasExport(call.fn)) continue;
      const payment = upTo(i === 0 ? FIRST_FUEL : CALL_FUEL);
      print(`${setUp.id}.${call.fn}`, session.call(call.fn, inputOf(call), payment));
    }
  }
};

/** Benchmark modules; `sqlite` is left out, which as a plug-in is above. */
const benchmarks: readonly string[] = [
  ...['brvm', 'bulk', 'callind', 'collatz', 'fib', 'i64div', 'i64hash'],
  ...['mandel', 'matmul', 'nbody', 'qsort', 'sha256', 'sha512', 'sieve'],
];

/** Recursion without end: its depth must not depend on the room that the process has for its own stack. */
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

const transcribeBenchmarks = (): void => {
  for (const name of benchmarks)
    transcribeRun(name, readFileSync(shared('bench', `${name}.wasm`)), CALL_FUEL);
};

/** Calls `run` of a module without imports. */
const transcribeRun = (name: string, bytes: Uint8Array, fuel: number): void => {
  const { exports, memories } = instantiate(new Store(), compileModule(bytes), () => undefined);
  const execution = startExecution(exports.get('run') as FuncInstance, [1n], { fuel });
  const status = execution.run();
  print(name, {
    end: status === 'trap' ? codeOf(execution.error) : status,
    results: execution.results.map(String),
    output: null,
    message: null,
    fuel: execution.fuelConsumed,
    memory: memoryDigest(memories),
  });
};

transcribeExamples();
transcribeRun('recursion', runaway, FIRST_FUEL);
if (sharedFolder !== null) {
  await transcribePlugins();
  transcribeBenchmarks();
}
