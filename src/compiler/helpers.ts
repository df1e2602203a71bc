/** What generated code calls: arithmetic that JavaScript has no operator for, slow accesses, and exits. */
import { InternalError } from '../errors/errors.ts';
import { bulkMemoryCost, type FuelSchedule } from '../interpreter/fuel/schedules.ts';
import {
  CANONICAL_NAN_32,
  CANONICAL_NAN_64_HIGH,
  f32_convert_i64,
  nearest,
  truncSat32S,
  truncSat32U,
} from '../interpreter/numerics/floats.ts';

const TWO_32 = 4294967296;
const TWO_63 = 2 ** 63;

/** Views of a memory, at its current size. */
interface Views {
  readonly DV: DataView;
  readonly I8: Int8Array;
  readonly U8: Uint8Array;
  readonly I16: Int16Array;
  readonly U16: Uint16Array;
  readonly I32: Int32Array;
  readonly F32: Float32Array;
  readonly F64: Float64Array;
}
export const viewsOf = (buffer: ArrayBuffer, byteLength: number): Views => ({
  DV: new DataView(buffer, 0, byteLength),
  I8: new Int8Array(buffer, 0, byteLength),
  U8: new Uint8Array(buffer, 0, byteLength),
  I16: new Int16Array(buffer, 0, byteLength >> 1),
  U16: new Uint16Array(buffer, 0, byteLength >> 1),
  I32: new Int32Array(buffer, 0, byteLength >> 2),
  F32: new Float32Array(buffer, 0, byteLength >> 2),
  F64: new Float64Array(buffer, 0, byteLength >> 3),
});

/** Leaves at an exit: throws. */
type Leave = (exit: number) => never;

/** Scratch for bits of floats. */
const words = new Int32Array(2);
const floats = new Float32Array(words.buffer);
const doubles = new Float64Array(words.buffer);

/**
 * Arithmetic that needs no memory.
 *
 * @param Q its second word receives the high word of an i64 result
 */
export const createArithmetic = (Q: Int32Array, X: Leave) => {
  const ctz = (x: number): number => (x === 0 ? 32 : 31 - Math.clz32(x & -x));
  const popcnt = (value: number): number => {
    let x = value - ((value >>> 1) & 0x55555555);
    x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
    return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  };
  /**
   * Unsigned division of a:b (high words second) by c:d, not 0. The quotient of doubles is at most one off; the
   * remainder, computed to 64 bits, shows in which direction.
   */
  const divideUnsigned = (a: number, b: number, c: number, d: number): number => {
    if ((b | d) === 0) {
      Q[1] = 0;
      return ((a >>> 0) / (c >>> 0)) | 0;
    }
    const dividend = (b >>> 0) * TWO_32 + (a >>> 0);
    const divisor = (d >>> 0) * TWO_32 + (c >>> 0);
    if (divisor < 2097152) {
      const high = Math.floor((b >>> 0) / divisor);
      Q[1] = high | 0;
      return Math.floor((((b >>> 0) - high * divisor) * TWO_32 + (a >>> 0)) / divisor) | 0;
    }
    let quotient = Math.floor(dividend / divisor);
    const low = (a - Math.imul(quotient | 0, c)) >>> 0;
    const high = Math.floor((dividend - quotient * divisor - low) / TWO_32 + 0.5);
    if (high < 0) quotient -= 1;
    else if (high > d >>> 0 || (high === d >>> 0 && low >= c >>> 0)) quotient += 1;
    Q[1] = (quotient / TWO_32) | 0;
    return quotient | 0;
  };
  const remainderUnsigned = (a: number, b: number, c: number, d: number): number => {
    if ((b | d) === 0) {
      Q[1] = 0;
      return ((a >>> 0) % (c >>> 0)) | 0;
    }
    const dividend = (b >>> 0) * TWO_32 + (a >>> 0);
    const divisor = (d >>> 0) * TWO_32 + (c >>> 0);
    if (divisor < 2097152) {
      Q[1] = 0;
      const rest = ((b >>> 0) % divisor) * TWO_32 + (a >>> 0);
      return (rest % divisor) | 0;
    }
    const quotient = Math.floor(dividend / divisor);
    const low = (a - Math.imul(quotient | 0, c)) >>> 0;
    const high = Math.floor((dividend - quotient * divisor - low) / TWO_32 + 0.5);
    if (high < 0) {
      const sum = low + (c >>> 0);
      Q[1] = (high + (d >>> 0) + (sum >= TWO_32 ? 1 : 0)) | 0;
      return sum | 0;
    }
    if (high > d >>> 0 || (high === d >>> 0 && low >= c >>> 0)) {
      const difference = low - (c >>> 0);
      Q[1] = (high - (d >>> 0) - (difference < 0 ? 1 : 0)) | 0;
      return difference | 0;
    }
    Q[1] = high | 0;
    return low | 0;
  };
  const negateIf = (isNegative: boolean, low: number): number => {
    if (!isNegative) return low;
    Q[1] = (~Q[1]! + (low === 0 ? 1 : 0)) | 0;
    return -low | 0;
  };
  const signed =
    (divide: typeof divideUnsigned, isQuotient: boolean) =>
    (a: number, b: number, c: number, d: number, exit: number): number => {
      if ((c | d) === 0) X(exit);
      // -2^63 / -1 overflows; its remainder is 0, which the code below gives.
      if (isQuotient && a === 0 && b === -0x80000000 && (c & d) === -1) X(exit);
      const [al, ah] = b < 0 ? [-a | 0, (~b + (a === 0 ? 1 : 0)) | 0] : [a, b];
      const [cl, ch] = d < 0 ? [-c | 0, (~d + (c === 0 ? 1 : 0)) | 0] : [c, d];
      return negateIf(isQuotient ? (b ^ d) < 0 : b < 0, divide(al, ah, cl, ch));
    };
  const unsigned =
    (divide: typeof divideUnsigned) =>
    (a: number, b: number, c: number, d: number, exit: number): number => {
      if ((c | d) === 0) X(exit);
      return divide(a, b, c, d);
    };
  /** A whole number of -2^63 to 2^64 as two words. */
  const split = (value: number): number => {
    const whole = Math.trunc(value);
    const high = Math.floor(whole / TWO_32);
    Q[1] = high | 0;
    return (whole - high * TWO_32) | 0;
  };
  const pair = (low: number, high: number): number => {
    Q[1] = high;
    return low;
  };
  return {
    imul: Math.imul,
    fround: Math.fround,
    clz32: Math.clz32,
    abs: Math.abs,
    ceil: Math.ceil,
    floor: Math.floor,
    trunc: Math.trunc,
    sqrt: Math.sqrt,
    min: Math.min,
    max: Math.max,
    nearest,
    truncSat32S,
    truncSat32U,
    f32FromI64: f32_convert_i64,
    ctz,
    popcnt,
    divS: signed(divideUnsigned, true),
    divU: unsigned(divideUnsigned),
    remS: signed(remainderUnsigned, false),
    remU: unsigned(remainderUnsigned),
    rotate64: (low: number, high: number, amount: number): number => {
      const [a, b] = amount & 32 ? [high, low] : [low, high];
      const n = amount & 31;
      if (n === 0) return pair(a, b);
      return pair((a << n) | (b >>> (32 - n)), (b << n) | (a >>> (32 - n)));
    },
    copysign: (a: number, b: number): number => {
      const isNegative = b < 0 || Object.is(b, -0);
      return isNegative === (a < 0 || Object.is(a, -0)) ? a : -a;
    },
    /** @param exit 0 saturates */
    trunc64S: (x: number, exit: number): number => {
      if (x >= -TWO_63 && x < TWO_63) return split(x);
      if (exit > 0) X(exit);
      return Number.isNaN(x) ? pair(0, 0) : x < 0 ? pair(0, -0x80000000) : pair(-1, 0x7fffffff);
    },
    trunc64U: (x: number, exit: number): number => {
      if (x > -1 && x < 2 * TWO_63) return split(x);
      if (exit > 0) X(exit);
      return x > 0 ? pair(-1, -1) : pair(0, 0);
    },
    bits32: (x: number): number => {
      if (Number.isNaN(x)) return CANONICAL_NAN_32;
      floats[0] = x;
      return words[0]!;
    },
    bits64: (x: number): number => {
      if (Number.isNaN(x)) return pair(0, CANONICAL_NAN_64_HIGH);
      doubles[0] = x;
      return pair(words[0]!, words[1]!);
    },
    float32: (bits: number): number => {
      words[0] = bits;
      return floats[0]!;
    },
    float64: (low: number, high: number): number => {
      words[0] = low;
      words[1] = high;
      return doubles[0]!;
    },
  };
};

