/**
 * Small programs for the compiler, in text: constructs of control, calls with operands that wait, globals. Each with
 * the calls that are made of it.
 */
import { growth, memory, nans, traps } from './memory-programs.ts';
import { type Source, withEach } from './source.ts';

const control: Source = {
  text: `(module
    (global $seen (mut i32) (i32.const 0))
    (func $note (param i32) (result i32)
      (global.set $seen (i32.add (i32.mul (global.get $seen) (i32.const 31)) (local.get 0)))
      (global.get $seen))
    ;; br_table with values, to labels that share targets, out of a block, a loop and the function
    (func (export "table") (param $n i32) (result i32) (local $i i32)
      (block $out (result i32)
        (block $two (result i32)
          (loop $again (result i32)
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (block $one (result i32)
              (i32.mul (local.get $i) (i32.const 100))
              (br_table $one $two $one $out $two 4
                (i32.add (local.get $n) (local.get $i))))
            (br_if $two (i32.gt_s (local.get $i) (i32.const 4)))
            (drop)
            (br $again)))
        (i32.add (i32.const 1)))
      (i32.add (i32.const 2)))
    (func (export "bareTable") (param $n i32) (result i32)
      (block (block (block (block
        (br_table 0 1 2 0 3 (local.get $n)))
        (return (call $note (i32.const 10))))
        (drop (call $note (i32.const 11))))
        (return (i32.add (call $note (i32.const 12)) (local.get $n))))
      (i32.const 13))
    ;; blocks and loops that take and give several values of all types
    (func (export "values") (param $n i32) (result i32 i64 f32 f64) (local $i i32)
      (i32.const 1) (i64.const 0x1_0000_0001) (f32.const 1.5) (f64.const -0.25)
      (loop $l (param i32 i64 f32 f64) (result i32 i64 f32 f64)
        (block (param i32 i64 f32 f64) (result f64 i32 f32 i64)
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (call $shuffle))
        (call $back)
        (br_if $l (i32.lt_u (local.get $i) (local.get $n)))))
    (func $shuffle (param i32 i64 f32 f64) (result f64 i32 f32 i64)
      (f64.add (local.get 3) (f64.const 3)) (i32.xor (local.get 0) (i32.const -7))
      (f32.mul (local.get 2) (f32.const -1.25)) (i64.mul (local.get 1) (i64.const 0x1_0000_0003)))
    (func $back (param f64 i32 f32 i64) (result i32 i64 f32 f64)
      (local.get 1) (local.get 3) (local.get 2) (local.get 0))
    ;; parameters of a loop change places at the way back
    (func (export "swap") (param $n i32) (result i64 i64) (local $a i32) (local $x i64)
      (i32.const 3) (i32.const 5) (i64.const 7) (i64.const 11)
      (loop $l (param i32 i32 i64 i64) (result i64 i64)
        (i64.add (i64.const 1))
        (call $turn)
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (i32.gt_s (local.get $n) (i32.const 0)))
        (local.set $x) (local.set $x (i64.add (local.get $x))) (local.set $a)
        (i64.add (i64.extend_i32_s (i32.sub (local.get $a))) (i64.const 3))
        (local.get $x)))
    (func $turn (param i32 i32 i64 i64) (result i32 i32 i64 i64)
      (local.get 1) (local.get 0) (local.get 3) (local.get 2))
    ;; ways of an if: with and without else, with parameters, left by branches
    (func (export "ifs") (param $n i32) (result i32) (local $r i32)
      (local.get $n)
      (if (param i32) (result i32) (i32.and (local.get $n) (i32.const 1))
        (then (i32.add (i32.const 10)) (br_if 0 (i32.and (local.get $n) (i32.const 2))) (i32.mul (i32.const 3)))
        (else (drop) (i32.const 77)))
      (local.set $r)
      (if $q (i32.gt_s (local.get $n) (i32.const 4)) (then
        (local.set $r (i32.add (local.get $r) (i32.const 1000)))
        (br_if $q (i32.eq (local.get $n) (i32.const 6)))
        (local.set $r (i32.add (local.get $r) (i32.const 5000)))))
      (if (i32.eqz (local.get $n)) (then (return (i32.const -1))))
      (local.get $r))
    ;; operands wait while locals that they were read from change
    (func (export "operands") (param $n i32) (result i32) (local $l i64)
      (local.get $n)
      (i64.const 5) (local.set $l)
      (local.get $l)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (local.set $l (i64.sub (local.get $l) (i64.extend_i32_s (local.get $n))))
      (local.get $l)
      (local.tee $l (i64.const 9))
      (i64.mul) (i64.add) (i32.wrap_i64)
      (local.get $n)
      (local.tee $n (call $note (local.get $n)))
      (block (param i32 i32 i32) (result i32)
        (br_if 0 (i32.add) (i32.and (local.get $n) (i32.const 1)))
        (i32.sub))
      (i32.add))
    ;; a condition that is worked out while another operand waits to be
    (func (export "waiting") (param $n i32) (result i64) (local $l i64)
      (local.set $l (i64.const 0x7_0000_0009))
      (select (local.get $l) (i64.const 5) (local.get $n))
      (if (param i64) (result i64) (i32.lt_s (local.get $n) (i32.const 3))
        (then (i64.add (i64.const 1))) (else (i64.sub (i64.const 2)))))
    ;; what stands after an unconditional transfer is not run
    (func (export "unreachable") (param $n i32) (result i32)
      (block (result i32)
        (block
          (br_if 0 (local.get $n))
          (br 1 (i32.const 4))
          (loop (br 0)) (drop (i32.div_s (i32.const 1) (i32.const 0)))
          (if (i32.const 1) (then (unreachable)) (else (nop))))
        (return (i32.const 6))
        (i32.const 8) (block (param i32) (result i32) (br 1))))
    (func (export "nested") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
      (loop $a
        (local.set $j (i32.const 0))
        (block $b
          (loop $c
            (local.set $s (i32.add (local.get $s) (i32.mul (local.get $i) (local.get $j))))
            (br_if $b (i32.gt_u (local.get $j) (i32.const 6)))
            (local.set $j (i32.add (local.get $j) (i32.const 1)))
            (br_if $c (i32.lt_u (local.get $j) (local.get $n)))
            (if (i32.rem_u (local.get $i) (i32.const 3)) (then (br $b)))
            (local.set $s (i32.xor (local.get $s) (i32.const 0x55)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $a (i32.lt_u (local.get $i) (local.get $n))))
      (local.get $s)))`,
  calls: [
    ...withEach(
      ['table', 'bareTable', 'ifs', 'operands', 'waiting', 'unreachable'],
      [0, 1, 2, 3, 4, 6, 9, -1],
    ),
    ...withEach(['values', 'swap', 'nested'], [0, 1, 2, 5, 9]),
  ],
};

