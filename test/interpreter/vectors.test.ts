/** Vectors: exact bits, moves, traps, fuel and pauses; the lanes of every operator are compared elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrapError } from '../../src/errors.ts';
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import {
  compileModule,
  type ExternInstance,
  type FuncInstance,
  GlobalInstance,
  hostFunction,
  instantiate,
  invoke,
  type ModuleInstance,
  quern1,
  type RawValue,
  Store,
  startExecution,
  V128,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, type Type, valType } from '../assembler.ts';

const instance = (
  source: ModuleSource,
  imports: Readonly<Record<string, ExternInstance>> = {},
): ModuleInstance => instantiate(new Store(), compileModule(assemble(source)), (_, name) => imports[name]);

/** A module with one exported function and a memory of one page. */
const functionOf = (
  params: readonly Type[],
  results: readonly Type[],
  code: readonly Instruction[],
  locals: readonly (readonly [number, Type])[] = [],
): { readonly f: FuncInstance; readonly instance: ModuleInstance } => {
  const made = instance({
    types: [{ params, results }],
    memories: [{ min: 1 }],
    funcs: [{ code, locals }],
    exports: [['f', 'func', 0]],
  });
  return { f: made.funcs[0]!, instance: made };
};
const gets = (count: number): Instruction[] =>
  Array.from({ length: count }, (_, i): Instruction => ['local.get', i]);
const apply = (name: Mnemonic, ...args: readonly bigint[]): bigint => {
  const { f } = functionOf(
    args.map(() => 'v128'),
    ['v128'],
    [...gets(args.length), name as Instruction],
  );
  return invoke(f, args)[0] as bigint;
};

const pack = (width: number, lanes: readonly bigint[]): bigint =>
  lanes.reduceRight((bits, lane) => (bits << BigInt(width)) | lane, 0n);
const f32s = (...lanes: readonly bigint[]): bigint => pack(32, lanes);
const f64s = (...lanes: readonly bigint[]): bigint => pack(64, lanes);
const bytes = (bits: bigint): number[] =>
  Array.from({ length: 16 }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));
const hex = (bits: RawValue): string => (bits as bigint).toString(16).padStart(32, '0');
const assertBits = (actual: RawValue | undefined, expected: bigint, message?: string): void =>
  assert.equal(hex(actual as bigint), hex(expected), message);

// A quiet NaN with sign and payload, a signalling one, 1 and infinity.
const operands = {
  f32x4: f32s(0xffc0_1234n, 0x7fa0_0001n, 0x3f80_0000n, 0x7f80_0000n),
  f64x2: f64s(0xfff8_0000_0000_1234n, 0x7ff4_0000_0000_0001n),
} as const;
const canonical = {
  f32x4: f32s(0x7fc0_0000n, 0x7fc0_0000n, 0n, 0n),
  f64x2: f64s(0x7ff8_0000_0000_0000n, 0x7ff8_0000_0000_0000n),
} as const;
/** The lanes that hold NaN. */
const nanLanes = { f32x4: (1n << 64n) - 1n, f64x2: (1n << 128n) - 1n } as const;
const shapes = ['f32x4', 'f64x2'] as const;

test('every NaN lane that an operator produces is the positive canonical one', () => {
  for (const shape of shapes) {
    const nans = operands[shape];
    for (const name of ['sqrt', 'ceil', 'floor', 'trunc', 'nearest'] as const)
      assertBits(apply(`${shape}.${name}`, nans) & nanLanes[shape], canonical[shape], name);
    for (const name of ['add', 'sub', 'mul', 'div', 'min', 'max', 'relaxed_min', 'relaxed_max'] as const) {
      for (const pair of [
        [nans, 0n],
        [0n, nans],
        [nans, nans],
      ] as const)
        assertBits(
          apply(`${shape}.${name}`, ...pair) & nanLanes[shape],
          canonical[shape],
          `${shape}.${name}`,
        );
    }
    for (const name of ['relaxed_madd', 'relaxed_nmadd'] as const)
      assertBits(apply(`${shape}.${name}`, nans, nans, nans) & nanLanes[shape], canonical[shape], name);
  }
  assertBits(apply('f32x4.demote_f64x2_zero', operands.f64x2), canonical.f32x4);
  assertBits(apply('f64x2.promote_low_f32x4', operands.f32x4), canonical.f64x2);
});

