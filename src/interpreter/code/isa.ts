/**
 * The internal code of tier 0: names and operand layouts of its operations.
 *
 * An operation is a sequence of 32-bit words. The first contains its number, and up to two slots that come first in
 * the layout ("packed"; see `encoding.ts`); every other operand is a word of its own, and a branch two. Layout
 * letters are explained at `operands`.
 *
 * Hot operations have a body in `scripts/dispatch/bodies/scalar.ts` and a case in the generated loop; cold ones are
 * functions in the files of `cold`. Fused operations are several consecutive hot ones, see `fusions.ts`. Numbers are
 * positions in this table.
 */
import { fuseLayouts, type Part } from './fusing.ts';
import { fusions, type Link } from './fusions.ts';

/** The kind of an operand. */
export interface Operand {
  /**
   * A slot that is written or read; an immediate; the target of a branch and the correction of the fuel in hand; or
   * the cost of the stretch after the operation, which the writer knows; `ahead` is the rest of the current stretch.
   */
  readonly role: 'written' | 'read' | 'immediate' | 'branch' | 'cost' | 'ahead';
  /** The contents of a slot: words are read and written by word index, an f64 by double index. */
  readonly holds?: 'words' | 'f64' | 'f32' | 'reference';
}

/** Layout letters. */
export const operands = {
  d: { role: 'written', holds: 'words' },
  s: { role: 'read', holds: 'words' },
  D: { role: 'written', holds: 'f64' },
  S: { role: 'read', holds: 'f64' },
  e: { role: 'written', holds: 'f32' },
  t: { role: 'read', holds: 'f32' },
  E: { role: 'written', holds: 'reference' },
  T: { role: 'read', holds: 'reference' },
  i: { role: 'immediate' },
  /** The offset of an access to memory. */
  o: { role: 'immediate' },
  /** The first word of a global that the instance owns. */
  g: { role: 'immediate' },
  /** How far to shift: less than the bits of the value. */
  n: { role: 'immediate' },
  p: { role: 'branch' },
  /** Always last: in a call, and in another operation that may stop in the middle. */
  c: { role: 'cost' },
  r: { role: 'cost' },
  a: { role: 'ahead' },
} as const satisfies Record<string, Operand>;
export type Letter = keyof typeof operands;

/** i32 comparisons that have operations; the others swap operands or are negations of these. */
const comparisons = ['eq', 'ne', 'lt_s', 'ge_s', 'lt_u', 'ge_u'] as const;
const floatComparisons = ['eq', 'ne', 'lt', 'le'] as const;
const floatBranches = ['eq', 'ne', 'lt', 'le', 'nlt', 'nle'] as const;

type Layouts = Record<string, string>;
const each = <const N extends readonly string[], P extends string, S extends string, L extends string>(
  prefix: P,
  names: N,
  suffix: S,
  layout: L,
): Record<`${P}${N[number]}${S}`, L> =>
  Object.fromEntries(names.map((name) => [`${prefix}${name}${suffix}`, layout])) as never;

