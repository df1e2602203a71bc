/**
 * Training takes every way through every operation of the loop. One that it leaves out costs the compiled loop: V8
 * compiles what was never run as a way out, throws the code away there, and takes up to a second to make it again,
 * often a slower one.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

type Script = Profiler.ScriptCoverage;

/** A way out that V8 need know nothing about: it sets a status. */
const harmless = /^\{\s*(pc = pc \+ \d+ \| 0;\s*)?status = \d+;( \/\/ .*)?\s*break out;\s*\}$/;

/** What is not run of a generated file, by the operation that it is in. */
const leftOf = ({ url, functions }: Script): readonly object[] => {
  const text = readFileSync(fileURLToPath(url), 'utf8');
  const ranges = functions.flatMap((item) => item.ranges);
  assert.ok(ranges.filter(({ count }) => count > 0).length > 300, 'the loop was not run');
  return (
    ranges
      .filter(({ count }) => count === 0)
      .map(({ startOffset, endOffset }) => {
        const operation = [...text.slice(0, startOffset).matchAll(/^ *\/\/ ([\w.]+)$/gm)].at(-1)?.[1];
        return { operation, code: text.slice(startOffset, endOffset) };
      })
      // What follows a trap is never reached.
      .filter(({ operation, code }) => operation !== 'unreachable' && !harmless.test(code))
  );
};

test('training leaves out nothing that is compiled', async () => {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const { getMachine, prepareVectors } = await import('../../src/interpreter/machine/machine.ts');
  const { createDispatch } = await import('../../src/interpreter/loop/dispatch.generated.ts');
  const { train } = await import('../../src/interpreter/machine/training.ts');
  const { FIRST_EVENT, NEXT_EVENT } = await import('../../src/interpreter/code/observer.ts');
  const { ops } = await import('../../src/interpreter/code/isa.ts');
  const machine = getMachine();
  prepareVectors(machine);
  // The loop of this engine, and the one that computes with 64 bits in the other way.
  for (const isWide of [false, true]) {
    const { space, callStack, words, doubles, floats } = machine;
    const cold: Parameters<typeof createDispatch>[6] = (state, op) => {
      state.pc += ops[op]!.length;
      return 0;
    };
    const arrays = [space.words, callStack, words, doubles, floats] as const;
    const loop = createDispatch(
      ...arrays,
      isWide,
      cold,
      () => false,
      () => {
        callStack[NEXT_EVENT] = FIRST_EVENT;
      },
    );
    train(space, machine, loop);
  }
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  for (const name of ['dispatch', 'vector'])
    assert.deepEqual(leftOf(result.find(({ url }) => url.endsWith(`/${name}.generated.js`))!), [], name);
});