test('a NaN that no operand holds is canonical, too', () => {
  const infinities = f32s(0x7f80_0000n, 0xff80_0000n, 0x7f80_0000n, 0xff80_0000n);
  const nans = f32s(0x7fc0_0000n, 0x7fc0_0000n, 0x7fc0_0000n, 0x7fc0_0000n);
  assertBits(apply('f32x4.sub', infinities, infinities), nans);
  assertBits(apply('f32x4.mul', infinities, 0n), nans);
  assertBits(apply('f32x4.div', 0n, 0n), nans);
  assertBits(apply('f64x2.sqrt', f64s(0xbff0_0000_0000_0000n, 0n)), 0x7ff8_0000_0000_0000n);
});

test('operators on bits keep NaN payloads, signalling ones too', () => {
  const f32 = operands.f32x4;
  assertBits(apply('f32x4.abs', f32), f32s(0x7fc0_1234n, 0x7fa0_0001n, 0x3f80_0000n, 0x7f80_0000n));
  assertBits(apply('f32x4.neg', f32), f32s(0x7fc0_1234n, 0xffa0_0001n, 0xbf80_0000n, 0xff80_0000n));
  assertBits(apply('f64x2.abs', operands.f64x2), f64s(0x7ff8_0000_0000_1234n, 0x7ff4_0000_0000_0001n));
  assertBits(apply('f64x2.neg', operands.f64x2), f64s(0x7ff8_0000_0000_1234n, 0xfff4_0000_0000_0001n));
  for (const shape of shapes) {
    // No comparison with a NaN holds, and then the first operand is the result.
    for (const name of ['pmin', 'pmax'] as const)
      assertBits(apply(`${shape}.${name}`, operands[shape], operands[shape] ^ 1n), operands[shape]);
  }
  assertBits(apply('v128.bitselect', f32, 0n, nanLanes.f64x2), f32);
});

test('relaxed operations take the deterministic choice', () => {
  // 1 + 2^-12, squared and rounded to f32, minus the rounded square: 0 if unfused.
  const x = 0x3f80_0800n;
  const square = 0x3f80_1000n;
  const all = (bits: bigint): bigint => f32s(bits, bits, bits, bits);
  assertBits(apply('f32x4.relaxed_nmadd', all(x), all(x), all(square)), 0n);
  assertBits(apply('f32x4.relaxed_madd', all(x), all(x ^ 0x8000_0000n), all(square)), 0n);
  const d = 0x3ff0_0000_0200_0000n;
  const dSquare = 0x3ff0_0000_0400_0000n;
  assertBits(apply('f64x2.relaxed_nmadd', f64s(d, d), f64s(d, d), f64s(dSquare, dSquare)), 0n);
  // -0 and 0: minimum and maximum know their order.
  assertBits(apply('f32x4.relaxed_min', 0n, all(0x8000_0000n)), all(0x8000_0000n));
  assertBits(apply('f32x4.relaxed_max', all(0x8000_0000n), 0n), 0n);
  const lanes = pack(
    8,
    Array.from({ length: 16 }, (_, i) => BigInt(i + 1)),
  );
  assertBits(
    apply('i8x16.relaxed_swizzle', lanes, pack(8, [15n, 16n, 127n, 128n, 255n, 0n])) & 0xffff_ffff_ffffn,
    0x0100_0000_0010n,
  );
  for (const shape of ['i8x16', 'i16x8', 'i32x4', 'i64x2'] as const)
    assertBits(apply(`${shape}.relaxed_laneselect`, 0xffffn, 0n, 0x0ff0n), 0x0ff0n);
  assertBits(
    apply('i32x4.relaxed_trunc_f32x4_s', f32s(0x7fc0_0000n, 0x7f80_0000n, 0xff80_0000n, 0x4f00_0000n)),
    f32s(0n, 0x7fff_ffffn, 0x8000_0000n, 0x7fff_ffffn),
  );
  assertBits(
    apply('i32x4.relaxed_trunc_f32x4_u', f32s(0x7fc0_0000n, 0x7f80_0000n, 0xff80_0000n, 0x4f00_0000n)),
    f32s(0n, 0xffff_ffffn, 0n, 0x8000_0000n),
  );
  assertBits(apply('i32x4.relaxed_trunc_f64x2_s_zero', operands.f64x2), 0n);
  assertBits(
    apply('i32x4.relaxed_trunc_f64x2_u_zero', f64s(0xbff0_0000_0000_0000n, 0x7ff0_0000_0000_0000n)),
    f32s(0n, 0xffff_ffffn, 0n, 0n),
  );
  assertBits(apply('i16x8.relaxed_q15mulr_s', 0x8000n, 0x8000n), 0x7fffn);
  // -128 * -128 twice saturates at 16 bits; both operands are signed.
  assertBits(apply('i16x8.relaxed_dot_i8x16_i7x16_s', 0x8080n, 0x8080n), 0x7fffn);
  assertBits(apply('i32x4.relaxed_dot_i8x16_i7x16_add_s', 0x8080_8080n, 0x8080_8080n, 1n), 0xffffn);
});

