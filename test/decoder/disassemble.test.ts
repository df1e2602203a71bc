/** Listings: the spelling of each kind of immediate, offsets, nesting, names. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeModule, disassembleFunction, formatLine } from '../../src/inspect.ts';
import { assemble, encodeAll, type Instruction, list, type ModuleSource, text, u32 } from '../assembler.ts';

const linesOf = (source: ModuleSource, index = 0) => [
  ...disassembleFunction(decodeModule(assemble(source)), index),
];
const types: ModuleSource['types'] = [{}, [0x5f, 1, 0x7f, 0], { params: ['i32', 'f64'], results: ['i64'] }];
const textOf = (...code: Instruction[]): string => linesOf({ types, funcs: [{ code }] })[1].text;

describe('the text of an instruction', () => {
  const cases: [Instruction, string][] = [
    ['i32.add', 'i32.add'],
    [['i32.const', -1], 'i32.const -1'],
    [['i64.const', -(2n ** 63n)], 'i64.const -9223372036854775808'],
    [['f32.const', 0.5], 'f32.const 0.5'],
    [['f32.const', 0x7fc00000n], 'f32.const nan'],
    [['f32.const', 0xffa00000n], 'f32.const -nan:0x200000'],
    [['f64.const', -0], 'f64.const -0'],
    [['f64.const', -Infinity], 'f64.const -inf'],
    [['f64.const', 1e300], 'f64.const 1e+300'],
    [
      ['v128.const', [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0xff, 0xff, 0xff]],
      'v128.const i32x4 0x00000001 0x00000002 0x80000000 0xffffffff',
    ],
    [
      ['i8x16.shuffle', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 31]],
      'i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31',
    ],
    [['i8x16.extract_lane_s', 3], 'i8x16.extract_lane_s 3'],
    [['i32.load', {}], 'i32.load'],
    [['i32.load', { align: 0, offset: 16 }], 'i32.load offset=16 align=1'],
    [['i64.store', { memory: 2, offset: 2n ** 64n - 1n }], 'i64.store 2 offset=18446744073709551615'],
    [['v128.load8_lane', { offset: 4 }, 7], 'v128.load8_lane offset=4 7'],
    [['memory.size', 0], 'memory.size'],
    [['memory.copy', 1, 0], 'memory.copy 1 0'],
    [['memory.init', 4, 0], 'memory.init 4'],
    [['memory.init', 4, 1], 'memory.init 1 4'],
    [['table.init', 4, 1], 'table.init 1 4'],
    [['call_indirect', 2, 0], 'call_indirect (type 2)'],
    [['return_call_indirect', 2, 1], 'return_call_indirect 1 (type 2)'],
    [['br_table', [1, 2, 0]], 'br_table 1 2 0'],
    ['select', 'select'],
    [['select t', ['externref']], 'select (result externref)'],
    [['ref.null', 'func'], 'ref.null func'],
    [['ref.null', 1], 'ref.null 1'],
    [['ref.test', 1], 'ref.test (ref 1)'],
    [['ref.cast null', 'i31'], 'ref.cast i31ref'],
    [['struct.get', 1, 0], 'struct.get 1 0'],
    [['struct.new_desc', 1], 'struct.new_desc 1'],
    [['ref.null', { exact: 1 }], 'ref.null (exact 1)'],
    [['ref.cast_desc_eq', { exact: 1 }], 'ref.cast_desc_eq (ref (exact 1))'],
    [['ref.cast_desc_eq null', 1], 'ref.cast_desc_eq (ref null 1)'],
    [
      [
        'br_on_cast_desc_eq',
        { label: 0, from: { heap: 'eq', nullable: true }, to: { heap: { exact: 1 }, nullable: false } },
      ],
      'br_on_cast_desc_eq 0 eqref (ref (exact 1))',
    ],
    [
      ['br_on_cast', { label: 1, from: { heap: 'any', nullable: true }, to: { heap: 1, nullable: false } }],
      'br_on_cast 1 anyref (ref 1)',
    ],
    [['block', null], 'block'],
    [['block', 2], 'block (type 2)'],
    [['loop', 'f32'], 'loop (result f32)'],
    [
      [
        'try_table',
        null,
        [
          { tag: 3, withRef: true, label: 0 },
          { tag: null, withRef: false, label: 1 },
        ],
      ],
      'try_table (catch_ref 3 0) (catch_all 1)',
    ],
    ['atomic.fence', 'atomic.fence'],
  ];
  for (const [instruction, expected] of cases)
    test(expected, () => assert.equal(textOf(instruction), expected));
});

describe('a listing', () => {
  test('gives head, locals, offsets and nesting', () => {
    const code: Instruction[] = [
      ['block', null],
      ['local.get', 0],
      ['if', null],
      'nop',
      'else',
      ['br', 1],
      'end',
      'end',
      ['i64.const', 0n],
    ];
    const lines = linesOf({
      types,
      funcs: [
        {
          type: 2,
          locals: [
            [2, 'i32'],
            [40_000, 'f64'],
          ],
          code,
        },
      ],
      exports: [['twist', 'func', 0]],
    });
    assert.deepEqual(
      lines.map(({ depth, text: line }) => `${'.'.repeat(depth)}${line}`),
      [
        'func 0 (;twist;) (type 2) (param i32 f64) (result i64)',
        '.(local i32 i32 f64 (;×40000;))',
        '.block',
        '..local.get 0',
        '..if',
        '...nop',
        '..else',
        '...br 1',
        '..end',
        '.end',
        '.i64.const 0',
        'end',
      ],
    );
    const first = lines[2].offset;
    assert.deepEqual(
      lines.slice(2).map(({ offset }) => offset - first),
      [0, 2, 4, 6, 7, 8, 10, 11, 12, 14],
    );
    assert.equal(formatLine({ offset: 0x1234, depth: 2, text: 'nop' }), '001234      nop');
  });

  test('legacy exception blocks nest, and delegate closes its own', () => {
    const code: Instruction[] = [
      ['try', null],
      ['try', null],
      ['delegate', 0],
      ['catch', 0],
      'catch_all',
      ['rethrow', 0],
      'end',
    ];
    const lines = linesOf({ funcs: [{ code }] });
    assert.deepEqual(
      lines.slice(1).map(({ depth }) => depth),
      [1, 2, 2, 1, 1, 2, 1, 0],
    );
  });

  test('a name cannot break out of its comment', () => {
    const lines = linesOf({
      funcs: [{ code: [['call', 0]] }],
      exports: [['a;) b\nc', 'func', 0]],
    });
    assert.equal(lines[1].text, 'call 0 (;a_)_b_c;)');
  });

  test('an import has nothing to disassemble', () => {
    const module = decodeModule(assemble({ imports: [['env', 'f', [0, ...u32(0)]]] }));
    assert.throws(() => disassembleFunction(module, 0), { code: 'usage.argument' });
    assert.throws(() => disassembleFunction(module, 1), { code: 'usage.argument' });
  });

  test('a damaged body is listed up to the damage', () => {
    const bytes = [...encodeAll(['nop']), 0x27, ...encodeAll(['end'])];
    const module = decodeModule(assemble({ funcs: [{ bytes }] }));
    const seen: string[] = [];
    assert.throws(
      () => {
        for (const line of disassembleFunction(module, 0)) seen.push(line.text);
      },
      { code: 'malformed.opcode' },
    );
    assert.deepEqual(seen, ['func 0 (type 0)', 'nop']);
  });

  test('unbalanced ends do not indent to the left of the margin', () => {
    const lines = linesOf({ funcs: [{ code: ['end', 'end', 'nop'] }] });
    assert.deepEqual(
      lines.slice(1).map(({ depth }) => depth),
      [0, 0, 0, 0],
    );
  });
});

test('names of the name section come first', () => {
  const nameSection = [
    1,
    ...(() => {
      const contents = list([[0, ...text('inner')]]);
      return [...u32(contents.length), ...contents];
    })(),
  ];
  const lines = linesOf({
    funcs: [{}],
    exports: [['outer', 'func', 0]],
    customs: [['name', nameSection]],
  });
  assert.equal(lines[0].text, 'func 0 (;inner;) (type 0)');
});
