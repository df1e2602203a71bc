/**
 * Random programs on the interpreter's fast and careful code, in pieces of single fuel units, on the reference
 * executor, and on native Wasm in a child process: results, traps, fuel, memory, globals and tables agree.
 *
 * `FC_SEED` repeats a run; `npm run fuzz` runs many.
 */
import { after, test } from 'node:test';
import { compareExecutors } from './differential/compare.ts';
import { NativeProcess } from './differential/native.ts';

const COUNT = 300;
const firstSeed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);

const native = new NativeProcess();
after(() => native.close());

test(`${COUNT} random programs from seed ${firstSeed}`, async () => {
  for (let seed = firstSeed; seed < firstSeed + COUNT; seed++) {
    try {
      await compareExecutors(seed, native);
    } catch (error) {
      throw new Error(`the program of FC_SEED=${seed} differs`, { cause: error });
    }
  }
});
