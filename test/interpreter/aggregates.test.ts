/** Structures and arrays: exact bits, packed fields, bounds in 32-bit arithmetic, fuel, limits, garbage. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import { MAX_ARRAY_BYTES } from '../../src/syntax/limits.ts';
import { type FuncInstance, type GlobalInstance, invoke, quern1 } from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, type Type, u32 } from '../assembler.ts';
import { collect, countReachable } from '../garbage.ts';
import { onEngine, runEverywhere } from './everywhere.ts';

const local = (index: number): Instruction => ['local.get', index];
const i32 = (value: number): Instruction => ['i32.const', value];
const nullable = (heap: number): Type => ({ heap, nullable: true });

/** Storage types and their codes. */
const codes = { i8: 0x78, i16: 0x77, i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
type Storage = keyof typeof codes;
const storages = Object.keys(codes) as Storage[];
const arrayOf = (storage: Storage): number => storages.indexOf(storage);
/** Types 0 … 6: mutable arrays by storage type. 7: array of funcref. 8: a structure of everything. */
const STRUCT = 8;
const REFS = 7;
const fields: readonly (readonly number[])[] = [
  ...storages.map((storage) => [codes[storage], 1]),
  [0x63, STRUCT, 1],
];
const types: NonNullable<ModuleSource['types']> = [
  ...storages.map((storage) => [0x5e, codes[storage], 1]),
  [0x5e, 0x70, 1],
  [0x5f, fields.length, ...fields.flat()],
];
const FIRST_FUNC_TYPE = types.length;

/** `run` of type `params -> results`; 16 bytes of data, two functions as elements. */
const moduleOf = (
  params: readonly Type[],
  results: readonly Type[],
  code: readonly Instruction[],
  locals: readonly (readonly [number, Type])[] = [],
): { main: Uint8Array } => ({
  main: assemble({
    types: [...types, { params, results }],
    funcs: [{ type: FIRST_FUNC_TYPE, code, locals }],
    exports: [['run', 'func', 0]],
    elements: [[1, 0, ...u32(2), 0, 0]],
    dataCount: 1,
    data: [[1, 16, ...Array.from({ length: 16 }, (_, i) => 0xf0 + i)]],
  }),
});
const run = (
  params: readonly Type[],
  results: readonly Type[],
  code: readonly Instruction[],
  args: readonly bigint[] = [],
  locals: readonly (readonly [number, Type])[] = [],
): readonly unknown[] | string => runEverywhere(moduleOf(params, results, code, locals), 'run', args).result;

/** A value of each storage type that a detour through a JavaScript number would damage, and its stack type. */
const values: Readonly<
  Record<Storage, readonly [type: 'i32' | 'i64' | 'f32' | 'f64' | 'v128', bits: bigint]>
> = {
  i8: ['i32', 0x85n],
  i16: ['i32', 0x8765n],
  i32: ['i32', 0x89ab_cdefn],
  i64: ['i64', 0x8123_4567_89ab_cdefn],
  f32: ['f32', 0xffa0_0001n],
  f64: ['f64', 0xfff4_0000_0000_0001n],
  v128: ['v128', 0x8123_4567_89ab_cdef_fff4_0000_7fa0_0001n],
};
const isPacked = (storage: Storage): boolean => storage === 'i8' || storage === 'i16';
/** The instructions that read a storage type, with the result that `values` gives. */
const reads = (kind: 'struct' | 'array', storage: Storage): readonly (readonly [Mnemonic, bigint])[] => {
  const [, bits] = values[storage];
  if (!isPacked(storage)) return [[`${kind}.get`, bits]];
  const signed = BigInt.asUintN(32, BigInt.asIntN(storage === 'i8' ? 8 : 16, bits));
  return [
    [`${kind}.get_s`, signed],
    [`${kind}.get_u`, bits],
  ];
};
/** Bits above the width of a packed value, which storing must drop. */
const withRubbish = (storage: Storage): bigint =>
  isPacked(storage) ? values[storage][1] | 0xabc0_0000n : values[storage][1];

test('fields keep the bits of every type, whether set or given at the start', () => {
  for (const [field, storage] of storages.entries()) {
    const [type] = values[storage];
    for (const [get, expected] of reads('struct', storage)) {
      const set: Instruction[] = [
        ['struct.new_default', STRUCT],
        ['local.tee', 1],
        local(0),
        ['struct.set', STRUCT, field],
        local(1),
        [get, STRUCT, field],
      ];
      const bits = withRubbish(storage);
      assert.deepEqual(run([type], [type], set, [bits], [[1, nullable(STRUCT)]]), [expected], get);
      const given = storages.map((other): Instruction => {
        if (other === storage) return local(0);
        if (other === 'v128') return ['v128.const', new Array(16).fill(0xee)];
        const { [other]: value } = values;
        return value[0] === 'i64' ? ['i64.const', -2n] : [`${value[0]}.const`, -2];
      });
      const create: Instruction[] = [...given, ['ref.null', STRUCT], ['struct.new', STRUCT]];
      assert.deepEqual(run([type], [type], [...create, [get, STRUCT, field]], [bits]), [expected], storage);
    }
  }
});

test('elements keep the bits of every type', () => {
  for (const storage of storages) {
    const [type] = values[storage];
    const index = arrayOf(storage);
    const bits = withRubbish(storage);
    for (const [get, expected] of reads('array', storage)) {
      const makers: Instruction[][] = [
        [local(0), i32(3), ['array.new', index], ['local.tee', 1]],
        [local(0), local(0), local(0), ['array.new_fixed', index, 3], ['local.tee', 1]],
        [
          i32(3),
          ['array.new_default', index],
          ['local.tee', 1],
          i32(2),
          local(0),
          ['array.set', index],
          local(1),
        ],
        [
          ...[i32(5), ['array.new_default', index], ['local.tee', 1], i32(2), local(0), i32(3)],
          ...[['array.fill', index], local(1)],
        ] as Instruction[],
        [
          ...[i32(3), ['array.new_default', index], ['local.tee', 1], i32(1)],
          ...[local(0), i32(4), ['array.new', index], i32(2), i32(2), ['array.copy', index, index], local(1)],
        ] as Instruction[],
      ];
      for (const [number, make] of makers.entries()) {
        const code = [...make, i32(2), [get, index] as Instruction];
        const found = run([type], [type], code, [bits], [[1, nullable(index)]]);
        assert.deepEqual(found, [expected], `${storage}, way ${number}`);
      }
    }
  }
});

test('arrays from data take the bytes in little endian order', () => {
  const expected: Readonly<Record<Storage, bigint>> = {
    i8: 0xf2n,
    i16: 0xf4f3n,
    i32: 0xf8f7_f6f5n,
    i64: 0xf8f7_f6f5_f4f3_f2f1n,
    f32: 0xf8f7_f6f5n,
    f64: 0xf8f7_f6f5_f4f3_f2f1n,
    v128: 0n,
  };
  for (const storage of storages) {
    if (storage === 'v128') continue;
    const index = arrayOf(storage);
    const last = storage.endsWith('64') ? 0 : 1;
    const get: Instruction = [isPacked(storage) ? 'array.get_u' : 'array.get', index];
    const make: Instruction[] = [i32(1), i32(last + 1), ['array.new_data', index, 0]];
    const [type] = values[storage];
    assert.deepEqual(run([], [type], [...make, i32(last), get]), [expected[storage]], storage);
    const init: Instruction[] = [
      ...[i32(4), ['array.new_default', index], ['local.tee', 0], i32(2), i32(1), i32(last + 1)],
      ...[['array.init_data', index, 0], local(0), i32(2 + last), get],
    ] as Instruction[];
    assert.deepEqual(run([], [type], init, [], [[1, nullable(index)]]), [expected[storage]], storage);
  }
});

test('overlapping ranges of one array are copied as if by way of a third', () => {
  const index = arrayOf('i8');
  const code = (to: number, from: number): Instruction[] => [
    ...([i32(0), i32(8), ['array.new_data', index, 0], ['local.tee', 0], i32(to), local(0)] as Instruction[]),
    ...([i32(from), i32(4), ['array.copy', index, index], local(0), i32(to + 3)] as Instruction[]),
    ['array.get_u', index],
  ];
  assert.deepEqual(run([], ['i32'], code(2, 0), [], [[1, nullable(index)]]), [0xf3n]);
  assert.deepEqual(run([], ['i32'], code(0, 2), [], [[1, nullable(index)]]), [0xf5n]);
});

const I8_ARRAY = arrayOf('i8');
const make5: Instruction[] = [i32(5), ['array.new_default', I8_ARRAY]];
const makeRefs: Instruction[] = [i32(5), ['array.new_default', REFS]];
const base = quern1.entry;
const { simple, allocation, bulk } = quern1.cost;

test('bounds are checked without wrapping, and a failing operation is not billed for its size', () => {
  const all = 0xffff_ffffn;
  /** Code with two parameters, its operands, and the trap. */
  const cases: readonly (readonly [code: Instruction[], args: [bigint, bigint], trap: string])[] = [
    [[...make5, local(0), ['array.get_u', I8_ARRAY], 'drop'], [5n, 0n], 'trap.array-bounds'],
    [[...make5, local(0), ['array.get_u', I8_ARRAY], 'drop'], [all, 0n], 'trap.array-bounds'],
    [[...make5, local(0), i32(1), ['array.set', I8_ARRAY]], [all, 0n], 'trap.array-bounds'],
    [[...make5, local(0), i32(1), local(1), ['array.fill', I8_ARRAY]], [1n, all], 'trap.array-bounds'],
    [[...make5, local(0), i32(1), local(1), ['array.fill', I8_ARRAY]], [6n, 0n], 'trap.array-bounds'],
    [
      [...make5, i32(0), ...make5, local(0), local(1), ['array.copy', I8_ARRAY, I8_ARRAY]],
      [2n, all],
      'trap.array-bounds',
    ],
    [
      [...make5, local(0), i32(15), local(1), ['array.init_data', I8_ARRAY, 0]],
      [0n, 2n],
      'trap.memory-bounds',
    ],
    [
      [...make5, local(0), i32(15), local(1), ['array.init_data', I8_ARRAY, 0]],
      [all, all],
      'trap.array-bounds',
    ],
    [[...makeRefs, local(0), i32(1), local(1), ['array.init_elem', REFS, 0]], [0n, 2n], 'trap.table-bounds'],
    [[local(0), local(1), ['array.new_data', arrayOf('v128'), 0], 'drop'], [0n, 2n], 'trap.memory-bounds'],
    [[local(0), local(1), ['array.new_data', I8_ARRAY, 0], 'drop'], [1n, all], 'trap.memory-bounds'],
    [[local(0), local(1), ['array.new_elem', REFS, 0], 'drop'], [2n, 1n], 'trap.table-bounds'],
  ];
  for (const [code, args, trap] of cases) {
    const { result, fuel } = runEverywhere(moduleOf(['i32', 'i32'], [], code), 'run', args);
    assert.equal(result, trap);
    // Every array here has five elements: one unit each; nothing else has a size term.
    const charged = code
      .filter((entry) => entry !== 'drop')
      .map((entry) => {
        const name = typeof entry === 'string' ? entry : entry[0];
        if (name === 'array.new_default') return allocation + 1;
        if (/array\.(get|set)/.test(name)) return quern1.cost.memory;
        return name.startsWith('array.new') ? allocation : name.startsWith('array.') ? bulk : simple;
      });
    assert.equal(
      fuel,
      charged.reduce((sum, cost) => sum + cost, base),
      trap,
    );
  }
});

test('sized operations cost a unit for eight elements', () => {
  const make = moduleOf(['i32'], [], [local(0), ['array.new_default', I8_ARRAY], 'drop']);
  assert.equal(runEverywhere(make, 'run', [800n]).fuel, base + simple + allocation + 100);
  const fill = moduleOf(
    ['i32'],
    [],
    [local(0), ['array.new_default', I8_ARRAY], i32(0), i32(7), local(0), ['array.fill', I8_ARRAY]],
  );
  assert.equal(runEverywhere(fill, 'run', [80n]).fuel, base + 4 * simple + allocation + bulk + 20);
});

test('null references trap by their kind', () => {
  const cases: readonly (readonly [Instruction[], string])[] = [
    [[['ref.null', STRUCT], ['struct.get', STRUCT, 2], 'drop'], 'trap.null-structure'],
    [[['ref.null', STRUCT], ['struct.get_u', STRUCT, 0], 'drop'], 'trap.null-structure'],
    [[['ref.null', STRUCT], ['struct.get', STRUCT, 7], 'drop'], 'trap.null-structure'],
    [[['ref.null', STRUCT], i32(1), ['struct.set', STRUCT, 1]], 'trap.null-structure'],
    [[['ref.null', REFS], i32(1), ['array.get', REFS], 'drop'], 'trap.null-array'],
    [[['ref.null', REFS], 'array.len', 'drop'], 'trap.null-array'],
    [[['ref.null', REFS], i32(0), ['ref.null', 'func'], i32(0), ['array.fill', REFS]], 'trap.null-array'],
    [
      [...makeRefs, i32(0), ['ref.null', REFS], i32(0), i32(0), ['array.copy', REFS, REFS]],
      'trap.null-array',
    ],
    [[['ref.null', I8_ARRAY], i32(0), i32(0), i32(0), ['array.init_data', I8_ARRAY, 0]], 'trap.null-array'],
  ];
  for (const [code, trap] of cases) assert.equal(run([], [], code), trap);
});

test('an array beyond the limit traps, whatever fuel there is', () => {
  const code: Instruction[] = [local(0), ['array.new_default', arrayOf('f64')], 'array.len'];
  assert.equal(run(['i32'], ['i32'], code, [BigInt(MAX_ARRAY_BYTES / 8 + 1)]), 'trap.allocation-size');
  assert.equal(run(['i32'], ['i32'], code, [0xffff_ffffn]), 'trap.allocation-size');
  const func = onEngine(moduleOf(['i32'], ['i32'], code)).get('run') as FuncInstance;
  assert.deepEqual(invoke(func, [BigInt(MAX_ARRAY_BYTES / 8)]), [BigInt(MAX_ARRAY_BYTES / 8)]);
});

test('a large frame reads and writes fields and elements of every width', () => {
  const far: readonly (readonly [number, Type])[] = [
    [2100, 'i64'],
    [1, nullable(STRUCT)],
  ];
  for (const [field, storage] of storages.entries()) {
    const [type, bits] = values[storage];
    const get: Instruction = [isPacked(storage) ? 'struct.get_u' : 'struct.get', STRUCT, field];
    const code: Instruction[] = [
      ...([['struct.new_default', STRUCT], ['local.tee', 2101], local(0)] as Instruction[]),
      ...([['struct.set', STRUCT, field], local(2101), get] as Instruction[]),
      ...([i32(3), ['array.new', arrayOf(storage)], i32(2)] as Instruction[]),
      [isPacked(storage) ? 'array.get_u' : 'array.get', arrayOf(storage)],
    ];
    assert.deepEqual(run([type], [type], code, [bits], far), [bits], storage);
  }
});

test('constant expressions make structures, arrays and i31 references', () => {
  const bytes = assemble({
    types: [...types, { params: ['i32'], results: ['i32'] }],
    globals: [
      { type: nullable(arrayOf('i16')), init: [i32(-1), i32(4), ['array.new', arrayOf('i16')]] },
      {
        type: nullable(arrayOf('f32')),
        init: [
          ['f32.const', 0xffa0_0001n],
          ['array.new_fixed', arrayOf('f32'), 1],
        ],
      },
      { type: 'anyref', init: [i32(0x4000_0001), 'ref.i31'] },
      { type: nullable(STRUCT), init: [['struct.new_default', STRUCT]] },
      { type: 'externref', init: [['global.get', 3], 'extern.convert_any'] },
      { type: nullable(REFS), init: [i32(6), ['array.new_default', REFS]] },
    ],
    funcs: [
      { type: FIRST_FUNC_TYPE, code: [['global.get', 0], local(0), ['array.get_u', arrayOf('i16')]] },
      {
        type: FIRST_FUNC_TYPE,
        code: [['global.get', 1], local(0), ['array.get', arrayOf('f32')], 'i32.reinterpret_f32'],
      },
      { type: FIRST_FUNC_TYPE, code: [['global.get', 2], ['ref.cast', 'i31'], 'i31.get_s'] },
      {
        type: FIRST_FUNC_TYPE,
        code: [['global.get', 3], ['global.get', 4], 'any.convert_extern', ['ref.cast null', 'eq'], 'ref.eq'],
      },
      { type: FIRST_FUNC_TYPE, code: [['global.get', 5], 'array.len'] },
    ],
    exports: ['packed', 'payload', 'i31', 'same', 'length'].map((name, i) => [name, 'func', i] as const),
  });
  const each = (name: string, arg = 0n): unknown => runEverywhere({ main: bytes }, name, [arg]).result;
  assert.deepEqual(each('packed', 3n), [0xffffn]);
  assert.equal(each('packed', 4n), 'trap.array-bounds');
  assert.deepEqual(each('payload'), [0xffa0_0001n]);
  assert.deepEqual(each('i31'), [0xc000_0001n]);
  assert.deepEqual(each('same'), [1n]);
  assert.deepEqual(each('length'), [6n]);
});

test('constant expressions cannot ask for more than the limit, alone or together', () => {
  const half: Instruction[] = [i32(MAX_ARRAY_BYTES / 16 + 1), ['array.new_default', arrayOf('i64')]];
  const global = { type: nullable(arrayOf('i64')), init: half };
  assert.doesNotThrow(() => onEngine({ main: assemble({ types, globals: [global] }) }));
  const twice = assemble({ types, globals: [global, global] });
  assert.throws(() => onEngine({ main: twice }), { code: 'trap.allocation-size' });
  const init: Instruction[] = [i32(-1), ['array.new_default', REFS]];
  const bytes = assemble({ types, globals: [{ type: nullable(REFS), init }] });
  assert.throws(() => onEngine({ main: bytes }), { code: 'trap.allocation-size' });
});

test('what nothing refers to any more is garbage of the host', async () => {
  const bytes = assemble({
    types: [...types, {}],
    globals: [{ type: nullable(STRUCT), isMutable: true, init: [['ref.null', STRUCT]] }],
    funcs: [
      {
        type: FIRST_FUNC_TYPE,
        code: [
          ['struct.new_default', STRUCT],
          ['global.set', 0],
        ],
      },
      {
        type: FIRST_FUNC_TYPE,
        code: [
          ['ref.null', STRUCT],
          ['global.set', 0],
        ],
      },
    ],
    exports: [
      ['keep', 'func', 0],
      ['drop', 'func', 1],
      ['kept', 'global', 0],
    ],
  });
  const exports = onEngine({ main: bytes });
  const call = (name: string): unknown => invoke(exports.get(name) as FuncInstance, []);
  call('keep');
  const kept = new WeakRef((exports.get('kept') as GlobalInstance).value as object);
  // A weak reference holds on to its target until the current job ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  assert.notEqual(kept.deref(), undefined);
  await new Promise((resolve) => setTimeout(resolve, 0));
  call('drop');
  assert.equal(await countReachable([kept]), 0);
});
