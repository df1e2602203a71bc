/** Vector instructions: operators under one of the spec's shapes, lane by lane. */
import { TrapError } from '../../src/errors.ts';
import { F32, F64, I32, I64, V128, type ValType } from '../../src/wasm.ts';
import type { Instruction } from './body.ts';
import * as conversions from './conversions.ts';
import * as floats from './floats.ts';
import type { MemoryInstance } from './instances.ts';
import * as integers from './integers.ts';
import * as lanes from './lanes.ts';
import { join, split } from './lanes.ts';
import type { Machine, Rule } from './machine.ts';
import { widthOf } from './values.ts';

type Rules = Readonly<Record<string, Rule>>;
type Sign = 's' | 'u';

const pushVector = (machine: Machine, bits: bigint): void => machine.push({ type: V128, bits });
const pushI32 = (machine: Machine, bits: bigint): void => machine.push({ type: I32, bits });

/** @spec exec-vunop */
const unop = (width: number, operator: integers.Unary): Rule => ({
  step: (machine) => {
    pushVector(
      machine,
      join(
        width,
        split(width, machine.popBits()).map((lane) => operator(width, lane)),
      ),
    );
  },
});

/** @spec exec-vbinop */
const binop = (width: number, operator: integers.Binary): Rule => ({
  step(machine) {
    const right = split(width, machine.popBits());
    const left = split(width, machine.popBits());
    pushVector(
      machine,
      join(
        width,
        left.map((lane, i) => operator(width, lane, right[i]!)),
      ),
    );
  },
});

/** @spec exec-vrelop */
const relop = (width: number, operator: integers.Binary): Rule => binop(width, lanes.mask(operator));

/** @spec exec-vternop */
const ternop = (width: number, operator: lanes.Ternary): Rule => ({
  step(machine) {
    const third = split(width, machine.popBits());
    const second = split(width, machine.popBits());
    const first = split(width, machine.popBits());
    const result = first.map((lane, i) => operator(width, lane, second[i]!, third[i]!));
    pushVector(machine, join(width, result));
  },
});

/** @spec exec-vshiftop */
const shift = (width: number, operator: integers.Binary): Rule => ({
  step(machine) {
    const count = machine.popBits();
    const result = split(width, machine.popBits()).map((lane) => operator(width, lane, count));
    pushVector(machine, join(width, result));
  },
});

/** @spec exec-vvtestop */
const any_true: Rule = { step: (machine) => pushI32(machine, machine.popBits() !== 0n ? 1n : 0n) };
/** @spec exec-vtestop */
const all_true = (width: number): Rule => ({
  step: (machine) => pushI32(machine, split(width, machine.popBits()).every((lane) => lane !== 0n) ? 1n : 0n),
});
/** @spec exec-vbitmask */
const bitmask = (width: number): Rule => ({
  step: (machine) => {
    const signs = split(width, machine.popBits()).map((lane) => lane >> BigInt(width - 1));
    pushI32(machine, join(1, signs));
  },
});

/** Which lanes of the operand an operator reads. */
type Half = 'low' | 'high' | 'all';
const halfOf = (half: Half, all: readonly bigint[]): readonly bigint[] =>
  half === 'all' ? all : half === 'low' ? all.slice(0, all.length / 2) : all.slice(all.length / 2);

/** Lanes of one width to lanes of another; lanes that are missing are zero. @spec exec-vcvtop */
const cvtop = (from: number, to: number, operator: conversions.Conversion, half: Half = 'all'): Rule => ({
  step(machine) {
    const operands = halfOf(half, split(from, machine.popBits()));
    pushVector(
      machine,
      join(
        to,
        operands.map((lane) => operator(from, to, lane)),
      ),
    );
  },
});

/** @spec exec-vnarrow */
const narrow = (from: number, operator: conversions.Conversion): Rule => ({
  step(machine) {
    const right = split(from, machine.popBits());
    const left = split(from, machine.popBits());
    pushVector(
      machine,
      join(
        from / 2,
        [...left, ...right].map((lane) => operator(from, from / 2, lane)),
      ),
    );
  },
});

