/** i32, f32 and f64 as JavaScript expressions, by mnemonic. */
import { F32, F64, I32, I64, type ValType } from '../syntax/types.ts';
import type { Generator } from './generator.ts';
import { exact, i32Constant, i64Constant, Operand, readsOf, unsigned, wrapping } from './operand.ts';

export type Rule = (g: Generator) => void;

/** Additions that a double holds exactly: 2^31 × 16 is far below 2^53. */
const MAX_TERMS = 16;

const none: Partial<Operand> = {};
const result = (
  g: Generator,
  type: ValType,
  text: string,
  a: Operand,
  b: Operand,
  { form = 'exact', terms = 0, isNatural = false, mayTrap = a.mayTrap || b.mayTrap }: Partial<Operand> = none,
): void => {
  g.push(new Operand(type, text, { mayTrap, form, terms, isNatural, reads: readsOf(a, b) }));
};

const binary =
  (
    write: (a: Operand, b: Operand) => string,
    fields: (a: Operand, b: Operand) => Partial<Operand> = () => ({}),
  ): Rule =>
  (g) => {
    const b = g.pop();
    const a = g.pop();
    result(g, I32, write(a, b), a, b, fields(a, b));
  };
const unary =
  (write: (a: Operand) => string, fields: Partial<Operand> = {}): Rule =>
  (g) => {
    const a = g.pop();
    result(g, I32, write(a), a, a, fields);
  };

const asBoolean = (): Partial<Operand> => ({ form: 'boolean', isNatural: true });
const compare = (operator: string): Rule =>
  binary((a, b) => `(${exact(a)}${operator}${exact(b)})`, asBoolean);
const compareUnsigned = (operator: string): Rule =>
  binary((a, b) => `(${unsigned(a)}${operator}${unsigned(b)})`, asBoolean);

/** The user of a sum takes it modulo 2^32. */
const sum =
  (operator: '+' | '-'): Rule =>
  (g) => {
    const b = g.pop();
    const a = g.pop();
    const terms = a.terms + b.terms + 1;
    const isLong = terms > MAX_TERMS;
    const text = ({ form, text: t }: Operand, whole: string): string =>
      form === 'sum' && !isLong ? t : whole;
    const left = text(a, exact(a));
    const negative = operator === '+' && b.constant !== null && b.constant < 0;
    const right = negative
      ? `-${-b.constant!}`
      : operator === '-' && b.form === 'sum' && !isLong
        ? `-(${b.text})`
        : operator + text(b, exact(b));
    result(g, I32, left + right, a, b, { form: 'sum', terms: isLong ? 1 : terms });
  };

const multiply: Rule = (g) => {
  const b = g.pop();
  const a = g.pop();
  // The product of an i32 with such a small constant is exact.
  const isSmall = b.constant !== null && Math.abs(b.constant) < 2 ** 21;
  result(g, I32, isSmall ? `(${exact(a)}*${b.text}|0)` : `imul(${wrapping(a)},${wrapping(b)})`, a, b);
};

/** Division: by 0, and out of the range of the results, the interpreter traps. */
const divide =
  (operator: '/' | '%', isSigned: boolean): Rule =>
  (g) => {
    let b = g.pop();
    let a = g.pop();
    const known = b.constant;
    if (known !== null && known !== 0 && !(isSigned && known === -1)) {
      const text = isSigned
        ? `(${exact(a)}${operator}${b.text}|0)`
        : `(${unsigned(a)}${operator}${known >>> 0}|0)`;
      result(g, I32, text, a, b, { isNatural: !isSigned && operator === '/' && known > 1 });
      return;
    }
    [a, b] = g.simple2(a, b);
    const { exit } = g;
    const overflow =
      isSigned && operator === '/' ? `${b.text}===-1&&${a.text}===-2147483648?X(${exit}):` : '';
    const value = isSigned ? `${a.text}${operator}${b.text}|0` : `${unsigned(a)}${operator}${unsigned(b)}|0`;
    result(g, I32, `(${b.text}===0?X(${exit}):${overflow}${value})`, a, b, { mayTrap: true });
  };

const bitwise = (operator: '&' | '|' | '^'): Rule =>
  binary(
    (a, b) =>
      operator === '^' && b.constant === -1
        ? `(~${wrapping(a)})`
        : `(${wrapping(a)}${operator}${wrapping(b)})`,
    (a, b) => ({
      isNatural: operator === '&' ? a.isNatural || b.isNatural : a.isNatural && b.isNatural,
    }),
  );
