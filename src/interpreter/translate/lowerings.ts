/**
 * The internal operations of numeric, memory and vector instructions. An instruction on numbers whose operation has
 * its name needs no entry here: the compiler knows it by the same rule. Instructions that are neither here nor in
 * `translate.ts` are type errors there.
 */
import { instructions, type Mnemonic } from '../../syntax/instructions.ts';
import {
  commuting,
  type HotOp,
  type LayoutOf,
  type Op,
  type Operand,
  type OpName,
  opOf,
} from '../code/isa.ts';
import { loadKinds, storeKinds } from '../code/memory-kinds.ts';
import { type VectorLowering, vectorLowerings } from '../code/vector-isa.ts';

/** An operator of two operands. */
export interface Binary {
  readonly kind: 'binary';
  readonly rr: Op;
  /** With an immediate right operand, if there is such an operation. */
  readonly ri: Op | null;
  readonly commutes: boolean;
}
export interface Unary {
  readonly kind: 'unary';
  readonly op: Op;
}
/** A comparison: operations that set, branch when true, branch when false. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly is64: boolean;
  /** Whether the operands are swapped in the register form. */
  readonly swaps: boolean;
  readonly set: Op;
  readonly setNot: Op | null;
  readonly branch: Op;
  readonly branchNot: Op;
  /** The immediate form: relation after `adjust` was added to the constant; null if there is none. */
  readonly immediate: ImmediateComparison | null;
  /** The immediate form with the constant on the left. */
  readonly flipped: ImmediateComparison | null;
}
interface ImmediateComparison {
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
interface Retype {
  readonly kind: 'retype';
}
export type Lowering = Binary | Unary | Comparison | Load | Store | Retype | VectorLowering;

/** Instructions that change the type of a value and none of its bits. */
const retypes = [
  'i32.wrap_i64',
  'i32.reinterpret_f32',
  'i64.reinterpret_f64',
  'f32.reinterpret_i32',
  'f64.reinterpret_i64',
] as const satisfies Mnemonic[];

// Comparisons: relations without an operation swap their operands, or add 1 to their constant.

type IntegerBase = 'eq' | 'ne' | 'lt_s' | 'ge_s' | 'lt_u' | 'ge_u';
interface IntegerRelation {
  readonly base: IntegerBase;
  readonly swaps: boolean;
  /** With a constant on the right: the relation to the constant plus `adjust`. */
  readonly constant: IntegerBase;
  readonly adjust: 0 | 1;
  readonly isSigned: boolean;
  /** The relation of the right operand to the left one. */
  readonly mirrored: string;
}
const integerRelations = {
  eq: { base: 'eq', swaps: false, constant: 'eq', adjust: 0, isSigned: true, mirrored: 'eq' },
  ne: { base: 'ne', swaps: false, constant: 'ne', adjust: 0, isSigned: true, mirrored: 'ne' },
  lt_s: { base: 'lt_s', swaps: false, constant: 'lt_s', adjust: 0, isSigned: true, mirrored: 'gt_s' },
  lt_u: { base: 'lt_u', swaps: false, constant: 'lt_u', adjust: 0, isSigned: false, mirrored: 'gt_u' },
  gt_s: { base: 'lt_s', swaps: true, constant: 'ge_s', adjust: 1, isSigned: true, mirrored: 'lt_s' },
  gt_u: { base: 'lt_u', swaps: true, constant: 'ge_u', adjust: 1, isSigned: false, mirrored: 'lt_u' },
  le_s: { base: 'ge_s', swaps: true, constant: 'lt_s', adjust: 1, isSigned: true, mirrored: 'ge_s' },
  le_u: { base: 'ge_u', swaps: true, constant: 'lt_u', adjust: 1, isSigned: false, mirrored: 'ge_u' },
  ge_s: { base: 'ge_s', swaps: false, constant: 'ge_s', adjust: 0, isSigned: true, mirrored: 'le_s' },
  ge_u: { base: 'ge_u', swaps: false, constant: 'ge_u', adjust: 0, isSigned: false, mirrored: 'le_u' },
} as const satisfies Record<string, IntegerRelation>;
const integerNegations = {
  eq: 'ne',
  ne: 'eq',
  lt_s: 'ge_s',
  ge_s: 'lt_s',
  lt_u: 'ge_u',
  ge_u: 'lt_u',
} as const satisfies Record<IntegerBase, IntegerBase>;

const floatRelations = {
  eq: { base: 'eq', swaps: false },
  ne: { base: 'ne', swaps: false },
  lt: { base: 'lt', swaps: false },
  gt: { base: 'lt', swaps: true },
  le: { base: 'le', swaps: false },
  ge: { base: 'le', swaps: true },
} as const;
/** The operations that branch, and set, if a relation is false: with NaN, ge is not the negation of lt. */
const floatNegations = {
  eq: { branch: 'ne', set: 'ne' },
  ne: { branch: 'eq', set: 'eq' },
  lt: { branch: 'nlt', set: null },
  le: { branch: 'nle', set: null },
} as const;

type Integer = 'i32' | 'i64';
type Float = 'f32' | 'f64';
type Comparing = `${Integer}.${keyof typeof integerRelations}` | `${Float}.${keyof typeof floatRelations}`;

const immediateForm = (type: Integer, relation: keyof typeof integerRelations): ImmediateComparison => {
  const { constant, adjust, isSigned } = integerRelations[relation];
  const not = integerNegations[constant];
  return {
    set: opOf[`${type}_${constant}_ri`],
    setNot: opOf[`${type}_${not}_ri`],
    branch: opOf[`br_${type}_${constant}_ri`],
    branchNot: opOf[`br_${type}_${not}_ri`],
    adjust,
    isSigned,
  };
};

const integerComparison = (type: Integer, relation: keyof typeof integerRelations): Comparison => {
  const { base, swaps, mirrored } = integerRelations[relation];
  const not = integerNegations[base];
  return {
    kind: 'comparison',
    is64: type === 'i64',
    swaps,
    set: opOf[`${type}_${base}_rr`],
    setNot: opOf[`${type}_${not}_rr`],
    branch: opOf[`br_${type}_${base}_rr`],
    branchNot: opOf[`br_${type}_${not}_rr`],
    immediate: immediateForm(type, relation),
    flipped: immediateForm(type, mirrored),
  };
};

const floatComparison = (type: Float, relation: keyof typeof floatRelations): Comparison => {
  const { base, swaps } = floatRelations[relation];
  const not = floatNegations[base];
  return {
    kind: 'comparison',
    is64: false,
    swaps,
    set: opOf[`${type}_${base}`],
    setNot: not.set === null ? null : opOf[`${type}_${not.set}`],
    branch: opOf[`br_${type}_${base}`],
    branchNot: opOf[`br_${type}_${not.branch}`],
    immediate: null,
    flipped: null,
  };
};

const keysOf = <T extends object>(table: T): (keyof T & string)[] =>
  Object.keys(table) as (keyof T & string)[];
const comparisons = Object.fromEntries([
  ...(['i32', 'i64'] as const).flatMap((type) =>
    keysOf(integerRelations).map((name) => [`${type}.${name}`, integerComparison(type, name)]),
  ),
  ...(['f32', 'f64'] as const).flatMap((type) =>
    keysOf(floatRelations).map((name) => [`${type}.${name}`, floatComparison(type, name)]),
  ),
]) as Record<Comparing, Comparison>;

// Accesses to memory: floats move as bits, and narrow stores of an i64 write its low half.

const loadOf = (name: HotOp): Load => {
  const far = loadKinds.findIndex(({ op }) => op === name);
  return { kind: 'load', op: opOf[name], far };
};
const storeOf = (name: HotOp): Store => {
  const far = storeKinds.findIndex(({ op }) => op === name);
  const { immediate } = storeKinds[far]!;
  return { kind: 'store', op: opOf[name], immediate: immediate && opOf[immediate], far };
};
const accesses = {
  'i32.load': loadOf('i32_load'),
  'i32.load8_s': loadOf('i32_load8_s'),
  'i32.load8_u': loadOf('i32_load8_u'),
  'i32.load16_s': loadOf('i32_load16_s'),
  'i32.load16_u': loadOf('i32_load16_u'),
  'i64.load': loadOf('i64_load'),
  'i64.load8_s': loadOf('i64_load8_s'),
  'i64.load8_u': loadOf('i64_load8_u'),
  'i64.load16_s': loadOf('i64_load16_s'),
  'i64.load16_u': loadOf('i64_load16_u'),
  'i64.load32_s': loadOf('i64_load32_s'),
  'i64.load32_u': loadOf('i64_load32_u'),
  'f32.load': loadOf('i32_load'),
  'f64.load': loadOf('i64_load'),
  'i32.store': storeOf('i32_store'),
  'i32.store8': storeOf('i32_store8'),
  'i32.store16': storeOf('i32_store16'),
  'i64.store': storeOf('i64_store'),
  'i64.store8': storeOf('i32_store8'),
  'i64.store16': storeOf('i32_store16'),
  'i64.store32': storeOf('i32_store'),
  'f32.store': storeOf('i32_store'),
  'f64.store': storeOf('i64_store'),
} satisfies Partial<Record<Mnemonic, Load | Store>>;

// Operators: `type.operator` is done by `type_operator`, or by `type_operator_rr` if a form for constants may exist.

/** Comparisons with zero wait for their branch; the translator handles them. */
const tests = ['i32.eqz', 'i64.eqz'] as const;
type Otherwise = Comparing | keyof typeof accesses | (typeof tests)[number];
type NameOf<M> = M extends `${infer T extends Integer | Float}.${infer O}` ? `${T}_${O}` : never;
type Written = 'd' | 'D' | 'e';
type Read = 's' | 'S' | 't';
/** Those of the given operations that have a layout. */
type Fitting<Names, Layout extends string> = Names extends OpName
  ? LayoutOf<Names> extends Layout
    ? Names
    : never
  : never;
/** The instructions that have an operation with the suffix and the layout. */
type Having<Suffix extends string, Layout extends string> = {
  [M in Mnemonic]: M extends Otherwise
    ? never
    : [Fitting<`${NameOf<M>}${Suffix}`, Layout>] extends [never]
      ? never
      : M;
}[Mnemonic];
type BinaryMnemonic = Having<'' | '_rr', `${Written}${Read}${Read}`>;
type UnaryMnemonic = Having<'', `${Written}${Read}`>;

const numberTypes: readonly string[] = ['i32', 'i64', 'f32', 'f64'] satisfies (Integer | Float)[];
const ofNumbers = instructions.filter(
  ({ name }) =>
    numberTypes.includes(name.split('.', 1)[0]!) &&
    !(name in comparisons) &&
    !(name in accesses) &&
    !tests.includes(name as never),
);
const operation = (name: string): Op | null => opOf[name as OpName] ?? null;
const isOperator = (op: Op | null, sources: number): boolean =>
  op !== null &&
  op.operands.length === sources + 1 &&
  op.operands.every(({ role }: Operand, i) => role === (i === 0 ? 'written' : 'read'));

const binaries = Object.fromEntries(
  ofNumbers.flatMap(({ name }): [string, Binary][] => {
    const plain = name.replace('.', '_');
    const rr = operation(`${plain}_rr`) ?? operation(plain);
    if (rr === null || !isOperator(rr, 2)) return [];
    return [[name, { kind: 'binary', rr, ri: operation(`${plain}_ri`), commutes: commuting.has(rr.name) }]];
  }),
) as Record<BinaryMnemonic, Binary>;
const unaries = Object.fromEntries(
  ofNumbers.flatMap(({ name }): [string, Unary][] => {
    const op = operation(name.replace('.', '_'));
    return op === null || !isOperator(op, 1) ? [] : [[name, { kind: 'unary', op }]];
  }),
) as Record<UnaryMnemonic, Unary>;

/** Lowerings by mnemonic, of all instructions that `translate.ts` has no function for. */
export const lowerings = {
  ...(Object.fromEntries(retypes.map((name) => [name, { kind: 'retype' }])) as Record<
    (typeof retypes)[number],
    Retype
  >),
  ...comparisons,
  ...accesses,
  ...binaries,
  ...unaries,
  'i64.extend_i32_s': { kind: 'unary', op: opOf.i64_extend32_s },
  'i64.extend_i32_u': { kind: 'unary', op: opOf.i64_extend32_u },
  ...vectorLowerings,
} satisfies Partial<Record<Mnemonic, Lowering>>;
