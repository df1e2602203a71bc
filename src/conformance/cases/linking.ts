/** Cases: several modules, and the initialisation of guest runtimes. */
import type { Case } from './case.ts';
import { reporting, running } from './wat.ts';

const WASI_IMPORT = '(import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))';

export const linking: readonly Case[] = [
  {
    id: 'linking/function',
    title: 'The main module calls a function of a linked one',
    source: 'all SDKs with linking',
    modules: {
      helper: '(func (export "triple") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3)))',
      main: reporting(
        '(call $say @str("triple") (call $triple (i64.const 14)))',
        '(import "helper" "triple" (func $triple (param i64) (result i64)))',
      ),
    },
    calls: [{ expect: { output: 'triple=42\n' } }],
  },
  {
    id: 'linking/one-kernel',
    title: 'All modules share the kernel: handles may be passed between them',
    source: 'all SDKs with linking',
    modules: {
      helper: '(func (export "greeting") (result i64) @text("from the helper"))',
      main: running(
        '(call $output (call $greeting)) (i32.const 0)',
        '(import "helper" "greeting" (func $greeting (result i64)))',
      ),
    },
    calls: [{ expect: { output: 'from the helper' } }],
  },
  {
    id: 'linking/one-instance',
    title: 'A linked module without _start is one instance, which keeps its state',
    source: 'Rust, Go, JavaScript',
    modules: {
      counter: `
  (global $n (mut i64) (i64.const 0))
  (func (export "next") (result i64) (global.set $n (i64.add (global.get $n) (i64.const 1))) (global.get $n))`,
      main: reporting(
        `
    (drop (call $next))
    (call $say @str("n") (call $next))`,
        '(import "counter" "next" (func $next (result i64)))',
      ),
    },
    calls: [{ expect: { output: 'n=2\n' } }, { expect: { output: 'n=4\n' } }],
  },
  {
    id: 'linking/chain',
    title: 'A linked module may use another one',
    source: 'all SDKs with linking',
    modules: {
      inner: '(func (export "one") (result i64) (i64.const 1))',
      outer: `
  (import "inner" "one" (func $one (result i64)))
  (func (export "two") (result i64) (i64.add (call $one) (call $one)))`,
      main: reporting(
        '(call $say @str("two") (call $two))',
        '(import "outer" "two" (func $two (result i64)))',
      ),
    },
    calls: [{ expect: { output: 'two=2\n' } }],
  },
  {
    id: 'linking/circle',
    title: 'Modules may import functions of each other, even several',
    source: 'Java SDK; the JavaScript SDK loses all but one function of a cycle',
    modules: {
      odd: `
  (import "even" "is_even" (func $is_even (param i64) (result i64)))
  (import "even" "zero" (func $zero (result i64)))
  (func (export "is_odd") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0)) (then (call $zero))
      (else (call $is_even (i64.sub (local.get 0) (i64.const 1))))))`,
      even: `
  (import "odd" "is_odd" (func $is_odd (param i64) (result i64)))
  (func (export "zero") (result i64) (i64.const 0))
  (func (export "is_even") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
      (else (call $is_odd (i64.sub (local.get 0) (i64.const 1))))))`,
      main: reporting(
        `
    (call $say @str("even(10)") (call $is_even (i64.const 10)))
    (call $say @str("even(7)") (call $is_even (i64.const 7)))`,
        '(import "even" "is_even" (func $is_even (param i64) (result i64)))',
      ),
    },
    calls: [{ expect: { output: 'even(10)=1\neven(7)=0\n' } }],
  },
  {
    id: 'linking/missing-function',
    title: 'A function that the linked module does not export does not link',
    source: 'all SDKs with linking',
    modules: {
      helper: '(func (export "there") (result i64) (i64.const 1))',
      main: reporting(
        '(call $say @str("v") (call $absent))',
        '(import "helper" "absent" (func $absent (result i64)))',
      ),
    },
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'linking/only-main',
    title: 'Only exports of the main module can be called from outside',
    source: 'all SDKs with linking',
    modules: {
      helper: '(func (export "hidden") (result i32) (i32.const 0))',
      main: running('(call $output @text("main")) (i32.const 0)'),
    },
    calls: [{ function: 'hidden', expect: { error: true } }, { expect: { output: 'main' } }],
  },
  {
    id: 'linking/trap-in-helper',
    title: 'A trap in a linked module fails the call; the plug-in can be called again',
    source: 'Wasm traps',
    modules: {
      helper: '(func (export "boom") (unreachable))',
      main: `
  (import "helper" "boom" (func $boom))
  (func (export "bad") (result i32) (call $boom) (i32.const 0))
  (func (export "good") (result i32) (call $output @text("good")) (i32.const 0))`,
    },
    calls: [
      { function: 'bad', expect: { error: true } },
      { function: 'good', expect: { output: 'good' } },
    ],
  },
];

