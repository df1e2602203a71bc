/**
 * The exact bits of the deterministic profile: what every operator on floats does with NaN, scalar and in lanes,
 * and what every relaxed operator chooses. The instruction table says which rows there are; one without an entry
 * here fails. Each is tried in every form that it is translated to, in fast and careful code, and in a loop.
 *
 * @spec profile-deterministic
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import { type InstructionRow, instructions, type Mnemonic } from '../../src/syntax/instructions.ts';
import { signatureNames } from '../../src/syntax/signatures.ts';
import { compileModule, type FuncInstance, instantiate, invoke, Store } from '../../src/wasm.ts';
import { assemble, type Instruction, type Type } from '../assembler.ts';

type Value = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';
const typesOf = (row: InstructionRow): { params: readonly Value[]; result: Value } => {
  const { params, results } = signatureNames(row)!;
  return { params: params as readonly Value[], result: results[0] as Value };
};

const canonical = { f32: 0x7fc0_0000n, f64: 0x7ff8_0000_0000_0000n } as const;
/** Quiet ones of both signs with and without payload, signalling ones of both signs. */
const nans = {
  f32: [0x7fc0_0000n, 0xffc0_0000n, 0x7fc0_1234n, 0xffff_ffffn, 0x7f80_0001n, 0xffa0_0001n],
  f64: [
    ...[0x7ff8_0000_0000_0000n, 0xfff8_0000_0000_0000n, 0x7ff8_0000_1234_0000n, 0xffff_ffff_ffff_ffffn],
    ...[0x7ff0_0000_0000_0001n, 0xfff4_0000_0000_0001n],
  ],
} as const;
const numbers = {
  f32: {
    zero: 0n,
    one: 0x3f80_0000n,
    minusOne: 0xbf80_0000n,
    infinity: 0x7f80_0000n,
    minusZero: 0x8000_0000n,
  },
  f64: {
    zero: 0n,
    one: 0x3ff0_0000_0000_0000n,
    minusOne: 0xbff0_0000_0000_0000n,
    infinity: 0x7ff0_0000_0000_0000n,
    minusZero: 0x8000_0000_0000_0000n,
  },
} as const;
type Float = keyof typeof nans;
const widthOf: Readonly<Record<Value, number>> = { i32: 32, f32: 32, i64: 64, f64: 64, v128: 128 };
const signOf = (float: Float): bigint => numbers[float].minusZero;

// Forms

const constant = (type: Value, bits: bigint): Instruction =>
  type === 'i32'
    ? ['i32.const', Number(BigInt.asIntN(32, bits))]
    : type === 'i64'
      ? ['i64.const', BigInt.asIntN(64, bits)]
      : type === 'v128'
        ? ['v128.const', Array.from({ length: 16 }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn))]
        : [`${type}.const`, bits];

const ROUNDS = 2000;
/**
 * Code for an operator on operands: from locals, with each set of them constant, over an operand, through memory
 * into another place, and many times in a loop, where the JavaScript engine's own compiler has its say.
 */
const formsOf = (
  name: Mnemonic,
  immediates: readonly number[],
  params: readonly Value[],
  result: Value,
  args: readonly bigint[],
): Readonly<Record<string, readonly Instruction[]>> => {
  const op: Instruction = [name, ...immediates];
  const get = (i: number): Instruction => ['local.get', i];
  const operands = (constants: number): Instruction[] =>
    params.map((type, i) => ((constants >> i) & 1 ? constant(type, args[i]!) : get(i)));
  const forms: Record<string, readonly Instruction[]> = {};
  for (let constants = 0; constants < 1 << params.length; constants++)
    forms[`constants ${constants.toString(2)}`] = [...operands(constants), op];
  params.forEach((type, i) => {
    if (type === result) forms[`over operand ${i}`] = [...operands(0), op, ['local.set', i], get(i)];
  });
  const [scratch, counter] = [params.length, params.length + 1];
  forms['to memory'] = [
    ['i32.const', 16],
    ...operands(0),
    op,
    [`${result}.store`, {}],
    ['i32.const', 16],
    [`${result}.load`, {}],
  ];
  forms['in a loop'] = [
    ...([['loop', null], ...operands(0), op, ['local.set', scratch]] as Instruction[]),
    ...([
      get(counter),
      ['i32.const', 1],
      'i32.add',
      ['local.tee', counter],
      ['i32.const', ROUNDS],
    ] as Instruction[]),
    ...(['i32.lt_u', ['br_if', 0], 'end', get(scratch)] as Instruction[]),
  ];
  return forms;
};

