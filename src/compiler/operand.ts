/** Operands as JavaScript text: the contents of the abstract stack while a function is generated. */
import { F32, F64, I32, I64, type ValType } from '../syntax/types.ts';
import { isCanonical } from './exits.ts';

/**
 * How the text of an i32 relates to its value: the value itself; a boolean; or a sum that must still be taken modulo
 * 2^32, which operators that do so anyway can use directly.
 */
type Form = 'exact' | 'boolean' | 'sum';

const nothing: readonly number[] = [];

/** One operand. An i64 is two numbers: `text` is the low word, `high` the high one. */
export class Operand {
  readonly type: ValType;
  readonly text: string;
  readonly high: string;
  /** A name or a constant: it may be evaluated any number of times, and exits can name it. */
  readonly isSimple: boolean;
  /** Numbers of the variables that it reads. */
  readonly reads: readonly number[];
  readonly mayTrap: boolean;
  readonly form: Form;
  /** Additions in a sum: a double is exact as long as there are few. */
  readonly terms: number;
  /** Value of a constant i32, or the low word of an i64. */
  readonly constant: number | null;
  readonly constantHigh: number | null;
  /** Whether an i32 is known to be 0 or more. */
  readonly isNatural: boolean;
  /** Exit to take if the value, which comes from memory, is a NaN; 0 once it was checked. */
  readonly nanExit: number;
  /** The local that a float was read from; -1 for none. */
  readonly local: number;

  constructor(type: ValType, text: string, fields: Partial<Omit<Operand, 'type' | 'text'>> = {}) {
    this.type = type;
    this.text = text;
    this.high = fields.high ?? '';
    this.isSimple = fields.isSimple ?? false;
    this.reads = fields.reads ?? nothing;
    this.mayTrap = fields.mayTrap ?? false;
    this.form = fields.form ?? 'exact';
    this.terms = fields.terms ?? 0;
    this.constant = fields.constant ?? null;
    this.constantHigh = fields.constantHigh ?? null;
    this.isNatural = fields.isNatural ?? false;
    this.nanExit = fields.nanExit ?? 0;
    this.local = fields.local ?? -1;
  }
}

/** Text of a number that can be used anywhere in an expression. */
export const literal = (value: number): string =>
  Object.is(value, -0) ? '(-0)' : value < 0 ? `(${value})` : String(value);

export const i32Constant = (value: number): Operand =>
  new Operand(I32, literal(value), { isSimple: true, constant: value, isNatural: value >= 0 });
export const i64Constant = (low: number, high: number): Operand =>
  new Operand(I64, literal(low), {
    high: literal(high),
    isSimple: true,
    constant: low,
    constantHigh: high,
  });

const words = new Int32Array(2);
const floats = new Float32Array(words.buffer);
const doubles = new Float64Array(words.buffer);

/** A float by its bits; null for a NaN that is not the canonical one, which generated code does not support. */
export const floatConstant = (type: ValType, low: number, high: number): Operand | null => {
  words[0] = low;
  words[1] = high;
  const value = type === F32 ? floats[0]! : doubles[0]!;
  if (Number.isNaN(value) && !isCanonical(type, low, high)) return null;
  const text = Number.isNaN(value)
    ? 'NaN'
    : Number.isFinite(value)
      ? literal(value)
      : value < 0
        ? '(-Infinity)'
        : 'Infinity';
  return new Operand(type, text, { isSimple: true, constant: low, constantHigh: high });
};

export const isFloat = (type: ValType): boolean => type === F32 || type === F64;

export const readsOf = (a: Operand, b: Operand): readonly number[] =>
  a.reads.length === 0 ? b.reads : b.reads.length === 0 || a === b ? a.reads : a.reads.concat(b.reads);

/** The value of an i32, canonical. */
export const exact = ({ form, text }: Operand): string =>
  form === 'exact' ? text : form === 'boolean' ? `(${text}|0)` : `(${text}|0)`;
/** For uses that take it modulo 2^32. */
export const wrapping = ({ form, text }: Operand): string =>
  form === 'exact' ? text : form === 'boolean' ? `(${text}|0)` : `(${text})`;
/** As a condition. */
export const condition = ({ form, text }: Operand): string => (form === 'sum' ? `${text}|0` : text);
/** As an unsigned number. */
export const unsigned = (a: Operand): string =>
  a.constant !== null ? String(a.constant >>> 0) : a.isNatural ? exact(a) : `(${wrapping(a)}>>>0)`;
