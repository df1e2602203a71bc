/**
 * Custom descriptors beyond the suite: at every amount of fuel, in large frames, with values of every width, across
 * instances, and with the feature off.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileModule, defaultFeatures, type Features } from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, type Ref, type Type } from '../assembler.ts';
import { onEngine, runEverywhere, runOnAll } from './everywhere.ts';

const features = ['custom-descriptors'] as const;
const withDescriptors: Features = new Set([...defaultFeatures, ...features]);

/** Type 0 { mut i32, mut v128, mut i64 } is described by type 1 { i32 }. */
const A = 0;
const B = 1;
const pair = [0x4e, 2, 0x4d, B, 0x5f, 3, 0x7f, 1, 0x7b, 1, 0x7e, 1, 0x4c, A, 0x5f, 1, 0x7f, 0];
const FIRST_FUNC_TYPE = 2;
const nullable = (heap: Ref['heap']): Ref => ({ heap, nullable: true });
const nonNull = (heap: Ref['heap']): Ref => ({ heap, nullable: false });

const moduleOf = (
  code: readonly Instruction[],
  results: readonly Type[] = ['i32'],
  locals: readonly (readonly [number, Type])[] = [],
  more: Partial<ModuleSource> = {},
): Uint8Array =>
  assemble({
    types: [pair, { results }],
    funcs: [{ type: FIRST_FUNC_TYPE, code, locals }],
    exports: [['run', 'func', 0]],
    ...more,
  });
const run = (...args: Parameters<typeof moduleOf>): readonly unknown[] | string =>
  runEverywhere({ main: moduleOf(...args) }, 'run', [], features).result;

const i32 = (value: number): Instruction => ['i32.const', value];
const get = (index: number): Instruction => ['local.get', index];
const set = (index: number): Instruction => ['local.set', index];
const newB = (value: number): Instruction[] => [i32(value), ['struct.new', B]];
const newA: Instruction[] = [
  i32(-5),
  ['v128.const', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]],
  ['i64.const', -6n],
];

describe('a described structure', () => {
  const locals = [[1, nullable(A)]] as const;

  test('has its fields and its descriptor', () => {
    const code: Instruction[] = [
      ...newA,
      ...newB(9),
      ['struct.new_desc', A],
      set(0),
      get(0),
      ['ref.get_desc', A],
      ['struct.get', B, 0],
      ...[0, 1, 2].flatMap((field): Instruction[] => [get(0), ['struct.get', A, field]]),
    ];
    const results = ['i32', 'i32', 'v128', 'i64'] as const;
    const expected = [9n, 0xffff_fffbn, 0x100f_0e0d_0c0b_0a09_0807_0605_0403_0201n, 2n ** 64n - 6n];
    assert.deepEqual(run(code, results, locals), expected);
    const byDefault: Instruction[] = [...newB(8), ['struct.new_default_desc', A], ...code.slice(6)];
    assert.deepEqual(run(byDefault, results, locals), [8n, 0n, 0n, 0n]);
  });

  test('needs a descriptor', () => {
    const none: Instruction = ['ref.null', 'none'];
    assert.equal(run([...newA, none, ['struct.new_desc', A], ['struct.get', A, 0]]), 'trap.null-descriptor');
    const byDefault: Instruction[] = [none, ['struct.new_default_desc', A], ['struct.get', A, 0]];
    assert.equal(run(byDefault), 'trap.null-descriptor');
    assert.equal(run([none, ['ref.get_desc', A], ['struct.get', B, 0]]), 'trap.null-reference');
    const constant = moduleOf([i32(0)], ['i32'], [], {
      globals: [{ type: nullable(A), init: [none, ['struct.new_default_desc', A]] }],
    });
    assert.throws(() => onEngine({ main: constant }, features), { code: 'trap.null-descriptor' });
  });

  test('can be a constant', () => {
    const main = moduleOf(
      [
        ['global.get', 0],
        ['ref.get_desc', A],
        ['struct.get', B, 0],
      ],
      ['i32'],
      [],
      {
        globals: [{ type: nonNull({ exact: A }), init: [...newA, ...newB(7), ['struct.new_desc', A]] }],
      },
    );
    assert.deepEqual(runEverywhere({ main }, 'run', [], features).result, [7n]);
  });
});

/** Locals: descriptor, another descriptor, a value that the first describes, null. */
const D = 0;
const OTHER = 1;
const VALUE = 2;
const NULL = 3;
const castLocals = [
  [2, nullable({ exact: B })],
  [2, nullable('eq')],
] as const;
const prepare: Instruction[] = [
  ...[D, OTHER].flatMap((index): Instruction[] => [...newB(0), set(index)]),
  get(D),
  ['struct.new_default_desc', A],
  set(VALUE),
];
/** By operand and descriptor: whether a cast to a nullable type passes, and one to a non-null type. */
const casts: readonly (readonly [name: string, Instruction[], boolean | null, boolean | null])[] = [
  ['its own descriptor', [get(VALUE), get(D)], true, true],
  ['another descriptor', [get(VALUE), get(OTHER)], false, false],
  ['null as descriptor', [get(VALUE), ['ref.null', 'none']], null, null],
  ['a null value', [get(NULL), get(D)], true, false],
  ['null by null', [get(NULL), ['ref.null', 'none']], null, null],
  ['an i31', [i32(1), 'ref.i31', get(D)], false, false],
  ['a descriptor', [get(D), get(D)], false, false],
];

