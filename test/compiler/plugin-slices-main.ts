/**
 * `npm run slices -- [--pauses N] [--seed N] [ID…]`: all recorded plug-ins on compiled code, with fuel in portions of
 * 1 to 10,000 units, up to so many pauses of each call, as on the interpreter.
 */
import { parseArgs } from 'node:util';
import { endingSetUps, SlicedSetUp } from './plugin-slices.ts';

const steps = [1, 2, 3, 5, 10, 31, 100, 317, 1000, 3163, 10_000];
/** One after the other. V8 is slow on `nojit`, whose functions are not cut: that code is not left by chance, too. */
const ways = [
  { target: 'jit', exits: 0 },
  { target: 'nojit', exits: 0 },
  { target: 'jit', exits: 0.001 },
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pauses: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});
const mostPauses = Number(values.pauses);
const seed = Number(values.seed);
if (![mostPauses, seed].every(Number.isSafeInteger)) {
  console.error('--pauses and --seed take whole numbers');
  process.exit(2);
}
console.log(`portions of ${steps.join(', ')}, at most ${mostPauses} in a call, seed ${seed}`);
for (const setUp of endingSetUps()) {
  if (positionals.length > 0 && !positionals.includes(setUp.id)) continue;
  const sliced = await SlicedSetUp.open(setUp);
  let pauses = 0;
  let failures = 0;
  for (const [i, step] of steps.entries()) {
    const way = { ...ways[i % ways.length]!, seed: seed + i };
    try {
      pauses += await sliced.compare(way, step, mostPauses);
    } catch (error) {
      failures++;
      process.exitCode = 1;
      console.error(error);
    }
  }
  console.log(
    `${setUp.id}: ${steps.length} runs of ${setUp.calls.length} calls, ${pauses} pauses, ${failures} failures`,
  );
}