const shiftRight = (g: Generator): void => {
  const b = g.pop();
  const a = g.pop();
  const amount = b.constant === null ? null : b.constant & 31;
  const isNatural = amount !== null && amount > 0;
  const text = `${wrapping(a)}>>>${amount ?? wrapping(b)}`;
  result(g, I32, isNatural ? `(${text})` : `(${text}|0)`, a, b, { isNatural });
};
const rotate =
  (left: string, right: string): Rule =>
  (g) => {
    const [a, b] = (([y, x]) => g.simple2(x!, y!))([g.pop(), g.pop()]);
    const [there, back] =
      b.constant === null
        ? [b.text, `-${b.text}`]
        : [String(b.constant & 31), String((32 - (b.constant & 31)) & 31)];
    result(g, I32, `(${a.text}${left}${there}|${a.text}${right}${back})`, a, b);
  };

const eqz: Rule = (g) => {
  const a = g.pop();
  const text = a.form === 'boolean' ? `(!${a.text})` : `(${exact(a)}===0)`;
  result(g, I32, text, a, a, { form: 'boolean', isNatural: true });
};

export const i32Rules = {
  'i32.eqz': eqz,
  'i32.eq': compare('==='),
  'i32.ne': compare('!=='),
  'i32.lt_s': compare('<'),
  'i32.lt_u': compareUnsigned('<'),
  'i32.gt_s': compare('>'),
  'i32.gt_u': compareUnsigned('>'),
  'i32.le_s': compare('<='),
  'i32.le_u': compareUnsigned('<='),
  'i32.ge_s': compare('>='),
  'i32.ge_u': compareUnsigned('>='),
  'i32.clz': unary((a) => `clz32(${wrapping(a)})`, { isNatural: true }),
  'i32.ctz': unary((a) => `ctz(${exact(a)})`, { isNatural: true }),
  'i32.popcnt': unary((a) => `popcnt(${exact(a)})`, { isNatural: true }),
  'i32.add': sum('+'),
  'i32.sub': sum('-'),
  'i32.mul': multiply,
  'i32.div_s': divide('/', true),
  'i32.div_u': divide('/', false),
  'i32.rem_s': divide('%', true),
  'i32.rem_u': divide('%', false),
  'i32.and': bitwise('&'),
  'i32.or': bitwise('|'),
  'i32.xor': bitwise('^'),
  'i32.shl': binary((a, b) => `(${wrapping(a)}<<${wrapping(b)})`),
  'i32.shr_s': binary(
    (a, b) => `(${wrapping(a)}>>${wrapping(b)})`,
    (a) => ({ isNatural: a.isNatural }),
  ),
  'i32.shr_u': shiftRight,
  'i32.rotl': rotate('<<', '>>>'),
  'i32.rotr': rotate('>>>', '<<'),
  'i32.extend8_s': unary((a) => `(${wrapping(a)}<<24>>24)`),
  'i32.extend16_s': unary((a) => `(${wrapping(a)}<<16>>16)`),
} as const satisfies Readonly<Record<string, Rule>>;

// Floats. Every f32 is rounded where it is made. NaN needs no special handling here: see `Generator.checked`.

const float = (g: Generator, type: ValType, text: string, a: Operand, b: Operand): void => {
  const rounded = type === F32 ? `fround(${text})` : `(${text})`;
  g.push(new Operand(type, rounded, { mayTrap: a.mayTrap || b.mayTrap, reads: readsOf(a, b) }));
};
const floatBinary =
  (type: ValType, write: (a: string, b: string) => string): Rule =>
  (g) => {
    const b = g.popArithmetic();
    const a = g.popArithmetic();
    float(g, type, write(a.text, b.text), a, b);
  };
const floatUnary =
  (type: ValType, write: (a: string) => string): Rule =>
  (g) => {
    const a = g.popArithmetic();
    float(g, type, write(a.text), a, a);
  };
const floatCompare =
  (operator: string): Rule =>
  (g) => {
    const b = g.popArithmetic();
    const a = g.popArithmetic();
    result(g, I32, `(${a.text}${operator}${b.text})`, a, b, { form: 'boolean', isNatural: true });
  };
/** Operators on the bits: the sign of a NaN is visible. */
const sign =
  (type: ValType, write: (a: string) => string): Rule =>
  (g) => {
    const a = g.popArithmetic();
    const name = g.temporary('g');
    const text = `((${name}=${a.text})===${name}?${write(name)}:X(${g.exit}))`;
    if (a.local >= 0) g.rawLocals.add(a.local);
    g.push(new Operand(type, text, { mayTrap: true, reads: a.reads }));
  };