describe('a cast by descriptor', () => {
  for (const [name, operands, whenNullable, whenNonNull] of casts) {
    for (const isNullable of [true, false]) {
      const passes = isNullable ? whenNullable : whenNonNull;
      const to = isNullable ? nullable({ exact: A }) : nonNull({ exact: A });
      const expected = (value: bigint): unknown => (passes === null ? 'trap.null-descriptor' : [value]);

      test(`${name}, ${isNullable ? 'nullable' : 'not null'}`, () => {
        const cast: Instruction = [isNullable ? 'ref.cast_desc_eq null' : 'ref.cast_desc_eq', { exact: A }];
        const result = run([...prepare, ...operands, cast, 'drop', i32(1)], ['i32'], castLocals);
        assert.deepEqual(result, passes === false ? 'trap.descriptor-cast' : expected(1n));
      });

      for (const branch of ['br_on_cast_desc_eq', 'br_on_cast_desc_eq_fail'] as const) {
        const isTaken = passes === (branch === 'br_on_cast_desc_eq');
        const cast: Instruction = [branch, { label: 0, from: nullable('eq'), to }];
        // The second form has an operand below, which the branch must move.
        for (const below of [[], [i32(5)]] as const) {
          test(`${name}, ${branch}, ${isNullable ? 'nullable' : 'not null'}, ${below.length} below`, () => {
            const code: Instruction[] = [
              ...prepare,
              ['block', nullable('eq')],
              ...below,
              ...operands,
              cast,
              'drop',
              i32(0),
              'return',
              'end',
              'drop',
              i32(1),
            ];
            assert.deepEqual(run(code, ['i32'], castLocals), expected(isTaken ? 1n : 0n));
          });
        }
      }
    }
  }
});

test('operands may lie beyond the slots that an operation can name', () => {
  const far = 3000;
  const locals = [[far, 'i64'], ...castLocals] as const;
  const shift = (code: readonly Instruction[]): Instruction[] =>
    code.map((entry) =>
      typeof entry !== 'string' && entry[0].startsWith('local.')
        ? [entry[0], (entry[1] as number) + far]
        : entry,
    );
  const code = shift([
    ...prepare,
    ['block', nullable('eq')],
    get(VALUE),
    get(D),
    ['br_on_cast_desc_eq', { label: 0, from: nullable('eq'), to: nonNull(A) }],
    'unreachable',
    'end',
    get(D),
    ['ref.cast_desc_eq', A],
    ['ref.get_desc', A],
    get(D),
    'ref.eq',
  ]);
  assert.deepEqual(runOnAll({ main: moduleOf(code, ['i32'], locals) }, 'run', [], features).result, [1n]);
});

test('an exact import takes no function of a subtype, and says so', () => {
  const types = [
    [0x50, 0, 0x60, 0, 0],
    [0x50, 1, 0, 0x60, 0, 0],
  ];
  const library = assemble({
    types,
    funcs: [{ type: 0 }, { type: 1 }],
    exports: [
      ['super', 'func', 0],
      ['sub', 'func', 1],
    ],
  });
  const importing = (name: string, kind: number): Uint8Array =>
    assemble({ types, imports: [['library', name, [kind, 0]]] });
  const link = (name: string, kind: number): unknown =>
    onEngine({ library, main: importing(name, kind) }, features);
  link('super', 0x20);
  link('super', 0);
  link('sub', 0);
  assert.throws(() => link('sub', 0x20), {
    code: 'unlinkable.incompatible-import',
    message: /expected func exactly \(\) -> \(\), got func/,
  });
});

describe('with the feature off', () => {
  const modules: Readonly<Record<string, Partial<ModuleSource>>> = {
    'clauses of a type': { types: [pair] },
    'an exact field': { types: [[0x5f, 1, 0x63, 0x62, 0, 0]] },
    'an exact parameter': { types: [{ params: [nullable({ exact: 0 })] }] },
    'an exact local': { funcs: [{ locals: [[1, nullable({ exact: 0 })]] }] },
    'an exact global': {
      globals: [{ type: nullable({ exact: 0 }), init: [['ref.null', 'nofunc']] }],
    },
    'an exact table': { tables: [{ min: 0, element: nullable({ exact: 0 }) }] },
    'an exact null': { funcs: [{ code: [['ref.null', { exact: 0 }], 'drop'] }] },
    'an exact test': {
      funcs: [{ code: [['ref.null', 'nofunc'], ['ref.test', { exact: 0 }], 'drop'] }],
    },
    'an exact block': {
      funcs: [{ code: [['block', nullable({ exact: 0 })], ['ref.null', 'nofunc'], 'end', 'drop'] }],
    },
    'an exact import': { imports: [['', '', [0x20, 0]]] },
  };
  for (const [name, source] of Object.entries(modules)) {
    test(`${name} is not supported`, () => {
      const bytes = assemble(source);
      compileModule(bytes, withDescriptors);
      assert.throws(() => compileModule(bytes), {
        code: 'unsupported.feature',
        message: /custom-descriptors/,
      });
    });
  }

  test('an instruction is not supported', () => {
    // In unreachable code, so that nothing but the instruction needs the feature but for its type.
    const bytes = moduleOf(['unreachable', ['struct.new_default_desc', A], 'drop']);
    compileModule(bytes, withDescriptors);
    assert.throws(() => compileModule(bytes), { code: 'unsupported.feature' });
  });

  test('a branching cast goes down only', () => {
    const cast = { label: 0, from: nullable('eq'), to: nullable('any') };
    const bytes = assemble({
      types: [{ results: ['anyref'] }],
      funcs: [{ code: ['unreachable', ['br_on_cast', cast]] }],
    });
    compileModule(bytes, withDescriptors);
    assert.throws(() => compileModule(bytes), { code: 'invalid.type' });
  });
});
