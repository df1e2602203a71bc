/** Typed function references, casts, branches on references, i31, and conversions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type FuncInstance,
  hostFunction,
  I32,
  invoke,
  quern1,
  type RawValue,
  startExecution,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, type Type, u32 } from '../assembler.ts';
import { onEngine, runEverywhere } from './everywhere.ts';

const local = (index: number): Instruction => ['local.get', index];
const i32 = (value: number): Instruction => ['i32.const', value];
const anyref: Type = 'anyref';

/** 0 `[i32] -> [i32]`, 1 `[] -> [i32]`, 2 a structure, 3 a subtype of it, 4 an array of i8. */
const types: ModuleSource['types'] = [
  { params: ['i32'], results: ['i32'] },
  { results: ['i32'] },
  [0x50, 0, 0x5f, 1, 0x7f, 0],
  [0x50, 1, 2, 0x5f, 2, 0x7f, 0, 0x7e, 0],
  [0x5e, 0x78, 1],
];
/** `run` is function 0 of type 0; function 1 subtracts one. */
const moduleOf = (
  code: readonly Instruction[],
  locals: readonly (readonly [number, Type])[] = [],
): { main: Uint8Array } => ({
  main: assemble({
    types,
    funcs: [{ code, locals }, { code: [local(0), i32(1), 'i32.sub'] }],
    exports: [['run', 'func', 0]],
    elements: [[3, 0, ...u32(2), 0, 1]],
  }),
});
const run = (
  arg: number,
  code: readonly Instruction[],
  locals: readonly (readonly [number, Type])[] = [],
): readonly unknown[] | string => runEverywhere(moduleOf(code, locals), 'run', [BigInt(arg)]).result;

test('call_ref calls what the reference names, and null traps', () => {
  assert.deepEqual(run(5, [local(0), ['ref.func', 1], ['call_ref', 0]]), [4n]);
  assert.deepEqual(run(5, [local(0), ['ref.func', 1], ['return_call_ref', 0]]), [4n]);
  assert.equal(run(5, [local(0), ['ref.null', 0], ['call_ref', 0]]), 'trap.null-function');
  assert.equal(run(5, [local(0), ['ref.null', 0], ['return_call_ref', 0]]), 'trap.null-function');
});

test('a call by reference costs what a direct call costs, and the reference', () => {
  const direct = runEverywhere(moduleOf([local(0), ['call', 1]]), 'run', [5n]).fuel;
  const byRef = runEverywhere(moduleOf([local(0), ['ref.func', 1], ['call_ref', 0]]), 'run', [5n]).fuel;
  assert.equal(byRef, direct + quern1.cost.reference);
});

test('tail calls by reference take no stack', () => {
  const code: Instruction[] = [
    local(0),
    'i32.eqz',
    ['if', null],
    i32(77),
    'return',
    'end',
    local(0),
    i32(1),
    'i32.sub',
    ['ref.func', 0],
    ['return_call_ref', 0],
  ];
  const func = onEngine(moduleOf(code)).get('run') as FuncInstance;
  assert.deepEqual(invoke(func, [300_000n]), [77n]);
});

test('a host function is called by reference, and its cost is waited for', () => {
  const bytes = assemble({
    types,
    imports: [['host', 'twice', [0, 0]]],
    funcs: [{ code: [i32(1), local(0), ['ref.func', 0], ['call_ref', 0], 'i32.add'] }],
    exports: [['run', 'func', 1]],
    elements: [[3, 0, ...u32(1), 0]],
  });
  const type = { kind: 'func', params: [I32], results: [I32] } as const;
  const twice = hostFunction(type, ([x]) => (x as bigint) * 2n);
  const func = onEngine({ main: bytes }, [], { twice }).get('run') as FuncInstance;
  const whole = startExecution(func, [21n]);
  whole.run();
  assert.deepEqual(whole.results, [43n]);
  for (const careful of [false, true]) {
    const metered = startExecution(func, [21n], { fuel: 0, careful });
    while (metered.run() === 'paused') metered.addFuel(1);
    assert.deepEqual(metered.results, [43n]);
    assert.equal(metered.fuelConsumed, whole.fuelConsumed);
  }
});