export const arithmeticNames: readonly string[] = Object.keys(
  createArithmetic(new Int32Array(0), (): never => {
    throw new InternalError('internal.bug', { detail: 'arithmetic of no instance' });
  }),
);

/** Accesses that are not aligned, bits of NaN, and sized operations. */
export const createAccesses = ({ DV, U8 }: Views, schedule: FuelSchedule, X: Leave) => {
  const check = (address: number, size: number, exit: number): number => {
    if (address + size > U8.length) X(exit);
    return address;
  };
  return {
    loadI16: (a: number, exit: number): number => DV.getInt16(check(a, 2, exit), true),
    loadU16: (a: number, exit: number): number => DV.getUint16(check(a, 2, exit), true),
    loadI32: (a: number, exit: number): number => DV.getInt32(check(a, 4, exit), true),
    loadF32: (a: number, exit: number): number => DV.getFloat32(check(a, 4, exit), true),
    loadF64: (a: number, exit: number): number => DV.getFloat64(check(a, 8, exit), true),
    storeI16: (a: number, value: number, exit: number): void => DV.setInt16(check(a, 2, exit), value, true),
    storeI32: (a: number, value: number, exit: number): void => DV.setInt32(check(a, 4, exit), value, true),
    storeI64: (a: number, low: number, high: number, exit: number): void => {
      DV.setInt32(check(a, 8, exit), low, true);
      DV.setInt32(a + 4, high, true);
    },
    storeF32: (a: number, value: number, exit: number): void => DV.setFloat32(check(a, 4, exit), value, true),
    storeF64: (a: number, value: number, exit: number): void => DV.setFloat64(check(a, 8, exit), value, true),
    canonicalF32: (a: number): void => DV.setInt32(a, CANONICAL_NAN_32, true),
    canonicalF64: (a: number): void => {
      DV.setInt32(a, 0, true);
      DV.setInt32(a + 4, CANONICAL_NAN_64_HIGH, true);
    },
    memoryFill: (to: number, value: number, length: number, fuel: number, exit: number): number => {
      const [start, count] = [to >>> 0, length >>> 0];
      const left = fuel - bulkMemoryCost(schedule, count);
      if (start + count > U8.length || left < 0) X(exit);
      U8.fill(value, start, start + count);
      return left;
    },
    memoryCopy: (to: number, from: number, length: number, fuel: number, exit: number): number => {
      const [start, source, count] = [to >>> 0, from >>> 0, length >>> 0];
      const left = fuel - bulkMemoryCost(schedule, count);
      if (start + count > U8.length || source + count > U8.length || left < 0) X(exit);
      U8.copyWithin(start, source, source + count);
      return left;
    },
  };
};