/** @spec exec-vextbinop */
const extmul = (from: number, half: Half, sign: Sign): Rule => ({
  step(machine) {
    const right = halfOf(half, split(from, machine.popBits()));
    const left = halfOf(half, split(from, machine.popBits()));
    const products = left.map((lane, i) => lanes.extmul(sign)(from, 2 * from, lane, right[i]!));
    pushVector(machine, join(2 * from, products));
  },
});

/** @spec exec-vextunop */
const extadd_pairwise = (from: number, sign: Sign): Rule => ({
  step: (machine) => pushVector(machine, lanes.extadd_pairwise(sign, from, machine.popBits())),
});

/** @spec exec-vextbinop */
const dot = (from: number, isSaturating: boolean): Rule => ({
  step(machine) {
    const right = machine.popBits();
    pushVector(machine, lanes.dot(from, machine.popBits(), right, isSaturating));
  },
});

/** Four products of bytes onto a 32-bit lane. @spec exec-vextternop */
const relaxed_dot_add: Rule = {
  step(machine) {
    const addend = split(32, machine.popBits());
    const right = machine.popBits();
    const sums = lanes.extadd_pairwise('s', 16, lanes.dot(8, machine.popBits(), right, true));
    pushVector(
      machine,
      join(
        32,
        split(32, sums).map((lane, i) => integers.iadd(32, lane, addend[i]!)),
      ),
    );
  },
};

/** @spec exec-vsplat */
const splat = (width: number): Rule => ({
  step: (machine) => {
    const lane = BigInt.asUintN(width, machine.popBits());
    pushVector(machine, join(width, Array<bigint>(128 / width).fill(lane)));
  },
});
/** @spec exec-vextract_lane */
const extract_lane = (width: number, type: ValType, sign: Sign): Rule => ({
  step(machine, { lane }) {
    const bits = split(width, machine.popBits())[lane]!;
    machine.push({ type, bits: lanes.extend(sign)(width, widthOf(type), bits) });
  },
});
/** @spec exec-vreplace_lane */
const replace_lane = (width: number): Rule => ({
  step(machine, { lane }) {
    const bits = BigInt.asUintN(width, machine.popBits());
    pushVector(machine, join(width, split(width, machine.popBits()).with(lane, bits)));
  },
});

/** @spec exec-vconst */
const constant: Rule = { step: (machine, { bytes }) => pushVector(machine, join(8, bytes.map(BigInt))) };

/** @spec exec-vshuffle */
const shuffle: Rule = {
  step(machine, { bytes }) {
    const right = split(8, machine.popBits());
    const all = [...split(8, machine.popBits()), ...right];
    pushVector(
      machine,
      join(
        8,
        bytes.map((index) => all[index]!),
      ),
    );
  },
};
/** @spec exec-vswizzlop */
const swizzle: Rule = {
  step(machine) {
    const indices = split(8, machine.popBits());
    const operands = split(8, machine.popBits());
    pushVector(
      machine,
      join(
        8,
        indices.map((index) => operands[Number(index)] ?? 0n),
      ),
    );
  },
};

// Memory

/** The accessed bytes; traps when one of them is outside. */
const locate = (
  memory: MemoryInstance,
  base: bigint,
  { memoryOffset }: Instruction,
  width: number,
): Uint8Array => {
  const end = base + memoryOffset + BigInt(width / 8);
  if (end > BigInt(memory.bytes.length)) throw new TrapError('trap.memory-bounds');
  return memory.bytes.subarray(Number(end) - width / 8, Number(end));
};
const memoryOf = (machine: Machine, { memory }: Instruction): MemoryInstance =>
  machine.frame.module.memories[memory]!;