const calls: Source = {
  text: `(module
    (type $binary (func (param i32 i32) (result i32)))
    (type $wide (func (param i64 f64 i32) (result f64 i64)))
    (table 8 funcref)
    (elem (i32.const 0) $add $sub $fib2 $wide)
    (global $depth (mut i32) (i32.const 0))
    (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
    (func $sub (type $binary) (i32.sub (local.get 0) (local.get 1)))
    (func $fib2 (type $binary) (i32.mul (call $fib (local.get 0)) (local.get 1)))
    (func $wide (type $wide)
      (f64.add (local.get 1) (f64.convert_i32_s (local.get 2)))
      (i64.rotl (local.get 0) (i64.extend_i32_u (local.get 2))))
    (func $fib (export "fib") (param i32) (result i32)
      (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0)) (else
        (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                 (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    ;; recursion with operands of every type that wait, and two results
    (func $mixed (export "mixed") (param i32) (result i64 f64)
      (local $a i64) (local $b f64)
      (if (i32.eqz (local.get 0)) (then (return (i64.const 0x1234_5678_9abc_def0) (f64.const 0.5))))
      (i64.const 3) (i64.extend_i32_s (local.get 0)) (i64.mul)
      (f64.convert_i32_s (local.get 0)) (f32.const 2.5)
      (call $mixed (i32.sub (local.get 0) (i32.const 1)))
      (local.set $b) (local.set $a)
      (f64.promote_f32) (f64.mul) (f64.add (local.get $b))
      (local.set $b)
      (i64.add (local.get $a))
      (local.get $b))
    (func $even (export "even") (param i64) (result i32)
      (if (result i32) (i64.eqz (local.get 0)) (then (i32.const 1))
        (else (call $odd (i64.sub (local.get 0) (i64.const 1))))))
    (func $odd (param i64) (result i32)
      (if (result i32) (i64.eqz (local.get 0)) (then (i32.const 0))
        (else (call $even (i64.sub (local.get 0) (i64.const 1))))))
    (func (export "indirect") (param i32) (result i32)
      (i32.add (i32.const 1000)
        (i32.mul (i32.const 3)
          (call_indirect (type $binary) (i32.const 9) (i32.const 4) (local.get 0)))))
    (func (export "indirectWide") (param i32) (result i64) (local i64)
      (i64.const 0x77)
      (call_indirect (type $wide) (i64.const 0xf0f0_0000_0000_0001) (f64.const 1.5) (i32.const 5)
        (i32.add (local.get 0) (i32.const 3)))
      (local.set 1) (i64.trunc_sat_f64_s) (i64.add) (i64.add (local.get 1)))
    (func (export "each") (param $n i32) (result i32) (local $i i32) (local $s i32)
      (loop $l
        (local.set $s (call_indirect (type $binary) (local.get $s) (local.get $i)
          (i32.rem_u (local.get $i) (i32.const 3))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_s (local.get $i) (local.get $n))))
      (local.get $s))
    ;; as deep as it goes: small frames, and frames of many locals
    (func $down (export "down") (param i32) (result i32)
      (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
      (i32.add (call $down (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
    (func $broad (export "broad") (param i32) (result i32)
      (local i64 i64 i64 i64 i64 i64 i64 i64 f64 f64 f64 f64 i32 i32 i32 i32)
      (local.set 3 (i64.extend_i32_s (local.get 0)))
      (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
      (if (i32.eq (global.get $depth) (i32.const 1_000_000)) (then (return (i32.const 0))))
      (i32.wrap_i64 (i64.add (i64.extend_i32_u (call $broad (i32.add (local.get 0) (i32.const 1))))
        (local.get 3)))))`,
  calls: [
    ...withEach(['fib'], [0, 1, 7, 11]),
    ...withEach(['mixed'], [0, 1, 5, 40]),
    ['even', 0n],
    ['even', 31n],
    ['even', 200n],
    ...withEach(['indirect', 'indirectWide'], [0, 1, 2, 3, 5, 8, -1]),
    ...withEach(['each'], [1, 10]),
    ...withEach(['down', 'broad'], [0]),
    // A call that went as deep as it could leaves nothing.
    ...withEach(['fib'], [8]),
  ],
};

