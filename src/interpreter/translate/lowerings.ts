/**
 * Which internal operations stand for which numeric and memory instructions; derived from names wherever the
 * two sets agree. The irregular instructions are handled in `translate.ts`.
 */
import { instructions, type Mnemonic } from '../../syntax/instructions.ts';
import { type Op, type OpName, opOf } from '../code/isa.ts';
import { lowerVector, type VectorLowering } from '../code/vector-isa.ts';

const op = (name: string): Op | null => opOf[name as OpName] ?? null;

/** An operator of two operands. */
export interface Binary {
  readonly kind: 'binary';
  readonly rr: Op;
  /** With an immediate right operand, if there is one. */
  readonly ri: Op | null;
  readonly commutes: boolean;
  readonly is64: boolean;
}
export interface Unary {
  readonly kind: 'unary';
  readonly op: Op;
}
/** A comparison: operations that set, branch when true, branch when false. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly is64: boolean;
  readonly isFloat: boolean;
  /** Whether the operands change places in the register form. */
  readonly swaps: boolean;
  readonly set: Op;
  readonly setNot: Op | null;
  readonly branch: Op;
  readonly branchNot: Op;
  /** The immediate form: relation after `adjust` was added to the constant; null when there is none. */
  readonly immediate: ImmediateComparison | null;
  /** The immediate form with the constant on the left. */
  readonly flipped: ImmediateComparison | null;
}
export interface ImmediateComparison {
  readonly set: Op;
  readonly setNot: Op;
  readonly branch: Op;
  readonly branchNot: Op;
  readonly adjust: 0 | 1;
  readonly isSigned: boolean;
}
export interface Load {
  readonly kind: 'load';
  readonly op: Op;
  /** Selector of `load_far`. */
  readonly far: number;
}
export interface Store {
  readonly kind: 'store';
  readonly op: Op;
  /** Form with an immediate value. */
  readonly immediate: Op | null;
  readonly far: number;
}
/** An instruction that changes the type of a value and none of its bits. */
export interface Retype {
  readonly kind: 'retype';
}
export type Lowering = Binary | Unary | Comparison | Load | Store | Retype | VectorLowering;

/** Widths that `load_far` and `store_far` select from, by number. */
export const farLoads = [
  'i32_load',
  'i32_load8_s',
  'i32_load8_u',
  'i32_load16_s',
  'i32_load16_u',
  'i64_load',
  'i64_load8_s',
  'i64_load8_u',
  'i64_load16_s',
  'i64_load16_u',
  'i64_load32_s',
  'i64_load32_u',
] as const;
export const farStores = ['i32_store', 'i32_store8', 'i32_store16', 'i64_store'] as const;

const negations: Readonly<Record<string, string>> = {
  eq: 'ne',
  ne: 'eq',
  lt_s: 'ge_s',
  ge_s: 'lt_s',
  lt_u: 'ge_u',
  ge_u: 'lt_u',
  lt: 'nlt',
  le: 'nle',
};
/** Relations without an operation: the relation with operands exchanged. */
const exchanged: Readonly<Record<string, string>> = {
  gt_s: 'lt_s',
  le_s: 'ge_s',
  gt_u: 'lt_u',
  le_u: 'ge_u',
  gt: 'lt',
  ge: 'le',
};
/** a REL c as a relation that has an operation, with 1 added to the constant or not. */
const withConstant: Readonly<Record<string, readonly [string, 0 | 1]>> = {
  eq: ['eq', 0],
  ne: ['ne', 0],
  lt_s: ['lt_s', 0],
  ge_s: ['ge_s', 0],
  lt_u: ['lt_u', 0],
  ge_u: ['ge_u', 0],
  gt_s: ['ge_s', 1],
  le_s: ['lt_s', 1],
  gt_u: ['ge_u', 1],
  le_u: ['lt_u', 1],
};
const mirrored: Readonly<Record<string, string>> = {
  eq: 'eq',
  ne: 'ne',
  lt_s: 'gt_s',
  gt_s: 'lt_s',
  le_s: 'ge_s',
  ge_s: 'le_s',
  lt_u: 'gt_u',
  gt_u: 'lt_u',
  le_u: 'ge_u',
  ge_u: 'le_u',
};

