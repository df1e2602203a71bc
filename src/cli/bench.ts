/**
 * `quern bench`: how fast a function of a plug-in is, and what it costs.
 *
 * Times depend on the machine and its load; fuel does not. Therefore both are printed.
 */
import { writeFileSync } from 'node:fs';
import type { CompiledPlugin, Plugin } from '../node.ts';
import type { Parsed } from './flags.ts';
import { readInput } from './input.ts';
import { numberOf, usageError } from './parse.ts';
import { compileFromFlags } from './plugin-flags.ts';

const DEFAULT_SECONDS = 3;
/** Most samples that are kept; beyond that, every other one is dropped and the stride doubles. */
const MAX_SAMPLES = 1 << 20;

/** Results of a series of calls. Times are milliseconds. */
interface Measurement {
  readonly callCount: number;
  readonly totalMs: number;
  /** In ascending order. */
  readonly samples: Float64Array;
  readonly leastFuel: number;
  readonly mostFuel: number;
}

/** Samples of equal weight, regardless of the number of calls. */
class Samples {
  #kept: number[] = [];
  #stride = 1;
  #seen = 0;

  add(milliseconds: number): void {
    if (this.#seen++ % this.#stride !== 0) return;
    this.#kept.push(milliseconds);
    if (this.#kept.length < MAX_SAMPLES) return;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }

  sorted(): Float64Array {
    return Float64Array.from(this.#kept).sort();
  }
}

const measure = async (
  plugin: Plugin,
  functionName: string,
  input: Uint8Array | string,
  isDone: (callCount: number, elapsedMs: number) => boolean,
): Promise<Measurement> => {
  const samples = new Samples();
  let callCount = 0;
  let leastFuel = Number.POSITIVE_INFINITY;
  let mostFuel = 0;
  const start = performance.now();
  let last = start;
  do {
    await plugin.call(functionName, input);
    const now = performance.now();
    samples.add(now - last);
    last = now;
    callCount++;
    leastFuel = Math.min(leastFuel, plugin.fuelConsumed);
    mostFuel = Math.max(mostFuel, plugin.fuelConsumed);
  } while (!isDone(callCount, last - start));
  return { callCount, totalMs: last - start, samples: samples.sorted(), leastFuel, mostFuel };
};

const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

const formatTime = (milliseconds: number): string =>
  milliseconds >= 1000
    ? `${(milliseconds / 1000).toFixed(2)} s`
    : milliseconds >= 1
      ? `${milliseconds.toFixed(2)} ms`
      : `${(milliseconds * 1000).toFixed(1)} µs`;
const formatCount = (value: number): string => value.toLocaleString('en');

/** Results of a measurement; times are milliseconds. `--json` prints it. */
interface BenchReport {
  readonly load: number;
  readonly instantiate: { readonly first: number; readonly second: number };
  readonly firstCall: number;
  readonly calls: { readonly count: number; readonly time: number; readonly perSecond: number };
  readonly latency: {
    readonly median: number;
    readonly p95: number;
    readonly p99: number;
    readonly longest: number;
  };
  readonly fuel: { readonly least: number; readonly most: number };
}

const load = async (
  compile: () => Promise<CompiledPlugin>,
): Promise<[Plugin, Pick<BenchReport, 'load' | 'instantiate'>]> => {
  const start = performance.now();
  const compiled = await compile();
  const compiledAt = performance.now();
  const plugin = await compiled.instantiate();
  const madeAt = performance.now();
  const again = await compiled.instantiate();
  const againAt = performance.now();
  await again.close();
  const instantiate = { first: madeAt - compiledAt, second: againAt - madeAt };
  return [plugin, { load: compiledAt - start, instantiate }];
};

const callReport = (first: Measurement, run: Measurement): Omit<BenchReport, 'load' | 'instantiate'> => {
  const { callCount, totalMs, samples, leastFuel, mostFuel } = run;
  const at = (share: number): number => quantile(samples, share);
  return {
    firstCall: first.totalMs,
    calls: { count: callCount, time: totalMs, perSecond: (1000 * callCount) / totalMs },
    latency: { median: at(0.5), p95: at(0.95), p99: at(0.99), longest: at(1) },
    fuel: { least: leastFuel, most: mostFuel },
  };
};

const reportText = ({ load, instantiate, firstCall, calls, latency, fuel }: BenchReport): string => {
  const { least, most } = fuel;
  const { median, p95, p99, longest } = latency;
  const bill = least === most ? formatCount(least) : `${formatCount(least)} to ${formatCount(most)}`;
  const millions = formatCount(Math.round((least * calls.perSecond) / 1e6));
  return [
    `load        ${formatTime(load)}`,
    `instantiate ${formatTime(instantiate.first)} the first time, ${formatTime(instantiate.second)} the second`,
    `first call  ${formatTime(firstCall)}`,
    `calls       ${formatCount(calls.count)} in ${formatTime(calls.time)}: ${formatCount(Math.round(calls.perSecond))} per second`,
    `latency     median ${formatTime(median)}, 95 % ${formatTime(p95)}, 99 % ${formatTime(p99)}, longest ${formatTime(longest)}`,
    `fuel        ${bill} a call, ${millions} million a second`,
    '',
  ].join('\n');
};

/** What is called. */
interface Subject {
  readonly source: string;
  readonly functionName: string;
  readonly input: Uint8Array | string;
  readonly isQuiet: boolean;
}

/** Makes the calls of the measurement, and writes which functions ran. */
const writeProfile = async (
  { source, functionName, input, isQuiet }: Subject,
  flags: Parsed<'bench'>['flags'],
): Promise<void> => {
  if (flags.compile) throw usageError('--profile and --compile exclude each other');
  const { callProfiler } = await import('../compile.ts');
  const profiler = callProfiler();
  const compiled = await compileFromFlags(source, flags, isQuiet);
  const plugin = await compiled.instantiate({ compiler: profiler });
  try {
    await measure(plugin, functionName, input, limitOf(flags));
  } finally {
    await plugin.close();
  }
  writeFileSync(flags.profile!, `${JSON.stringify(profiler.profile(), null, 2)}\n`);
};

/** When to stop. */
const limitOf = (flags: Parsed<'bench'>['flags']): ((callCount: number, elapsedMs: number) => boolean) => {
  const calls = numberOf(flags, 'calls') ?? null;
  const seconds = flags.seconds === undefined ? DEFAULT_SECONDS : Number(flags.seconds);
  if (calls !== null && calls < 1) throw usageError('--calls must be at least 1');
  if (!Number.isFinite(seconds) || seconds <= 0) throw usageError('--seconds must be a positive number');
  return (count, ms) => (calls === null ? ms >= seconds * 1000 : count >= calls);
};

/** Runs `quern bench`. */
export const runBench = async ({ operands, flags, isQuiet }: Parsed<'bench'>): Promise<void> => {
  const [source, functionName] = operands as readonly [string, string];
  const isDone = limitOf(flags);
  const input = await readInput(source, flags);
  if (flags.profile !== undefined) {
    await writeProfile({ source, functionName, input, isQuiet }, flags);
    return;
  }
  const [plugin, times] = await load(() => compileFromFlags(source, flags, isQuiet));
  try {
    const first = await measure(plugin, functionName, input, () => true);
    // The JavaScript engine compiles in the beginning.
    await measure(plugin, functionName, input, (count, ms) => isDone(4 * count, 4 * ms));
    const run = await measure(plugin, functionName, input, isDone);
    const report = { ...times, ...callReport(first, run) };
    process.stdout.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  } finally {
    await plugin.close();
  }
};
