/**
 * The second part of `npm run bench -- deadline`: how late every loop is stopped, how late a timer is while large
 * programs are translated, and what one operation over the largest memory takes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPlugin, MemoryFiles, type PluginOptions } from '../src/node.ts';
import { assemble, type Instruction } from '../test/assembler.ts';
import { allLoops } from '../test/generators/loops/all.ts';
import { i32, type LoopSpec, repeat } from '../test/generators/loops/loop.ts';
import { NEVER, type Stopped, stopLoops } from '../test/generators/loops/stopping.ts';
import { pluginOf, type TreeKind } from '../test/generators/loops/surroundings.ts';
import { sharedFolder } from '../test/shared.ts';

const TIMEOUT_MS = 20;
const ABORT_MS = 40;
const TIME_SLICE_MS = 8;
const INTERVAL_MS = 10;
/** Rows that are printed, and how often what is late is stopped again. */
const SHOWN = 25;
const MORE_ROUNDS = 3;
/** What no call should be late by, and no timer of 10 ms in a call with slices. */
const MOST_LATE_MS = 50;
const MOST_GAP_MS = 60;

interface Named extends Stopped {
  readonly name: string;
}

const printWorst = (
  title: string,
  all: readonly Named[],
  figure: (stopped: Named) => number,
  most: number,
): void => {
  const sorted = [...all].sort((a, b) => figure(b) - figure(a));
  const over = sorted.filter((stopped) => figure(stopped) > most).length;
  console.log(`\n${title}: ${all.length} loops, ${over} above ${most} ms`);
  for (const stopped of sorted.slice(0, SHOWN))
    console.log(
      `${figure(stopped) > most ? '!' : ' '}${figure(stopped).toFixed(1).padStart(9)} ms  ${stopped.name}`,
    );
};

const isOver = ({ late, longestGap, way }: Stopped): boolean =>
  late > MOST_LATE_MS || (way === 'signal' && longestGap > MOST_GAP_MS);

/** Stops loops; what is late is stopped again, since other programs may have had the processor. */
const stopIn = async (where: TreeKind, words: readonly string[]): Promise<Stopped[]> => {
  const settings = {
    ...{ words, where, timeoutMs: TIMEOUT_MS, abortMs: ABORT_MS, timeSliceMs: TIME_SLICE_MS },
  };
  const best = new Map<string, Stopped>();
  const note = (stopped: Stopped): void => {
    const key = `${stopped.index} ${stopped.way}`;
    const { late, longestGap } = best.get(key) ?? stopped;
    best.set(key, {
      ...stopped,
      late: Math.min(late, stopped.late),
      longestGap: Math.min(longestGap, stopped.longestGap),
    });
  };
  await stopLoops(settings, note);
  for (let round = 0; round < MORE_ROUNDS; round++) {
    const late = [...best.values()].filter((one) => isOver(one) && one.outcome !== NEVER);
    if (late.length > 0) await stopLoops({ ...settings, only: late.map(({ index }) => index) }, note);
  }
  return [...best.values()];
};

const stopAll = async (words: readonly string[]): Promise<Named[]> => {
  const loops = allLoops(words);
  const named = (where: TreeKind, stopped: Stopped): Named => {
    const { row, form } = loops[stopped.index]!;
    return { ...stopped, name: `${row}, ${form}${where === 'memory' ? '' : ' (directory)'}` };
  };
  const all: Named[] = [];
  for (const where of ['memory', 'directory'] as const)
    all.push(...(await stopIn(where, words)).map((stopped) => named(where, stopped)));
  return all;
};

/** Longest time without a timer of 10 ms while something runs, and how long it took. */
const longestGap = async (run: () => Promise<unknown>): Promise<{ gap: number; took: number }> => {
  const start = performance.now();
  let last = start;
  let gap = 0;
  const note = (): void => {
    const now = performance.now();
    gap = Math.max(gap, now - last);
    last = now;
  };
  const timer = setInterval(note, INTERVAL_MS);
  await run();
  note();
  clearInterval(timer);
  return { gap, took: last - start };
};

const FUNCTIONS = 200;
/** Turns of what the large functions are made of; each is 8 bytes. */
const TURNS = 4000;
const ONE_LARGE = 120_000;
const sum: readonly Instruction[] = [['local.get', 0], i32(77), 'i32.add', ['local.set', 0]];
/** A module of functions that are called once each. */
const largeModule = (functions: number, turns: number): Uint8Array => {
  const code = repeat(turns, ...sum);
  return assemble({
    funcs: [
      { code: Array.from({ length: functions }, (_, i) => ['call', i + 1]) },
      ...repeat(functions, { locals: [[1, 'i32'] as const], code }),
    ],
    exports: [['run', 'func', 0]],
  });
};