const payload = f32s(0x7fa0_0001n, 0xffa0_1234n, 0x7ff4_0000n, 0xfff4_0001n);

test('locals, blocks, select, calls and returns move vectors bit by bit', () => {
  const choice = { params: ['v128', 'v128', 'i32'], results: ['v128'] } as const;
  const turn = { params: ['i32', 'v128', 'v128'], results: ['v128', 'i32', 'v128'] } as const;
  const same = { params: ['v128'], results: ['v128'] } as const;
  const { funcs } = instance({
    types: [choice, turn, same],
    funcs: [
      { type: 0, code: [...gets(3), 'select'] },
      {
        type: 0,
        locals: [
          [1, 'i32'],
          [2, 'v128'],
        ],
        code: [
          ['local.get', 1],
          ['local.tee', 4],
          ['local.set', 5],
          ['local.get', 5],
          ['local.get', 2],
          ['if', 2],
          'drop',
          ['local.get', 0],
          ['call', 2],
          'else',
          ['call', 2],
          'end',
        ],
      },
      { type: 2, code: [['local.get', 0], ['block', 2], ['i32.const', 1], ['br_if', 0], 'end'] },
      {
        type: 1,
        code: [
          ['local.get', 2],
          ['local.get', 0],
          ['local.get', 1],
        ],
      },
    ],
  });
  for (const f of funcs.slice(0, 2)) {
    assertBits(invoke(f, [payload, payload ^ 1n, 1n])[0], payload);
    assertBits(invoke(f, [payload, payload ^ 1n, 0n])[0], payload ^ 1n);
  }
  const [first, second, third] = invoke(funcs[3]!, [7n, payload, 5n]);
  assertBits(first, 5n);
  assert.equal(second, 7n);
  assertBits(third, payload);
});

test('globals, own and imported, and constants', () => {
  const imported = new GlobalInstance({ type: V128, isMutable: true }, payload);
  const made = instance(
    {
      types: [{ params: ['v128'], results: ['v128', 'v128', 'v128'] }],
      imports: [['m', 'g', [3, ...valType('v128'), 1]]],
      globals: [
        { type: 'v128', isMutable: true, init: [['v128.const', bytes(payload)]] },
        { type: 'v128', isMutable: true, init: [['v128.const', bytes(3n)]] },
      ],
      funcs: [
        {
          code: [
            ['global.get', 0],
            ['global.get', 1],
            ['v128.const', bytes(payload)],
            ['local.get', 0],
            ['global.set', 0],
            ['local.get', 0],
            ['global.set', 1],
          ],
        },
      ],
    },
    { g: imported },
  );
  for (const value of invoke(made.funcs[0]!, [9n])) assertBits(value, payload);
  assertBits(imported.value, 9n);
  assertBits(made.globals[1]!.value, 9n);
  assertBits(made.globals[2]!.value, 3n);
});