/** Loads bits and makes a vector of them. @spec exec-vload-val, exec-vload-pack, exec-vload-splat */
const load = (width: number, make: (bits: bigint) => bigint): Rule => ({
  step(machine, instruction) {
    const bytes = locate(memoryOf(machine, instruction), machine.popBits(), instruction, width);
    pushVector(machine, make(join(8, Array.from(bytes, BigInt))));
  },
});
const load_extend = (from: number, sign: Sign): Rule =>
  load(64, (bits) =>
    join(
      2 * from,
      split(from, bits, 64).map((lane) => lanes.extend(sign)(from, 2 * from, lane)),
    ),
  );
const load_splat = (width: number): Rule =>
  load(width, (bits) => join(width, Array<bigint>(128 / width).fill(bits)));

/** @spec exec-vload_lane */
const load_lane = (width: number): Rule => ({
  step(machine, instruction) {
    const vector = split(width, machine.popBits());
    const bytes = locate(memoryOf(machine, instruction), machine.popBits(), instruction, width);
    pushVector(machine, join(width, vector.with(instruction.lane, join(8, Array.from(bytes, BigInt)))));
  },
});
/** @spec exec-vstore, exec-vstore_lane */
const store = (width: number): Rule => ({
  step(machine, instruction) {
    const bits = split(width, machine.popBits())[width === 128 ? 0 : instruction.lane]!;
    const bytes = locate(memoryOf(machine, instruction), machine.popBits(), instruction, width);
    bytes.set(split(8, bits, width).map(Number));
  },
});

const memoryRules: Rules = {
  'v128.load': load(128, (bits) => bits),
  'v128.load8x8_s': load_extend(8, 's'),
  'v128.load8x8_u': load_extend(8, 'u'),
  'v128.load16x4_s': load_extend(16, 's'),
  'v128.load16x4_u': load_extend(16, 'u'),
  'v128.load32x2_s': load_extend(32, 's'),
  'v128.load32x2_u': load_extend(32, 'u'),
  'v128.load8_splat': load_splat(8),
  'v128.load16_splat': load_splat(16),
  'v128.load32_splat': load_splat(32),
  'v128.load64_splat': load_splat(64),
  'v128.load32_zero': load(32, (bits) => bits),
  'v128.load64_zero': load(64, (bits) => bits),
  'v128.load8_lane': load_lane(8),
  'v128.load16_lane': load_lane(16),
  'v128.load32_lane': load_lane(32),
  'v128.load64_lane': load_lane(64),
  'v128.store': store(128),
  'v128.store8_lane': store(8),
  'v128.store16_lane': store(16),
  'v128.store32_lane': store(32),
  'v128.store64_lane': store(64),
};

// Shapes

const integerRules = (shape: string, width: number): Rules => ({
  [`${shape}.splat`]: splat(width),
  [`${shape}.replace_lane`]: replace_lane(width),
  [`${shape}.abs`]: unop(width, lanes.iabs),
  [`${shape}.neg`]: unop(width, lanes.ineg),
  [`${shape}.add`]: binop(width, integers.iadd),
  [`${shape}.sub`]: binop(width, integers.isub),
  [`${shape}.eq`]: relop(width, integers.ieq),
  [`${shape}.ne`]: relop(width, integers.ine),
  [`${shape}.lt_s`]: relop(width, integers.ilt_s),
  [`${shape}.gt_s`]: relop(width, integers.igt_s),
  [`${shape}.le_s`]: relop(width, integers.ile_s),
  [`${shape}.ge_s`]: relop(width, integers.ige_s),
  [`${shape}.shl`]: shift(width, integers.ishl),
  [`${shape}.shr_s`]: shift(width, integers.ishr_s),
  [`${shape}.shr_u`]: shift(width, integers.ishr_u),
  [`${shape}.all_true`]: all_true(width),
  [`${shape}.bitmask`]: bitmask(width),
  [`${shape}.relaxed_laneselect`]: ternop(width, lanes.ibitselect),
});
/** All integer shapes but i64x2. */
const unsignedRules = (shape: string, width: number): Rules => ({
  [`${shape}.lt_u`]: relop(width, integers.ilt_u),
  [`${shape}.gt_u`]: relop(width, integers.igt_u),
  [`${shape}.le_u`]: relop(width, integers.ile_u),
  [`${shape}.ge_u`]: relop(width, integers.ige_u),
  [`${shape}.min_s`]: binop(width, lanes.imin_s),
  [`${shape}.min_u`]: binop(width, lanes.imin_u),
  [`${shape}.max_s`]: binop(width, lanes.imax_s),
  [`${shape}.max_u`]: binop(width, lanes.imax_u),
});
/** Shapes of packed lanes, which are no value types. */
const packedRules = (shape: string, width: number): Rules => ({
  [`${shape}.extract_lane_s`]: extract_lane(width, I32, 's'),
  [`${shape}.extract_lane_u`]: extract_lane(width, I32, 'u'),
  [`${shape}.add_sat_s`]: binop(width, lanes.iadd_sat_s),
  [`${shape}.add_sat_u`]: binop(width, lanes.iadd_sat_u),
  [`${shape}.sub_sat_s`]: binop(width, lanes.isub_sat_s),
  [`${shape}.sub_sat_u`]: binop(width, lanes.isub_sat_u),
  [`${shape}.avgr_u`]: binop(width, lanes.iavgr_u),
});

