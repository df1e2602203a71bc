;; Waits, notifications and fences; a thread that stores what another one waits for.

(module $mem (memory (export "shared") 1 1 shared))
(register "mem" $mem)
(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "fence") (atomic.fence))
  (func (export "wait32") (param i32) (result i32)
    (memory.atomic.wait32 (i32.const 0) (local.get 0) (i64.const 1)))
  (func (export "wait64") (param i64) (result i32)
    (memory.atomic.wait64 (i32.const 8) (local.get 0) (i64.const 1)))
  (func (export "unaligned") (drop (i32.atomic.load (i32.const 1)))))
(assert_return (invoke "fence"))
(assert_return (invoke "wait32" (i32.const 1)) (i32.const 1))
(assert_return (invoke "wait32" (i32.const 0)) (i32.const 2))
(assert_return (invoke "wait64" (i64.const 1)) (i32.const 1))
(assert_trap (invoke "unaligned") "unaligned atomic")

(thread $T (shared (module $mem))
  (register "mem" $mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run") (i32.atomic.store (i32.const 16) (i32.const 5))))
  (invoke "run"))
(wait $T)
(module (memory (import "mem" "shared") 1 1 shared)
  (func (export "read") (result i32) (i32.atomic.load (i32.const 16))))
(assert_return (invoke "read") (i32.const 5))
