/**
 * Recursion without end stops at a counted depth or a counted number of slots, at the same place as the reference
 * executor and at the same price, whatever the JavaScript engine's own stack is.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_MAX_CALL_DEPTH } from '../../src/syntax/limits.ts';
import { assemble, type Instruction, type Type } from '../assembler.ts';
import { runOnEngine } from '../differential/engine.ts';
import { runOnReference } from '../differential/reference.ts';
import type { Program } from '../generators/world.ts';
import { defaultOptions } from '../reference/instances.ts';

const i32 = (value: number): Instruction => ['i32.const', value];
const get = (index: number): Instruction => ['local.get', index];
const count: readonly Instruction[] = [['global.get', 0], i32(1), 'i32.add', ['global.set', 0]];

interface Shape {
  readonly params?: readonly Type[];
  readonly locals?: readonly (readonly [number, Type])[];
  readonly call: readonly Instruction[];
}

/** `run` starts a recursion that counts its calls in a global; `depth` is how far it came. */
const recursive = ({ params = [], locals = [], call }: Shape): Program => ({
  modules: [
    assemble({
      types: [{ results: ['i32'] }, { params, results: ['i32'] }],
      tables: [{ min: 3 }],
      globals: [{ type: 'i32', isMutable: true, init: [i32(0)] }],
      funcs: [
        { code: [...params.map((): Instruction => i32(5)), ['call', 1]] },
        { type: 1, locals, code: [...count, ...call] },
        { code: [['global.get', 0]] },
      ],
      exports: [
        ['run', 'func', 0],
        ['depth', 'func', 2],
      ],
      elements: [[0, 0x41, 0, 0x0b, 3, 0, 1, 2]],
    }),
  ],
  entries: ['run', 'depth', 'run', 'depth'].map((name) => ({ module: 0, name })),
});

/** Two instances that call each other: directly, and through the table that they share. */
const acrossInstances = (isTail: boolean): Program => ({
  modules: [
    assemble({
      types: [{ results: ['i32'] }],
      tables: [{ min: 1 }],
      globals: [{ type: 'i32', isMutable: true, init: [i32(0)] }],
      funcs: [{ code: [...count, i32(0), ['call_indirect', 0, 0], i32(1), 'i32.add'] }],
      exports: [
        ['back', 'func', 0],
        ['table', 'table', 0],
        ['count', 'global', 0],
      ],
    }),
    assemble({
      types: [{ results: ['i32'] }],
      imports: [
        ['m0', 'back', [0, 0]],
        ['m0', 'table', [1, 0x70, 0, 1]],
        ['m0', 'count', [3, 0x7f, 1]],
      ],
      funcs: [
        { code: [...count, ...(isTail ? [['return_call', 0] as const] : [['call', 0] as const])] },
        { code: [['global.get', 0]] },
      ],
      exports: [
        ['run', 'func', 1],
        ['depth', 'func', 2],
      ],
      elements: [[0, 0x41, 0, 0x0b, 1, 1]],
    }),
  ],
  entries: ['run', 'depth', 'run', 'depth'].map((name) => ({ module: 1, name })),
});

interface Budgets {
  readonly maxCallDepth?: number;
  readonly maxStackSlots?: number;
}

/** What the executors agree on. */
const outcomes = (program: Program, budgets: Budgets): string[] => {
  const expected = runOnReference(program, { ...defaultOptions, ...budgets });
  for (const careful of [false, true]) {
    assert.deepEqual(runOnEngine(program, budgets, { careful }), expected, `careful: ${careful}`);
  }
  return expected.map(({ outcome }) => outcome.replace(/ \|.*/, ''));
};

const simple: Shape = { call: [['call', 1]] };
const shapes: Readonly<Record<string, Shape>> = {
  'without anything': simple,
  'with operands below the call': {
    call: [i32(1), i32(2), i32(3), ['call', 1], 'i32.add', 'i32.add', 'i32.add'],
  },
  'with parameters': { params: ['i32', 'i32'], call: [get(0), get(1), ['call', 1]] },
  'with locals': { locals: [[7, 'i64']], call: [['call', 1]] },
  'with large frames': { locals: [[2046, 'i64']], call: [['call', 1]] },
  'with frames larger than packed operands can name': {
    locals: [[2048, 'i64']],
    call: [i32(1), ['call', 1], 'i32.add'],
  },
  'through a table': { call: [i32(1), ['call_indirect', 1, 0]] },
};

describe('recursion without end', () => {
  for (const [name, shape] of Object.entries(shapes)) {
    test(name, () => {
      for (const budgets of [{ maxCallDepth: 1 }, { maxCallDepth: 2 }, { maxCallDepth: 33 }]) {
        assert.equal(outcomes(recursive(shape), budgets)[0], 'run → exhaustion.call-stack');
      }
      const slots = Array.from({ length: 40 }, (_, i) => i + 1);
      for (const maxStackSlots of [...slots, 2046, 2047, 2048, 2049, 2050, 2051, 2052, 4100, 9000]) {
        // Frames without slots of their own end by depth.
        outcomes(recursive(shape), { maxStackSlots, maxCallDepth: 300 });
      }
    });
  }

  test('with the default budgets', () => {
    const [ending, depth] = outcomes(recursive(simple), {});
    assert.equal(ending, 'run → exhaustion.call-stack');
    // `run` itself is the first frame.
    assert.equal(depth, `depth → [${DEFAULT_MAX_CALL_DEPTH - 1}]`);
  });

  test('across instances', () => {
    for (const isTail of [false, true]) {
      for (const maxCallDepth of [1, 2, 3, 4, 5, 50]) {
        assert.equal(outcomes(acrossInstances(isTail), { maxCallDepth })[0], 'run → exhaustion.call-stack');
      }
      assert.equal(outcomes(acrossInstances(isTail), {})[0], 'run → exhaustion.call-stack');
    }
  });
});

test('tail calls are not nested calls', () => {
  const countTo = 100_000;
  const program = (tail: Instruction, operands: readonly Instruction[]): Program =>
    recursive({
      call: [
        ['global.get', 0],
        i32(countTo),
        'i32.ge_u',
        ['if', null],
        i32(9),
        'return',
        'end',
        ...operands,
        tail,
      ],
    });
  const budgets: Budgets = { maxCallDepth: 2, maxStackSlots: 20 };
  assert.equal(outcomes(program(['return_call', 1], []), budgets)[0], 'run → [9]');
  assert.equal(outcomes(program(['return_call_indirect', 1, 0], [i32(1)]), budgets)[0], 'run → [9]');
});
