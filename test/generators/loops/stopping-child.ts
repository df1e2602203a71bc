/**
 * The child process of `stopping.ts`: starts loops and stops them, one after the other, and writes what happened.
 * A loop that does not stop keeps this process from everything else; then its parent ends it.
 */
import { writeSync } from 'node:fs';
import { isQuernError } from '../../../src/node.ts';
import { allLoops } from './all.ts';
import type { Loop } from './loop.ts';
import type { Stopped, StopSettings } from './stopping.ts';
import { makeTree, pluginOf, type Surroundings } from './surroundings.ts';

const settings = JSON.parse(process.argv[2] ?? '') as StopSettings;
const first = Number(process.argv[3]);
const INTERVAL_MS = 10;
/** How long a loop may have to begin; each time it gets four times as long. */
const MOST_MS = 5000;

const say = (line: unknown): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};

/** One call that is stopped after a time. */
const stopOnce = async (
  loop: Loop,
  tree: Surroundings,
  way: Stopped['way'],
  ms: number,
): Promise<Omit<Stopped, 'index' | 'way'> & { readonly hasBegun: boolean }> => {
  let hasBegun = false;
  tree.clean();
  const plugin = await pluginOf(loop, tree.tree, () => {
    hasBegun = true;
  });
  const controller = new AbortController();
  const options =
    way === 'timeoutMs'
      ? { timeoutMs: ms }
      : { signal: controller.signal, timeSliceMs: settings.timeSliceMs };
  const start = performance.now();
  let last = start;
  let longestGap = 0;
  const note = (): void => {
    const now = performance.now();
    longestGap = Math.max(longestGap, now - last);
    last = now;
  };
  const interval = setInterval(note, INTERVAL_MS);
  const timer = setTimeout(() => controller.abort(), way === 'signal' ? ms : 1e6);
  const outcome = await plugin.call('run', '', undefined, options).then(
    () => 'returned',
    (error: unknown) => (isQuernError(error) ? error.code : String(error)),
  );
  const late = performance.now() - start - ms;
  note();
  clearInterval(interval);
  clearTimeout(timer);
  await plugin.close().catch(() => {});
  return { outcome, late, longestGap, hasBegun };
};

const stop = async (
  loop: Loop,
  tree: Surroundings,
  way: Stopped['way'],
): Promise<Omit<Stopped, 'index' | 'way'>> => {
  for (let ms = way === 'timeoutMs' ? settings.timeoutMs : settings.abortMs; ; ms *= 4) {
    const { hasBegun, ...stopped } = await stopOnce(loop, tree, way, ms);
    const isEarly = !hasBegun && stopped.outcome.startsWith('interrupted.');
    if (!isEarly) return stopped;
    if (ms > MOST_MS) return { ...stopped, outcome: 'the loop did not begin' };
  }
};

const tree = makeTree(settings.where);
let isWarm = false;
try {
  const loops = allLoops(settings.words);
  for (let index = first; index < loops.length; index++) {
    const loop = loops[index]!;
    if (settings.only?.includes(index) === false) continue;
    // Only what uses files differs by where they are.
    if (settings.where === 'directory' && loop.spec.needs?.files !== true) continue;
    for (const way of ['timeoutMs', 'signal'] as const) {
      if (index === first && settings.isSignalOnly === true && way === 'timeoutMs') continue;
      say({ index, way });
      // Else the first one would show how long the JavaScript engine takes to compile ours.
      if (!isWarm) await stop(loop, tree, way).catch(() => {});
      isWarm = true;
      const stopped = await stop(loop, tree, way).catch((error: unknown) => ({
        outcome: isQuernError(error) ? error.code : String(error),
        late: 0,
        longestGap: 0,
      }));
      say({ index, way, ...stopped } satisfies Stopped);
    }
  }
} finally {
  tree.remove();
}