test('host functions get and give vectors as 128 bits', async () => {
  const seen: RawValue[] = [];
  const type = { kind: 'func', params: [V128, V128], results: [V128] } as const;
  const host = hostFunction(type, (args) => {
    seen.push(...args);
    return args[1] as bigint;
  });
  const later = hostFunction(type, async (args) => args[0] as bigint);
  const made = instance(
    {
      types: [{ params: ['v128', 'v128'], results: ['v128'] }],
      imports: [
        ['m', 'host', [0, 0]],
        ['m', 'later', [0, 0]],
      ],
      funcs: [
        {
          code: [...gets(2), ['local.get', 0], ['call', 0], ['call', 1]],
        },
      ],
    },
    { host, later },
  );
  const execution = startExecution(made.funcs[2]!, [payload, 5n]);
  assert.equal(execution.run(), 'paused');
  assert.deepEqual(seen.map(hex), [5n, payload].map(hex));
  execution.resolveHost(await execution.hostPromise!);
  assert.equal(execution.run(), 'done');
  assertBits(execution.results[0], payload);
});

const accesses: readonly (readonly [Mnemonic, width: number])[] = [
  ['v128.load', 16],
  ['v128.load8x8_s', 8],
  ['v128.load16x4_u', 8],
  ['v128.load32x2_s', 8],
  ['v128.load8_splat', 1],
  ['v128.load16_splat', 2],
  ['v128.load32_splat', 4],
  ['v128.load64_splat', 8],
  ['v128.load32_zero', 4],
  ['v128.load64_zero', 8],
  ['v128.load8_lane', 1],
  ['v128.load16_lane', 2],
  ['v128.load32_lane', 4],
  ['v128.load64_lane', 8],
  ['v128.store', 16],
  ['v128.store8_lane', 1],
  ['v128.store16_lane', 2],
  ['v128.store32_lane', 4],
  ['v128.store64_lane', 8],
];

test('accesses up to the last byte succeed, one byte further they trap and write nothing', () => {
  for (const [name, width] of accesses) {
    const isStore = name.includes('store');
    const hasLane = name.endsWith('_lane');
    const { f, instance: made } = functionOf(['i32', 'v128'], isStore ? [] : ['v128'], [
      ['local.get', 0],
      ...(isStore || hasLane ? [['local.get', 1] as Instruction] : []),
      [name, { offset: 3 }, ...(hasLane ? [0] : [])] as Instruction,
    ]);
    const ones = (1n << 128n) - 1n;
    const last = BigInt(65536 - width - 3);
    for (const address of [last + 1n, 65536n, 0xffff_ffffn, 0x7fff_ffffn]) {
      assert.throws(
        () => invoke(f, [address, ones]),
        (error) => error instanceof TrapError && error.code === 'trap.memory-bounds',
        name,
      );
    }
    assert.ok(
      made.memory0.bytes.every((byte) => byte === 0),
      name,
    );
    invoke(f, [last, ones]);
    assert.equal(made.memory0.bytes[65535], isStore ? 255 : 0, name);
  }
});

test('a second memory', () => {
  const made = instance({
    types: [{ params: ['i32', 'v128'], results: ['v128'] }],
    memories: [{ min: 0 }, { min: 1 }],
    funcs: [
      {
        code: [
          ...gets(2),
          ['v128.store', { memory: 1 }],
          ['local.get', 0],
          ['v128.load', { memory: 1 }],
          ['local.get', 0],
          ['v128.load32_splat', { memory: 1 }],
          'v128.and',
        ],
      },
    ],
  });
  const lanes = f32s(0xfn, 0xffn, 0xfffn, 0xffffn);
  assertBits(invoke(made.funcs[0]!, [65520n, lanes])[0], f32s(0xfn, 0xfn, 0xfn, 0xfn));
  assert.throws(() => invoke(made.funcs[0]!, [65521n, lanes]), { code: 'trap.memory-bounds' });
});