const globals: Source = {
  text: `(module
    (global $i (export "i") (mut i32) (i32.const -3))
    (global $l (export "l") (mut i64) (i64.const -0x1_0000_0000))
    (global $f (export "f") (mut f32) (f32.const -0))
    (global $d (export "d") (mut f64) (f64.const inf))
    (global $c i64 (i64.const 0x7fff_ffff_ffff_ffff))
    (func $set (param i32)
      (global.set $i (i32.add (global.get $i) (local.get 0)))
      (global.set $l (i64.add (global.get $l) (global.get $c)))
      (global.set $f (f32.sub (global.get $f) (f32.convert_i32_s (local.get 0))))
      (global.set $d (f64.sub (global.get $d) (f64.promote_f32 (global.get $f)))))
    ;; a global is read before a call that changes it, and used after
    (func (export "around") (param $n i32) (result i32 i64 f32 f64)
      (loop $l
        (global.get $i) (global.get $l) (global.get $f) (global.get $d)
        (call $set (local.get $n))
        (global.set $d) (global.set $f) (global.set $l) (global.set $i)
        (call $set (local.get $n))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (i32.gt_s (local.get $n) (i32.const 0))))
      (global.get $i) (global.get $l) (global.get $f) (global.get $d)))`,
  calls: withEach(['around'], [1, 4, 0]),
};

/** Functions and loops that begin with a call, of callees that need more than they do: left before it, they stand
 * where they were entered. */
export const callsInFront: Source = {
  text: `(module
    (global $g (mut i32) (i32.const 0))
    (func $dear (global.set $g (i32.add (global.get $g) (i32.const 1)))
      (global.set $g (i32.mul (global.get $g) (i32.const 3))) (global.set $g (i32.xor (global.get $g) (i32.const 5))))
    (func $dearer (call $dear) (call $dear))
    (func $same (param i32) (result i32) (local.get 0) (call $dear) (i32.add (i32.const 1)))
    (func $first (export "first") (call $dearer))
    (func (export "twice") (param $n i32) (call $first) (call $first))
    (func (export "loops") (param $n i32)
      (loop $l
        (call $dear)
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "inner") (param $n i32)
      (loop $l
        (loop (loop (call $first)))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "brings") (param $n i32) (result i32)
      (local.get $n)
      (loop $l (param i32) (result i32)
        (call $same)
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`,
  calls: [['first'], ...withEach(['twice', 'loops', 'inner', 'brings'], [3])],
};

/** As deep as it goes by default. */
export const deepCalls: Source = { ...calls, calls: withEach(['down', 'fib', 'broad', 'fib'], [5]) };

/** Programs, of which no call is deep. */
export const sources: Readonly<Record<string, Source>> = {
  control,
  'calls with a small stack': { ...calls, maxStackSlots: 900 },
  'calls of little depth': { ...calls, maxCallDepth: 9 },
  traps,
  nans,
  memory,
  growth,
  globals,
};
