/**
 * The types that values in frames are checked against: what lies there at a pause may be less precise than what the
 * instructions before it suggest. Each construct is paused at every point, and moved.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compileModule,
  defaultFeatures,
  type Execution,
  type FeatureKey,
  type FuncInstance,
  instantiate,
  type ModuleInstance,
  restoreSnapshot,
  Store,
  startExecution,
  takeSnapshot,
} from '../../src/wasm.ts';
import { assemble, type FuncSource, type Instruction, type Ref } from '../assembler.ts';

// Types
const BOX = 0;
const SEVEN = 1;
const FUNC_TO_FUNC = 2;
const ANY_TO_ANY = 3;
const THROWS_ANY = 4;
const ANY_AND_EXN = 5;
const FUNC_TO_I32 = 6;
// Functions
const seven = 0;
const clear = 1;

const box: Ref = { heap: BOX, nullable: false };
const exn: Ref = { heap: 'exn', nullable: false };
const anyRef: Ref = { heap: 'any', nullable: true };
const i31: Ref = { heap: 'i31', nullable: false };

const i32 = (value: number): Instruction => ['i32.const', value];
const get = (index: number): Instruction => ['local.get', index];
const set = (index: number): Instruction => ['local.set', index];
const func: Instruction = ['ref.func', seven];
const noFunc: Instruction = ['ref.null', 'func'];
const newBox: readonly Instruction[] = [i32(5), ['struct.new', BOX]];
/** Counts local 0, an i32, up to 3, and goes back to label 0 until then. */
const again: readonly Instruction[] = [
  ...[get(0), i32(1), 'i32.add', ['local.tee', 0], i32(3), 'i32.ne', ['br_if', 0]],
] as Instruction[];
/** Pads with places to pause at. */
const rest: readonly Instruction[] = ['nop', i32(1), 'drop', 'nop'];

const counter = [[1, 'i32']] as const;