test('calls from frames that packed operands do not reach', () => {
  const far: readonly (readonly [number, Type])[] = [[3000, 'i64']];
  for (const call of [
    [['call', 1]],
    [
      ['ref.func', 1],
      ['call_ref', 0],
    ],
    [
      ['ref.func', 1],
      ['return_call_ref', 0],
    ],
  ] as Instruction[][]) {
    assert.deepEqual(run(50, [local(0), ...call], far), [49n]);
  }
});

test('br_on_null and br_on_non_null take operands along', () => {
  const pick: Instruction[] = [
    local(0),
    ['if', { heap: 0, nullable: true }],
    ['ref.func', 1],
    'else',
    ['ref.null', 0],
    'end',
  ];
  const onNull: Instruction[] = [
    i32(1000),
    ['block', 'i32'],
    i32(7),
    i32(20),
    ...pick,
    ['br_on_null', 0],
    ['call_ref', 0],
    'i32.add',
    'end',
    'i32.add',
  ];
  assert.deepEqual(run(0, onNull), [1020n]);
  assert.deepEqual(run(1, onNull), [1026n]);
  const onNonNull: Instruction[] = [
    i32(9),
    ['block', { heap: 0, nullable: false }],
    i32(3),
    'drop',
    ...pick,
    ['br_on_non_null', 0],
    i32(55),
    'return',
    'end',
    ['call_ref', 0],
  ];
  assert.deepEqual(run(0, onNonNull), [55n]);
  assert.deepEqual(run(1, onNonNull), [8n]);
});

test('br_on_null to the function itself returns', () => {
  const code: Instruction[] = [i32(11), ['ref.null', 0], ['br_on_null', 0], 'drop', 'drop', i32(12)];
  assert.deepEqual(run(0, code), [11n]);
});

test('ref.as_non_null passes references on and traps for null', () => {
  assert.deepEqual(run(3, [local(0), ['ref.func', 1], 'ref.as_non_null', ['call_ref', 0]]), [2n]);
  assert.equal(run(3, [['ref.null', 'any'], 'ref.as_non_null', 'drop', i32(1)]), 'trap.null-reference');
});

/** Leaves a reference by number: null, i31, structure, subtype, array. */
const make: Instruction[] = [
  ['block', anyref],
  ['block', null],
  ['block', null],
  ['block', null],
  ['block', null],
  ['block', null],
  local(0),
  ['br_table', [0, 1, 2, 3, 4]],
  'end',
  ['ref.null', 'none'],
  ['br', 4],
  'end',
  i32(-5),
  'ref.i31',
  ['br', 3],
  'end',
  i32(1),
  ['struct.new', 2],
  ['br', 2],
  'end',
  ['struct.new_default', 3],
  ['br', 1],
  'end',
  i32(3),
  ['array.new_default', 4],
  'end',
];
const kinds = ['null', 'i31', 'struct', 'subtype', 'array'];
/** For each target the kinds that are of it. */
const targets: readonly (readonly [heap: string | number, nullable: boolean, of: readonly string[]])[] = [
  ['any', false, ['i31', 'struct', 'subtype', 'array']],
  ['any', true, kinds],
  ['eq', false, ['i31', 'struct', 'subtype', 'array']],
  ['i31', false, ['i31']],
  ['struct', true, ['null', 'struct', 'subtype']],
  ['array', false, ['array']],
  ['none', true, ['null']],
  ['none', false, []],
  [2, false, ['struct', 'subtype']],
  [3, false, ['subtype']],
  [3, true, ['null', 'subtype']],
  [4, false, ['array']],
];

