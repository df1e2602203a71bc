/**
 * The internal code of tier 0: names and operand layouts of its operations.
 *
 * An operation is a row of 32-bit words. Bits 0–9 of the first word are its number; up to two leading slot
 * operands are packed behind it (slot numbers, 11 bits each, at bit 10 and bit 21); every other operand is a
 * word of its own. Layout letters:
 *
 *   d s   slot written / read, addressed as 32-bit words (an unpacked one holds 2 × slot)
 *   D S   slot written / read, addressed as f64 (an unpacked one holds the slot)
 *   i     immediate word
 *   p     branch: target pc, then the fuel correction of the branch (see `code-writer.ts`)
 *
 * Hot operations have a body in `scripts/dispatch/bodies/scalar.ts` and a case in the generated loop; cold ones are
 * functions in `cold.ts`. Numbers are positions in this table.
 */

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
  ...each('i32_', ['add', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl'], '_ri', 'dsi'),
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
  ...each('i64_', ['shl', 'shr_s', 'shr_u', 'rotl'], '_ri', 'dsi'),
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
  ...each('f32_', ['add', 'sub', 'mul', 'div', 'min', 'max', 'copysign'], '', 'dss'),
  ...each('f32_', ['abs', 'neg', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt'], '', 'ds'),
  ...each('f32_', floatComparisons, '', 'dss'),
  ...each('br_f32_', floatBranches, '', 'ssp'),
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
  f32_convert_i32_s: 'ds',
  f32_convert_i32_u: 'ds',
  f64_promote_f32: 'Ds',
  f32_demote_f64: 'dS',
  i32_trunc_f64_s: 'dS',
  i32_trunc_f64_u: 'dS',
  i32_trunc_sat_f64_s: 'dS',
  i32_trunc_sat_f64_u: 'dS',
  // memory 0
  ...each('i32_', ['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u'], '', 'dsi'),
  ...each('i64_', ['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u', 'load32_s', 'load32_u'], '', 'dsi'),
  ...each('i32_', ['store', 'store8', 'store16'], '', 'ssi'),
  ...each('i32_', ['store', 'store8', 'store16'], '_i', 'sii'),
  i64_store: 'ssi',
  // globals that the instance owns; the immediate is a word offset
  global_get32: 'di',
  global_get64: 'di',
  global_set32: 'si',
  global_set64: 'si',
  // control
  br: 'p',
  br_table: 'si',
  call: 'sii',
  call_indirect: 'ssiii',
  return_none: '',
  return32: 's',
  return64: 's',
  narrow_address: 'ds',
  unreachable: '',
  halt: '',
  // careful code
  charge: 'i',
  resume_fast: 'ii',
} as const satisfies Layouts;

/** Calls and returns: cold operations of `cold/calls.ts`. */
export const callOps = {
  call_lazy: 'sii',
  call_import: 'sii',
  return_call: 'ii',
  return_call_import: 'ii',
  // with operands that packed fields cannot name, or an index of 64 bits
  call_far: 'iii',
  call_indirect_far: 'iiiii',
  return_call_indirect: 'iiii',
  leave_instance: '',
  return_ref: 's',
} as const satisfies Layouts;

/** Locals and globals: cold operations of `cold/variables.ts`. */
export const variableOps = {
  stash: '',
  zero_refs: 'iii',
  mov64_far: 'ii',
  // word and reference, whichever the slot holds
  mov_any_far: 'ii',
  // many slots: words to, from, count; then with references
  mov_block: 'iii',
  mov_any_block: 'iii',
  mov_ref: 'ds',
  select_ref: 'dsss',
  // globals: imported numeric ones, and references
  global_get_far32: 'di',
  global_get_far64: 'di',
  global_set_far32: 'si',
  global_set_far64: 'si',
  global_get_ref: 'di',
  global_set_ref: 'si',
} as const satisfies Layouts;

/** Conversions that programs seldom use: `cold/conversions.ts`. */
export const conversionOps = {
  ...each('', ['f32_convert_i64_s', 'f32_convert_i64_u'], '', 'ds'),
  ...each('i32_trunc_', ['f32_s', 'f32_u', 'sat_f32_s', 'sat_f32_u'], '', 'ds'),
  ...each('i64_trunc_', ['f32_s', 'f32_u', 'sat_f32_s', 'sat_f32_u'], '', 'ds'),
  ...each('i64_trunc_', ['f64_s', 'f64_u', 'sat_f64_s', 'sat_f64_u'], '', 'dS'),
} as const satisfies Layouts;

/** Memories and data segments: cold operations of `cold/memories.ts`. */
export const memoryOps = {
  // memories: the immediate is the memory index
  memory_size: 'di',
  memory_grow: 'iii',
  memory_copy: 'iiii',
  memory_fill: 'iii',
  memory_init: 'iiii',
  data_drop: 'i',
  // accesses to memories other than memory 0: kind, offset, memory index
  load_far: 'dsiii',
  store_far: 'ssiii',
} as const satisfies Layouts;

/** Tables and element segments: cold operations of `cold/tables.ts`. */
export const tableOps = {
  table_get: 'dsi',
  table_set: 'ssi',
  table_size: 'di',
  table_grow: 'iii',
  table_fill: 'iii',
  table_copy: 'iiii',
  table_init: 'iiii',
  elem_drop: 'i',
} as const satisfies Layouts;

/** References: cold operations of `cold/references.ts`. */
export const referenceOps = {
  ref_null: 'd',
  ref_is_null: 'ds',
  ref_func: 'di',
  // slots of the callee and of the first argument
  call_ref: 'iii',
  return_call_ref: 'ii',
  ref_as_non_null: 'ds',
  br_on_null: 'sp',
  br_on_non_null: 'sp',
  br_on_cast: 'sip',
  br_on_cast_fail: 'sip',
  ref_eq: 'dss',
  ref_test: 'dsi',
  ref_cast: 'dsi',
  // references and descriptors, then whether null passes
  ref_get_desc: 'ds',
  ref_cast_desc_eq: 'dssi',
  br_on_cast_desc_eq: 'ssip',
  br_on_cast_desc_eq_fail: 'ssip',
  ref_i31: 'ds',
  i31_get_s: 'ds',
  i31_get_u: 'ds',
} as const satisfies Layouts;

/** Structures and arrays: cold operations of `cold/aggregates.ts`. */
export const aggregateOps = {
  // type, slot of the first operand
  struct_new: 'dii',
  struct_new_default: 'di',
  // type, slots of the first operand and of the descriptor
  struct_new_desc: 'diii',
  struct_new_default_desc: 'dsi',
  // place of the field, mask or shift of a packed one
  struct_get32: 'dsi',
  struct_get_u: 'dsii',
  struct_get64: 'dsi',
  struct_get128: 'iii',
  struct_get_ref: 'dsi',
  struct_set32: 'ssii',
  struct_set64: 'ssi',
  struct_set128: 'iii',
  struct_set_ref: 'ssi',
  array_new_fixed: 'diii',
  array_len: 'ds',
  array_get32: 'dss',
  array_get_u: 'dssi',
  array_get64: 'dss',
  array_get128: 'iii',
  array_get_ref: 'dss',
  array_set32: 'sss',
  array_set64: 'sss',
  array_set128: 'iii',
  array_set_ref: 'sss',
  // sized: slot of the first operand, type, segment
  array_new: 'iii',
  array_new_default: 'iii',
  array_new_data: 'iiii',
  array_new_elem: 'iiii',
  array_fill: 'iii',
  array_copy: 'ii',
  array_init_data: 'iiii',
  array_init_elem: 'iiii',
} as const satisfies Layouts;

/** Cold operations: name → layout; operands `s` and `d` that are not packed hold 2 × slot as above. */
export const coldOps = {
  // a run of vector operations, see `vector-isa.ts`
  vector: '',
  ...callOps,
  ...variableOps,
  ...conversionOps,
  ...memoryOps,
  ...tableOps,
  ...referenceOps,
  ...aggregateOps,
  // exceptions: slot of the first value, tag
  throw: 'ii',
  throw_ref: 's',
  // wide arithmetic: slot of the first operand; atomics: the same, opcode, offset, memory
  ...each('i64_', ['add128', 'sub128', 'mul_wide_s', 'mul_wide_u'], '', 'i'),
  atomic: 'iiiii',
  // slot of the first operand, size, offset, memory; the last word is what remains behind
  atomic_wait: 'iiiiii',
} as const satisfies Layouts;

export type HotOp = keyof typeof hotOps;
export type ColdOp = keyof typeof coldOps;
export type OpName = HotOp | ColdOp;

/** One operation as the translator sees it. */
export interface Op {
  readonly name: OpName;
  readonly layout: string;
  readonly code: number;
  /** Number of packed operands, 0 to 2. */
  readonly packed: number;
  /** Length in words. */
  readonly length: number;
}

const makeOp = (name: OpName, layout: string, code: number): Op => {
  const leading = /^[dsDS]{0,2}/.exec(layout)![0].length;
  const words = layout.length + (layout.includes('p') ? 1 : 0);
  return { name, layout, code, packed: leading, length: 1 + words - leading };
};

/** All operations by number; the hot ones first. */
export const ops: readonly Op[] = [...Object.entries(hotOps), ...Object.entries(coldOps)].map(
  ([name, layout], code) => makeOp(name as OpName, layout, code),
);
/** Number of the first cold operation. */
export const firstColdOp: number = Object.keys(hotOps).length;
/** Operations by name. */
export const opOf: Readonly<Record<OpName, Op>> = Object.fromEntries(
  ops.map((op) => [op.name, op]),
) as Record<OpName, Op>;

/** Whether slots that an operation names may hold references. */
export const touchesRefs = ({ name }: Op): boolean =>
  name.includes('ref') || /^(table|struct|array|i31|br_on)_/.test(name);

/** Largest slot number that fits a packed operand. */
export const MAX_PACKED_SLOT = 2047;
