/**
 * Floats of a text, rounded once: the bits nearest to the written number, ties to even. @spec text-float
 *
 * DETERMINISM: the conversions of the JavaScript engine are not used, since they may ignore digits after the 20th;
 * and an f32 does not go through an f64, which would round twice.
 */
import { CHAR, digitValue, isDigit, isHexadecimal, isHexDigit, isWord } from './characters.ts';

export interface FloatFormat {
  readonly width: 32 | 64;
  /** Bits of the significand, including the hidden one. */
  readonly precision: number;
  /** Exponent of the last place of the smallest number. */
  readonly least: number;
  readonly infinity: bigint;
}
export const F32_FORMAT: FloatFormat = { width: 32, precision: 24, least: -149, infinity: 0x7f80_0000n };
export const F64_FORMAT: FloatFormat = {
  width: 64,
  precision: 53,
  least: -1074,
  infinity: 0x7ff0_0000_0000_0000n,
};

/**
 * Significant digits that are read; whether any digit after them is not zero counts as one more. A number in the
 * middle between two floats has at most 767.
 */
const MAX_DECIMAL_DIGITS = 800;
const MAX_HEX_DIGITS = 32;
/** Decimal exponents beyond are infinite or zero in every format. */
const MAX_EXPONENT = 2000;

/** A number as written: significant digits, and the place of the last one. */
interface Digits {
  text: string;
  /** Decimal exponent; binary where the number is hexadecimal. */
  exponent: number;
}

const readDigits = (bytes: Uint8Array, start: number, end: number, isHex: boolean): Digits => {
  const most = isHex ? MAX_HEX_DIGITS : MAX_DECIMAL_DIGITS;
  const perDigit = isHex ? 4 : 1;
  const isOne = isHex ? isHexDigit : isDigit;
  let text = '';
  let exponent = 0;
  let isBehindDot = false;
  let isSticky = false;
  let at = start;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === CHAR.underscore) continue;
    if (byte === CHAR.dot) {
      isBehindDot = true;
      continue;
    }
    if (!isOne(byte)) break;
    const isZero = byte === CHAR.zero;
    const isLeadingZero = isZero && text === '';
    if (isLeadingZero || text.length < most) {
      if (!isLeadingZero) text += String.fromCharCode(byte);
      if (isBehindDot) exponent -= perDigit;
    } else {
      isSticky ||= !isZero;
      if (!isBehindDot) exponent += perDigit;
    }
  }
  if (isSticky) {
    text += '1';
    exponent -= perDigit;
  }
  return { text, exponent: exponent + readExponent(bytes, at + 1, end) };
};

/** The exponent after `e` or `p`, if any; clamped where it no longer matters. */
const readExponent = (bytes: Uint8Array, start: number, end: number): number => {
  if (start >= end) return 0;
  const isNegative = bytes[start] === CHAR.minus;
  let value = 0;
  for (let at = start; at < end; at++)
    if (isDigit(bytes[at]!)) value = Math.min(value * 10 + digitValue(bytes[at]!), 1e15);
  return isNegative ? -value : value;
};

const bitLength = (value: bigint): number => {
  const text = value.toString(16);
  return text.length * 4 - Math.clz32(Number.parseInt(text[0]!, 16)) + 28;
};

/** The bits of the float nearest to a quotient. */
const roundQuotient = (numerator: bigint, denominator: bigint, format: FloatFormat): bigint => {
  const { precision, least } = format;
  const size = bitLength(numerator) - bitLength(denominator);
  let place = Math.max(size - precision, least);
  const divide = (): [bigint, bigint, bigint] => {
    const n = place < 0 ? numerator << BigInt(-place) : numerator;
    const d = place > 0 ? denominator << BigInt(place) : denominator;
    const quotient = n / d;
    return [quotient, n - quotient * d, d];
  };
  let [quotient, rest, divisor] = divide();
  if (quotient >> BigInt(precision) !== 0n) {
    place++;
    [quotient, rest, divisor] = divide();
  }
  const twice = rest * 2n;
  if (twice > divisor || (twice === divisor && (quotient & 1n) === 1n)) quotient++;
  // The hidden bit adds one to the exponent, and so does a significand that was rounded up to the next power of two.
  return (BigInt(place - least) << BigInt(precision - 1)) + quotient;
};

/** The bits of the magnitude. */
const magnitudeBits = (bytes: Uint8Array, start: number, end: number, format: FloatFormat): bigint => {
  const isHex = isHexadecimal(bytes, start);
  const { text, exponent } = readDigits(bytes, isHex ? start + 2 : start, end, isHex);
  if (text === '') return 0n;
  const scale = exponent + text.length * (isHex ? 4 : 1);
  if (scale > MAX_EXPONENT) return format.infinity;
  if (scale < -MAX_EXPONENT) return 0n;
  const digits = BigInt(isHex ? `0x${text}` : text);
  const power = (isHex ? 2n : 10n) ** BigInt(Math.abs(exponent));
  return exponent < 0 ? roundQuotient(digits, power, format) : roundQuotient(digits * power, 1n, format);
};

const NAN_PREFIX = 'nan:0x';

const payloadBits = (bytes: Uint8Array, start: number, end: number, format: FloatFormat): bigint | null => {
  let payload = 0n;
  for (let at = start; at < end; at++) {
    if (bytes[at] === CHAR.underscore) continue;
    payload = payload * 16n + BigInt(digitValue(bytes[at]!));
    if (payload >> 64n !== 0n) return null;
  }
  const isPayload = payload !== 0n && payload >> BigInt(format.precision - 1) === 0n;
  return isPayload ? format.infinity | payload : null;
};

/** The bits of a well-formed number, or of `inf` or `nan`; null if it is out of range. */
export const floatBits = (
  bytes: Uint8Array,
  start: number,
  end: number,
  format: FloatFormat,
): bigint | null => {
  const isNegative = bytes[start] === CHAR.minus;
  const first = isNegative || bytes[start] === CHAR.plus ? start + 1 : start;
  const sign = isNegative ? 1n << BigInt(format.width - 1) : 0n;
  let bits: bigint | null;
  if (isWord(bytes, first, end, 'inf')) bits = format.infinity;
  else if (isWord(bytes, first, end, 'nan')) bits = format.infinity | (1n << BigInt(format.precision - 2));
  else if (isWord(bytes, first, Math.min(end, first + NAN_PREFIX.length), NAN_PREFIX))
    bits = payloadBits(bytes, first + NAN_PREFIX.length, end, format);
  else {
    bits = magnitudeBits(bytes, first, end, format);
    if (bits >= format.infinity) bits = null;
  }
  return bits === null ? null : sign | bits;
};
