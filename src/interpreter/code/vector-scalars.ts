/**
 * TABLE: the operations of the main loop that the vector loops also have: those that inner loops of vector code need.
 * Any other operation ends a sequence of vector code.
 */
import type { HotOp, OpName } from './isa.ts';

const comparisons = ['eq', 'ne', 'lt_s', 'ge_s', 'lt_u', 'ge_u'] as const;
const floatComparisons = ['eq', 'ne', 'lt', 'le'] as const;

/** In both loops. */
const common = [
  ...(['mov32', 'mov64', 'const32', 'const64', 'select32', 'br', 'count'] as const),
  ...(['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u'] as const).map(
    (name) => `i32_${name}_rr` as const,
  ),
  ...(['add', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl'] as const).map(
    (name) => `i32_${name}_ri` as const,
  ),
  ...(['i32_div_s_rr', 'i32_div_u_rr', 'i32_rem_u_rr', 'i32_div_s_ri', 'i32_div_u_ri'] as const),
  ...comparisons.flatMap((name) => [`i32_${name}_rr`, `i32_${name}_ri`] as const),
  ...comparisons.flatMap((name) => [`br_i32_${name}_rr`, `br_i32_${name}_ri`] as const),
  ...(['i32_eqz', 'i32_clz', 'i32_ctz', 'i32_popcnt', 'br_i32_nz', 'br_i32_z'] as const),
  ...(['i32_load', 'i32_load8_s', 'i32_load8_u', 'i32_load16_s', 'i32_load16_u', 'i64_load'] as const),
  ...(['i32_store', 'i32_store8', 'i32_store16', 'i64_store'] as const),
  ...(['global_get32', 'global_set32'] as const),
] satisfies readonly HotOp[];

/** In the loop for floats and 64 bits. */
const wide = [
  ...(['f32', 'f64'] as const).flatMap((type) => [
    ...(['add', 'sub', 'mul', 'div', 'min', 'max', 'sqrt'] as const).map(
      (name) => `${type}_${name}` as const,
    ),
    ...floatComparisons.flatMap((name) => [`${type}_${name}`, `br_${type}_${name}`] as const),
  ]),
  ...(['f32_convert_i32_s', 'f32_convert_i32_u', 'f64_convert_i32_s', 'f64_convert_i32_u'] as const),
  ...(['f64_promote_f32', 'f32_demote_f64', 'i32_trunc_sat_f64_s', 'i32_trunc_sat_f64_u'] as const),
  ...(['i64_add_rr', 'i64_add_ri', 'i64_xor_rr', 'i64_or_rr', 'i64_shl_ri', 'i64_shr_u_ri'] as const),
] satisfies readonly HotOp[];

/** The scalar operations of the first loop, and of the second. */
export const scalarsOfVectors: ReadonlySet<OpName> = new Set(common);
export const scalarsOfWide: ReadonlySet<OpName> = new Set([...common, ...wide]);
