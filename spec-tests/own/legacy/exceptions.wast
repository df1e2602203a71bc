;; Exceptions before Wasm 3.0.

(module
  (tag $e (param i32))
  (tag $f)
  (func $throws (param i32)
    (if (local.get 0) (then (throw $e (local.get 0))) (else (throw $f))))
  (func (export "catch") (param i32) (result i32)
    (try (result i32)
      (do (call $throws (local.get 0)) (i32.const -1))
      (catch $e)
      (catch_all (i32.const -2))))
  (func (export "rethrow") (param i32) (result i32)
    (try (result i32)
      (do
        (try $inner (result i32)
          (do (call $throws (local.get 0)) (i32.const -1))
          (catch_all (rethrow $inner))))
      (catch $e)))
  (func (export "delegate") (param i32) (result i32)
    (try $outer (result i32)
      (do
        (try (result i32)
          (do
            try (result i32)
              local.get 0
              call $throws
              i32.const -1
            delegate $outer)
          (catch_all (i32.const -3))))
      (catch $e)))
)
(assert_return (invoke "catch" (i32.const 4)) (i32.const 4))
(assert_return (invoke "catch" (i32.const 0)) (i32.const -2))
(assert_return (invoke "rethrow" (i32.const 5)) (i32.const 5))
(assert_exception (invoke "rethrow" (i32.const 0)))
(assert_return (invoke "delegate" (i32.const 6)) (i32.const 6))