const copysign =
  (type: ValType): Rule =>
  (g) => {
    const [a, b] = (([y, x]) => g.simple2(x!, y!))([g.pop(), g.pop()]);
    const text = `(${a.text}===${a.text}&&${b.text}===${b.text}?copysign(${a.text},${b.text}):X(${g.exit}))`;
    g.push(new Operand(type, text, { mayTrap: true, reads: readsOf(a, b) }));
  };

const floatRules = <const P extends 'f32' | 'f64'>(prefix: P, type: ValType) =>
  ({
    [`${prefix}.eq`]: floatCompare('==='),
    [`${prefix}.ne`]: floatCompare('!=='),
    [`${prefix}.lt`]: floatCompare('<'),
    [`${prefix}.gt`]: floatCompare('>'),
    [`${prefix}.le`]: floatCompare('<='),
    [`${prefix}.ge`]: floatCompare('>='),
    [`${prefix}.abs`]: sign(type, (a) => `abs(${a})`),
    [`${prefix}.neg`]: sign(type, (a) => `-${a}`),
    [`${prefix}.copysign`]: copysign(type),
    [`${prefix}.ceil`]: floatUnary(type, (a) => `ceil(${a})`),
    [`${prefix}.floor`]: floatUnary(type, (a) => `floor(${a})`),
    [`${prefix}.trunc`]: floatUnary(type, (a) => `trunc(${a})`),
    [`${prefix}.nearest`]: floatUnary(type, (a) => `nearest(${a})`),
    [`${prefix}.sqrt`]: floatUnary(type, (a) => `sqrt(${a})`),
    [`${prefix}.add`]: floatBinary(type, (a, b) => `${a}+${b}`),
    [`${prefix}.sub`]: floatBinary(type, (a, b) => `${a}-${b}`),
    [`${prefix}.mul`]: floatBinary(type, (a, b) => `${a}*${b}`),
    [`${prefix}.div`]: floatBinary(type, (a, b) => `${a}/${b}`),
    [`${prefix}.min`]: floatBinary(type, (a, b) => `min(${a},${b})`),
    [`${prefix}.max`]: floatBinary(type, (a, b) => `max(${a},${b})`),
  }) as Record<`${P}.${FloatOperator}`, Rule>;
type FloatOperator =
  | 'eq'
  | 'ne'
  | 'lt'
  | 'gt'
  | 'le'
  | 'ge'
  | 'abs'
  | 'neg'
  | 'copysign'
  | 'ceil'
  | 'floor'
  | 'trunc'
  | 'nearest'
  | 'sqrt'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'min'
  | 'max';

export const f32Rules = floatRules('f32', F32);
export const f64Rules = floatRules('f64', F64);

// Conversions

/** i32.trunc: out of range the interpreter traps. */
const truncate =
  (low: string, high: string, write: (a: string) => string): Rule =>
  (g) => {
    const a = g.simple(g.popArithmetic());
    const text = `(${a.text}>${low}&&${a.text}<${high}?${write(a.text)}:X(${g.exit}))`;
    g.push(new Operand(I32, text, { mayTrap: true, reads: a.reads }));
  };
const truncateSigned = truncate('-2147483649', '2147483648', (a) => `~~${a}`);
const truncateUnsigned = truncate('-1', '4294967296', (a) => `${a}>>>0|0`);
const saturate =
  (name: string): Rule =>
  (g) => {
    const a = g.popArithmetic();
    g.push(new Operand(I32, `${name}(${a.text})`, { mayTrap: a.mayTrap, reads: a.reads }));
  };
const fromI32 =
  (type: ValType, write: (a: Operand) => string): Rule =>
  (g) => {
    const a = g.pop();
    g.push(new Operand(type, write(a), { mayTrap: a.mayTrap, reads: a.reads }));
  };
const fromI64 =
  (type: ValType, write: (low: string, high: string) => string): Rule =>
  (g) => {
    const a = g.pop();
    g.push(new Operand(type, write(a.text, a.high), { mayTrap: a.mayTrap, reads: a.reads }));
  };
/** i64.trunc: the helper returns the low word; out of range it leaves, or saturates if there is no exit. */
const truncate64 =
  (name: string, saturates: boolean): Rule =>
  (g) => {
    const a = g.simple(g.popArithmetic());
    g.settleAll(a);
    const to = g.freshVariable(I64, a);
    g.set(to, `${name}(${a.text},${saturates ? 0 : g.exit})`, a);
    g.setHigh(to, g.target.helperHigh);
    g.push(to);
  };

