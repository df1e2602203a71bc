/** Texts that read and write the values of a frame whose first word is `k`. */
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../interpreter/numerics/floats.ts';
import { F32, F64, I64, type ValType } from '../syntax/types.ts';

/** A number in a slot; for an i64, the low word. */
export const readText = (type: ValType, slot: number): string => {
  if (type === F64) return `D[(k>>1)+${slot}]`;
  return `${type === F32 ? 'F' : 'I'}[k+${2 * slot}]`;
};

/** The statements that write a number; a NaN with the bits of the canonical one. */
export const writeText = (type: ValType, slot: number, low: string, high: string): string => {
  const at = `k+${2 * slot}`;
  const write = `${readText(type, slot)}=${low};`;
  if (type === F64) return `${write}if(${low}!==${low}){I[${at}]=0;I[${at}+1]=${CANONICAL_NAN_64_HIGH}}`;
  if (type === F32) return `${write}if(${low}!==${low})I[${at}]=${CANONICAL_NAN_32};`;
  return type === I64 ? `${write}I[${at}+1]=${high};` : write;
};
