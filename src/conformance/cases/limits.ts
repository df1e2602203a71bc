/** Cases: limits are enforced, and a stopped call leaves the plug-in usable. */
import type { Case } from './case.ts';
import { reporting, running } from './wat.ts';

const SPIN = `
  (func (export "spin") (result i32) (loop (br 0)) (i32.const 0))
  (func (export "good") (result i32) (call $output @text("good")) (i32.const 0))`;

const setVariable = (length: number): string =>
  running(`
    (local.set $a (call $alloc (i64.const ${length})))
    (call $var_set @text("k") (local.get $a))
    (call $output @text("stored"))
    (i32.const 0)`);

export const limits: readonly Case[] = [
  {
    id: 'limits/guest-pages',
    title: 'Linear memory does not grow beyond maxPages',
    source:
      'memory.grow returns -1 in Go, the call fails in Rust; the JavaScript SDK counts only its own blocks',
    load: { memory: { maxPages: 50 } },
    modules: {
      main: running(`
    (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1))
      (then (call $output @text("refused")))
      (else (call $output @text("grew"))))
    (i32.const 0)`),
    },
    calls: [{}],
    variants: { refuses: { output: 'refused' }, aborts: { error: true } },
  },
  {
    id: 'limits/kernel-pages',
    title: 'Blocks do not take more pages than maxPages',
    source: 'Rust, Go',
    load: { memory: { maxPages: 50 } },
    modules: {
      main: running(`
    (local.set $a (call $alloc (i64.const 33554432)))
    (if (i64.eqz (local.get $a)) (then (unreachable)))
    (call $store_u8 (i64.add (local.get $a) (i64.const 33554431)) (i32.const 1))
    (call $output @text("got it"))
    (i32.const 0)`),
    },
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'limits/variables',
    title: 'A variable beyond maxVarBytes fails the call; one below it is stored',
    source: 'Rust, Go, JavaScript 2',
    load: { memory: { maxVarBytes: 2000 } },
    modules: { main: setVariable(3000) },
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'limits/variables-fit',
    title: 'A variable well below maxVarBytes is stored',
    source: 'Rust, Go, JavaScript 2',
    load: { memory: { maxVarBytes: 2000 } },
    modules: { main: setVariable(900) },
    calls: [{ expect: { output: 'stored' } }],
  },
  {
    id: 'limits/variables-default',
    title: 'Without a setting, variables take a megabyte and no more',
    source: 'Rust, Go: 1 MiB',
    modules: { main: setVariable(2_000_000) },
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'limits/variables-zero',
    title: 'What a limit of 0 bytes for variables means',
    source: 'no variables are allowed in Rust and Go; no limit, or the default, elsewhere',
    load: { memory: { maxVarBytes: 0 } },
    modules: { main: setVariable(2_000_000) },
    calls: [{}],
    variants: { 'no limit': { output: 'stored' }, limited: { error: true } },
  },
  {
    id: 'limits/timeout',
    title: 'A call that never ends is stopped; the plug-in can be called again',
    source: 'Rust, JavaScript; in Go the plug-in is closed',
    load: { timeoutMs: 2000 },
    modules: { main: SPIN },
    calls: [
      { function: 'spin', expect: { error: true } },
      { function: 'good', expect: { output: 'good' } },
    ],
  },
  {
    id: 'limits/timeout-per-call',
    title: 'Each call has the whole time',
    source: 'Rust: the clock restarts for each call',
    load: { timeoutMs: 3000 },
    modules: {
      main: reporting('(call $say @str("n") (i64.const 1))'),
    },
    calls: [{ expect: { output: 'n=1\n' } }, { expect: { output: 'n=1\n' } }],
  },
  {
    id: 'limits/deep-recursion',
    title: 'A recursion of a thousand calls is not too deep',
    source: 'compilers rely on some depth',
    modules: {
      main: reporting(
        '(call $say @str("sum") (call $sum (i64.const 1000)))',
        `(func $sum (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0))
      (else (i64.add (local.get 0) (call $sum (i64.sub (local.get 0) (i64.const 1)))))))`,
      ),
    },
    calls: [{ expect: { output: 'sum=500500\n' } }],
  },
];