interface Sample {
  readonly args: readonly bigint[];
  /** Bits, or the code of a trap. */
  readonly expected: bigint | string;
}

const endOf = (func: FuncInstance, args: readonly bigint[], careful: boolean): unknown => {
  try {
    return invoke(func, args, { careful })[0];
  } catch (error) {
    if (!isQuernError(error)) throw error;
    return error.code;
  }
};
const show = (value: unknown): string => (typeof value === 'bigint' ? value.toString(16) : String(value));

/** Tries samples of a row in every form. */
const check = (row: InstructionRow, samples: readonly Sample[], immediates: readonly number[] = []): void => {
  const { params, result } = typesOf(row);
  const cases = samples.flatMap(({ args, expected }) =>
    Object.entries(formsOf(row.name as Mnemonic, immediates, params, result, args)).map(([form, code]) => ({
      ...{ args, expected, form, code },
    })),
  );
  const bytes = assemble({
    types: [{ params: params as Type[], results: [result as Type] }],
    memories: [{ min: 1 }],
    funcs: cases.map(({ code }) => ({
      locals: [
        [1, result as Type],
        [1, 'i32' as Type],
      ],
      code,
    })),
  });
  const { funcs } = instantiate(new Store(), compileModule(bytes), () => undefined);
  cases.forEach(({ args, expected, form }, i) => {
    for (const careful of [false, true]) {
      const actual = endOf(funcs[i]!, args, careful);
      assert.equal(
        show(actual),
        show(expected),
        `${row.name} of ${args.map(show)} (${form}${careful ? ', careful' : ''})`,
      );
    }
  });
};

// What rows do with NaN

/** Operands in which at least one is NaN, and such whose result is NaN without one. */
const nanOperands = (float: Float, count: number): bigint[][] => {
  const { zero, one, infinity } = numbers[float];
  const others = [zero, one, infinity, nans[float][2]!];
  return nans[float].flatMap((nan) =>
    Array.from({ length: count }, (_, at) => at).flatMap((at) =>
      (count === 1 ? [zero] : others).map((other) =>
        Array.from({ length: count }, (_, i) => (i === at ? nan : other)),
      ),
    ),
  );
};

/** Operands of operators whose result is a NaN that no operand holds. */
const invalid = (operator: string, float: Float): bigint[][] => {
  const { zero, minusOne, infinity } = numbers[float];
  const minusInfinity = infinity | signOf(float);
  switch (operator) {
    case 'add':
      return [[infinity, minusInfinity]];
    case 'sub':
      return [[infinity, infinity]];
    case 'mul':
      return [
        [zero, infinity],
        [infinity, zero],
      ];
    case 'div':
      return [
        [zero, zero],
        [infinity, minusInfinity],
      ];
    case 'sqrt':
      return [[minusOne], [minusInfinity]];
    case 'relaxed_madd':
      return [
        [zero, infinity, zero],
        [infinity, minusOne, infinity],
      ];
    case 'relaxed_nmadd':
      return [
        [zero, infinity, zero],
        [infinity, numbers[float].one, infinity],
      ];
    default:
      return [];
  }
};

