;; Imports in lists under the name of their module.

(module
  (func (export "one") (result i32) (i32.const 1))
  (global (export "two") i32 (i32.const 2))
  (global (export "three") i32 (i32.const 3)))
(register "m")
(module
  (import "m" (item "one" (func $one (result i32))) (item "two" (global $two i32)))
  (import "m" (item "two") (item "three") (global i32))
  (func (export "sum") (result i32)
    (i32.add (call $one) (i32.add (global.get $two) (i32.add (global.get 1) (global.get 2))))))
(assert_return (invoke "sum") (i32.const 8))
(assert_unlinkable (module (import "m" (item "one") (item "four") (func (result i32)))) "unknown import")
(assert_malformed (module quote "(import \"m\" (item \"one\") (func $one))") "identifier not allowed")
