/**
 * Compiled loops stop like interpreted ones: every loop of `test/generators/loops` whose function is compiled, by
 * `timeoutMs` and by `signal`, with everything compiled before its first call.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateFunction } from '../../src/compiler/generate.ts';
import { makeTarget } from '../../src/compiler/target.ts';
import { compileModule, quern1 } from '../../src/wasm.ts';
import { allLoops } from '../generators/loops/all.ts';
import { type Loop, moduleOf } from '../generators/loops/loop.ts';
import { stopLoops } from '../generators/loops/stopping.ts';
import { features } from '../generators/loops/surroundings.ts';
import { preloadFlags } from './forced-flags.ts';

const expected = { timeoutMs: 'interrupted.timeout', signal: 'interrupted.cancelled' } as const;
/** So many that are wrong end the test: each that never ends takes ten seconds. */
const ENOUGH = 4;

const isCompiled = ({ spec }: Loop): boolean => {
  const { funcs } = compileModule(moduleOf(spec), features).unit(quern1);
  return funcs.some(
    (code) => code !== null && generateFunction(code.unit, code.index, makeTarget(true)) !== null,
  );
};

/** Functions of the host are called alike; where they are dear, it is the host that stops. */
const isWanted = (loop: Loop): boolean =>
  (loop.kind === 'instruction' || loop.form === 'cheap') && isCompiled(loop);

test('every compiled loop is stopped by a deadline and by a signal', async () => {
  const loops = allLoops();
  const only = loops.flatMap((loop, index) => (isWanted(loop) ? [index] : []));
  assert.ok(only.length > 300, `${only.length} loops`);
  const wrong: string[] = [];
  const seen = new Set<string>();
  const flags = preloadFlags({ target: 'jit', exits: 0, seed: 1 });
  const settings = {
    words: [],
    where: 'memory',
    timeoutMs: 2,
    abortMs: 3,
    timeSliceMs: 1,
    only,
    flags,
  } as const;
  await stopLoops(settings, ({ index, way, outcome }) => {
    const { row, form } = loops[index]!;
    seen.add(`${index} ${way}`);
    if (outcome !== expected[way]) wrong.push(`${row}, ${form}, by ${way}: ${outcome}`);
    if (wrong.length >= ENOUGH) assert.fail(wrong.join('\n'));
  });
  assert.deepEqual(wrong, []);
  assert.equal(seen.size, 2 * only.length);
});