test('a memory with 64-bit addresses', () => {
  const made = instance({
    types: [{ params: ['i64'], results: ['v128'] }],
    memories: [{ min: 1, is64: true }],
    funcs: [
      {
        code: [
          ['local.get', 0],
          ['v128.const', bytes(payload)],
          ['v128.store', { offset: 8 }],
          ['local.get', 0],
          ['v128.load', { offset: 8 }],
        ],
      },
      {
        code: [
          ['local.get', 0],
          ['v128.load', { offset: 2n ** 32n }],
        ],
      },
    ],
  });
  const [f, far] = made.funcs as [FuncInstance, FuncInstance];
  assertBits(invoke(f, [65512n])[0], payload);
  for (const address of [65513n, 2n ** 32n, 2n ** 64n - 8n])
    assert.throws(() => invoke(f, [address]), { code: 'trap.memory-bounds' });
  assert.throws(() => invoke(far, [0n]), { code: 'trap.memory-bounds' });
});

/** Stores, adds, shuffles and branches in a loop; the sum of what it made. */
const work = (): FuncInstance =>
  functionOf(
    ['i32', 'v128'],
    ['v128', 'i32'],
    [
      ['loop', null],
      ['i32.const', 16],
      ['local.get', 1],
      ['v128.store', null],
      ['i32.const', 18],
      ['v128.load', null],
      ['local.get', 1],
      'i16x8.add',
      ['local.get', 1],
      ['i8x16.shuffle', [0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31]],
      ['local.get', 1],
      'f32x4.convert_i32x4_s',
      'v128.xor',
      ['local.set', 1],
      ['local.get', 0],
      ['i32.const', 1],
      'i32.sub',
      ['local.tee', 0],
      ['br_if', 0],
      'end',
      ['local.get', 1],
      ['local.get', 1],
      'i8x16.bitmask',
    ],
  ).f;

test('vector instructions are charged by their class, and a run can stop before each of them', () => {
  const f = work();
  const whole = startExecution(f, [5n, payload]);
  assert.equal(whole.run(), 'done');
  const { cost } = quern1;
  // Accesses are vector instructions like any other.
  const loop = 6 * cost.vector + 11 * cost.simple + cost.branch;
  const end = 2 * cost.simple + cost.vector;
  assert.equal(whole.fuelConsumed, quern1.entry + 5 * loop + end);
  for (const careful of [false, true]) {
    const steps = startExecution(f, [5n, payload], { fuel: 0, careful });
    let pauses = 0;
    for (; steps.run() === 'paused'; pauses++) {
      assert.ok(steps.fuelConsumed <= pauses);
      steps.addFuel(1);
    }
    assert.equal(pauses, whole.fuelConsumed);
    assert.equal(steps.fuelConsumed, whole.fuelConsumed);
    assert.deepEqual(steps.results, whole.results);
  }
});

test('a trap among vector instructions is charged up to and including itself', () => {
  const { f } = functionOf(
    ['i32'],
    ['v128'],
    [
      ['v128.const', bytes(1n)],
      ['v128.const', bytes(2n)],
      'i8x16.add',
      ['local.get', 0],
      ['v128.load', null],
      'i8x16.add',
      'i8x16.abs',
    ],
  );
  const execution = startExecution(f, [0xffff_0000n]);
  assert.equal(execution.run(), 'trap');
  assert.equal(execution.fuelConsumed, quern1.entry + 4 * quern1.cost.vector + quern1.cost.simple);
});

test('frames of more slots than operations can name', () => {
  const far = 3000;
  const { f } = functionOf(
    ['v128', 'i32'],
    ['v128', 'i64', 'i32'],
    [
      ['local.get', 0],
      ['local.get', 1],
      'i32x4.splat',
      'i32x4.add',
      ['local.set', far],
      ['local.get', far],
      ['i32.const', 9],
      ['i32x4.replace_lane', 1],
      ['local.tee', far - 1],
      ['local.get', far],
      ['i64x2.extract_lane', 1],
      ['local.get', far - 1],
      ['i32x4.extract_lane', 1],
    ],
    [[far, 'v128']],
  );
  const [vector, wide, lane] = invoke(f, [f32s(1n, 2n, 3n, 4n), 10n]);
  assertBits(vector, f32s(11n, 9n, 13n, 14n));
  assert.equal(wide, (14n << 32n) | 13n);
  assert.equal(lane, 9n);
});
