/**
 * Measuring engines side by side: results are compared first, then samples are taken in turn, so that a change of the
 * machine's speed affects all of them alike.
 */
import type { EngineProcess, WorkerRequest } from './engine-process.ts';
import { type Workload, workloadFile } from './workloads.ts';

/** CPU microseconds per unit of work, one number per sample; or why there are none. */
export type Samples = { readonly perUnit: readonly number[] } | { readonly error: string };

export interface MeasureOptions {
  /** Samples per engine. */
  readonly samples: number;
  /** CPU milliseconds that one sample should take. */
  readonly targetMs: number;
}

const MAX_UNITS = 1 << 24;
/** Rounds of a program that are not measured: loading and warming up. */
const WARM_ROUNDS = 1;
/** CPU milliseconds that warming up takes at least. */
const WARM_MS = 1500;
/** By how much a later run may be faster if the engine counts as warm. */
const SETTLED = 1.25;
/** A program's sample is a difference of two runs, each with a start-up; it must be long compared with those. */
const PROGRAM_FACTOR = 16;

interface Contestant {
  readonly engine: EngineProcess;
  readonly perUnit: number[];
  units: number;
  error: string | null;
}

const request = (workload: Workload, units: number): WorkerRequest => ({
  ...{ file: workloadFile(workload), kind: workload.kind, units },
  ...(workload.preparation && { preparation: workload.preparation }),
});

/** Checks the result of some units against the first engine's. An engine that is wrong is named, and not measured. */
const verify = async (
  contestants: readonly Contestant[],
  workload: Workload,
  units: number,
): Promise<void> => {
  let expected: string | null = null;
  for (const contestant of contestants) {
    if (contestant.error !== null) continue;
    const answer = await contestant.engine.ask(request(workload, units));
    if ('error' in answer) contestant.error = answer.error;
    else if (expected === null) expected = answer.result;
    else if (answer.result !== expected) contestant.error = `wrong result ${answer.result}, not ${expected}`;
  }
};

/** CPU milliseconds of some units. Of a program, the difference of two runs: start-up does not count. */
const timeUnits = async (contestant: Contestant, workload: Workload, units: number): Promise<number> => {
  const { engine } = contestant;
  const isProgram = workload.kind === 'program';
  const base = isProgram ? await engine.ask(request(workload, WARM_ROUNDS)) : { ms: 0, result: '' };
  const full = await engine.ask(request(workload, isProgram ? units + WARM_ROUNDS : units));
  if (!('error' in base) && !('error' in full)) return full.ms - base.ms;
  contestant.error = 'error' in full ? full.error : 'failed';
  return Number.POSITIVE_INFINITY;
};

/**
 * Finds how many units take about the wanted time; the runs warm the engine up. A compiler that works concurrently is
 * not ready immediately: measurements before that would not show the engine's speed.
 */
const calibrate = async (contestant: Contestant, workload: Workload, targetMs: number): Promise<void> => {
  for (let spentMs = 0; ; ) {
    const { units } = contestant;
    const ms = await timeUnits(contestant, workload, units);
    spentMs += ms;
    if (ms < targetMs / 2 && units < MAX_UNITS) {
      contestant.units *= ms < targetMs / 16 ? 8 : 2;
      continue;
    }
    const ideal = Math.round((units * targetMs) / Math.max(ms, 0.1));
    contestant.units = Math.min(MAX_UNITS, Math.max(1, ideal));
    if (spentMs >= WARM_MS && contestant.units <= SETTLED * units) return;
  }
};

/** One sample. */
const sample = async (contestant: Contestant, workload: Workload): Promise<void> => {
  const ms = await timeUnits(contestant, workload, contestant.units);
  contestant.perUnit.push((ms * 1000) / contestant.units);
};

/**
 * Measures one workload on several engines; the results of the others must agree with that of the first one.
 *
 * @returns samples in the order of the engines
 */
export const measure = async (
  engines: readonly EngineProcess[],
  workload: Workload,
  options: MeasureOptions,
): Promise<Samples[]> => {
  const contestants: Contestant[] = engines.map((engine) => ({ engine, perUnit: [], units: 1, error: null }));
  for (const units of workload.kind === 'micro' ? [1, 2, 3] : [1]) await verify(contestants, workload, units);
  const running = () => contestants.filter(({ error }) => error === null);
  const targetMs = options.targetMs * (workload.kind === 'program' ? PROGRAM_FACTOR : 1);
  for (const contestant of running()) await calibrate(contestant, workload, targetMs);
  for (let i = 0; i < options.samples; i++) {
    for (const contestant of running()) await sample(contestant, workload);
  }
  return contestants.map(({ error, perUnit }) => (error === null ? { perUnit } : { error }));
};

/** The middle value. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** The geometric mean; the right one for ratios. */
export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
