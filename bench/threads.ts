/**
 * What do threads bring? `npm run bench:threads -- [--seconds S] [--rounds N]` runs a plug-in that
 * computes on one thread and on more, in turn, and prints calls per second (medians), how many cores the process got
 * in the meantime (on a machine with other work fewer than there are threads), and what a thread takes of memory (the
 * resident size of the process with threads, less that without, by thread).
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { createPool, type ThreadPool } from '../packages/threads/src/index.ts';
import { compilePlugin, createPool as createLocalPool } from '../src/node.ts';
import { actor } from '../test/jobs/pool-actor.ts';
import { functions } from '../test/jobs/pool-host.ts';
import { median } from './measure.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    input: { type: 'string', default: '8' },
  },
});
const [seconds, rounds, threads] = [Number(values.seconds), Number(values.rounds), Number(values.threads)];
const input = 'x'.repeat(Number(values.input));
const module = new URL('../test/jobs/pool-host.js', import.meta.url);

const residentMiB = (): number => {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
};

interface Rate {
  readonly perSecond: number;
  /** CPU time by wall time. */
  readonly cores: number;
}

/** How many calls run in a while, so many at once. */
const rateOf = async (call: () => Promise<unknown>, width: number): Promise<Rate> => {
  const cpu = process.cpuUsage();
  const end = performance.now() + seconds * 1000;
  const begin = performance.now();
  let count = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      await call();
      count++;
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  const passed = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: count / passed, cores: (user + system) / 1e6 / passed };
};

const local = createLocalPool(await compilePlugin(actor, { functions }), { maxInstances: 1 });
await local.call('compute', input);
const before = residentMiB();
const sizes = [1, threads];
const pools: ThreadPool[] = [];
const memory: number[] = [];
for (const size of sizes) {
  const pool = createPool(actor, { maxInstances: size, module });
  const start = residentMiB();
  await Promise.all(Array.from({ length: size * 4 }, () => pool.call('compute', input)));
  memory.push((residentMiB() - start) / size);
  pools.push(pool);
}
const rates: Rate[][] = [[], ...sizes.map(() => [])];
for (let round = 0; round < rounds; round++) {
  rates[0]!.push(await rateOf(() => local.call('compute', input), 1));
  for (const [i, pool] of pools.entries())
    rates[i + 1]!.push(await rateOf(() => pool.call('compute', input), sizes[i]! * 2));
}
const middle = (of: readonly Rate[]): Rate => ({
  perSecond: median(of.map(({ perSecond }) => perSecond)),
  cores: median(of.map(({ cores }) => cores)),
});
const [own, one, more] = rates.map(middle) as [Rate, Rate, Rate];
const detail = await pools[0]!.callDetailed('compute', input);
const empty = await rateOf(() => pools[0]!.call('count'), 1);
for (const pool of pools) await pool.close();

console.log(
  `Node ${process.version}, load ${loadavg()[0]!.toFixed(2)}; medians of ${rounds} rounds of ${seconds} s`,
);
const text = ({ perSecond, cores }: Rate): string =>
  `${perSecond.toFixed(0)} calls/s on ${cores.toFixed(2)} cores`;
console.log(`a call of ${detail.fuelConsumed} fuel on this thread: ${text(own)}`);
console.log(`1 thread: ${text(one)}`);
const times = more.perSecond / one.perSecond;
const byCore = more.perSecond / more.cores / (one.perSecond / one.cores);
console.log(`${threads} threads: ${text(more)}: ${times.toFixed(2)} times, by core ${byCore.toFixed(2)}`);
console.log(`a call that does next to nothing, there and back: ${(1e6 / empty.perSecond).toFixed(0)} µs`);
const perThread = memory.map((size) => `${size.toFixed(1)} MiB`).join(', ');
console.log(
  `memory of a thread: ${perThread} (of 1 and of ${threads}); the process had ${before.toFixed(0)} MiB`,
);