type Make = (row: InstructionRow, float: Float, operator: string) => Sample[];
const countOf = (row: InstructionRow): number => typesOf(row).params.length;

/** The result is the positive canonical NaN. */
const gives =
  (of: (float: Float) => bigint | string): Make =>
  (row, float, operator) =>
    [...nanOperands(float, countOf(row)), ...invalid(operator, float)].map((args) => ({
      args,
      expected: of(float),
    }));
const givesNan = gives((float) => canonical[float]);
const givesZero = gives(() => 0n);
const trapsOnNan = gives(() => 'trap.invalid-conversion');
/** The bits of the first operand, changed. */
const movesBits =
  (move: (a: bigint, b: bigint, sign: bigint, float: Float) => bigint): Make =>
  (row, float) =>
    nanOperands(float, countOf(row)).map((args) => ({
      args,
      expected: move(args[0]!, args[1] ?? 0n, signOf(float), float),
    }));
/** No operand is a float, or no result can be NaN: nothing to say. */
const cannotBeNan: Make = () => [];

const allOnes = (float: Float): bigint => (1n << BigInt(widthOf[float])) - 1n;

/** TABLE: operators on one float, scalar or a lane, by the name after the dot. */
const operators: Readonly<Record<string, Make>> = {
  ...Object.fromEntries(
    ['add', 'sub', 'mul', 'div', 'min', 'max', 'sqrt', 'ceil', 'floor', 'trunc', 'nearest'].map((name) => [
      name,
      givesNan,
    ]),
  ),
  ...Object.fromEntries(
    ['relaxed_min', 'relaxed_max', 'relaxed_madd', 'relaxed_nmadd'].map((name) => [name, givesNan]),
  ),
  abs: movesBits((a, _, sign) => a & ~sign),
  neg: movesBits((a, _, sign) => a ^ sign),
  copysign: movesBits((a, b, sign) => (a & ~sign) | (b & sign)),
  // A comparison with NaN does not hold, and then the first operand is the result.
  pmin: movesBits((a) => a),
  pmax: movesBits((a) => a),
  ...Object.fromEntries(['eq', 'lt', 'gt', 'le', 'ge'].map((name) => [name, givesZero])),
  ne: cannotBeNan,
  convert_i32_s: cannotBeNan,
  convert_i32_u: cannotBeNan,
  convert_i64_s: cannotBeNan,
  convert_i64_u: cannotBeNan,
  convert_i32x4_s: cannotBeNan,
  convert_i32x4_u: cannotBeNan,
  convert_low_i32x4_s: cannotBeNan,
  convert_low_i32x4_u: cannotBeNan,
};

/** TABLE: rows between types, whole. Scalars: samples; vectors: see `vectorConversions`. */
const conversions: Readonly<Record<string, { readonly from: Float; readonly make: Make }>> = {
  'f32.demote_f64': { from: 'f64', make: gives(() => canonical.f32) },
  'f64.promote_f32': { from: 'f32', make: gives(() => canonical.f64) },
  'i32.reinterpret_f32': { from: 'f32', make: movesBits((a) => a) },
  'i64.reinterpret_f64': { from: 'f64', make: movesBits((a) => a) },
  'f32.reinterpret_i32': { from: 'f32', make: movesBits((a) => a) },
  'f64.reinterpret_i64': { from: 'f64', make: movesBits((a) => a) },
  ...Object.fromEntries(
    ['i32', 'i64'].flatMap((to) =>
      (['f32', 'f64'] as const).flatMap((from) =>
        ['s', 'u'].flatMap((sign) => [
          [`${to}.trunc_${from}_${sign}`, { from, make: trapsOnNan }],
          [`${to}.trunc_sat_${from}_${sign}`, { from, make: givesZero }],
        ]),
      ),
    ),
  ),
};

const lanesOf = (float: Float): number => 128 / widthOf[float];
const pack = (width: number, lanes: readonly bigint[]): bigint =>
  lanes.reduceRight((bits, lane) => (bits << BigInt(width)) | lane, 0n);
