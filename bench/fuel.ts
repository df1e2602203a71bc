/**
 * What does a unit of fuel cost? `npm run bench -- fuel [WORD…]`: a loop around every instruction and every function of
 * the kernel and of WASI, with operands that make it cheap and ones that make it expensive, and its nanoseconds of
 * CPU per unit of fuel. Worst first: the rows at the top are charged too little.
 */
import { writeFileSync } from 'node:fs';
import { isQuernError, type PluginCall } from '../src/node.ts';
import { allLoops } from '../test/generators/loops/all.ts';
import type { Loop } from '../test/generators/loops/loop.ts';
import { makeTree, pluginOf, type Surroundings } from '../test/generators/loops/surroundings.ts';
import { median } from './measure.ts';

const SAMPLES = 5;
/** CPU milliseconds of one sample, about, and of all samples of a loop, where one takes much longer. */
const SAMPLE_MS = 6;
const ENOUGH_MS = 60;
const FIRST_CHUNK = 500;
const LAST_CHUNK = 2 ** 24;
/** Nanoseconds for a unit above which samples are taken again, how often, and by how much they may still fall. */
const SUSPICIOUS = 10;
const MAX_REPEATS = 6;
const SETTLED = 1.25;
/** Fuel that preparing a loop may take at a time, and how often. */
const PREPARATION = 1_000_000;
const PREPARATION_TURNS = 100;

/** Nanoseconds for a unit that nothing should exceed; operations on the host's files may take more. */
const MOST = 100;
const MOST_OF_FILES = 300;