export const conversionRules = {
  'i32.wrap_i64': (g) => {
    const a = g.pop();
    if (a.constant !== null && a.constantHigh !== null) g.push(i32Constant(a.constant));
    else g.push(new Operand(I32, a.text, { isSimple: a.isSimple, mayTrap: a.mayTrap, reads: a.reads }));
  },
  'i32.trunc_f32_s': truncateSigned,
  'i32.trunc_f32_u': truncateUnsigned,
  'i32.trunc_f64_s': truncateSigned,
  'i32.trunc_f64_u': truncateUnsigned,
  'i32.trunc_sat_f32_s': saturate('truncSat32S'),
  'i32.trunc_sat_f32_u': saturate('truncSat32U'),
  'i32.trunc_sat_f64_s': saturate('truncSat32S'),
  'i32.trunc_sat_f64_u': saturate('truncSat32U'),
  'i64.trunc_f32_s': truncate64('trunc64S', false),
  'i64.trunc_f32_u': truncate64('trunc64U', false),
  'i64.trunc_f64_s': truncate64('trunc64S', false),
  'i64.trunc_f64_u': truncate64('trunc64U', false),
  'i64.trunc_sat_f32_s': truncate64('trunc64S', true),
  'i64.trunc_sat_f32_u': truncate64('trunc64U', true),
  'i64.trunc_sat_f64_s': truncate64('trunc64S', true),
  'i64.trunc_sat_f64_u': truncate64('trunc64U', true),
  'i64.extend_i32_s': (g) => {
    const a = g.pop();
    if (a.constant !== null) g.push(i64Constant(a.constant, a.constant >> 31));
    else if (a.isNatural) g.push(widened(a, '0'));
    else {
      const low = g.simple(a);
      g.push(new Operand(I64, low.text, { high: `(${low.text}>>31)`, reads: low.reads }));
    }
  },
  'i64.extend_i32_u': (g) => {
    const a = g.pop();
    g.push(a.constant !== null ? i64Constant(a.constant, 0) : widened(a, '0'));
  },
  'f32.convert_i32_s': fromI32(F32, (a) => `fround(${exact(a)})`),
  'f32.convert_i32_u': fromI32(F32, (a) => `fround(${unsigned(a)})`),
  'f32.convert_i64_s': fromI64(F32, (low, high) => `f32FromI64(${low},${high},true)`),
  'f32.convert_i64_u': fromI64(F32, (low, high) => `f32FromI64(${low},${high},false)`),
  'f64.convert_i32_s': fromI32(F64, (a) => exact(a)),
  'f64.convert_i32_u': fromI32(F64, (a) => unsigned(a)),
  'f64.convert_i64_s': fromI64(F64, (low, high) => `(${high}*4294967296+(${low}>>>0))`),
  'f64.convert_i64_u': fromI64(F64, (low, high) => `((${high}>>>0)*4294967296+(${low}>>>0))`),
  'f32.demote_f64': floatUnary(F32, (a) => a),
  'f64.promote_f32': floatUnary(F64, (a) => a),
  'i32.reinterpret_f32': fromI32(I32, (a) => `bits32(${a.text})`),
  'f32.reinterpret_i32': (g) => {
    const a = g.pop();
    const name = g.temporary('g');
    const text = `((${name}=float32(${wrapping(a)}))===${name}?${name}:X(${g.exit}))`;
    g.push(new Operand(F32, text, { mayTrap: true, reads: a.reads }));
  },
  'i64.reinterpret_f64': (g) => {
    const a = g.pop();
    g.settleAll(a);
    const to = g.freshVariable(I64, a);
    g.set(to, `bits64(${a.text})`, a);
    g.setHigh(to, g.target.helperHigh);
    g.push(to);
  },
  'f64.reinterpret_i64': (g) => {
    const a = g.pop();
    const name = g.temporary('g');
    const text = `((${name}=float64(${a.text},${a.high}))===${name}?${name}:X(${g.exit}))`;
    g.push(new Operand(F64, text, { mayTrap: true, reads: a.reads }));
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** An i32 as the low word of an i64. */
const widened = (a: Operand, high: string): Operand =>
  new Operand(I64, exact(a), {
    high,
    constantHigh: 0,
    isSimple: a.isSimple && a.form === 'exact',
    mayTrap: a.mayTrap,
    reads: a.reads,
  });
