/**
 * Random programs on every executor, for as long as one likes: `FC_RUNS` programs (default 10,000) from `FC_SEED`
 * on. Every program that the executors differ on is written to `build/fuzz` and told with its seed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareExecutors } from '../test/differential/compare.ts';
import { NativeProcess } from '../test/differential/native.ts';
import { generateWorld } from '../test/generators/world.ts';
import { root } from '../test/shared.ts';

const firstSeed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);
const runs = Number(process.env['FC_RUNS'] ?? 10_000);
const REPORT_EVERY = 500;
const folder = join(root, 'build/fuzz');

/** Keeps the modules of a program that failed. */
const keep = (seed: number): void => {
  mkdirSync(folder, { recursive: true });
  generateWorld(seed).modules.forEach((bytes, i) => {
    writeFileSync(join(folder, `${seed}-m${i}.wasm`), bytes);
  });
};

const native = new NativeProcess();
console.log(`${runs} programs from FC_SEED=${firstSeed}`);
let failures = 0;
for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
  try {
    await compareExecutors(seed, native);
  } catch (error) {
    failures++;
    process.exitCode = 1;
    keep(seed);
    console.error(`FC_SEED=${seed} FC_RUNS=1:`, error);
  }
  const done = seed - firstSeed + 1;
  if (done % REPORT_EVERY === 0) console.log(`${done} programs, ${failures} failures`);
}
native.close();
console.log(`${runs} programs, ${failures} failures`);