const immediateForm = (type: string, relation: string): ImmediateComparison | null => {
  const entry = withConstant[relation];
  if (entry === undefined || type.startsWith('f')) return null;
  const [base, adjust] = entry;
  const not = negations[base]!;
  return {
    set: op(`${type}_${base}_ri`)!,
    setNot: op(`${type}_${not}_ri`)!,
    branch: op(`br_${type}_${base}_ri`)!,
    branchNot: op(`br_${type}_${not}_ri`)!,
    adjust,
    isSigned: !relation.endsWith('_u'),
  };
};

const comparison = (type: string, relation: string): Comparison => {
  const isFloat = type.startsWith('f');
  const swaps = relation in exchanged;
  const base = exchanged[relation] ?? relation;
  const not = negations[base]!;
  const suffix = isFloat ? '' : '_rr';
  return {
    kind: 'comparison',
    is64: type === 'i64',
    isFloat,
    swaps,
    set: op(`${type}_${base}${suffix}`)!,
    setNot: op(`${type}_${not}${suffix}`),
    branch: op(`br_${type}_${base}${suffix}`)!,
    branchNot: op(`br_${type}_${not}${suffix}`)!,
    immediate: immediateForm(type, relation),
    flipped: immediateForm(type, mirrored[relation] ?? ''),
  };
};

const commutative = new Set(['add', 'mul', 'and', 'or', 'xor']);
const retypes = new Set<Mnemonic>([
  'i32.wrap_i64',
  'i32.reinterpret_f32',
  'i64.reinterpret_f64',
  'f32.reinterpret_i32',
  'f64.reinterpret_i64',
]);

const lower = (name: Mnemonic, group: string): Lowering | null => {
  if (retypes.has(name)) return { kind: 'retype' };
  const [type, operator] = name.split('.') as [string, string | undefined];
  // Comparisons with zero wait for their branch; the translator handles them.
  if (operator === undefined || operator === 'eqz') return null;
  if (/^[if](32|64)$/.test(type)) {
    if (/^(eq|ne|[lg][te](_[su])?)$/.test(operator)) return comparison(type, operator);
    const access = /^(load|store)(\d*)(_[su])?$/.exec(operator);
    if (access !== null) {
      // Floats move as bits; narrow i64 stores write the low half.
      const [, verb, width, sign] = access as unknown as [string, string, string, string | undefined];
      const isNarrow64Store = verb === 'store' && type === 'i64' && width !== '';
      const base = `${isNarrow64Store || type.endsWith('32') ? 'i32' : 'i64'}_${verb}${isNarrow64Store && width === '32' ? '' : width}${sign ?? ''}`;
      if (verb === 'load') return { kind: 'load', op: op(base)!, far: farLoads.indexOf(base as never) };
      return {
        kind: 'store',
        op: op(base)!,
        immediate: op(`${base}_i`),
        far: farStores.indexOf(base as never),
      };
    }
    const rr =
      op(`${type}_${operator}_rr`) ??
      (type.startsWith('f') && /dss|DSS/.test(op(`${type}_${operator}`)?.layout ?? '')
        ? op(`${type}_${operator}`)
        : null);
    if (rr !== null) {
      return {
        kind: 'binary',
        rr,
        ri: op(`${type}_${operator}_ri`),
        commutes: commutative.has(operator),
        is64: type === 'i64',
      };
    }
  }
  if (name === 'i64.extend_i32_s') return { kind: 'unary', op: opOf.i64_extend32_s };
  if (name === 'i64.extend_i32_u') return { kind: 'unary', op: opOf.i64_extend32_u };
  const unary = op(name.replaceAll('.', '_'));
  return unary !== null && group.startsWith('numeric') && /^[dD][sS]$/.test(unary.layout)
    ? { kind: 'unary', op: unary }
    : null;
};

/** Lowerings by row of the instruction table; null for the irregular ones. */
export const lowerings: readonly (Lowering | null)[] = instructions.map(
  (row) => lowerVector(row.name, row.prefix) ?? lower(row.name, row.group),
);
