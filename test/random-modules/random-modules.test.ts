/**
 * A few of binaryen's random modules on the interpreter, the reference executor, and native Wasm in a child process:
 * results, traps, host calls, fuel, memories, tables and globals agree. `npm run fuzz -- --source binaryen` runs many.
 */
import { after, test } from 'node:test';
import { BinaryenProcess, needsBinaryen } from './binaryen.ts';
import { compareModules, startNative } from './compare-modules.ts';

const COUNT = 30;
const DEEP_EVERY = 3;
const firstSeed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);

const binaryen = new BinaryenProcess();
const native = startNative(process.execPath);
after(() => {
  binaryen.close();
  native.close();
});

test(`${COUNT} modules from seed ${firstSeed}`, needsBinaryen, async () => {
  const isOld = Number(process.versions.node.split('.')[0]) < 24;
  for (let seed = firstSeed; seed < firstSeed + COUNT; seed++) {
    try {
      await compareModules(seed, binaryen, native, { isOld, isDeep: seed % DEEP_EVERY === 0 });
    } catch (error) {
      const command = `npm run fuzz -- --source binaryen --count 1 --deep 1 --seed ${seed}`;
      throw new Error(`the module of seed ${seed} differs: ${command}`, { cause: error });
    }
  }
});