const N = '(global $n (mut i64) (i64.const 0))';
const add = (digit: number): string =>
  `(global.set $n (i64.add (i64.mul (global.get $n) (i64.const 10)) (i64.const ${digit})))`;
const SHOW = '(call $say @str("n") (global.get $n))';

export const init: readonly Case[] = [
  {
    id: 'init/start-section',
    title: 'The start section runs, once',
    source: 'Wasm; all SDKs',
    modules: { main: reporting(SHOW, `${N} (start $s) (func $s ${add(1)})`) },
    calls: [{ expect: { output: 'n=1\n' } }, { expect: { output: 'n=1\n' } }],
  },
  {
    id: 'init/initialize',
    title: '_initialize of a reactor runs, once, before the first call',
    source: 'WASI application ABI; all SDKs where WASI is on',
    load: { wasi: true },
    modules: {
      main: reporting(
        `(drop (call $sched_yield)) ${SHOW}`,
        `${WASI_IMPORT} ${N} (func (export "_initialize") ${add(2)})`,
      ),
    },
    calls: [{ expect: { output: 'n=2\n' } }, { expect: { output: 'n=2\n' } }],
  },
  {
    id: 'init/initialize-without-wasi',
    title: '_initialize runs although the module imports no WASI',
    source: 'Rust and the JavaScript SDK',
    modules: { main: reporting(SHOW, `${N} (func (export "_initialize") ${add(2)})`) },
    calls: [{ expect: { output: 'n=2\n' } }],
  },
  {
    id: 'init/ctors',
    title: '__wasm_call_ctors runs if there is no _initialize',
    source: 'Rust, Go with WASI',
    modules: { main: reporting(SHOW, `${N} (func (export "__wasm_call_ctors") ${add(3)})`) },
    calls: [{ expect: { output: 'n=3\n' } }],
  },
  {
    id: 'init/haskell',
    title: 'hs_init is called with two zeros, after _initialize',
    source: 'Rust, Go',
    load: { wasi: true },
    modules: {
      main: reporting(
        `(drop (call $sched_yield)) ${SHOW}`,
        `${WASI_IMPORT} ${N} (func (export "_initialize") ${add(2)})
  (func (export "hs_init") (param i32 i32)
    (if (i32.eqz (i32.or (local.get 0) (local.get 1))) (then ${add(4)})))`,
      ),
    },
    calls: [{ expect: { output: 'n=24\n' } }],
  },
  {
    id: 'init/start-is-a-function',
    title: '_start is not run unless it is called',
    source: 'Rust, Go; JavaScript where the module imports WASI',
    load: { wasi: true },
    modules: {
      main: reporting(
        `(drop (call $sched_yield)) ${SHOW}`,
        `${WASI_IMPORT} ${N} (func (export "_start") ${add(5)})`,
      ),
    },
    calls: [{ expect: { output: 'n=0\n' } }],
  },
  {
    id: 'init/trap',
    title: 'A trap during initialisation fails',
    source: 'all SDKs',
    modules: { main: running('(i32.const 0)', '(start $s) (func $s (unreachable))') },
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'init/linked-first',
    title: 'Linked modules are initialised before the main one',
    source: 'Rust, JavaScript',
    modules: {
      helper: `${N} (start $s) (func $s ${add(7)}) (func (export "n") (result i64) (global.get $n))`,
      main: reporting(
        '(call $say @str("seen") (global.get $seen))',
        `(import "helper" "n" (func $n (result i64)))
  (global $seen (mut i64) (i64.const 0)) (start $s) (func $s (global.set $seen (call $n)))`,
      ),
    },
    calls: [{ expect: { output: 'seen=7\n' } }],
  },
];
