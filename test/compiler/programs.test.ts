/**
 * Programs with every construct that is compiled: results, traps with their messages and backtraces, fuel, pauses and
 * what is left in memory, globals and tables are as on the interpreter alone, however little fuel is given out at a
 * time, and wherever compiled code is left.
 */
import { describe, test } from 'node:test';
import { compileWat } from '../wat.ts';
import { assertSame, manyWays, steps } from './beside.ts';
import { callsInFront, deepCalls, sources } from './programs.ts';

const all = { ...sources, deepCalls, callsInFront };
const bytes = compileWat(Object.fromEntries(Object.entries(all).map(([name, { text }]) => [name, text])));

for (const [name, { calls, text: _, ...options }] of Object.entries(sources))
  describe(name, () => {
    for (const step of steps)
      test(`fuel ${step ?? 'at once'}`, () =>
        assertSame({ bytes: bytes[name]!, calls, options }, manyWays, [step]));
  });

test('fuel given out by any amount, where a call stands in front', () => {
  const amounts = Array.from({ length: 60 }, (_, i) => i + 1);
  const ways = manyWays.filter(({ exits }) => exits === 0);
  assertSame({ bytes: bytes['callsInFront']!, calls: callsInFront.calls }, ways, amounts);
});

test('recursion to the depth that is counted', () => {
  const ways = manyWays.filter(({ exits }) => exits < 1);
  assertSame({ bytes: bytes['deepCalls']!, calls: deepCalls.calls }, ways, [null]);
});
