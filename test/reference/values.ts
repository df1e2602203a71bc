/**
 * Values of the reference executor: a type and its raw bits.
 *
 * Numbers are unsigned bigints of their width, so that no bit depends on how a JavaScript engine moves doubles.
 */
import { F32, F64, I32, I64, isRef, V128, type ValType } from '../../src/syntax/types.ts';

/** Bits of a number, a reference (a function instance or a host object), or null. */
export type RawValue = bigint | object | null;

export interface Value {
  readonly type: ValType;
  readonly bits: RawValue;
}

/** Number of bits of a number or vector type. */
export const widthOf = (type: ValType): number => {
  switch (type) {
    case I32:
    case F32:
      return 32;
    case I64:
    case F64:
      return 64;
    case V128:
      return 128;
    default:
      throw new Error(`type ${type} has no width`);
  }
};

export const i32 = (bits: bigint | number): Value => ({ type: I32, bits: BigInt.asUintN(32, BigInt(bits)) });
export const i64 = (bits: bigint): Value => ({ type: I64, bits: BigInt.asUintN(64, bits) });

/** @spec aux-default */
export const defaultValue = (type: ValType): Value => ({ type, bits: isRef(type) ? null : 0n });