/** The time of one loop. */
interface Measured {
  readonly loop: Loop;
  readonly where: string;
  readonly limit: number;
  /** Nanoseconds of CPU for a unit of fuel, a median; or why there is none. */
  readonly perUnit: number | string;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Runs some fuel. @throws Error if the loop ends */
const runFuel = async (call: PluginCall, fuel: number): Promise<{ ms: number; used: number }> => {
  const before = call.fuelConsumed;
  call.addFuel(fuel);
  const start = cpuMs();
  const state = await call.run();
  const ms = cpuMs() - start;
  if (state !== 'paused') throw new Error('the loop ended');
  return { ms, used: call.fuelConsumed - before };
};

/** Finds an amount of fuel that takes long enough. */
const calibrate = async (call: PluginCall): Promise<number> => {
  for (let chunk = FIRST_CHUNK; chunk < LAST_CHUNK; ) {
    const { ms, used } = await runFuel(call, chunk);
    // An operation that costs more than the available fuel does not run before there is enough. A host function may
    // charge more than the available fuel afterwards: the next chunk must pay for all of it.
    if (used > 0 && ms >= SAMPLE_MS / 2) return Math.max(used, Math.round((used * SAMPLE_MS) / ms));
    chunk *= used > 0 && ms < SAMPLE_MS / 16 ? 8 : 2;
  }
  return LAST_CHUNK;
};

/** Nanoseconds for a unit, a median of samples. */
const takeSamples = async (call: PluginCall): Promise<number> => {
  const chunk = await calibrate(call);
  const samples: number[] = [];
  let spentMs = 0;
  for (let i = 0; i < SAMPLES && spentMs < ENOUGH_MS; i++) {
    const { ms, used } = await runFuel(call, chunk);
    spentMs += ms;
    if (used > 0) samples.push((ms * 1e6) / used);
  }
  return samples.length === 0 ? Number.NaN : median(samples);
};

/** Samples of a warm engine: expensive ones are measured again, since a compiler may not have reached them yet. */
const sampleLoop = async (call: PluginCall): Promise<number> => {
  let best = await takeSamples(call);
  for (let i = 0; i < MAX_REPEATS && best > SUSPICIOUS; i++) {
    const again = await takeSamples(call);
    const isSettled = again * SETTLED > best;
    best = Math.min(best, again);
    if (isSettled && i > 0) break;
  }
  return best;
};

const measureLoop = async (loop: Loop, surroundings: Surroundings | null): Promise<number> => {
  let isReady = false;
  surroundings?.clean();
  const plugin = await pluginOf(loop, surroundings?.tree ?? null, () => {
    isReady = true;
  });
  try {
    const call = await plugin.startCall('run', '', { fuel: 0 });
    for (let i = 0; !isReady; i++) {
      if (i === PREPARATION_TURNS) throw new Error('the loop does not begin');
      await runFuel(call, PREPARATION);
    }
    const perUnit = await sampleLoop(call);
    call.cancel();
    return perUnit;
  } finally {
    await plugin.close().catch(() => {});
  }
};

const reasonOf = (error: unknown): string =>
  isQuernError(error) ? error.code : error instanceof Error ? error.message : String(error);

const measureIn = async (
  loops: readonly Loop[],
  where: string,
  limit: number,
  surroundings: Surroundings | null,
): Promise<Measured[]> => {
  const measured: Measured[] = [];
  for (const loop of loops) {
    const perUnit = await measureLoop(loop, surroundings).catch(reasonOf);
    measured.push({ loop, where, limit, perUnit });
  }
  surroundings?.remove();
  return measured;
};

const figureOf = ({ perUnit }: Measured): number =>
  typeof perUnit === 'string' || Number.isNaN(perUnit) ? Number.POSITIVE_INFINITY : perUnit;
const isTooDear = (measured: Measured): boolean => figureOf(measured) > measured.limit;

const print = (all: readonly Measured[]): void => {
  console.log('  ns/unit   loop');
  for (const measured of all) {
    const { loop, where, perUnit } = measured;
    const figure = typeof perUnit === 'string' ? 'failed' : perUnit.toFixed(1);
    const reason = typeof perUnit === 'string' ? `: ${perUnit}` : '';
    console.log(
      `${isTooDear(measured) ? '!' : ' '}${figure.padStart(8)}   ${loop.row}, ${loop.form}${where && ` (${where})`}${reason}`,
    );
  }
};

/** Measures and prints. @param words names of rows, or parts of them; none for all */
export const runFuelTable = async (words: readonly string[], json: string | undefined): Promise<void> => {
  const loops = allLoops(words);
  if (loops.length === 0) throw new Error(`no row matches ${words.join(' ')}`);
  const onFiles = loops.filter(({ spec }) => spec.needs?.files === true);
  const others = loops.filter(({ spec }) => spec.needs?.files !== true);
  // Otherwise the first rows would show how long V8 takes to compile the loop.
  await measureIn(allLoops(['i32.add']), '', MOST, null);
  const all = [
    ...(await measureIn(others, '', MOST, null)),
    ...(onFiles.length === 0 ? [] : await measureIn(onFiles, 'memory', MOST, makeTree('memory'))),
    ...(onFiles.length === 0
      ? []
      : await measureIn(onFiles, 'directory', MOST_OF_FILES, makeTree('directory'))),
  ].sort((a, b) => figureOf(b) - figureOf(a));
  console.log(
    `nanoseconds of CPU for a unit of fuel, median of ${SAMPLES}, worst first; ! above ${MOST}, of the host's files ${MOST_OF_FILES}\n`,
  );
  print(all);
  console.log(`\n${all.length} loops, ${all.filter(isTooDear).length} too dear`);
  for (const { loop, perUnit } of all.filter(({ loop }) => loop.row === 'i32.add'))
    console.log(`i32.add, ${loop.form}: ${typeof perUnit === 'string' ? perUnit : perUnit.toFixed(2)}`);
  if (json === undefined) return;
  const rows = all.map(({ loop: { kind, row, form }, where, limit, perUnit }) => ({
    ...{ kind, row, form, where, limit, perUnit },
  }));
  writeFileSync(json, `${JSON.stringify({ node: process.version, rows }, null, 1)}\n`);
};
