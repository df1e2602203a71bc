;; Memories whose pages are bytes.

(module
  (memory 3 10 (pagesize 1))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))
(assert_return (invoke "size") (i32.const 3))
(assert_trap (invoke "load" (i32.const 3)) "out of bounds memory access")
(assert_return (invoke "grow" (i32.const 4)) (i32.const 3))
(assert_return (invoke "load" (i32.const 6)) (i32.const 0))
(assert_malformed (module quote "(memory 1 (pagesize 3))") "invalid custom page size")
(assert_invalid (module (memory 1 (pagesize 2))) "invalid custom page size")
