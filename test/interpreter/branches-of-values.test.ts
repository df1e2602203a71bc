/** Branches and returns that move more values than are moved one by one: of all types, in small and large frames. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble, type Instruction, type Type } from '../assembler.ts';
import { runEverywhere } from './everywhere.ts';

const i32 = (value: number): Instruction => ['i32.const', value];
const get = (index: number): Instruction => ['local.get', index];
const add: Instruction = 'i32.add';
const i31: Type = { heap: 'i31', nullable: false };
const mixed: Type[] = ['i32', 'i64', 'v128', i31, 'f64', 'i32', i31];
const values: Instruction[] = [
  ...[i32(1), ['i64.const', 2n], ['v128.const', Array.from({ length: 16 }, (_, i) => i)]],
  ...[i32(4), 'ref.i31', ['f64.const', 5], i32(6), i32(7), 'ref.i31'],
] as Instruction[];
/** Turns them into numbers. */
const readable: Instruction[] = [
  ...['i31.get_u', ['local.set', 2], ['local.set', 3], ['local.set', 1], 'i31.get_u', ['local.set', 4]],
  ...[get(1), get(4), get(3), get(2)],
] as Instruction[];
/** Leaves a block with mixed values from a height above where they belong, or continues. */
const leavings: Record<string, readonly Instruction[]> = {
  br: [['br', 0]],
  br_if: [get(0), ['br_if', 0], ['br', 0]],
  br_table: [get(0), ['br_table', [0, 1, 0]]],
  br_on_null: [['ref.null', 'extern'], ['br_on_null', 0], 'drop', ['br', 0]],
  return: [['return']],
  'br out of the function': [get(0), ['br_if', 1], ['br', 0]],
};
for (const [name, leaving] of Object.entries(leavings)) {
  // A frame that packed operands can name, and one that they cannot.
  for (const localCount of [1, 3000]) {
    test(`${name} moves values of all types, above ${localCount} locals`, () => {
      const main = assemble({
        types: [
          { params: ['i32'], results: mixed },
          { results: mixed },
          { params: ['i32'], results: ['i32', 'i64', 'v128', 'f64', 'i32', 'i32', 'i32'] },
        ],
        funcs: [
          {
            type: 0,
            locals: [[localCount, 'i32']],
            code: [
              i32(77),
              ['block', 1],
              i32(78),
              ['i64.const', 79n],
              ...values,
              ...leaving,
              'end',
              'return',
            ],
          },
          {
            type: 2,
            locals: [
              [1, 'f64'],
              [3, 'i32'],
            ],
            code: [get(0), ['call', 0], ...readable],
          },
        ],
        exports: [['run', 'func', 1]],
      });
      const vector = 0x0f0e0d0c0b0a09080706050403020100n;
      for (const argument of [0n, 1n]) {
        const { result } = runEverywhere({ main }, 'run', [argument]);
        assert.deepEqual(result, [1n, 2n, vector, 0x4014000000000000n, 4n, 6n, 7n]);
      }
    });
  }
}

test('a loop takes its parameters from above', () => {
  const five: Type[] = ['i32', 'i64', 'i32', 'i32', 'i32'];
  const main = assemble({
    types: [
      { params: ['i32'], results: ['i32'] },
      { params: five, results: five },
    ],
    funcs: [
      {
        type: 0,
        locals: [[1, 'i32']],
        code: [
          ...[i32(9), i32(1), ['i64.const', 2n], i32(3), i32(4), i32(5), ['loop', 1], ['local.set', 1]],
          ...['drop', 'drop', 'drop', 'drop', i32(8), i32(20), ['i64.const', 3n], i32(30), i32(40), get(1)],
          ...[get(0), add, get(0), i32(1), 'i32.sub', ['local.tee', 0], ['br_if', 0]],
          ...[['local.set', 0], 'drop', 'drop', 'drop', 'drop', 'drop', i32(1), ['i64.const', 2n]],
          ...[i32(3), i32(4), get(0), 'end', ['local.set', 0], 'drop', 'drop', 'drop', add, get(0), add],
        ] as Instruction[],
      },
    ],
    exports: [['run', 'func', 0]],
  });
  assert.deepEqual(runEverywhere({ main }, 'run', [3n]).result, [9n + 1n + 5n + 3n + 2n + 1n]);
});