/** From lanes of `width` bits to lanes twice as wide. */
const widening = (shape: string, from: string, width: number): Rules => {
  const rules: Record<string, Rule> = {};
  for (const sign of ['s', 'u'] as const) {
    for (const half of ['low', 'high'] as const) {
      rules[`${shape}.extend_${half}_${from}_${sign}`] = cvtop(width, 2 * width, lanes.extend(sign), half);
      rules[`${shape}.extmul_${half}_${from}_${sign}`] = extmul(width, half, sign);
    }
  }
  return rules;
};
const narrowing = (shape: string, from: string, width: number): Rules => ({
  [`${shape}.narrow_${from}_s`]: narrow(width, lanes.narrow_s),
  [`${shape}.narrow_${from}_u`]: narrow(width, lanes.narrow_u),
});
const pairwise = (shape: string, from: string, width: number): Rules => ({
  [`${shape}.extadd_pairwise_${from}_s`]: extadd_pairwise(width, 's'),
  [`${shape}.extadd_pairwise_${from}_u`]: extadd_pairwise(width, 'u'),
});

const floatRules = (shape: string, type: ValType): Rules => {
  const width = widthOf(type);
  return {
    [`${shape}.splat`]: splat(width),
    [`${shape}.extract_lane`]: extract_lane(width, type, 'u'),
    [`${shape}.replace_lane`]: replace_lane(width),
    [`${shape}.eq`]: relop(width, floats.feq),
    [`${shape}.ne`]: relop(width, floats.fne),
    [`${shape}.lt`]: relop(width, floats.flt),
    [`${shape}.gt`]: relop(width, floats.fgt),
    [`${shape}.le`]: relop(width, floats.fle),
    [`${shape}.ge`]: relop(width, floats.fge),
    [`${shape}.abs`]: unop(width, floats.fabs),
    [`${shape}.neg`]: unop(width, floats.fneg),
    [`${shape}.sqrt`]: unop(width, floats.fsqrt),
    [`${shape}.ceil`]: unop(width, floats.fceil),
    [`${shape}.floor`]: unop(width, floats.ffloor),
    [`${shape}.trunc`]: unop(width, floats.ftrunc),
    [`${shape}.nearest`]: unop(width, floats.fnearest),
    [`${shape}.add`]: binop(width, floats.fadd),
    [`${shape}.sub`]: binop(width, floats.fsub),
    [`${shape}.mul`]: binop(width, floats.fmul),
    [`${shape}.div`]: binop(width, floats.fdiv),
    [`${shape}.min`]: binop(width, floats.fmin),
    [`${shape}.max`]: binop(width, floats.fmax),
    [`${shape}.pmin`]: binop(width, lanes.fpmin),
    [`${shape}.pmax`]: binop(width, lanes.fpmax),
    [`${shape}.relaxed_min`]: binop(width, floats.fmin),
    [`${shape}.relaxed_max`]: binop(width, floats.fmax),
    [`${shape}.relaxed_madd`]: ternop(width, lanes.frelaxed_madd),
    [`${shape}.relaxed_nmadd`]: ternop(width, lanes.frelaxed_nmadd),
  };
};