const splat = (float: Float, bits: bigint): bigint =>
  pack(widthOf[float], Array<bigint>(lanesOf(float)).fill(bits));

/** TABLE: vector rows between shapes: a vector of one NaN, and what becomes of it. */
const vectorConversions: Readonly<Record<string, { readonly from: Float; readonly result: bigint }>> = {
  'f32x4.demote_f64x2_zero': { from: 'f64', result: pack(32, [canonical.f32, canonical.f32]) },
  'f64x2.promote_low_f32x4': { from: 'f32', result: splat('f64', canonical.f64) },
  ...Object.fromEntries(
    ['trunc_sat', 'relaxed_trunc'].flatMap((kind) =>
      ['s', 'u'].flatMap((sign) => [
        [`i32x4.${kind}_f32x4_${sign}`, { from: 'f32', result: 0n }],
        [`i32x4.${kind}_f64x2_${sign}_zero`, { from: 'f64', result: 0n }],
      ]),
    ),
  ),
};

/** Rows with an immediate that move one lane: keeping its bits is all they do. */
const laneMoves = ['splat', 'extract_lane', 'replace_lane'];

const floatRows = (instructions as readonly InstructionRow[]).filter(
  (row) => /f(32|64)/.test(row.name) && row.access === 0 && !row.name.endsWith('.const'),
);

/** The test of one row; undefined if nobody has said what it does. */
const testOf = (row: InstructionRow): (() => void) | undefined => {
  const [shape, operator] = row.name.split('.') as [string, string];
  const conversion = conversions[row.name];
  if (conversion !== undefined) return () => check(row, conversion.make(row, conversion.from, operator));
  const between = vectorConversions[row.name];
  if (between !== undefined) {
    return () =>
      check(
        row,
        nans[between.from].map((nan) => ({ args: [splat(between.from, nan)], expected: between.result })),
      );
  }
  const float = (shape.startsWith('f32') ? 'f32' : 'f64') as Float;
  const isVector = shape.includes('x');
  if (isVector && laneMoves.includes(operator)) return () => checkLaneMove(row, float, operator);
  const make = operators[operator];
  if (make === undefined) return undefined;
  const samples = make(row, float, operator);
  if (operator === 'ne') {
    const yes = isVector ? allOnes(float) : 1n;
    samples.push(...nanOperands(float, 2).map((args) => ({ args, expected: yes })));
  }
  if (!isVector) return () => check(row, samples);
  return () =>
    check(
      row,
      samples.map(({ args, expected }) => ({
        args: args.map((bits) => splat(float, bits)),
        expected: splat(float, expected as bigint),
      })),
    );
};

const checkLaneMove = (row: InstructionRow, float: Float, operator: string): void => {
  const width = widthOf[float];
  for (const nan of nans[float]) {
    if (operator === 'splat') {
      check(row, [{ args: [nan], expected: splat(float, nan) }]);
      continue;
    }
    for (let lane = 0; lane < lanesOf(float); lane++) {
      const lanes = Array.from({ length: lanesOf(float) }, (_, i) => (i === lane ? nan : 0n));
      const vector = pack(width, lanes);
      const sample =
        operator === 'extract_lane'
          ? { args: [vector], expected: nan }
          : { args: [0n, nan], expected: vector };
      check(row, [sample], [lane]);
    }
  }
};

for (const row of floatRows) {
  test(`NaN in ${row.name}`, () => {
    const run = testOf(row);
    assert.ok(run !== undefined, `say in this file what ${row.name} does with NaN`);
    run();
  });
}