test('tests, casts and branches on casts agree about every type', () => {
  for (const [heap, nullable, of] of targets) {
    const to = { heap, nullable } as { heap: 'any'; nullable: boolean };
    const from = { heap: 'any', nullable: true } as const;
    for (const [number, kind] of kinds.entries()) {
      const isOf = of.includes(kind);
      const suffix = nullable ? ' null' : '';
      const what = `${kind} as ${heap}${suffix}`;
      const test_: Instruction = [nullable ? 'ref.test null' : 'ref.test', to.heap];
      assert.deepEqual(run(number, [...make, test_]), [isOf ? 1n : 0n], what);
      const cast: Instruction = [nullable ? 'ref.cast null' : 'ref.cast', to.heap];
      const cased = run(number, [...make, cast, 'drop', i32(1)]);
      assert.deepEqual(cased, isOf ? [1n] : 'trap.cast', what);
      for (const name of ['br_on_cast', 'br_on_cast_fail'] as const) {
        const branch: Instruction[] = [
          i32(1),
          ['block', anyref],
          i32(8),
          ...make,
          [name, { label: 0, from, to }],
          'drop',
          'drop',
          i32(2),
          'return',
          'end',
          'drop',
        ];
        const isTaken = isOf === (name === 'br_on_cast');
        assert.deepEqual(run(number, branch), [isTaken ? 1n : 2n], `${name} ${what}`);
      }
    }
  }
});

test('an i31 keeps 31 bits, signed or not, and is equal by value', () => {
  const signed: Instruction[] = [local(0), 'ref.i31', 'i31.get_s'];
  const unsigned: Instruction[] = [local(0), 'ref.i31', 'i31.get_u'];
  assert.deepEqual(run(0x4000_0000, signed), [0xc000_0000n]);
  assert.deepEqual(run(0x4000_0000, unsigned), [0x4000_0000n]);
  assert.deepEqual(run(0x8000_0001, signed), [1n]);
  assert.deepEqual(run(5, [local(0), 'ref.i31', i32(5), 'ref.i31', 'ref.eq']), [1n]);
  assert.deepEqual(run(5, [local(0), 'ref.i31', i32(6), 'ref.i31', 'ref.eq']), [0n]);
  assert.equal(run(0, [['ref.null', 'i31'], 'i31.get_u']), 'trap.null-i31');
});

test('structures are equal by identity', () => {
  const twice: Instruction[] = [['struct.new_default', 3], ['local.tee', 1], local(1), 'ref.eq'];
  assert.deepEqual(run(0, twice, [[1, { heap: 3, nullable: true }]]), [1n]);
  assert.deepEqual(run(0, [['struct.new_default', 3], ['struct.new_default', 3], 'ref.eq']), [0n]);
});

test('what the host passes in comes out the same, by any and by extern', () => {
  const bytes = assemble({
    types: [
      { params: ['externref'], results: ['externref'] },
      { params: ['externref'], results: ['i32'] },
    ],
    funcs: [
      { type: 0, code: [local(0), 'any.convert_extern', 'extern.convert_any'] },
      { type: 1, code: [local(0), 'any.convert_extern', ['ref.test', 'eq']] },
      { type: 1, code: [local(0), 'any.convert_extern', ['ref.test null', 'any']] },
    ],
    exports: [
      ['same', 'func', 0],
      ['isEq', 'func', 1],
      ['isAny', 'func', 2],
    ],
  });
  const exports = onEngine({ main: bytes });
  const call = (name: string, value: RawValue): RawValue =>
    invoke(exports.get(name) as FuncInstance, [value])[0]!;
  for (const value of [{}, () => {}, exports.get('same')!, 1.5, null]) {
    assert.equal(call('same', value as RawValue), value);
    assert.equal(call('isEq', value as RawValue), 0n);
    assert.equal(call('isAny', value as RawValue), 1n);
  }
  // A whole number of 31 bits is an i31, as in the JavaScript API.
  assert.equal(call('isEq', 7), 1n);
});