/** Hot operations: name → layout. */
export const hotOps = {
  // moves and constants
  mov32: 'ds',
  mov64: 'ds',
  const32: 'di',
  const64: 'dii',
  select32: 'dsss',
  select64: 'dsss',
  // i32
  ...each(
    'i32_',
    ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr'],
    '_rr',
    'dss',
  ),
  ...each('i32_', ['add', 'mul', 'and', 'or', 'xor'], '_ri', 'dsi'),
  ...each('i32_', ['shl', 'shr_s', 'shr_u', 'rotl'], '_ri', 'dsn'),
  ...each('i32_', ['div_s', 'div_u', 'rem_s', 'rem_u'], '_rr', 'dss'),
  ...each('i32_', ['div_s', 'div_u', 'rem_s', 'rem_u'], '_ri', 'dsi'),
  ...each('i32_', comparisons, '_rr', 'dss'),
  ...each('i32_', comparisons, '_ri', 'dsi'),
  ...each('br_i32_', comparisons, '_rr', 'ssp'),
  ...each('br_i32_', comparisons, '_ri', 'sip'),
  ...each('i32_', ['eqz', 'clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s'], '', 'ds'),
  br_i32_nz: 'sp',
  br_i32_z: 'sp',
  // i64: a pair of 32-bit halves
  ...each(
    'i64_',
    ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr'],
    '_rr',
    'dss',
  ),
  ...each('i64_', ['add', 'and', 'or', 'xor'], '_ri', 'dsii'),
  ...each('i64_', ['shl', 'shr_s', 'shr_u', 'rotl'], '_ri', 'dsn'),
  ...each('i64_', ['div_s', 'div_u', 'rem_s', 'rem_u'], '_rr', 'dss'),
  ...each('i64_', comparisons, '_rr', 'dss'),
  ...each('i64_', comparisons, '_ri', 'dsii'),
  ...each('br_i64_', comparisons, '_rr', 'ssp'),
  ...each('br_i64_', comparisons, '_ri', 'siip'),
  ...each(
    'i64_',
    ['eqz', 'clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s', 'extend32_s', 'extend32_u'],
    '',
    'ds',
  ),
  br_i64_nz: 'sp',
  br_i64_z: 'sp',
  // f32 and f64
  ...each('f32_', ['add', 'sub', 'mul', 'div', 'min', 'max', 'copysign'], '', 'ett'),
  ...each('f32_', ['abs', 'neg', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt'], '', 'et'),
  ...each('f32_', floatComparisons, '', 'dtt'),
  ...each('br_f32_', floatBranches, '', 'ttp'),
  ...each('f64_', ['add', 'sub', 'mul', 'div', 'min', 'max'], '', 'DSS'),
  f64_copysign: 'dss',
  ...each('f64_', ['abs', 'neg'], '', 'ds'),
  ...each('f64_', ['ceil', 'floor', 'trunc', 'nearest', 'sqrt'], '', 'DS'),
  ...each('f64_', floatComparisons, '', 'dSS'),
  ...each('br_f64_', floatBranches, '', 'SSp'),
  // conversions
  f64_convert_i32_s: 'Ds',
  f64_convert_i32_u: 'Ds',
  f64_convert_i64_s: 'Ds',
  f64_convert_i64_u: 'Ds',
  f32_convert_i32_s: 'es',
  f32_convert_i32_u: 'es',
  f64_promote_f32: 'Dt',
  f32_demote_f64: 'eS',
  i32_trunc_f64_s: 'dS',
  i32_trunc_f64_u: 'dS',
  i32_trunc_sat_f64_s: 'dS',
  i32_trunc_sat_f64_u: 'dS',
  // memory 0
  ...each('i32_', ['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u'], '', 'dso'),
  ...each('i64_', ['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u', 'load32_s', 'load32_u'], '', 'dso'),
  ...each('i32_', ['store', 'store8', 'store16'], '', 'sso'),
  ...each('i32_', ['store', 'store8', 'store16'], '_i', 'soi'),
  i64_store: 'sso',
  global_get32: 'dg',
  global_get64: 'dg',
  global_set32: 'sg',
  global_set64: 'sg',
  // control
  br: 'p',
  br_table: 'si',
  call: 'sic',
  call_indirect: 'ssiic',
  // frame of the arguments, entry of the function, words of the arguments
  return_call: 'sii',
  return_none: '',
  return32: 's',
  return64: 's',
  narrow_address: 'ds',
  unreachable: '',
  halt: '',
  // careful code
  charge: 'i',
  resume_fast: 'ii',
  // observed code: how often it ran, low and high word
  count: 'ii',
  // the event, and its subject; see `Observer`
  observe: 'iia',
} as const satisfies Layouts;

/** Calls and returns: cold operations of `cold/calls.ts`. */
export const callOps = {
  call_lazy: 'sic',
  call_import: 'sic',
  return_call_lazy: 'sii',
  return_call_far: 'ii',
  // with operands that packed fields cannot name, or an index of 64 bits
  call_far: 'iic',
  call_indirect_far: 'iiiic',
  return_call_indirect: 'iiii',
  leave_instance: '',
  return_ref: 'T',
  // replaces the first operation of a function or a loop: continues in code of another tier; see `Tier`
  enter_compiled: '',
  // replaces the first operation of a function: switches to its careful code; see `CallDebugger`
  enter_careful: '',
  // replaces a `charge`: asks the debugger whether the call pauses
  stop: 'i',
} as const satisfies Layouts;

/** Locals and globals: cold operations of `cold/variables.ts`. */
export const variableOps = {
  stash: '',
  zero_refs: 'iii',
  mov64_far: 'ii',
  // word and reference, whichever is in the slot
  mov_any_far: 'ii',
  // many slots: words to, from, count; then with references
  mov_block: 'iii',
  mov_any_block: 'iii',
  mov_ref: 'ET',
  select_ref: 'ETTs',
  // globals: imported numeric ones, and references
  global_get_far32: 'di',
  global_get_far64: 'di',
  global_set_far32: 'si',
  global_set_far64: 'si',
  global_get_ref: 'Ei',
  global_set_ref: 'Ti',
} as const satisfies Layouts;

/** Rarely used conversions: `cold/conversions.ts`. */
export const conversionOps = {
  ...each('', ['f32_convert_i64_s', 'f32_convert_i64_u'], '', 'es'),
  ...each('i32_trunc_', ['f32_s', 'f32_u', 'sat_f32_s', 'sat_f32_u'], '', 'dt'),
  ...each('i64_trunc_', ['f32_s', 'f32_u', 'sat_f32_s', 'sat_f32_u'], '', 'dt'),
  ...each('i64_trunc_', ['f64_s', 'f64_u', 'sat_f64_s', 'sat_f64_u'], '', 'dS'),
} as const satisfies Layouts;

/** Memories and data segments: cold operations of `cold/memories.ts`. */
export const memoryOps = {
  // sized ones: slot of the first operand, then indices of memories and segments
  memory_size: 'di',
  memory_grow: 'iir',
  memory_copy: 'iiir',
  memory_fill: 'iir',
  memory_init: 'iiir',
  data_drop: 'i',
  // accesses to memories other than memory 0: kind, offset, memory index
  load_far: 'dsioi',
  store_far: 'ssioi',
} as const satisfies Layouts;

/** Tables and element segments: cold operations of `cold/tables.ts`. */
export const tableOps = {
  table_get: 'Esi',
  table_set: 'sTi',
  table_size: 'di',
  table_grow: 'iir',
  table_fill: 'iir',
  table_copy: 'iiir',
  table_init: 'iiir',
  elem_drop: 'i',
} as const satisfies Layouts;

/** References: cold operations of `cold/references.ts`. */
export const referenceOps = {
  ref_null: 'E',
  ref_is_null: 'dT',
  ref_func: 'Ei',
  // slots of the callee and of the first argument
  call_ref: 'iic',
  return_call_ref: 'ii',
  ref_as_non_null: 'ET',
  br_on_null: 'Tp',
  br_on_non_null: 'Tp',
  br_on_cast: 'Tip',
  br_on_cast_fail: 'Tip',
  ref_eq: 'dTT',
  ref_test: 'dTi',
  ref_cast: 'ETi',
  // references and descriptors, then whether null is accepted
  ref_get_desc: 'ET',
  ref_cast_desc_eq: 'ETTi',
  br_on_cast_desc_eq: 'TTip',
  br_on_cast_desc_eq_fail: 'TTip',
  ref_i31: 'Es',
  i31_get_s: 'dT',
  i31_get_u: 'dT',
} as const satisfies Layouts;

/** Structures and arrays: cold operations of `cold/aggregates.ts`. */
export const aggregateOps = {
  // type, slot of the first operand
  struct_new: 'Eii',
  struct_new_default: 'Ei',
  // type, slots of the first operand and of the descriptor
  struct_new_desc: 'Eiii',
  struct_new_default_desc: 'ETi',
  // place of the field; mask or shift of a packed one
  struct_get32: 'dTi',
  struct_get_u: 'dTii',
  struct_get64: 'dTi',
  struct_get128: 'iii',
  struct_get_ref: 'ETi',
  struct_set32: 'Tsii',
  struct_set64: 'Tsi',
  struct_set128: 'iii',
  struct_set_ref: 'TTi',
  array_new_fixed: 'Eiii',
  array_len: 'dT',
  array_get32: 'dTs',
  array_get_u: 'dTsi',
  array_get64: 'dTs',
  array_get128: 'iii',
  array_get_ref: 'ETs',
  array_set32: 'Tss',
  array_set64: 'Tss',
  array_set128: 'iii',
  array_set_ref: 'TsT',
  // sized: slot of the first operand, type, segment
  array_new: 'iir',
  array_new_default: 'iir',
  array_new_data: 'iiir',
  array_new_elem: 'iiir',
  array_fill: 'iir',
  array_copy: 'ir',
  array_init_data: 'iiir',
  array_init_elem: 'iiir',
} as const satisfies Layouts;

/** Cold operations: name → layout. */
export const coldOps = {
  // a sequence of vector operations, see `vector-isa.ts`
  vector: '',
  // a vector access to another memory than memory 0, or at an offset of 2^31 and more
  vector_far: '',
  ...callOps,
  ...variableOps,
  ...conversionOps,
  ...memoryOps,
  ...tableOps,
  ...referenceOps,
  ...aggregateOps,
  // exceptions: slot of the first value, tag
  throw: 'ii',
  throw_ref: 'T',
  // wide arithmetic: slot of the first operand; atomics: the same, opcode, offset, memory
  ...each('i64_', ['add128', 'sub128', 'mul_wide_s', 'mul_wide_u'], '', 'i'),
  atomic: 'iiiii',
  // slot of the first operand, size, offset, memory
  atomic_wait: 'iiiiir',
} as const satisfies Layouts;

export type HotOp = keyof typeof hotOps;
export type ColdOp = keyof typeof coldOps;
export type OpName = HotOp | ColdOp;

/** Operations whose two operands may be swapped. */
export const commuting: ReadonlySet<string> = new Set<OpName>([
  ...(['add', 'mul', 'and', 'or', 'xor', 'eq', 'ne'] as const).flatMap(
    (name) => [`i32_${name}_rr`, `i64_${name}_rr`] as const,
  ),
  ...(['eq', 'ne'] as const).flatMap((name) => [`br_i32_${name}_rr`, `br_i64_${name}_rr`] as const),
  ...(['f32_add', 'f32_mul', 'f64_add', 'f64_mul'] as const),
]);

export type LayoutOf<N extends OpName> = (typeof hotOps & typeof coldOps)[N];
/** The operands that are passed to the writer; it computes costs and branches itself. */
export type WrittenOperands<L extends string> = string extends L
  ? readonly number[]
  : L extends `${infer First}${infer Rest}`
    ? First extends 'p' | 'c' | 'r' | 'a'
      ? WrittenOperands<Rest>
      : readonly [number, ...WrittenOperands<Rest>]
    : readonly [];

/** One operation as the translator sees it. */
export interface Op<L extends string = string> {
  readonly name: OpName | FusedName;
  readonly layout: L;
  readonly code: number;
  /** The layout, letter by letter. */
  readonly operands: readonly Operand[];
  /** Number of packed operands, 0 to 2. */
  readonly packed: number;
  /** Length in words. */
  readonly length: number;
  /** Whether execution returns to its end. */
  readonly isCall: boolean;
  /** The parts of a fused operation; for any other, only itself. */
  readonly parts: readonly Part<OpName>[];
}
/** Operations and links, joined. */
type FusedName = `${string}__${string}`;
/** A branch table has no end that training knows. */
type FusedOp = Exclude<HotOp, 'br_table'>;
type FusionRow =
  | readonly [FusedOp, Link, FusedOp]
  | readonly [FusedOp, Link, FusedOp, Link, FusedOp]
  | readonly [FusedOp, Link, FusedOp, Link, FusedOp, Link, FusedOp];
const rows: readonly FusionRow[] = fusions;
/** A call, and another operation that may stop in the middle. */
export type CallOp = Op<`${string}c`>;
export type StopOp = Op<`${string}r`>;

/** How many operands of a layout fit in the first word: slots, from the first on. */
const packedCount = (list: readonly Operand[]): number => {
  const other = list.findIndex(({ holds }) => holds === undefined);
  return Math.min(2, other < 0 ? list.length : other);
};

interface OpRow {
  readonly name: Op['name'];
  readonly layout: string;
  readonly parts: Op['parts'];
}
const plainRow = ([name, layout]: readonly [string, string]): OpRow => {
  const from = [...layout].map((_, i) => i);
  return { name: name as OpName, layout, parts: [{ name: name as OpName, from, takes: -1, gives: 'no' }] };
};
const fusedRow = (row: FusionRow): OpRow => {
  const names = row.filter((_, i) => i % 2 === 0) as HotOp[];
  const links = row.filter((_, i) => i % 2 === 1) as Link[];
  const list = names.map((name) => ({ name, layout: hotOps[name] }));
  return { name: row.join('__') as FusedName, ...fuseLayouts<OpName>(list, links) };
};

const makeOp = ({ name, layout, parts }: OpRow, code: number): Op => {
  const list = [...layout].map((letter) => operands[letter as Letter]);
  const packed = packedCount(list);
  const branches = list.filter(({ role }) => role === 'branch').length;
  return {
    name,
    layout,
    code,
    operands: list,
    packed,
    length: 1 + list.length + branches - packed,
    isCall: layout.endsWith('c'),
    parts,
  };
};

/** All operations by number; the hot ones first, then the fused ones. */
export const ops: readonly Op[] = [
  ...Object.entries(hotOps).map(plainRow),
  ...rows.map(fusedRow),
  ...Object.entries(coldOps).map(plainRow),
].map(makeOp);
/** Numbers of the first fused operation, and of the first cold one. */
export const firstFusedOp: number = Object.keys(hotOps).length;
export const firstColdOp: number = firstFusedOp + rows.length;
/** Operations by name. */
export const opOf: { readonly [N in OpName]: Op<LayoutOf<N>> } = Object.fromEntries(
  ops.map((op) => [op.name, op]),
) as never;
