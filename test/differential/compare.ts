/** One generated program on every executor; throws at the first difference. */
import assert from 'node:assert/strict';
import { type FuelSchedule, flat1, quern1, type StoreOptions } from '../../src/wasm.ts';
import { type Forced, forcedCompiler } from '../compiler/forced-compiler.ts';
import { Random } from '../generators/random.ts';
import { generateWorld, type World } from '../generators/world.ts';
import { defaultOptions, type ReferenceOptions } from '../reference/instances.ts';
import { runOnEngine } from './engine.ts';
import { runInLockStep } from './lock-step.ts';
import { NativeProcess } from './native.ts';
import { runOnReference } from './reference.ts';
import { coarsenTraps, type Step } from './report.ts';

/** Prices that distinguish all classes; some are free. */
export const oddSchedule: FuelSchedule = Object.freeze<FuelSchedule>({
  name: 'odd-1',
  cost: Object.freeze({
    structure: 0,
    simple: 3,
    branch: 1,
    call: 7,
    div: 11,
    float: 13,
    memory: 0,
    global: 17,
    bulk: 19,
    table: 23,
    reference: 0,
    allocation: 29,
    vector: 31,
    atomic: 37,
    wait: 43,
    exception: 41,
    unreachable: 5,
    return: 2,
  }),
  entry: 0,
  localsPerUnit: 3,
  valuesPerUnit: 2,
  clausesPerUnit: 1,
  hostCall: 9,
  hostBytesPerUnit: 0,
  bulkBytesPerUnit: 5,
  bulkElementsPerUnit: 1,
  growPage: 43,
});

/** What a comparison was about, for statistics. */
export interface Comparison {
  readonly world: World;
  readonly outcomes: readonly string[];
  readonly isNative: boolean;
}

const budgetsFor = (random: Random): Pick<StoreOptions, 'maxCallDepth' | 'maxStackSlots'> => {
  if (random.chance(80)) return {};
  return random.chance(50)
    ? { maxCallDepth: 1 + random.below(8) }
    : { maxStackSlots: 20 + random.below(200) };
};

/** How often compiled code of random programs is left. */
const exitChances = [0, 0.01, 0.1, 0.5, 1];

/** Runs the program on compiled code: at once, and with fuel that runs out at many places. */
const compareCompiled = (
  world: World,
  store: StoreOptions,
  options: ReferenceOptions,
  expected: readonly Step[],
  random: Random,
): void => {
  for (const target of ['jit', 'nojit', 'pieces'] as const) {
    const forced: Forced = {
      target,
      exits: random.pick(exitChances),
      seed: random.bits(),
      isLoopsOnly: random.chance(25),
    };
    const what = `compiled code against the reference, ${JSON.stringify(forced)}`;
    const compiled = (): StoreOptions => ({ ...store, compiler: forcedCompiler(forced) });
    assert.deepEqual(runOnEngine(world, compiled(), {}), expected, what);
    try {
      runInLockStep(world, compiled(), options, random, false, random.pick([0, 30]));
    } catch (error) {
      throw new Error(`in lock step: ${what}`, { cause: error });
    }
  }
};

/**
 * Compares the executors on the program of a seed.
 *
 * @param isCompiled whether compiled code is one of them: it takes code from strings
 */
export const compareExecutors = async (
  seed: number,
  native: NativeProcess | null,
  isCompiled = false,
): Promise<Comparison> => {
  const world = generateWorld(seed);
  const random = new Random(~seed);
  const schedule = random.pick([quern1, quern1, flat1, oddSchedule]);
  const budgets = budgetsFor(random);
  const store: StoreOptions = { schedule, ...budgets };
  const options = { ...defaultOptions, schedule, ...budgets };
  const expected = runOnReference(world, options);
  assert.deepEqual(runOnEngine(world, store, {}), expected, 'fast code against the reference');
  assert.deepEqual(
    runOnEngine(world, store, { careful: true }),
    expected,
    'careful code against the reference',
  );
  runInLockStep(world, store, options, random, random.chance(20));
  if (isCompiled) compareCompiled(world, store, options, expected, random);
  const outcomes = expected.map((step) => step.outcome);
  const isNative = native !== null && Object.keys(budgets).length === 0 && NativeProcess.understands(world);
  if (isNative) {
    const coarse = outcomes.slice(0, world.entries.length).map(coarsenTraps);
    assert.deepEqual(
      (await native.run(world)).map(coarsenTraps),
      coarse,
      'native Wasm against the reference',
    );
  }
  return { world, outcomes, isNative };
};