test('NaN lanes do not touch the lanes beside them', () => {
  for (const row of floatRows) {
    const [shape, operator] = row.name.split('.') as [string, string];
    if (!/^f..x.$/.test(shape) || operators[operator] !== givesNan) continue;
    const float = shape.slice(0, 3) as Float;
    const { one } = numbers[float];
    for (let lane = 0; lane < lanesOf(float); lane++) {
      const lanes = Array.from({ length: lanesOf(float) }, (_, i) => (i === lane ? nans[float][3]! : one));
      const plain = oneOperator(row, Array<bigint>(countOf(row)).fill(splat(float, one)));
      const mask = allOnes(float) << BigInt(lane * widthOf[float]);
      const expected = (plain & ~mask) | (canonical[float] << BigInt(lane * widthOf[float]));
      check(row, [{ args: Array<bigint>(countOf(row)).fill(pack(widthOf[float], lanes)), expected }]);
    }
  }
});

const oneOperator = (row: InstructionRow, args: readonly bigint[]): bigint => {
  const { params, result } = typesOf(row);
  const bytes = assemble({
    types: [{ params: params as Type[], results: [result as Type] }],
    funcs: [{ code: [...params.map((_, i): Instruction => ['local.get', i]), row.name as Instruction] }],
  });
  return invoke(instantiate(new Store(), compileModule(bytes), () => undefined).funcs[0]!, args)[0] as bigint;
};

// What the relaxed rows choose

const i8 = (...lanes: readonly number[]): bigint =>
  pack(
    8,
    Array.from({ length: 16 }, (_, i) => BigInt.asUintN(8, BigInt(lanes[i] ?? 0))),
  );
const i16 = (...lanes: readonly number[]): bigint =>
  pack(
    16,
    Array.from({ length: 8 }, (_, i) => BigInt.asUintN(16, BigInt(lanes[i] ?? 0))),
  );
const i32 = (...lanes: readonly number[]): bigint =>
  pack(
    32,
    Array.from({ length: 4 }, (_, i) => BigInt.asUintN(32, BigInt(lanes[i] ?? 0))),
  );
const view = new DataView(new ArrayBuffer(16));
const f32 = (...lanes: readonly number[]): bigint =>
  pack(
    32,
    Array.from({ length: 4 }, (_, i) => {
      view.setFloat32(0, lanes[i] ?? 0);
      return BigInt(view.getUint32(0));
    }),
  );
const f64 = (...lanes: readonly number[]): bigint =>
  pack(
    64,
    Array.from({ length: 2 }, (_, i) => {
      view.setFloat64(0, lanes[i] ?? 0);
      return view.getBigUint64(0);
    }),
  );

const [tiny32, tiny64] = [2 ** -12, 2 ** -27];
const mixed = 0x0f0f_0f0f_00ff_aa55_8000_0001_7fff_fffen;
const [left, right] = [(1n << 128n) - 1n, 0n];
const bitselect: Sample = { args: [left, right, mixed], expected: mixed };

