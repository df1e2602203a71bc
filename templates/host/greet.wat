;; A plug-in in the text format, to begin with: its greeting is the input in capital letters, by a function of the host.
(module
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/user" "shout" (func $shout (param i64) (result i64)))
  (func (export "greet") (result i32)
    (local $text i64)
    (local.set $text (call $shout (call $input_offset)))
    (call $output_set (local.get $text) (call $length (local.get $text)))
    (i32.const 0)))
