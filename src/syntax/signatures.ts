/**
 * The type column of the instruction table, parsed once: the parameters and results of instructions with a fixed
 * type. Validator, translator and tests read it here.
 */
import { type InstructionRow, instructions } from './instructions.ts';
import { F32, F64, I32, I64, V128, type ValType } from './types.ts';

/** In a signature: the address type of the memory that the instruction names. Not a value type. */
export const ADDRESS: ValType = -32;

const types = { i32: I32, i64: I64, f32: F32, f64: F64, v128: V128, addr: ADDRESS };
/** A type as it is in the column. */
export type TypeName = keyof typeof types;

/** Parameters and results, as they are in the column. */
interface SignatureNames {
  readonly params: readonly TypeName[];
  readonly results: readonly TypeName[];
}
/** The same as value types and `ADDRESS`. */
export interface Signature {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** The names in the type of a row; null if it depends on context. */
export const signatureNames = ({ type }: Pick<InstructionRow, 'type'>): SignatureNames | null => {
  if (type === 'special') return null;
  const [params, results] = type.split('->').map((side) => side.split(' ').filter(Boolean)) as TypeName[][];
  return { params: params!, results: results! };
};

const signatureOf = (row: InstructionRow): Signature | null => {
  const names = signatureNames(row);
  return (
    names && {
      params: names.params.map((name) => types[name]),
      results: names.results.map((name) => types[name]),
    }
  );
};

/** By row of the table; null if the type depends on context. */
export const signatures: readonly (Signature | null)[] = instructions.map(signatureOf);