/** TABLE: each relaxed row on operands where engines may differ. */
const choices: Readonly<Record<string, readonly Sample[]>> = {
  // An index out of range gives 0, not the lane of its low bits.
  'i8x16.relaxed_swizzle': [
    {
      args: [i8(11, 12, 13, 14), i8(0, 16, 17, 0x7f, 0x80, 0xff, 3)],
      expected: i8(11, 0, 0, 0, 0, 0, 14, 11, 11, 11, 11, 11, 11, 11, 11, 11),
    },
  ],
  // NaN gives 0, and what is out of range the nearest integer.
  'i32x4.relaxed_trunc_f32x4_s': [
    { args: [f32(Number.NaN, 3e9, -3e9, -1.5)], expected: i32(0, 0x7fffffff, -0x80000000, -1) },
  ],
  'i32x4.relaxed_trunc_f32x4_u': [{ args: [f32(Number.NaN, 5e9, -1, 3e9)], expected: i32(0, -1, 0, 3e9) }],
  'i32x4.relaxed_trunc_f64x2_s_zero': [
    { args: [f64(Number.NaN, 3e9)], expected: i32(0, 0x7fffffff, 0, 0) },
    { args: [f64(-3e9, -1.5)], expected: i32(-0x80000000, -1, 0, 0) },
  ],
  'i32x4.relaxed_trunc_f64x2_u_zero': [
    { args: [f64(Number.NaN, 5e9)], expected: i32(0, -1, 0, 0) },
    { args: [f64(-1, 3e9)], expected: i32(0, 3e9, 0, 0) },
  ],
  // The product is rounded before the sum: fused, the square of the small part would be left.
  'f32x4.relaxed_madd': [
    { args: [f32(1 + tiny32), f32(1 + tiny32), f32(-1 - 2 * tiny32)], expected: f32(0) },
  ],
  'f32x4.relaxed_nmadd': [
    { args: [f32(1 + tiny32), f32(1 + tiny32), f32(1 + 2 * tiny32)], expected: f32(0) },
  ],
  'f64x2.relaxed_madd': [
    { args: [f64(1 + tiny64), f64(1 + tiny64), f64(-1 - 2 * tiny64)], expected: f64(0) },
  ],
  'f64x2.relaxed_nmadd': [
    { args: [f64(1 + tiny64), f64(1 + tiny64), f64(1 + 2 * tiny64)], expected: f64(0) },
  ],
  // Bit by bit, not by the top bit of a lane.
  'i8x16.relaxed_laneselect': [bitselect],
  'i16x8.relaxed_laneselect': [bitselect],
  'i32x4.relaxed_laneselect': [bitselect],
  'i64x2.relaxed_laneselect': [bitselect],
  // As min and max: NaN is canonical, and −0 is below +0.
  'f32x4.relaxed_min': [
    {
      args: [f32(0, -0, 1, Number.NaN), f32(-0, 0, Number.NaN, 1)],
      expected: f32(-0, -0, Number.NaN, Number.NaN),
    },
  ],
  'f32x4.relaxed_max': [
    {
      args: [f32(0, -0, 1, Number.NaN), f32(-0, 0, Number.NaN, 1)],
      expected: f32(0, 0, Number.NaN, Number.NaN),
    },
  ],
  'f64x2.relaxed_min': [
    { args: [f64(0, -0), f64(-0, 0)], expected: f64(-0, -0) },
    { args: [f64(1, Number.NaN), f64(Number.NaN, 1)], expected: f64(Number.NaN, Number.NaN) },
  ],
  'f64x2.relaxed_max': [
    { args: [f64(0, -0), f64(-0, 0)], expected: f64(0, 0) },
    { args: [f64(1, Number.NaN), f64(Number.NaN, 1)], expected: f64(Number.NaN, Number.NaN) },
  ],
  // The one product that does not fit saturates.
  'i16x8.relaxed_q15mulr_s': [
    { args: [i16(-32768, -32768, 32767), i16(-32768, 32767, 32767)], expected: i16(32767, -32767, 32766) },
  ],
  // Bytes above 127 of the second operand are negative, and sums that do not fit saturate.
  'i16x8.relaxed_dot_i8x16_i7x16_s': [
    {
      args: [i8(1, 2, -128, -128, 100), i8(0x80, 0xff, -128, -128, 3)],
      expected: i16(-128 - 2, 32767, 300),
    },
  ],
  'i32x4.relaxed_dot_i8x16_i7x16_add_s': [
    {
      args: [i8(1, 2, -128, -128, 100), i8(0x80, 0xff, -128, -128, 3), i32(5, -400)],
      expected: i32(-130 + 32767 + 5, -100),
    },
  ],
};

for (const row of (instructions as readonly InstructionRow[]).filter(({ name }) =>
  name.includes('relaxed'),
)) {
  test(`the choice of ${row.name}`, () => {
    const samples = choices[row.name];
    assert.ok(samples !== undefined, `say in this file what ${row.name} chooses`);
    check(row, samples);
  });
}