const conversionRules = (sign: Sign): Rules => {
  const truncate32 = cvtop(32, 32, conversions.trunc_sat(sign));
  const truncate64 = cvtop(64, 32, conversions.trunc_sat(sign));
  return {
    [`i32x4.trunc_sat_f32x4_${sign}`]: truncate32,
    [`i32x4.relaxed_trunc_f32x4_${sign}`]: truncate32,
    [`i32x4.trunc_sat_f64x2_${sign}_zero`]: truncate64,
    [`i32x4.relaxed_trunc_f64x2_${sign}_zero`]: truncate64,
    [`f32x4.convert_i32x4_${sign}`]: cvtop(32, 32, conversions.convert(sign)),
    [`f64x2.convert_low_i32x4_${sign}`]: cvtop(32, 64, conversions.convert(sign), 'low'),
  };
};

export const vectorRules: Rules = {
  ...memoryRules,
  'v128.const': constant,
  'v128.not': unop(128, lanes.inot),
  'v128.and': binop(128, integers.iand),
  'v128.andnot': binop(128, lanes.iandnot),
  'v128.or': binop(128, integers.ior),
  'v128.xor': binop(128, integers.ixor),
  'v128.bitselect': ternop(128, lanes.ibitselect),
  'v128.any_true': any_true,
  'i8x16.shuffle': shuffle,
  'i8x16.swizzle': swizzle,
  'i8x16.relaxed_swizzle': swizzle,
  ...integerRules('i8x16', 8),
  ...integerRules('i16x8', 16),
  ...integerRules('i32x4', 32),
  ...integerRules('i64x2', 64),
  ...unsignedRules('i8x16', 8),
  ...unsignedRules('i16x8', 16),
  ...unsignedRules('i32x4', 32),
  ...packedRules('i8x16', 8),
  ...packedRules('i16x8', 16),
  'i32x4.extract_lane': extract_lane(32, I32, 'u'),
  'i64x2.extract_lane': extract_lane(64, I64, 'u'),
  'i8x16.popcnt': unop(8, integers.ipopcnt),
  'i16x8.mul': binop(16, integers.imul),
  'i32x4.mul': binop(32, integers.imul),
  'i64x2.mul': binop(64, integers.imul),
  'i16x8.q15mulr_sat_s': binop(16, lanes.iq15mulr_sat_s),
  'i16x8.relaxed_q15mulr_s': binop(16, lanes.iq15mulr_sat_s),
  'i32x4.dot_i16x8_s': dot(16, false),
  'i16x8.relaxed_dot_i8x16_i7x16_s': dot(8, true),
  'i32x4.relaxed_dot_i8x16_i7x16_add_s': relaxed_dot_add,
  ...widening('i16x8', 'i8x16', 8),
  ...widening('i32x4', 'i16x8', 16),
  ...widening('i64x2', 'i32x4', 32),
  ...narrowing('i8x16', 'i16x8', 16),
  ...narrowing('i16x8', 'i32x4', 32),
  ...pairwise('i16x8', 'i8x16', 8),
  ...pairwise('i32x4', 'i16x8', 16),
  ...floatRules('f32x4', F32),
  ...floatRules('f64x2', F64),
  ...conversionRules('s'),
  ...conversionRules('u'),
  'f32x4.demote_f64x2_zero': cvtop(64, 32, conversions.demote),
  'f64x2.promote_low_f32x4': cvtop(32, 64, conversions.promote, 'low'),
};
