/** Programs for the compiler, continued: every trap inside of calls, NaNs of many payloads, memory to its edges. */
import type { Call } from './beside.ts';
import { type Source, withEach } from './source.ts';

/** Traps of each kind, three calls deep, with operands that wait in every frame. */
const trapping: readonly (readonly [name: string, code: string])[] = [
  ['unreachable', '(unreachable)'],
  ['divide', '(i32.div_s (local.get 0) (i32.sub (local.get 0) (local.get 0)))'],
  ['divideConstant', '(i32.div_u (local.get 0) (i32.const 0))'],
  ['remainder', '(i32.rem_u (i32.const 5) (i32.shl (local.get 0) (i32.const 31)))'],
  ['overflow', '(i32.div_s (i32.const 0x80000000) (i32.sub (i32.const -2) (i32.const -1)))'],
  [
    'divide64',
    '(i32.wrap_i64 (i64.div_s (i64.const 7) (i64.extend_i32_u (i32.and (local.get 0) (i32.const 0)))))',
  ],
  ['remainder64', '(i32.wrap_i64 (i64.rem_u (i64.const 7) (i64.const 0)))'],
  [
    'overflow64',
    '(i32.wrap_i64 (i64.div_s (i64.const 0x8000000000000000) (i64.extend_i32_s (i32.const -1))))',
  ],
  ['conversion', '(i32.trunc_f64_s (f64.div (f64.const 0) (f64.convert_i32_s (i32.const 0))))'],
  ['range', '(i32.trunc_f32_u (f32.convert_i32_s (i32.sub (i32.const 0) (local.get 0))))'],
  ['range64', '(i32.wrap_i64 (i64.trunc_f64_u (f64.const 1e20)))'],
  ['conversion64', '(i32.wrap_i64 (i64.trunc_f32_s (f32.const nan)))'],
  ['load8', '(i32.load8_u (i32.const 65536))'],
  ['load16', '(i32.load16_s (i32.const 65535))'],
  ['load32', '(i32.load (i32.sub (i32.const 65533) (i32.const 0)))'],
  ['load64', '(i32.wrap_i64 (i64.load (i32.const 65529)))'],
  ['loadFar', '(i32.load offset=0xffffffff (local.get 0))'],
  ['loadNegative', '(i32.load offset=8 (i32.sub (i32.const 0) (local.get 0)))'],
  ['loadFloat', '(i32.trunc_sat_f64_s (f64.load (i32.const 65530)))'],
  ['store8', '(i32.store8 (i32.const -1) (local.get 0)) (i32.const 0)'],
  ['store16', '(i32.store16 (i32.const 65535) (local.get 0)) (i32.const 0)'],
  ['store32', '(i32.store (i32.const 65533) (i32.const -1)) (i32.const 0)'],
  ['store64', '(i64.store (i32.const 65532) (i64.const -1)) (i32.const 0)'],
  ['store64Negative', '(i64.store (i32.const -4) (i64.const -1)) (i32.const 0)'],
  ['storeFloat', '(f32.store (i32.const 65534) (f32.const 1)) (i32.const 0)'],
  ['storeDouble', '(f64.store (i32.const 65529) (f64.const 1)) (i32.const 0)'],
  ['fill', '(memory.fill (i32.const 65530) (i32.const 1) (i32.const 7)) (i32.const 0)'],
  ['copy', '(memory.copy (i32.const 0) (i32.const 65530) (i32.const 7)) (i32.const 0)'],
  ['initialise', '(memory.init $data (i32.const 0) (i32.const 2) (i32.const 7)) (i32.const 0)'],
  ['element', '(call_indirect (type $t) (local.get 0) (i32.const 77))'],
  ['nothing', '(call_indirect (type $t) (local.get 0) (i32.const 3))'],
  ['type', '(call_indirect (type $other) (i32.const 1))'],
  ['drop', '(drop (i32.load (i32.const -8))) (i32.const 1)'],
  ['select', '(select (i32.load (i32.const -8)) (i32.const 1) (i32.const 0))'],
  ['local', '(local.set 0 (i32.div_u (i32.const 1) (i32.const 0))) (local.get 0)'],
  ['zero', '(i32.wrap_i64 (i64.and (i64.load (i32.const -9)) (i64.const 0)))'],
];
export const traps: Source = {
  text: `(module
    (type $t (func (param i32) (result i32)))
    (type $other (func (result i32)))
    (memory 1 1)
    (data $data "abc")
    (table 4 funcref)
    (elem (i32.const 0) ${trapping
      .map(([name]) => `$${name}`)
      .slice(0, 3)
      .join(' ')})
    (global $g (mut i64) (i64.const 1))
    ${trapping
      .map(
        ([name, code]) => `
    (func $${name} (type $t)
      (global.set $g (i64.add (global.get $g) (i64.const 5)))
      (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
      ${code})
    (func $${name}2 (param f64 i64) (result i64) (local i32)
      (local.set 2 (i32.const 3))
      (local.get 1) (f64.const 4) (local.get 0) (f64.add) (i64.trunc_sat_f64_s)
      (i64.extend_i32_s (call $${name} (local.get 2)))
      (i64.add) (i64.mul))
    (func (export "${name}") (param i32) (result i64)
      (i64.store (i32.const 0) (i64.const 0x0102030405060708))
      (i64.const 100) (local.get 0)
      (call $${name}2 (f64.convert_i32_s (local.get 0)) (i64.extend_i32_s (local.get 0)))
      (i64.const 1) (i64.add) (drop) (i64.extend_i32_s) (i64.sub))`,
      )
      .join('')})`,
  calls: withEach(
    trapping.map(([name]) => name),
    [12],
  ),
};

/** Payloads of NaNs, and numbers beside them. */
const payloads32 = [
  0x7fc00000n,
  0xffc00000n,
  0x7fa00001n,
  0xffa00001n,
  0x7fffffffn,
  0x80000000n,
  0x3fc00000n,
];
const payloads64 = [
  0x7ff8000000000000n,
  0xfff8000000000000n,
  0x7ff0000000000001n,
  0xfff4000000000001n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0x3ff8000000000000n,
];
export const nans: Source = {
  text: `(module
    (memory 1)
    (global $f (mut f32) (f32.const nan:0x200001))
    (global $d (mut f64) (f64.const -nan:0x4000000000001))
    (func $same32 (param f32) (result f32) (local.get 0))
    (func $same64 (param f64) (result f64) (local.get 0))
    ;; what the module, and before long the interpreter, has put into globals
    (func (export "globals") (result i32 i64 f32 f64)
      (i32.reinterpret_f32 (global.get $f)) (i64.reinterpret_f64 (global.get $d))
      (global.get $f) (f64.add (global.get $d) (f64.const 1)))
    (func (export "f32") (param i32) (result i32 i32 i32 i32 i32 i32 i32)
      (local $x f32) (local $y f32)
      (i32.store (i32.const 8) (local.get 0))
      (local.set $x (f32.load (i32.const 8)))
      ;; memory to memory, through a local, a global, a call, a block, a selection, arithmetic
      (f32.store (i32.const 16) (f32.load (i32.const 8)))
      (i32.load (i32.const 16))
      (f32.store (i32.const 20) (local.get $x))
      (i32.load (i32.const 20))
      (global.set $f (local.get $x))
      (i32.reinterpret_f32 (global.get $f))
      (i32.reinterpret_f32 (call $same32 (f32.load (i32.const 8))))
      (i32.reinterpret_f32 (block (result f32) (br_if 0 (local.get $x) (local.get 0))))
      (i32.reinterpret_f32 (select (local.get $x) (local.get $y) (i32.const 1)))
      (local.set $y (f32.add (local.get $x) (f32.const 1)))
      (i32.reinterpret_f32 (local.get $y)))
    (func (export "f64") (param i64) (result i64 i64 i64 i64 i64 i64 i64)
      (local $x f64) (local $y f64)
      (i64.store (i32.const 8) (local.get 0))
      (local.set $x (f64.load (i32.const 8)))
      (f64.store (i32.const 16) (f64.load (i32.const 8)))
      (i64.load (i32.const 16))
      (f64.store (i32.const 24) (local.get $x))
      (i64.load (i32.const 24))
      (global.set $d (local.get $x))
      (i64.reinterpret_f64 (global.get $d))
      (i64.reinterpret_f64 (call $same64 (f64.load (i32.const 8))))
      (i64.reinterpret_f64 (loop (result f64) (local.get $x)))
      (i64.reinterpret_f64 (select (local.get $y) (local.get $x) (i32.const 0)))
      (local.set $y (f64.div (local.get $x) (f64.const 0)))
      (i64.reinterpret_f64 (local.get $y)))
    (func (export "signs") (param f32 f64) (result f32 f32 f32 f64 f64 f64)
      (f32.neg (local.get 0)) (f32.abs (local.get 0)) (f32.copysign (local.get 0) (f32.const -1))
      (f64.neg (local.get 1)) (f64.abs (local.get 1)) (f64.copysign (f64.const 2) (local.get 1)))
    (func (export "widths") (param f32 f64) (result f64 f32 f32 f64 i32 i64)
      (f64.promote_f32 (local.get 0)) (f32.demote_f64 (local.get 1))
      (f32.min (local.get 0) (f32.const 1)) (f64.max (f64.const 1) (local.get 1))
      (i32.trunc_sat_f32_s (local.get 0)) (i64.trunc_sat_f64_u (local.get 1)))
    ;; NaNs that live in a loop: as its parameter, in a local and in memory
    (func (export "loop") (param $n i32) (param $x f64) (result f64 f32)
      (local $f f32) (local $y f64)
      (local.set $f (f32.reinterpret_i32 (i32.const 0x7fa00123)))
      (f64.reinterpret_i64 (i64.const 0xfff0_0000_0000_0077))
      (loop $l (param f64) (result f64)
        (local.set $y)
        (f64.store (i32.const 40) (local.get $y))
        (f64.load (i32.const 40))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (if (i32.eq (local.get $n) (i32.const 2)) (then (local.set $x (f64.sub (local.get $x) (f64.const 1)))))
        (br_if $l (i32.gt_s (local.get $n) (i32.const 0))))
      (f64.copysign (local.get $x))
      (local.get $f))
    ;; a local that only a part of the function looks at closely
    (func (export "afterLoop") (param $n i32) (param $bits i64) (result i64 f64 f32)
      (local $x f64) (local $y f64) (local $z f32)
      (i64.store (i32.const 48) (local.get $bits))
      (loop $l
        (local.set $x (f64.load (i32.const 48)))
        (local.set $z (f32.load (i32.const 52)))
        (local.set $y (f64.add (local.get $y) (f64.add (local.get $x) (f64.promote_f32 (local.get $z)))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (i32.gt_s (local.get $n) (i32.const 0))))
      (i64.reinterpret_f64 (local.get $x)) (local.get $y) (local.get $z))
    (func (export "constants") (result f32 f64 f32 f64)
      (f32.const nan:0x123) (f64.const -nan:0x1) (f32.const nan) (f64.const -nan)))`,
  calls: [
    ['globals'],
    ...payloads32.flatMap((bits): Call[] => [['f32', bits], ['globals']]),
    ...payloads64.flatMap((bits): Call[] => [['f64', bits], ['globals']]),
    ...payloads32.flatMap((bits, i): Call[] => [
      ['signs', bits, payloads64[i]!],
      ['widths', bits, payloads64[i]!],
    ]),
    ...payloads64.flatMap((bits): Call[] => [
      ['loop', 5n, bits],
      ['afterLoop', 4n, bits],
    ]),
    ['afterLoop', 4n, 0x7fa0_0001_0000_0000n],
    ['constants'],
  ],
};

const accesses: readonly (readonly [name: string, type: string, bytes: number])[] = [
  ['i32.load', 'i32', 4],
  ['i64.load', 'i64', 8],
  ['f32.load', 'f32', 4],
  ['f64.load', 'f64', 8],
  ['i32.load8_s', 'i32', 1],
  ['i32.load8_u', 'i32', 1],
  ['i32.load16_s', 'i32', 2],
  ['i32.load16_u', 'i32', 2],
  ['i64.load8_s', 'i64', 1],
  ['i64.load8_u', 'i64', 1],
  ['i64.load16_s', 'i64', 2],
  ['i64.load16_u', 'i64', 2],
  ['i64.load32_s', 'i64', 4],
  ['i64.load32_u', 'i64', 4],
  ['i32.store', 'i32', 4],
  ['i64.store', 'i64', 8],
  ['f32.store', 'f32', 4],
  ['f64.store', 'f64', 8],
  ['i32.store8', 'i32', 1],
  ['i32.store16', 'i32', 2],
  ['i64.store8', 'i64', 1],
  ['i64.store16', 'i64', 2],
  ['i64.store32', 'i64', 4],
];
const PAGE = 65536;
const offsets = [0, 1, 6, 0x7fff0000, 0x7fff0001, 0xfffffff8];
const numberOf: Readonly<Record<string, string>> = {
  i32: '(i32.const 0x81c2e384)',
  i64: '(i64.const 0x8192a3b4c5d6e7f8)',
  f32: '(f32.const -1.3)',
  f64: '(f64.const 1.7)',
};
export const memory: Source = {
  text: `(module
    (memory 1 3)
    (data (i32.const 0) "\\80\\ff\\7f\\01\\80\\c3\\d4\\65\\a1\\b2\\93\\84")
    (data (i32.const 65524) "\\80\\ff\\7f\\01\\80\\c3\\d4\\65\\a1\\b2\\93\\84")
    ${accesses
      .flatMap(([name, type]) =>
        offsets.map((offset) =>
          name.includes('load')
            ? `(func (export "${name} ${offset}") (param i32) (result ${type})
                (${name} offset=${offset} align=1 (local.get 0)))
               (func (export "${name} ${offset} sum") (param i32) (result ${type})
                (${name} offset=${offset} (i32.add (local.get 0) (i32.and (i32.const 0) (local.get 0)))))`
            : `(func (export "${name} ${offset}") (param i32)
                (${name} offset=${offset} (i32.sub (local.get 0) (i32.const 0)) ${numberOf[type]}))
               (func (export "${name} ${offset} local") (param i32) (local ${type})
                (local.set 1 ${numberOf[type]})
                (${name} offset=${offset} align=1 (local.get 0) (local.get 1)))`,
        ),
      )
      .join('\n')})`,
  calls: accesses.flatMap(([name, , bytes]) =>
    offsets.flatMap((offset) => {
      const ends = [PAGE - offset - bytes, PAGE - offset - bytes + 1].filter((at) => at >= 0);
      const addresses = offset > PAGE ? [0, -offset, -offset + 3, -1] : [0, 3, ...ends, PAGE, -1, -5, -8];
      const second = name.includes('load') ? 'sum' : 'local';
      return withEach([`${name} ${offset}`, `${name} ${offset} ${second}`], addresses);
    }),
  ),
};

/** Growth in the middle of loops and of calls, and operations of any size. */
export const growth: Source = {
  text: `(module
    (memory 1 6)
    (data $data "0123456789")
    (func (export "grow") (param $n i32) (result i32) (local $i i32) (local $s i32)
      (loop $l
        (i32.store (i32.mul (local.get $i) (i32.const 40000)) (i32.add (local.get $i) (i32.const 7)))
        (local.set $s (i32.add (local.get $s) (i32.load (i32.mul (local.get $i) (i32.const 40000)))))
        (if (i32.and (local.get $i) (i32.const 1))
          (then (local.set $s (i32.add (local.get $s) (memory.grow (i32.const 1))))))
        (local.set $s (i32.mul (local.get $s) (i32.add (memory.size) (i32.const 1))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
      (local.get $s))
    (func $more (param i32) (result i32)
      (i32.add (memory.grow (local.get 0)) (i32.load offset=4 (i32.const 65532))))
    (func (export "deep") (param i32) (result i32)
      (i32.store (i32.const 65536) (i32.const 99))
      (i32.add (i32.load (i32.const 0)) (call $more (local.get 0))))
    (func (export "sized") (param $n i32) (result i32)
      (memory.fill (i32.const 100) (i32.const 0x5a5) (local.get $n))
      (memory.copy (i32.const 110) (i32.const 96) (local.get $n))
      (memory.copy (i32.const 90) (i32.const 100) (local.get $n))
      (memory.init $data (i32.const 400) (i32.const 1) (i32.const 7))
      (i32.add (i32.load (i32.const 111)) (i32.load (i32.const 402))))
    ;; each takes more fuel than most amounts that are given out
    (func (export "large") (param $n i32) (result i32)
      (loop $l
        (memory.fill (i32.const 0) (local.get $n) (i32.const 60000))
        (i32.store (i32.const 60000) (i32.add (i32.load (i32.const 60000)) (i32.const 1)))
        (memory.copy (i32.const 3) (i32.const 50) (i32.const 40000))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (i32.gt_s (local.get $n) (i32.const 0))))
      (i32.load (i32.const 39998)))
    (func (export "dropped") (result i32) (data.drop $data)
      (memory.init $data (i32.const 0) (i32.const 0) (i32.const 1)) (memory.size)))`,
  calls: [
    ...withEach(['sized'], [0, 1, 13, 3000, 100_000]),
    ...withEach(['deep'], [0, 1]),
    ...withEach(['large'], [2, 7]),
    ...withEach(['grow'], [6, 9]),
    ['dropped'],
    ...withEach(['sized', 'deep'], [20]),
  ],
};
