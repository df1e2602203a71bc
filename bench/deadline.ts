/**
 * How soon is a spinning call stopped, and how late are other tasks in the meantime? `npm run bench -- deadline`: a
 * plug-in spins until its deadline, and until a signal, while a timer should fire every 10 ms. Printed, not judged:
 * it also measures the machine.
 */
import { createPlugin, type PluginOptions } from '../src/node.ts';
import { assemble } from '../test/assembler.ts';
import { median } from './measure.ts';

const DEADLINE_MS = 200;
const INTERVAL_MS = 10;
const ROUNDS = 10;
const WARM_ROUNDS = 5;

const spinning = assemble({
  types: [{}],
  funcs: [{ code: [['loop', null], ['br', 0], 'end'] }],
  exports: [['spin', 'func', 0]],
});

interface Round {
  /** Milliseconds between the deadline and the rejection. */
  readonly late: number;
  readonly firings: number;
  readonly longestGap: number;
}

const measureOnce = async (options: PluginOptions, isSignal: boolean): Promise<Round> => {
  const plugin = await createPlugin({ wasm: [{ data: spinning }] }, options);
  const start = performance.now();
  let last = start;
  let firings = 0;
  let longestGap = 0;
  const note = (): void => {
    const now = performance.now();
    longestGap = Math.max(longestGap, now - last);
    last = now;
  };
  const timer = setInterval(() => {
    firings++;
    note();
  }, INTERVAL_MS);
  const stop = isSignal ? { signal: AbortSignal.timeout(DEADLINE_MS) } : { timeoutMs: DEADLINE_MS };
  await plugin.call('spin', '', undefined, stop).catch(() => {});
  note();
  clearInterval(timer);
  await plugin.close();
  return { late: last - start - DEADLINE_MS, firings, longestGap };
};

const setUps: readonly (readonly [string, PluginOptions, boolean])[] = [
  ['timeoutMs', {}, false],
  ['timeoutMs, timeSliceMs: 8', { timeSliceMs: 8 }, false],
  ['signal', {}, true],
  ['signal, timeSliceMs: 8', { timeSliceMs: 8 }, true],
];

/** Measures and prints. */
export const runDeadline = async (): Promise<void> => {
  console.log(
    `a call that spins for ${DEADLINE_MS} ms beside a timer of ${INTERVAL_MS} ms, ${ROUNDS} rounds\n`,
  );
  // Otherwise the first row would show how long V8 takes to compile the loop.
  for (let i = 0; i < WARM_ROUNDS; i++) await measureOnce({ timeSliceMs: 8 }, false);
  console.log('stopped by'.padEnd(28), 'late (median, most) ms', '  firings (least)', '  longest gap ms');
  for (const [name, options, isSignal] of setUps) {
    const rounds: Round[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await measureOnce(options, isSignal));
    const late = rounds.map((round) => round.late);
    console.log(
      name.padEnd(28),
      `${median(late).toFixed(1)}, ${Math.max(...late).toFixed(1)}`.padEnd(22),
      String(Math.min(...rounds.map(({ firings }) => firings))).padStart(12),
      Math.max(...rounds.map(({ longestGap }) => longestGap))
        .toFixed(1)
        .padStart(17),
    );
  }
};
