/**
 * TABLE: operations that are executed as one if they are consecutive in fast code.
 *
 * A row names operations of `isa.ts`, and between them the use of the preceding result: see `Link`. The generator
 * composes the bodies, the writer fuses while it writes, training runs every row.
 */

/**
 * `and`: it goes to its slot. `into1` to `into3`: it is the first, second or third operand that the next operation
 * reads, and nothing else reads it: it goes to no slot. `keep1` to `keep3`: the same, but it also goes to its slot.
 */
export type Link = 'and' | 'into1' | 'into2' | 'into3' | 'keep1' | 'keep2' | 'keep3';

export const fusions = [
  ['i32_add_ri', 'into1', 'i64_load'], // 1.7 % in 6, matmul 22.1
  ['i32_shl_ri', 'into1', 'i32_add_rr'], // 1.2 % in 10, brvm 11.8
  ['const64', 'into1', 'i64_mul_rr'], // 1.0 % in 4, i64hash 19.5
  ['f64_mul', 'into1', 'f64_add'], // 0.9 % in 6, mandel 11.5
  ['i32_add_ri', 'into1', 'i32_store8_i'], // 0.8 % in 1, sieve 20.0
  ['i32_add_ri', 'into1', 'i32_load'], // 0.8 % in 11, callind 8.9
  ['i32_shl_ri', 'into1', 'i32_add_ri'], // 0.7 % in 8, callind 8.9
  ['i32_add_ri', 'keep1', 'mov32'], // 1.0 % in 6, fib 9.4
  ['i32_add_ri', 'keep1', 'br_i32_ne_ri'], // 1.0 % in 11, sieve 6.4
  ['i32_add_ri', 'and', 'i32_add_ri'], // 1.3 % in 15, sqlite 6.1
  ['mov32', 'and', 'mov32'], // 1.3 % in 11, sha256 10.5
  ['i32_mul_ri', 'into1', 'i32_add_ri'], // 0.6 % in 2, collatz 14.1
  ['i32_and_ri', 'into3', 'select32'], // 0.6 % in 1, collatz 14.1
  ['f64_add', 'keep1', 'f64_mul'], // 0.8 % in 3, mandel 15.4
  ['f64_add', 'keep1', 'f64_mul', 'and', 'f64_add'], // 1.2 % in 3, mandel 23.0
  ['i32_add_ri', 'into1', 'return32'], // 0.5 % in 2, callind 8.9
  ['i32_add_ri', 'keep1', 'global_set32'], // 0.7 % in 7, go124 4.5
  ['i32_load8_u', 'and', 'i32_load8_u'], // 0.9 % in 6, brvm 16.8
  ['i32_shl_ri', 'into1', 'i32_add_ri', 'into1', 'i32_load'], // 0.5 % in 3, callind 8.9
  ['i32_add_ri', 'into1', 'i64_load', 'into1', 'f64_mul'], // 0.5 % in 1, matmul 11.1
  ['f64_sub', 'into1', 'f64_add'], // 0.5 % in 3, mandel 7.7
  ['global_get32', 'into1', 'br_i32_nz'], // 0.5 % in 2, lua 10.5
  ['i32_add_ri', 'into1', 'i32_load8_u'], // 0.4 % in 7, sieve 5.7
  ['i32_and_ri', 'into1', 'i32_shl_ri'], // 0.4 % in 2, callind 8.9
  ['i32_and_ri', 'into1', 'i32_shl_ri', 'into1', 'i32_add_ri'], // 0.4 % in 2, callind 8.9
  ['f64_add', 'keep1', 'f64_mul', 'into1', 'f64_add'], // 0.4 % in 3, mandel 7.7
  ['f64_add', 'into1', 'f64_mul'], // 0.4 % in 3, mandel 7.7
  ['f64_add', 'into1', 'f64_mul', 'into1', 'f64_add'], // 0.4 % in 3, mandel 7.7
  ['i32_add_rr', 'keep1', 'br_i32_lt_u_ri'], // 0.6 % in 1, sieve 14.3
  ['i32_shr_u_ri', 'and', 'i32_and_ri'], // 0.8 % in 5, collatz 14.1
  ['i32_shr_u_ri', 'and', 'i32_and_ri', 'into3', 'select32'], // 0.6 % in 1, collatz 14.1
  ['const64', 'into1', 'i64_mul_rr', 'into1', 'i64_add_rr'], // 0.4 % in 1, i64hash 9.7
  ['i32_add_rr', 'into1', 'i32_shl_ri'], // 0.4 % in 3, fs_image_simd 5.3
  ['const32', 'into1', 'i32_load'], // 0.4 % in 8, fs_image_simd 2.5
  ['i64_rotl_ri', 'into1', 'i64_xor_rr'], // 0.4 % in 2, sha512 9.1
  ['i32_and_ri', 'into1', 'br_i32_z'], // 0.4 % in 6, sqlite 4.6
  ['i32_add_rr', 'and', 'i32_add_ri'], // 0.7 % in 13, sha256 5.0
  ['i32_add_rr', 'into1', 'i32_shl_ri', 'into1', 'i32_add_rr'], // 0.4 % in 2, fs_image_simd 5.3
  ['i32_xor_rr', 'into1', 'i32_and_ri'], // 0.4 % in 1, callind 8.9
  ['i32_xor_rr', 'into1', 'i32_and_ri', 'into1', 'i32_shl_ri'], // 0.4 % in 1, callind 8.9
  ['f64_add', 'into1', 'f64_add'], // 0.4 % in 3, matmul 7.4
  ['f64_mul', 'and', 'f64_add'], // 0.7 % in 3, mandel 11.6
  ['f64_mul', 'and', 'f64_add', 'into1', 'f64_mul'], // 0.4 % in 3, mandel 7.7
  ['f64_mul', 'into2', 'f64_sub'], // 0.4 % in 4, nbody 4.1
  ['i32_rotl_ri', 'into1', 'i32_xor_rr'], // 0.4 % in 1, sha256 8.4
  ['i32_load8_u', 'into1', 'i32_add_rr'], // 0.3 % in 3, fs_image 7.6
  ['i32_shl_ri', 'into1', 'i32_add_rr', 'into1', 'i32_load'], // 0.3 % in 5, brvm 6.2
  ['i64_store', 'and', 'i32_add_ri'], // 0.6 % in 13, nbody 5.6
  ['i32_add_ri', 'and', 'i32_mul_ri'], // 0.6 % in 3, collatz 14.1
  ['i32_add_ri', 'and', 'i32_mul_ri', 'into1', 'i32_add_ri'], // 0.6 % in 2, collatz 14.1
  ['global_get32', 'into1', 'i32_add_ri'], // 0.3 % in 6, as 3.6
  ['i32_add_ri', 'into1', 'i32_store8_i', 'and', 'i32_add_rr'], // 0.6 % in 1, sieve 14.3
  ['i32_load', 'and', 'i32_add_ri'], // 0.6 % in 9, qsort 5.6
  ['i32_add_rr', 'keep1', 'i32_add_ri'], // 0.4 % in 9, matmul 3.7
  ['i32_mul_rr', 'into1', 'i32_add_rr'], // 0.3 % in 2, fs_image_simd 4.2
  ['i64_sub_rr', 'keep1', 'i64_add_rr'], // 0.4 % in 1, i64div 9.5
  ['i32_add_ri', 'into1', 'i32_xor_rr'], // 0.3 % in 1, callind 6.7
  ['i32_add_ri', 'into1', 'i32_xor_rr', 'into1', 'i32_and_ri'], // 0.3 % in 1, callind 6.7
  ['mov64', 'and', 'mov64'], // 0.5 % in 4, sha512 11.2
  ['i32_mul_rr', 'into1', 'i32_add_rr', 'into1', 'i32_shl_ri'], // 0.3 % in 2, fs_image_simd 3.8
  ['i64_load', 'into1', 'f64_add'], // 0.3 % in 1, nbody 6.1
  ['i32_load', 'and', 'i32_load'], // 0.5 % in 7, sqlite 4.6
  ['mov32', 'and', 'i32_add_ri'], // 0.5 % in 6, callind 8.9
  ['mov32', 'and', 'i32_add_ri', 'into1', 'i32_xor_rr'], // 0.3 % in 1, callind 6.7
  ['i32_add_rr', 'into1', 'return32'], // 0.2 % in 1, fib 5.8
  ['i32_add_ri', 'into1', 'i32_load8_u', 'into1', 'br_i32_z'], // 0.2 % in 1, sieve 5.7
  ['global_get32', 'into1', 'i32_add_ri', 'keep1', 'global_set32'], // 0.3 % in 6, as 3.6
  ['i32_load', 'into1', 'i32_add_rr'], // 0.2 % in 6, sha256 2.7
  ['f64_mul', 'into1', 'f64_add', 'into1', 'f64_add'], // 0.2 % in 3, matmul 3.7
  ['global_get32', 'into1', 'i32_store'], // 0.2 % in 1, as 5.4
  ['f64_mul', 'and', 'f64_mul'], // 0.4 % in 4, nbody 4.1
  ['f64_sub', 'into1', 'f64_add', 'keep1', 'f64_mul'], // 0.4 % in 3, mandel 7.7
  ['f64_mul', 'and', 'f64_mul', 'into2', 'f64_sub'], // 0.2 % in 2, mandel 3.9
  ['i32_add_rr', 'keep1', 'i32_load8_u'], // 0.3 % in 5, cmark 2.0
  ['i64_extend32_u', 'into1', 'i64_add_ri'], // 0.2 % in 1, go124 5.2
  ['i64_rotl_ri', 'and', 'const64'], // 0.4 % in 1, i64hash 9.7
  ['i64_rotl_ri', 'and', 'const64', 'into1', 'i64_mul_rr'], // 0.4 % in 1, i64hash 9.7
  ['i32_store', 'and', 'mov32'], // 0.4 % in 8, brvm 5.0
  ['const64', 'into1', 'i64_mul_rr', 'into2', 'i64_sub_rr'], // 0.2 % in 2, i64div 4.8
  ['i32_add_rr', 'and', 'i32_ge_u_ri'], // 0.4 % in 1, fib 9.4
  ['i32_add_rr', 'and', 'i32_ge_u_ri', 'and', 'i32_add_ri'], // 0.4 % in 1, fib 9.4
  ['mov32', 'and', 'br_i32_nz'], // 0.4 % in 5, fib 9.4
  ['i32_shr_u_ri', 'into1', 'i32_and_ri'], // 0.2 % in 4, lua 4.2
  ['const32', 'and', 'select32'], // 0.4 % in 9, fs_image 4.0
  ['const32', 'into2', 'select32'], // 0.2 % in 6, lua 1.8
  ['i64_load', 'and', 'i32_add_ri'], // 0.4 % in 4, matmul 3.7
  ['i64_load', 'and', 'i32_add_ri', 'into1', 'i64_load'], // 0.3 % in 2, nbody 4.3
  ['i64_sub_rr', 'into1', 'i64_add_rr'], // 0.2 % in 1, i64div 4.8
  ['select64', 'into1', 'i64_xor_rr'], // 0.2 % in 1, i64div 4.8
  ['i32_add_ri', 'and', 'i32_add_ri', 'keep1', 'i32_load'], // 0.3 % in 6, qsort 5.5
  ['i32_load', 'and', 'mov32'], // 0.4 % in 6, callind 6.7
  ['i64_add_ri', 'into2', 'i64_store'], // 0.2 % in 4, i64hash 3.6
  ['i64_load', 'and', 'i64_load'], // 0.4 % in 4, go124 4.1
  ['const32', 'into1', 'select32'], // 0.2 % in 7, fs_image 2.3
  ['const32', 'into1', 'i64_load'], // 0.2 % in 3, nbody 4.1
  ['i32_load8_u', 'into2', 'i32_store8'], // 0.2 % in 3, sqlite 3.9
  ['i32_load', 'into1', 'i32_add_ri'], // 0.2 % in 6, lua 1.6
  ['i32_add_ri', 'and', 'i32_load'], // 0.3 % in 8, qsort 5.6
  ['i32_add_ri', 'into1', 'i64_load', 'and', 'i32_add_ri'], // 0.3 % in 2, matmul 7.4
  ['i64_load', 'into1', 'f64_mul'], // 0.3 % in 1, matmul 7.4
  ['mov32', 'and', 'mov32', 'and', 'mov32'], // 0.3 % in 7, sha256 4.5
  ['i64_load', 'into1', 'f64_add', 'into2', 'i64_store'], // 0.2 % in 1, nbody 4.1
  ['i32_add_ri', 'into1', 'global_set32'], // 0.2 % in 5, sqlite 1.0
  ['i32_add_rr', 'and', 'i32_add_rr'], // 0.3 % in 5, sha256 5.0
  ['f64_mul', 'keep1', 'f64_add'], // 0.2 % in 3, mandel 3.9
  ['i32_and_ri', 'into1', 'br_i32_nz'], // 0.2 % in 6, sqlite 1.2
  ['const64', 'into2', 'i64_store'], // 0.2 % in 7, go124 2.3
  ['i32_add_ri', 'into1', 'i64_load', 'and', 'const64'], // 0.3 % in 1, i64hash 7.3
  ['i64_mul_rr', 'keep1', 'i64_add_rr'], // 0.5 % in 3, i64hash 7.3
  ['i64_mul_rr', 'into1', 'i64_add_rr'], // 0.3 % in 2, i64hash 7.3
  ['i64_mul_rr', 'into1', 'i64_add_rr', 'into1', 'i64_rotl_ri'], // 0.3 % in 1, i64hash 7.3
  ['const64', 'into1', 'i64_mul_rr', 'and', 'i32_add_ri'], // 0.3 % in 1, i64hash 7.3
  ['i32_shr_u_ri', 'into1', 'i32_and_ri', 'into1', 'i32_add_rr'], // 0.2 % in 2, lua 3.7
  ['i32_load8_u', 'and', 'i32_load8_u', 'and', 'i32_load8_u'], // 0.3 % in 2, brvm 5.6
  ['i32_load8_u', 'and', 'i32_add_ri'], // 0.4 % in 7, brvm 5.6
  ['i32_load8_u', 'and', 'i32_add_ri', 'keep1', 'mov32'], // 0.2 % in 1, brvm 5.6
  ['i32_add_rr', 'keep1', 'i32_add_ri', 'into1', 'i64_load'], // 0.2 % in 1, matmul 3.7
  ['i64_load', 'and', 'i64_load', 'into1', 'f64_mul'], // 0.2 % in 1, matmul 3.7
  ['f64_add', 'into1', 'f64_add', 'into1', 'f64_add'], // 0.2 % in 2, matmul 3.7
  ['i32_add_rr', 'into1', 'i32_load8_u'], // 0.1 % in 3, cmark 1.7
  ['global_get32', 'into1', 'i32_add_ri', 'into1', 'global_set32'], // 0.1 % in 1, as 3.6
  ['i64_add_rr', 'keep1', 'i64_add_rr'], // 0.2 % in 1, sha512 4.9
] as const;