/** Functions without parameters, by what they show, and their results. */
const cases: Readonly<Record<string, { result: bigint; source: FuncSource }>> = {
  'select with a type, of a function and null': {
    result: 1n,
    source: {
      code: [func, noFunc, i32(0), ['select t', ['funcref']], ...rest, 'ref.is_null'],
    },
  },
  'select with a type, across a call': {
    result: 8n,
    source: {
      code: [
        func,
        noFunc,
        i32(0),
        ['select t', ['funcref']],
        ['call', seven],
        set(0),
        'ref.is_null',
        get(0),
        'i32.add',
      ],
      locals: counter,
    },
  },
  'select with a type, of a structure and an i31': {
    result: 9n,
    source: {
      code: [
        ...newBox,
        ...([i32(9), 'ref.i31', i32(0), ['select t', ['anyref']], ...rest] as Instruction[]),
        ['ref.cast', 'i31'],
        'i31.get_s',
      ],
    },
  },
  'loop that gets null the second time': {
    result: 1n,
    source: {
      locals: counter,
      code: [func, ['loop', FUNC_TO_FUNC], ...rest, 'drop', noFunc, ...again, 'end', 'ref.is_null'],
    },
  },
  'loop that gets an i31 the second time, from inside a block': {
    result: 2n,
    source: {
      locals: counter,
      code: [
        ...newBox,
        ['loop', ANY_TO_ANY],
        ['block', ANY_TO_ANY],
        ...rest,
        'drop',
        get(0),
        'ref.i31',
        'end',
        ...again,
        'end',
        ['ref.cast', 'i31'],
        'i31.get_s',
      ],
    },
  },
  'loop that a cast branches to': {
    result: 1n,
    source: {
      locals: counter,
      code: [
        ...newBox,
        ['loop', ANY_TO_ANY],
        ...rest,
        'drop',
        get(0),
        ...([i32(1), 'i32.add', ['local.tee', 0], i32(3), 'i32.lt_s'] as Instruction[]),
        ['if', anyRef],
        ...([i32(4), 'ref.i31', 'else', ['ref.null', 'any'], 'end'] as Instruction[]),
        ['br_on_cast', { label: 0, from: anyRef, to: i31 }],
        'end',
        'ref.is_null',
      ],
    },
  },
  'loop with a try_table in it': {
    result: 1n,
    source: {
      locals: counter,
      code: [
        func,
        ['loop', FUNC_TO_FUNC],
        ['try_table', FUNC_TO_FUNC, []],
        ...rest,
        'drop',
        noFunc,
        'end',
        ...again,
        'end',
        'ref.is_null',
      ],
    },
  },
  'if and else with a parameter': {
    result: 1n,
    source: {
      code: [
        ...([
          func,
          i32(0),
          ['if', FUNC_TO_FUNC],
          ...rest,
          'else',
          ...rest,
          'drop',
          noFunc,
          ...rest,
        ] as Instruction[]),
        ...(['end', ...rest, 'ref.is_null'] as Instruction[]),
      ],
    },
  },
  'locals that forbid null and are not set yet': {
    result: 12n,
    source: {
      locals: [
        [1, box],
        [1, { heap: SEVEN, nullable: false }],
      ],
      code: [
        ...rest,
        ['call', seven],
        ...([...newBox, set(0), ...rest, get(0), ['struct.get', BOX, 0], 'i32.add'] as Instruction[]),
      ],
    },
  },
  'locals that forbid null, set in a block that a branch leaves before': {
    result: 7n,
    source: {
      locals: [[1, box]],
      code: [
        ...(['block', i32(1), ['br_if', 0], ...newBox, set(0), get(0), 'drop', 'end'] as Instruction[]),
        ...rest,
        ['call', seven],
      ],
    },
  },
  'local that is wider than what is set': {
    result: 1n,
    source: {
      locals: [[1, 'funcref']],
      code: [
        func,
        ['local.tee', 0],
        'drop',
        noFunc,
        ['local.tee', 0],
        ...rest,
        'drop',
        get(0),
        'ref.is_null',
      ],
    },
  },
  'parameter that is set to null': { result: 1n, source: { code: [func, ['call', clear]] } },
  'br_on_cast, both ways': {
    result: 5n,
    source: {
      code: [
        ['block', { heap: BOX, nullable: false }],
        ['block', i31],
        ...newBox,
        ['br_on_cast', { label: 0, from: anyRef, to: i31 }],
        ...rest,
        ['br_on_cast', { label: 1, from: anyRef, to: box }],
        'unreachable',
        'end',
        'unreachable',
        'end',
        ...rest,
        ['struct.get', BOX, 0],
      ],
    },
  },
  'br_on_cast_fail with null': {
    result: 1n,
    source: {
      code: [
        ['block', anyRef],
        ['ref.null', 'any'],
        ['br_on_cast_fail', { label: 0, from: anyRef, to: { heap: BOX, nullable: true } }],
        ...rest,
        ['br_on_cast_fail', { label: 0, from: { heap: BOX, nullable: true }, to: box }],
        'unreachable',
        'end',
        ...rest,
        'ref.is_null',
      ],
    },
  },
  'br_on_null and br_on_non_null': {
    result: 5n,
    source: {
      code: [
        ['block', box],
        'block',
        ...newBox,
        ['br_on_null', 0],
        ...rest,
        'drop',
        ['ref.null', BOX],
        ['br_on_non_null', 1],
        ...rest,
        ...newBox,
        ['br_on_non_null', 1],
        'end',
        'unreachable',
        'end',
        ...rest,
        ['struct.get', BOX, 0],
      ],
    },
  },
  'br_table to labels of different types': {
    result: 5n,
    source: {
      code: [
        ['block', anyRef],
        ['block', { heap: BOX, nullable: true }],
        ...([...newBox, i32(1), ['br_table', [0, 1, 0]], 'end', 'end'] as Instruction[]),
        ...rest,
        ['ref.cast', BOX],
        ['struct.get', BOX, 0],
      ],
    },
  },
  'operands that a branch leaves behind, and ones that are dropped': {
    result: 1n,
    source: {
      code: [
        ['block', 'funcref'],
        ...([func, ...newBox, i32(2), noFunc, i32(1), ['br_if', 0], ...rest, 'drop'] as Instruction[]),
        ...(['drop', 'drop', 'end', func, 'drop', ...rest, 'ref.is_null'] as Instruction[]),
      ],
    },
  },
  'handlers of a try_table': {
    result: 1n,
    source: {
      locals: [[1, exn]],
      code: [
        ['block', ANY_AND_EXN],
        ['try_table', null, [{ tag: 0, withRef: true, label: 0 }]],
        ...([...newBox, ...rest, 'drop', ['ref.null', 'any'], ['throw', 0]] as Instruction[]),
        ...(['end', 'unreachable', 'end', ...rest, set(0), ...rest, 'ref.is_null'] as Instruction[]),
      ],
    },
  },
  'handlers of the older form': {
    result: 1n,
    source: {
      code: [
        ['try', anyRef],
        ...([
          ...newBox,
          ['try', ANY_TO_ANY],
          ...rest,
          ['throw', 0],
          'catch_all',
          ['ref.null', 'any'],
        ] as Instruction[]),
        ...([...rest, ['throw', 0], 'end', ['catch', 0], ...rest, 'end', 'ref.is_null'] as Instruction[]),
      ],
    },
  },
  'conversions between any and extern': {
    result: 1n,
    source: {
      code: [
        ...([
          ...newBox,
          'extern.convert_any',
          ...rest,
          'any.convert_extern',
          ...rest,
          ['ref.cast', BOX],
        ] as Instruction[]),
        ...(['drop', ['ref.null', 'none'], 'extern.convert_any', ...rest, 'ref.is_null'] as Instruction[]),
      ],
    },
  },
  'a null of a bottom type': {
    result: 1n,
    source: {
      code: [
        ['ref.null', 'none'],
        ['loop', ANY_TO_ANY],
        ...rest,
        'end',
        ['ref.null', 'nofunc'],
        ...rest,
        'drop',
        'ref.is_null',
      ],
    },
  },
};

