;; Wide arithmetic.

(module
  (func (export "i64.add128") (param i64 i64 i64 i64) (result i64 i64)
    (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "i64.sub128") (param i64 i64 i64 i64) (result i64 i64)
    (i64.sub128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "i64.mul_wide_s") (param i64 i64) (result i64 i64)
    (i64.mul_wide_s (local.get 0) (local.get 1)))
  (func (export "i64.mul_wide_u") (param i64 i64) (result i64 i64)
    (i64.mul_wide_u (local.get 0) (local.get 1)))
)

(assert_return (invoke "i64.add128" (i64.const 0x8000000000000005) (i64.const 0x43) (i64.const 0x9) (i64.const 0x7)) (i64.const 0x800000000000000e) (i64.const 0x4a))
(assert_return (invoke "i64.add128" (i64.const 0x7) (i64.const 0xfffffffffffffffe) (i64.const 0x3) (i64.const 0x1234567890abcdef)) (i64.const 0xa) (i64.const 0x1234567890abcded))
(assert_return (invoke "i64.sub128" (i64.const 0x8000000000000005) (i64.const 0x43) (i64.const 0x9) (i64.const 0x7)) (i64.const 0x7ffffffffffffffc) (i64.const 0x3c))
(assert_return (invoke "i64.sub128" (i64.const 0x7) (i64.const 0xfffffffffffffffe) (i64.const 0x3) (i64.const 0x1234567890abcdef)) (i64.const 0x4) (i64.const 0xedcba9876f54320f))
(assert_return (invoke "i64.mul_wide_s" (i64.const 0x8000000000000005) (i64.const 0x43)) (i64.const 0x800000000000014f) (i64.const 0xffffffffffffffde))
(assert_return (invoke "i64.mul_wide_s" (i64.const 0x7) (i64.const 0xfffffffffffffffe)) (i64.const 0xfffffffffffffff2) (i64.const 0xffffffffffffffff))
(assert_return (invoke "i64.mul_wide_u" (i64.const 0x8000000000000005) (i64.const 0x43)) (i64.const 0x800000000000014f) (i64.const 0x21))
(assert_return (invoke "i64.mul_wide_u" (i64.const 0x7) (i64.const 0xfffffffffffffffe)) (i64.const 0xfffffffffffffff2) (i64.const 0x6))
