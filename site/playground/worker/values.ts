/** Values as people write and read them. */
import { isQuernError } from '../../../src/index.ts';
import {
  EXTERNREF,
  F32,
  F64,
  I32,
  I64,
  type RawValue,
  V128,
  type ValType,
  valTypeName,
} from '../../../src/wasm.ts';
import type { ShownError, ShownValue } from '../protocol.ts';

const view = new DataView(new ArrayBuffer(8));

const floatText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** A value as text. */
export const textOfValue = (type: ValType, value: RawValue): string => {
  if (typeof value !== 'bigint')
    return value === null ? 'null' : typeof value === 'number' ? `i31 ${value}` : 'reference';
  if (type === I32) return String(BigInt.asIntN(32, value));
  if (type === I64) return String(BigInt.asIntN(64, value));
  if (type === F32) {
    view.setUint32(0, Number(BigInt.asUintN(32, value)));
    return floatText(view.getFloat32(0));
  }
  if (type === F64) {
    view.setBigUint64(0, BigInt.asUintN(64, value));
    return floatText(view.getFloat64(0));
  }
  return `0x${BigInt.asUintN(type === V128 ? 128 : 64, value)
    .toString(16)
    .padStart(32, '0')}`;
};

export const shownValue = (name: string, type: ValType, value: RawValue): ShownValue => ({
  name,
  type: valTypeName(type),
  text: textOfValue(type, value),
});

const wrong = (text: string, type: ValType): never => {
  throw new TypeError(`"${text}" is no value of type ${valTypeName(type)}`);
};

const integer = (text: string, type: ValType, bits: number): bigint => {
  const [, sign = '', digits = ''] = /^([+-]?)(0x[\da-f]+|\d+)$/i.exec(text.replace(/_/g, '')) ?? [];
  if (digits === '') return wrong(text, type);
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  if (value >= 1n << BigInt(bits) || value < -(1n << BigInt(bits - 1))) return wrong(text, type);
  return BigInt.asUintN(bits, value);
};

const float = (text: string, type: ValType): number => {
  const value =
    text === ''
      ? Number.NaN
      : /^[+-]?inf$/.test(text)
        ? Number(text.replace('inf', 'Infinity'))
        : Number(text);
  return Number.isNaN(value) && text !== 'nan' && text !== 'NaN' ? (wrong(text, type) as never) : value;
};

/** A value of its text. @throws TypeError */
export const valueOfText = (given: string, type: ValType): RawValue => {
  const text = given.trim();
  if (type === I32) return integer(text, type, 32);
  if (type === I64) return integer(text, type, 64);
  if (type === V128) return integer(text, type, 128);
  if (type === F32) {
    view.setFloat32(0, float(text, type));
    return BigInt(view.getUint32(0));
  }
  if (type === F64) {
    view.setFloat64(0, float(text, type));
    return view.getBigUint64(0);
  }
  if (text === 'null' || text === '') return null;
  return type === EXTERNREF ? { text } : (wrong(text, type) as never);
};

/** An error that is shown at a place of the text. */
export class PlacedError extends Error {
  readonly shown: ShownError;

  constructor(shown: ShownError) {
    super(shown.message);
    this.shown = shown;
  }
}

/** An error as the page shows it. */
export const shownError = (error: unknown): ShownError => {
  if (error instanceof PlacedError) return error.shown;
  const none = { code: null, advice: null, line: null, column: null, offset: null };
  if (!isQuernError(error))
    return { ...none, message: error instanceof Error ? error.message : String(error) };
  const {
    line = null,
    column = null,
    offset = null,
  } = error.details as {
    readonly line?: number;
    readonly column?: number;
    readonly offset?: number;
  };
  return { message: error.message, code: error.code, advice: error.advice, line, column, offset };
};