const names = Object.keys(cases);
const bytes = assemble({
  types: [
    [0x5f, 1, 0x7f, 1],
    { results: ['i32'] },
    { params: ['funcref'], results: ['funcref'] },
    { params: ['anyref'], results: ['anyref'] },
    { params: ['anyref'] },
    { results: ['anyref', exn] },
    { params: ['funcref'], results: ['i32'] },
  ],
  tags: [THROWS_ANY],
  funcs: [
    { type: SEVEN, code: [i32(7)] },
    { type: FUNC_TO_I32, code: [...rest, noFunc, set(0), ...rest, get(0), 'ref.is_null'] },
    ...names.map((name) => ({ type: SEVEN, ...cases[name]!.source })),
  ],
  exports: [['seven', 'func', seven], ...names.map((name, i) => [name, 'func', 2 + i] as const)],
});
const features = new Set<FeatureKey>([...defaultFeatures, 'legacy-exceptions']);
const compiled = compileModule(bytes, features);
const link = (): ModuleInstance => instantiate(new Store(), compiled, () => undefined);
const start = (instance: ModuleInstance, name: string, options = {}): Execution =>
  startExecution(instance.exports.get(name) as FuncInstance, [], options);

for (const name of names) {
  test(`a pause anywhere in: ${name}`, () => {
    const whole = start(link(), name);
    assert.equal(whole.run(), 'done', String(whole.error));
    assert.deepEqual(whole.results, [cases[name]!.result]);
    for (const careful of [false, true]) {
      for (let fuel = 0; fuel < whole.fuelConsumed; fuel++) {
        const instance = link();
        const call = start(instance, name, { fuel, careful });
        assert.equal(call.run(), 'paused');
        const taken = takeSnapshot({ instances: [instance], executions: [call] });
        const other = link();
        const [restored] = restoreSnapshot(taken, { instances: [other] });
        assert.deepEqual(takeSnapshot({ instances: [other], executions: [restored!] }), taken);
        restored!.addFuel(whole.fuelConsumed);
        assert.equal(restored!.run(), 'done', `fuel ${fuel}: ${restored!.error}`);
        assert.deepEqual(restored!.results, whole.results, `fuel ${fuel}`);
        assert.equal(restored!.fuelConsumed, whole.fuelConsumed, `fuel ${fuel}`);
      }
    }
  });
}
