/** A plug-in that asks its host for what the host module does, and computes; its number is the length of its input. */
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

/** Exports that compute for as long as the input asks, forever, and with more memory than plug-ins get. */
export const workFuncs = `
    (func (export "compute") (local $i i64) (local $sum i64)
      (loop $on
        (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 7)) (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br_if $on (i64.lt_u (local.get $i) (i64.shl (i64.const 1000) (call $input_length)))))
      (call $output_i64 (local.get $sum)))
    (func (export "spin") (loop $on (br $on)))
    (func (export "grow") (result i32) (i32.eq (memory.grow (i32.const 100)) (i32.const -1)))`;

export const { actor } = compileWat({
  actor: `(module ${kernelImports}
    (import "env" "act" (func $act (param i64) (result i64)))
    (memory (export "memory") 1)
    (global $count (mut i64) (i64.const 0))
    ${outputI64}
    (func (export "act") (call $output_i64 (call $act (call $input_length))))
    (func (export "count")
      (global.set $count (i64.add (global.get $count) (i64.const 1)))
      (call $output_i64 (global.get $count)))
    ${workFuncs}
    (func (export "complain") (call $error_set (call $input_offset)))
    (func (export "trap") unreachable))`,
});
