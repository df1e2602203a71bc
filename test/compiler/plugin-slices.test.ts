/** Recorded plug-ins on compiled code, with little fuel at a time; `npm run slices` tries all of them at length. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { needsShared } from '../shared.ts';
import { endingSetUps, SlicedSetUp } from './plugin-slices.ts';

/** Those that take little, of several languages. */
const chosen: readonly string[] = ['kernel_all', 'fs_text', 'zlib', 'rust185_wasip1', 'as'];
const steps = [1, 7, 100, 10_000];
const MOST_PAUSES = 300;

describe('fuel in portions, compiled', needsShared, () => {
  if (needsShared.skip) return;
  for (const setUp of endingSetUps().filter(({ id }) => chosen.includes(id)))
    test(setUp.id, async () => {
      const sliced = await SlicedSetUp.open(setUp);
      for (const [i, step] of steps.entries()) {
        const target = i % 2 === 0 ? 'jit' : 'nojit';
        const pauses = await sliced.compare({ target, exits: 0, seed: i + 1 }, step, MOST_PAUSES);
        assert.ok(step > 1 || pauses > 100, `${pauses} pauses`);
      }
    });
});
