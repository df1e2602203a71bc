/**
 * TABLE: the operations of the main loop that the vector loops have, too: what inner loops of vector code consist of
 * besides. Any other operation ends a stretch of vector code.
 */
import type { HotOp, OpName } from './isa.ts';

const comparisons = ['eq', 'ne', 'lt_s', 'ge_s', 'lt_u', 'ge_u'] as const;
const names = [
  ...(['mov32', 'mov64', 'const32', 'const64', 'select32', 'br'] as const),
  ...(['i32_add_rr', 'i32_sub_rr', 'i32_mul_rr', 'i32_and_rr', 'i32_or_rr', 'i32_xor_rr'] as const),
  ...(['i32_shl_rr', 'i32_shr_s_rr', 'i32_shr_u_rr'] as const),
  ...(['i32_add_ri', 'i32_mul_ri', 'i32_and_ri', 'i32_or_ri', 'i32_xor_ri'] as const),
  ...(['i32_shl_ri', 'i32_shr_s_ri', 'i32_shr_u_ri'] as const),
  ...(['i32_eqz', 'i32_ctz', 'i32_popcnt', 'br_i32_nz', 'br_i32_z'] as const),
  ...comparisons.flatMap((name) => [`br_i32_${name}_rr`, `br_i32_${name}_ri`] as const),
  ...([
    'i32_load',
    'i32_load8_u',
    'i32_load16_u',
    'i64_load',
    'i32_store',
    'i32_store8',
    'i64_store',
  ] as const),
  ...(['global_get32', 'global_set32', 'f32_add', 'f32_mul'] as const),
] satisfies readonly HotOp[];

export const scalarsOfVectors: ReadonlySet<OpName> = new Set(names);