/** Programs: bytes and a function that takes no parameters. */
const programs = (): (readonly [name: string, bytes: Uint8Array])[] => {
  const generated: [string, Uint8Array][] = [
    [`generated, ${FUNCTIONS} functions of ${TURNS * 8} bytes`, largeModule(FUNCTIONS, TURNS)],
    [`generated, one function of ${ONE_LARGE * 8} bytes`, largeModule(1, ONE_LARGE)],
  ];
  const folder = sharedFolder === null ? '' : join(sharedFolder, 'plugins');
  if (!existsSync(folder)) return generated;
  const found = readdirSync(folder).filter((file) => file.endsWith('.wasm'));
  return [
    ...generated,
    ...found.map((file): [string, Uint8Array] => [file, readFileSync(join(folder, file))]),
  ];
};

const printTranslation = async (): Promise<void> => {
  console.log(`\nlongest gap of a timer of ${INTERVAL_MS} ms, timeSliceMs: ${TIME_SLICE_MS}, first calls`);
  console.log('  made ms   gap ms  took ms');
  for (const [name, bytes] of programs()) {
    const options: PluginOptions = {
      ...{ useWasi: true, timeSliceMs: TIME_SLICE_MS, functions: { 'extism:host/user': {} } },
      wasi: { preopens: { '/': new MemoryFiles() } },
    };
    const start = performance.now();
    const plugin = await createPlugin({ wasm: [{ data: bytes }] }, options).catch((error: Error) => error);
    const made = performance.now() - start;
    if (plugin instanceof Error) {
      console.log(`  ${name}: ${plugin.message}`);
      continue;
    }
    const names = (await plugin.getExports())
      .filter(({ kind, name }) => kind === 'function' && !name.startsWith('_'))
      .map((item) => item.name);
    const { gap, took } = await longestGap(async () => {
      for (const one of names)
        await plugin.call(one, 'select 1', undefined, { timeoutMs: 5000 }).catch(() => {});
    });
    await plugin.close();
    const figures = [made, gap, took].map((ms) => ms.toFixed(1).padStart(8)).join(' ');
    console.log(`${gap > MOST_GAP_MS ? '!' : ' '}${figures}  ${name}`);
  }
};

/** Pages of the largest memory that an instance holds. */
const LARGEST = 32_767;
const largest = (turn: readonly Instruction[]): LoopSpec => ({
  memories: [{ min: LARGEST, max: LARGEST }],
  turn,
});
const ALL_BYTES = LARGEST * 65_536;
const overLargest: Readonly<Record<string, LoopSpec>> = {
  'memory.fill': largest([i32(0), i32(1), i32(ALL_BYTES), ['memory.fill', 0]]),
  'memory.copy': largest([i32(1), i32(0), i32(ALL_BYTES - 1), ['memory.copy', 0, 0]]),
};

const printLargest = async (): Promise<void> => {
  console.log(`\none operation over the largest memory, stopped by timeoutMs: ${TIMEOUT_MS}`);
  for (const [row, spec] of Object.entries(overLargest)) {
    const plugin = await pluginOf({ row, form: 'largest', kind: 'instruction', spec }, null, () => {});
    for (const round of ['first', 'again']) {
      const start = performance.now();
      const code = await plugin
        .call('run', '', undefined, { timeoutMs: TIMEOUT_MS, fuel: 2 ** 40 })
        .then(() => 'returned')
        .catch((error: { code: string }) => error.code);
      const late = performance.now() - start - TIMEOUT_MS;
      console.log(`${late.toFixed(1).padStart(10)} ms late  ${row}, ${round}: ${code}`);
    }
    await plugin.close();
  }
};

/** Measures and prints. @param words names of rows, or parts of them; none for all */
export const runStopping = async (words: readonly string[]): Promise<void> => {
  const all = await stopAll(words);
  const never = all.filter(({ outcome }) => !outcome.startsWith('interrupted.'));
  if (never.length > 0) console.log(`\nnot stopped: ${never.length}`);
  for (const { name, way, outcome } of never) console.log(`  ${name}, by ${way}: ${outcome}`);
  for (const way of ['timeoutMs', 'signal'] as const) {
    const stopped = all.filter((one) => one.way === way);
    printWorst(`late when stopped by ${way}`, stopped, ({ late }) => late, MOST_LATE_MS);
  }
  const sliced = all.filter(({ way }) => way === 'signal');
  const title = `longest gap of a timer of ${INTERVAL_MS} ms, timeSliceMs: ${TIME_SLICE_MS}`;
  printWorst(title, sliced, (one) => one.longestGap, MOST_GAP_MS);
  if (words.length > 0) return;
  await printTranslation();
  await printLargest();
};
