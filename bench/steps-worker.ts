/**
 * One workload of `npm run bench:steps`, in a separate process: a watched call, with everything compiled or nothing.
 * Time is the CPU time of the process between two checks, or the wall time, if that is less: both include the work of
 * this thread, the first also that of V8's other threads, the second that of other processes.
 */
import { readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { makeCompiler } from '../src/compiler/compiler.ts';
import { CompiledInstance } from '../src/compiler/link.ts';
import { CompiledUnit } from '../src/compiler/unit.ts';
import {
  compileModule,
  type FuncInstance,
  type FuncType,
  instantiate,
  type ModuleInstance,
  rawHostFunction,
  Store,
  type StoreOptions,
  startExecution,
} from '../src/wasm.ts';
import { assemble } from '../test/assembler.ts';
import { programBytes, runProgram } from './go-program.ts';
import type { Block, Mode, StepsAnswer, Workload } from './steps.ts';

const [, , workload, mode, file] = process.argv as unknown as [string, string, Workload, Mode, string];

const collections: { readonly start: number; readonly duration: number }[] = [];
new PerformanceObserver((list) => {
  for (const { startTime: start, duration } of list.getEntries()) collections.push({ start, duration });
}).observe({ entryTypes: ['gc'] });

const causes = new Map<string, number>();
/** Measures the time of a method. */
const time = (cause: string, { prototype }: { readonly prototype: object }, name: string): void => {
  const method = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
  Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]) {
    const begin = performance.now();
    try {
      return method.apply(this, args);
    } finally {
      causes.set(cause, (causes.get(cause) ?? 0) + performance.now() - begin);
    }
  });
};
time('generating', CompiledUnit, 'generate');
time('placing', CompiledInstance, 'place');
time('views', CompiledInstance, 'renewViews');
time('the edition', CompiledInstance, 'enterEdition');

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const found: (Block & { readonly at: number; readonly wall: number })[] = [];
/** Shorter times are not recorded. */
const SHORT = 3;
let looks = 0;
let last = { cpu: 0, wall: 0 };
const begin = (): void => {
  causes.clear();
  last = { cpu: cpu(), wall: performance.now() };
};
const look = (): boolean => {
  const at = performance.now();
  const wall = at - last.wall;
  const ms = Math.min(wall, cpu() - last.cpu);
  if (ms > SHORT) found.push({ look: looks, ms, at, wall, causes: Object.fromEntries(causes) });
  looks++;
  begin();
  return false;
};

const compiler =
  mode === 'interpreted' ? null : makeCompiler({ threshold: 0, maxBytes: 2 ** 30 }, true, null);
const options: StoreOptions = compiler === null ? {} : { compiler };

const run = (func: FuncInstance, fuel: number): void => {
  const args = func.signature.params.map(() => 0n);
  begin();
  const call = startExecution(func, args, { onSlice: look, fuel });
  const outcome = call.run();
  look();
  if (outcome === 'paused') call.abandon(new Error('enough'));
};

// The machine is trained before the first call of a process, whatever is called.
const tiny = assemble({ funcs: [{}], exports: [['run', 'func', 0]] });
run(instantiate(new Store(), compileModule(tiny), () => undefined).exports.get('run') as FuncInstance, 1000);
found.length = 0;

const bytes = workload === 'synthetic' ? readFileSync(file) : programBytes();
const compiled = compileModule(bytes);
const instance = (): ModuleInstance =>
  instantiate(new Store(options), compiled, (_module, _name, desc) =>
    desc.kind === 'func' ? rawHostFunction(desc.type.comp as FuncType, () => {}) : undefined,
  );
const runAll = (): void => run(instance().exports.get('run') as FuncInstance, Number.MAX_SAFE_INTEGER);

/** Fuel for functions that are called with zeros. */
const ENOUGH = 300_000;
const MOST_CALLS = 500;
/** TABLE: the workloads. */
const workloads: Readonly<Record<Workload, () => Promise<unknown>>> = {
  program: () => runProgram(compiled, options, begin, look),
  functions: async () => {
    const { funcs, unit } = instance();
    for (const func of funcs) {
      if (func.host !== null) continue;
      let isThere = false;
      for (let calls = 0; calls < MOST_CALLS && !isThere; calls++) {
        isThere = compiler?.unitOf(unit).recordOf(func.code).whole.generated !== undefined;
        run(func, ENOUGH);
      }
    }
  },
  synthetic: async () => {
    runAll();
    if (mode === 'second') runAll();
  },
};

const before = cpu();
await workloads[workload]();
// The observer reports later.
await new Promise((resolve) => setTimeout(resolve, 100));
const blocks = found.map(({ look, ms, at, wall, causes }): Block => {
  const garbage = collections
    .filter(({ start, duration }) => start + duration > at - wall && start < at)
    .reduce((sum, { duration }) => sum + duration, 0);
  return { look, ms, causes: { ...causes, garbage } };
});
const answer: StepsAnswer = {
  bytes: bytes.length,
  looks,
  seconds: (cpu() - before) / 1000,
  peak: process.resourceUsage().maxRSS / 1024,
  blocks,
};
process.stdout.write(JSON.stringify(answer));
