/**
 * Several results of a function with more than 2,047 slots. They were moved to the start of the frame by way of the
 * scratch slots, which without parameters lie there too: later results overwrote the first ones.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble, type Instruction, type Type } from '../../assembler.ts';
import { EngineWorld } from '../../differential/engine.ts';

const code: readonly Instruction[] = [
  ['i32.const', 11],
  ['local.set', 0],
  ['i64.const', -22n],
  ['local.set', 2_100],
  ['local.get', 0],
  ['local.get', 2_100],
  ['ref.null', 'extern'],
  'ref.is_null',
  ['i32.const', 44],
];
const results: readonly Type[] = ['i32', 'i64', 'i32', 'i32'];

const bytes = assemble({
  types: [{ results }],
  funcs: [
    {
      locals: [
        [1, 'i32'],
        [2_500, 'i64'],
      ],
      code,
    },
    {
      locals: [
        [1, 'i32'],
        [2_500, 'i64'],
      ],
      code: [...code, 'return'],
    },
    {
      locals: [
        [1, 'i32'],
        [2_500, 'i64'],
      ],
      code: [...code, ['i32.const', 1], ['br_if', 0], 'unreachable'],
    },
  ],
  exports: ['end', 'return', 'branch'].map((name, i) => [name, 'func', i] as const),
});

for (const name of ['end', 'return', 'branch']) {
  test(`by ${name}`, () => {
    const world = new EngineWorld({ modules: [bytes], entries: [] }, {});
    for (const careful of [false, true]) {
      const call = world.start(0, name, { careful });
      assert.equal(call.run(), 'done');
      assert.deepEqual(call.results, [11n, BigInt.asUintN(64, -22n), 1n, 44n]);
    }
  });
}
