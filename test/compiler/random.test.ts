/**
 * Random programs on compiled code for both kinds of hosts, left by chance, with all fuel at once and in small pieces:
 * as on the reference executor. `FC_SEED` repeats a run; `npm run fuzz -- --compiled` runs many.
 */
import { after, test } from 'node:test';
import { compareExecutors } from '../differential/compare.ts';
import { BinaryenProcess, needsBinaryen } from '../random-modules/binaryen.ts';
import { compareModules } from '../random-modules/compare-modules.ts';

const OWN = 60;
const OF_BINARYEN = 10;
const firstSeed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);

const binaryen = new BinaryenProcess();
after(() => binaryen.close());

const forEachSeed = async (
  count: number,
  source: string,
  compare: (seed: number) => Promise<unknown>,
): Promise<void> => {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    try {
      await compare(seed);
    } catch (error) {
      const command = `npm run fuzz -- --source ${source} --compiled --count 1 --seed ${seed}`;
      throw new Error(`the program of seed ${seed} differs: ${command}`, { cause: error });
    }
  }
};

test(`${OWN} programs from seed ${firstSeed}`, () =>
  forEachSeed(OWN, 'own', (seed) => compareExecutors(seed, null, true)));

test(`${OF_BINARYEN} modules of binaryen from seed ${firstSeed}`, needsBinaryen, () =>
  forEachSeed(OF_BINARYEN, 'binaryen', (seed) =>
    compareModules(seed, binaryen, null, { isOld: false, isDeep: false, isCompiled: true }),
  ),
);
