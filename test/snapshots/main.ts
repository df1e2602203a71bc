/** `npm run snapshots -- [COUNT] [SEED] [--compiled]`: pause, snapshot, restore in a fresh process, resume; at random points. */
import { runPoints } from './run-points.ts';

const args = process.argv.slice(2);
const isCompiled = args.includes('--compiled');
const numbers = args.filter((arg) => arg !== '--compiled').map(Number);
const [count = 1000, seed = Date.now() % 1_000_000_000] = numbers;
if (![count, seed].every(Number.isSafeInteger)) {
  process.stderr.write('usage: npm run snapshots -- [COUNT] [SEED] [--compiled]\n');
  process.exit(2);
}
const begin = Date.now();
const seconds = (): string => `${Math.round((Date.now() - begin) / 1000)} s`;
process.stdout.write(`${count} points, seed ${seed}\n`);
const { counts, mismatches, processes } = await runPoints(count, seed, true, null, isCompiled, (done) => {
  if (done === 1 || done % 100 === 0) process.stdout.write(`${done} in ${seconds()}\n`);
});
for (const mismatch of mismatches.slice(0, 20)) process.stdout.write(`MISMATCH ${mismatch}\n`);
const kinds = [...counts].map(([kind, n]) => `${n} ${kind}`).join(', ');
process.stdout.write(`${kinds}; ${processes} processes; ${mismatches.length} mismatches\n`);
process.exitCode = mismatches.length === 0 ? 0 : 1;
