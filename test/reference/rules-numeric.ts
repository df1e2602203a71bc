/** Numeric instructions: each is a numeric operator under one of the spec's shapes. */
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import { F32, F64, I32, I64, type ValType } from '../../src/wasm.ts';
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

/** Rules of operators under a shape. */
const under = <const N extends string, T extends Readonly<Record<string, Rule>>>(
  name: N,
  operators: T,
): { readonly [O in keyof T & string as `${N}.${O}`]: Rule } =>
  Object.fromEntries(
    Object.entries(operators).map(([operator, rule]) => [`${name}.${operator}`, rule]),
  ) as never;

const integerRules = <const N extends string>(name: N, type: ValType) =>
  under(name, {
    const: constant(type),
    eqz: testop(type, integers.ieqz),
    eq: relop(type, integers.ieq),
    ne: relop(type, integers.ine),
    lt_s: relop(type, integers.ilt_s),
    lt_u: relop(type, integers.ilt_u),
    gt_s: relop(type, integers.igt_s),
    gt_u: relop(type, integers.igt_u),
    le_s: relop(type, integers.ile_s),
    le_u: relop(type, integers.ile_u),
    ge_s: relop(type, integers.ige_s),
    ge_u: relop(type, integers.ige_u),
    clz: unop(type, integers.iclz),
    ctz: unop(type, integers.ictz),
    popcnt: unop(type, integers.ipopcnt),
    add: binop(type, integers.iadd),
    sub: binop(type, integers.isub),
    mul: binop(type, integers.imul),
    div_s: binop(type, integers.idiv_s),
    div_u: binop(type, integers.idiv_u),
    rem_s: binop(type, integers.irem_s),
    rem_u: binop(type, integers.irem_u),
    and: binop(type, integers.iand),
    or: binop(type, integers.ior),
    xor: binop(type, integers.ixor),
    shl: binop(type, integers.ishl),
    shr_s: binop(type, integers.ishr_s),
    shr_u: binop(type, integers.ishr_u),
    rotl: binop(type, integers.irotl),
    rotr: binop(type, integers.irotr),
    extend8_s: unop(type, integers.iextend_s(8)),
    extend16_s: unop(type, integers.iextend_s(16)),
  });

const floatRules = <const N extends string>(name: N, type: ValType) =>
  under(name, {
    const: constant(type),
    eq: relop(type, floats.feq),
    ne: relop(type, floats.fne),
    lt: relop(type, floats.flt),
    gt: relop(type, floats.fgt),
    le: relop(type, floats.fle),
    ge: relop(type, floats.fge),
    abs: unop(type, floats.fabs),
    neg: unop(type, floats.fneg),
    ceil: unop(type, floats.fceil),
    floor: unop(type, floats.ffloor),
    trunc: unop(type, floats.ftrunc),
    nearest: unop(type, floats.fnearest),
    sqrt: unop(type, floats.fsqrt),
    add: binop(type, floats.fadd),
    sub: binop(type, floats.fsub),
    mul: binop(type, floats.fmul),
    div: binop(type, floats.fdiv),
    min: binop(type, floats.fmin),
    max: binop(type, floats.fmax),
    copysign: binop(type, floats.fcopysign),
  });

/** Conversions between the integer type `i` and the float type `f`. */
const mixedRules = <const I extends string, const F extends string>(
  i: I,
  iType: ValType,
  f: F,
  fType: ValType,
): Record<`${I}.trunc${'' | '_sat'}_${F}_${'s' | 'u'}` | `${F}.convert_${I}_${'s' | 'u'}`, Rule> => {
  const all: Record<string, Rule> = {
    [`${i}.trunc_${f}_s`]: cvtop(iType, fType, conversions.trunc('s')),
    [`${i}.trunc_${f}_u`]: cvtop(iType, fType, conversions.trunc('u')),
    [`${i}.trunc_sat_${f}_s`]: cvtop(iType, fType, conversions.trunc_sat('s')),
    [`${i}.trunc_sat_${f}_u`]: cvtop(iType, fType, conversions.trunc_sat('u')),
    [`${f}.convert_${i}_s`]: cvtop(fType, iType, conversions.convert('s')),
    [`${f}.convert_${i}_u`]: cvtop(fType, iType, conversions.convert('u')),
  };
  return all;
};

export const numericRules = {
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
} satisfies Partial<Record<Mnemonic, Rule>>;
