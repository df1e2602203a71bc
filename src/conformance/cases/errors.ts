/** Cases: the ways in which a call fails. */
import type { Case } from './case.ts';
import { running } from './wat.ts';

/** A plug-in with a call that fails and one that works. */
const failing = (body: string, others = ''): string =>
  `${others}
  (func (export "bad") (result i32) (local $a i64)
${body})
  (func (export "good") (result i32) (call $output @text("good")) (i32.const 0))`;

const thenWorks = (expected: true | string): Case['calls'] => [
  { function: 'bad', expect: { error: expected } },
  { function: 'good', expect: { output: 'good' } },
];

const trap = (name: string, title: string, body: string, others = ''): Case => ({
  id: `errors/${name}`,
  title: `${title} fails the call; the plug-in can be called again`,
  source: 'Wasm traps; nothing is rolled back',
  modules: { main: failing(body, others) },
  calls: thenWorks(true),
});

export const errors: readonly Case[] = [
  {
    id: 'errors/message',
    title: 'A message and a return code fail the call with the message',
    source: 'all SDKs',
    modules: { main: failing('(call $error_set @text("deliberate: caf\\c3\\a9")) (i32.const 1)') },
    calls: thenWorks('deliberate: caf\u00e9'),
  },
  {
    id: 'errors/message-only',
    title: 'A message fails the call even with return code 0',
    source: 'Rust, Go, JavaScript',
    modules: {
      main: failing('(call $error_set @text("deliberate")) (call $output @text("out")) (i32.const 0)'),
    },
    calls: thenWorks('deliberate'),
  },
  {
    id: 'errors/return-code',
    title: 'A return code other than 0 fails the call, even without a message',
    source: 'Rust and Java; Go returns the code, JavaScript loses it',
    modules: { main: failing('(call $output @text("out")) (i32.const 7)') },
    calls: thenWorks(true),
  },
  {
    id: 'errors/cleared',
    title: 'error_set(0) clears a message',
    source: 'kernel: error_set',
    modules: {
      main: running(`
    (call $error_set @text("never mind"))
    (call $error_set (i64.const 0))
    (call $output @text("fine"))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: 'fine' } }],
  },
  {
    id: 'errors/bad-handle',
    title: 'error_set of a bad address is ignored',
    source: 'kernel: error_set',
    modules: {
      main: running(`
    (call $error_set (i64.const 0x0123456789abcdef))
    (call $output @text("fine"))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: 'fine' } }],
  },
  {
    id: 'errors/get',
    title: 'error_get returns the handle of the message, 0 before',
    source: 'kernel: error_get',
    modules: {
      main: running(`
    (local.set $a @text("x"))
    (if (i64.ne (call $error_get) (i64.const 0)) (then (return (i32.const 1))))
    (call $error_set (local.get $a))
    (if (i64.ne (call $error_get) (local.get $a)) (then (return (i32.const 2))))
    (call $error_set (i64.const 0))
    (call $output @text("fine"))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: 'fine' } }],
  },
  {
    id: 'errors/not-in-next-call',
    title: 'A message is gone in the next call',
    source: 'kernel: reset before each call',
    modules: {
      main: failing('(call $error_set @text("once")) (i32.const 0)'),
    },
    calls: [
      { function: 'bad', expect: { error: 'once' } },
      { function: 'good', expect: { output: 'good' } },
      { function: 'bad', expect: { error: 'once' } },
    ],
  },
  trap('unreachable', 'unreachable', '(unreachable)'),
  trap('divide-by-zero', 'A division by zero', '(i32.div_u (i32.const 1) (i32.const 0))'),
  trap(
    'division-overflow',
    'The division that overflows',
    '(i32.div_s (i32.const 0x80000000) (i32.const -1))',
  ),
  trap(
    'bad-conversion',
    'Converting a NaN to an integer',
    '(i32.trunc_f64_s (f64.div (f64.const 0) (f64.const 0)))',
  ),
  trap('memory-bounds', 'Reading out of the bounds of memory', '(i32.load (i32.const 0x7fffff00))'),
  trap(
    'table-bounds',
    'An indirect call out of bounds of its table',
    '(call_indirect $t (result i32) (i32.const 9))',
    '(table $t 1 funcref)',
  ),
  trap(
    'indirect-type',
    'An indirect call with the wrong type',
    '(call_indirect $t (param i64) (result i32) (i64.const 1) (i32.const 0))',
    '(table $t 1 funcref) (elem (i32.const 0) $f) (func $f (result i32) (i32.const 0))',
  ),
  {
    id: 'errors/recursion',
    title: 'Recursion without end fails the call; the plug-in can be called again',
    source: 'Wasm: call stack exhausted',
    modules: {
      main: failing(
        '(call $deep (i32.const 1))',
        '(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))',
      ),
    },
    calls: thenWorks(true),
  },
  {
    id: 'errors/trap-with-message',
    title: 'A message that was set before a trap is reported',
    source: 'Rust; JavaScript loses it',
    modules: { main: failing('(call $error_set @text("assertion failed")) (unreachable)') },
    calls: [{ function: 'bad' }],
    variants: { message: { error: 'assertion failed' }, trap: { error: true } },
  },
  {
    id: 'errors/exit',
    title: 'proc_exit with a code fails the call with an error that can be read',
    source: 'Rust, Go; the JavaScript SDK rejects with a symbol',
    load: { wasi: true },
    modules: {
      main: running(
        '(call $proc_exit (i32.const 3)) (i32.const 0)',
        '(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))',
      ),
    },
    calls: [{ expect: { error: '3' } }],
  },
  {
    id: 'errors/clean-exit',
    title: 'proc_exit(0) is a success with its output',
    source: 'Rust, Go; the JavaScript SDK rejects',
    load: { wasi: true },
    modules: {
      main: running(
        '(call $output @text("bye")) (call $proc_exit (i32.const 0)) (i32.const 0)',
        '(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))',
      ),
    },
    calls: [{ expect: { output: 'bye' } }],
  },
];
