/** Numeric instructions: each is a numeric operator under one of the spec's shapes. */
import { F32, F64, I32, I64, type ValType } from '../../src/syntax/types.ts';
import * as conversions from './conversions.ts';
import * as floats from './floats.ts';
import * as integers from './integers.ts';
import type { Rule } from './machine.ts';
import { widthOf } from './values.ts';

/** @spec exec-const */
const constant = (type: ValType): Rule => ({
  step(machine, { lo, hi }) {
    const bits = widthOf(type) === 32 ? BigInt(lo >>> 0) : (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
    machine.push({ type, bits });
  },
});

/** @spec exec-unop */
const unop = (type: ValType, operator: integers.Unary): Rule => ({
  step: (machine) => machine.push({ type, bits: operator(widthOf(type), machine.popBits()) }),
});
/** @spec exec-binop */
const binop = (type: ValType, operator: integers.Binary): Rule => ({
  step(machine) {
    const b = machine.popBits();
    const a = machine.popBits();
    machine.push({ type, bits: operator(widthOf(type), a, b) });
  },
});
/** @spec exec-testop */
const testop = (type: ValType, operator: integers.Unary): Rule => ({
  step: (machine) => machine.push({ type: I32, bits: operator(widthOf(type), machine.popBits()) }),
});
/** @spec exec-relop */
const relop = (type: ValType, operator: integers.Binary): Rule => ({
  step(machine) {
    const b = machine.popBits();
    const a = machine.popBits();
    machine.push({ type: I32, bits: operator(widthOf(type), a, b) });
  },
});
/** @spec exec-cvtop */
const cvtop = (to: ValType, from: ValType, operator: conversions.Conversion): Rule => ({
  step(machine) {
    machine.push({ type: to, bits: operator(widthOf(from), widthOf(to), machine.popBits()) });
  },
});

const integerRules = (name: string, type: ValType): Readonly<Record<string, Rule>> => ({
  [`${name}.const`]: constant(type),
  [`${name}.eqz`]: testop(type, integers.ieqz),
  [`${name}.eq`]: relop(type, integers.ieq),
  [`${name}.ne`]: relop(type, integers.ine),
  [`${name}.lt_s`]: relop(type, integers.ilt_s),
  [`${name}.lt_u`]: relop(type, integers.ilt_u),
  [`${name}.gt_s`]: relop(type, integers.igt_s),
  [`${name}.gt_u`]: relop(type, integers.igt_u),
  [`${name}.le_s`]: relop(type, integers.ile_s),
  [`${name}.le_u`]: relop(type, integers.ile_u),
  [`${name}.ge_s`]: relop(type, integers.ige_s),
  [`${name}.ge_u`]: relop(type, integers.ige_u),
  [`${name}.clz`]: unop(type, integers.iclz),
  [`${name}.ctz`]: unop(type, integers.ictz),
  [`${name}.popcnt`]: unop(type, integers.ipopcnt),
  [`${name}.add`]: binop(type, integers.iadd),
  [`${name}.sub`]: binop(type, integers.isub),
  [`${name}.mul`]: binop(type, integers.imul),
  [`${name}.div_s`]: binop(type, integers.idiv_s),
  [`${name}.div_u`]: binop(type, integers.idiv_u),
  [`${name}.rem_s`]: binop(type, integers.irem_s),
  [`${name}.rem_u`]: binop(type, integers.irem_u),
  [`${name}.and`]: binop(type, integers.iand),
  [`${name}.or`]: binop(type, integers.ior),
  [`${name}.xor`]: binop(type, integers.ixor),
  [`${name}.shl`]: binop(type, integers.ishl),
  [`${name}.shr_s`]: binop(type, integers.ishr_s),
  [`${name}.shr_u`]: binop(type, integers.ishr_u),
  [`${name}.rotl`]: binop(type, integers.irotl),
  [`${name}.rotr`]: binop(type, integers.irotr),
  [`${name}.extend8_s`]: unop(type, integers.iextend_s(8)),
  [`${name}.extend16_s`]: unop(type, integers.iextend_s(16)),
});

const floatRules = (name: string, type: ValType): Readonly<Record<string, Rule>> => ({
  [`${name}.const`]: constant(type),
  [`${name}.eq`]: relop(type, floats.feq),
  [`${name}.ne`]: relop(type, floats.fne),
  [`${name}.lt`]: relop(type, floats.flt),
  [`${name}.gt`]: relop(type, floats.fgt),
  [`${name}.le`]: relop(type, floats.fle),
  [`${name}.ge`]: relop(type, floats.fge),
  [`${name}.abs`]: unop(type, floats.fabs),
  [`${name}.neg`]: unop(type, floats.fneg),
  [`${name}.ceil`]: unop(type, floats.fceil),
  [`${name}.floor`]: unop(type, floats.ffloor),
  [`${name}.trunc`]: unop(type, floats.ftrunc),
  [`${name}.nearest`]: unop(type, floats.fnearest),
  [`${name}.sqrt`]: unop(type, floats.fsqrt),
  [`${name}.add`]: binop(type, floats.fadd),
  [`${name}.sub`]: binop(type, floats.fsub),
  [`${name}.mul`]: binop(type, floats.fmul),
  [`${name}.div`]: binop(type, floats.fdiv),
  [`${name}.min`]: binop(type, floats.fmin),
  [`${name}.max`]: binop(type, floats.fmax),
  [`${name}.copysign`]: binop(type, floats.fcopysign),
});

/** Conversions between the integer type `i` and the float type `f`. */
const mixedRules = (
  i: string,
  iType: ValType,
  f: string,
  fType: ValType,
): Readonly<Record<string, Rule>> => ({
  [`${i}.trunc_${f}_s`]: cvtop(iType, fType, conversions.trunc('s')),
  [`${i}.trunc_${f}_u`]: cvtop(iType, fType, conversions.trunc('u')),
  [`${i}.trunc_sat_${f}_s`]: cvtop(iType, fType, conversions.trunc_sat('s')),
  [`${i}.trunc_sat_${f}_u`]: cvtop(iType, fType, conversions.trunc_sat('u')),
  [`${f}.convert_${i}_s`]: cvtop(fType, iType, conversions.convert('s')),
  [`${f}.convert_${i}_u`]: cvtop(fType, iType, conversions.convert('u')),
});

export const numericRules: Readonly<Record<string, Rule>> = {
  ...integerRules('i32', I32),
  ...integerRules('i64', I64),
  ...floatRules('f32', F32),
  ...floatRules('f64', F64),
  ...mixedRules('i32', I32, 'f32', F32),
  ...mixedRules('i32', I32, 'f64', F64),
  ...mixedRules('i64', I64, 'f32', F32),
  ...mixedRules('i64', I64, 'f64', F64),
  'i64.extend32_s': unop(I64, integers.iextend_s(32)),
  'i32.wrap_i64': cvtop(I32, I64, conversions.wrap),
  'i64.extend_i32_s': cvtop(I64, I32, conversions.extend_s),
  'i64.extend_i32_u': cvtop(I64, I32, conversions.extend_u),
  'f32.demote_f64': cvtop(F32, F64, conversions.demote),
  'f64.promote_f32': cvtop(F64, F32, conversions.promote),
  'i32.reinterpret_f32': cvtop(I32, F32, conversions.reinterpret),
  'i64.reinterpret_f64': cvtop(I64, F64, conversions.reinterpret),
  'f32.reinterpret_i32': cvtop(F32, I32, conversions.reinterpret),
  'f64.reinterpret_i64': cvtop(F64, I64, conversions.reinterpret),
};
