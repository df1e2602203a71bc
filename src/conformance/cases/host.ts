/** Cases: functions that the application supplies. */
import type { Case } from './case.ts';
import { reporting, running } from './wat.ts';

const sameI64 = (name: string, got: string, wanted: string): string =>
  `(call $say @str("${name}") (i64.extend_i32_u (i64.eq ${got} ${wanted})))`;

export const host: readonly Case[] = [
  {
    id: 'host/i64',
    title: 'Values of i64 cross exactly, in both directions',
    source: 'Wasm type i64',
    load: { functions: ['increment'] },
    modules: {
      main: reporting(
        [
          sameI64('small', '(call $increment (i64.const 41))', '(i64.const 42)'),
          sameI64(
            'beyond 2^53',
            '(call $increment (i64.const 9007199254740993))',
            '(i64.const 9007199254740994)',
          ),
          sameI64(
            'negative',
            '(call $increment (i64.const -9007199254740993))',
            '(i64.const -9007199254740992)',
          ),
          sameI64(
            'wrapping',
            '(call $increment (i64.const 0x7fffffffffffffff))',
            '(i64.const 0x8000000000000000)',
          ),
        ].join('\n'),
      ),
    },
    calls: [{ expect: { output: 'small=1\nbeyond 2^53=1\nnegative=1\nwrapping=1\n' } }],
  },
  {
    id: 'host/i32',
    title: 'Values of i32 wrap',
    source: 'Wasm type i32',
    load: { functions: ['add'] },
    modules: {
      main: reporting(`
    (call $say @str("sum") (i64.extend_i32_u (i32.eq (call $add (i32.const -7) (i32.const 3)) (i32.const -4))))
    (call $say @str("wrapping") (i64.extend_i32_u
      (i32.eq (call $add (i32.const 2147483647) (i32.const 1)) (i32.const -2147483648))))`),
    },
    calls: [{ expect: { output: 'sum=1\nwrapping=1\n' } }],
  },
  {
    id: 'host/floats',
    title: 'Values of f32 and f64 cross exactly',
    source: 'Wasm types f32, f64',
    load: { functions: ['double', 'halve', 'mix'] },
    modules: {
      main: reporting(`
    (call $say @str("f32") (i64.extend_i32_u (f32.eq (call $double (f32.const 0.1)) (f32.const 0.2))))
    (call $say @str("f64") (i64.extend_i32_u (f64.eq (call $halve (f64.const 0.1)) (f64.const 0.05))))
    (call $say @str("mixed") (i64.extend_i32_u (f64.eq
      (call $mix (i32.const -3) (i64.const 1099511627776) (f32.const 0.25) (f64.const 2.5))
      (f64.const 1099511627775.75))))`),
    },
    calls: [{ expect: { output: 'f32=1\nf64=1\nmixed=1\n' } }],
  },
  {
    id: 'host/blocks',
    title: 'A host function reads a block and returns a new one',
    source: 'CurrentPlugin of all SDKs',
    load: { functions: ['upper'] },
    modules: { main: running('(call $output (call $upper (call $input))) (i32.const 0)') },
    calls: [{ input: 'shout', expect: { output: 'SHOUT' } }],
  },
  {
    id: 'host/no-result',
    title: 'A host function without a result is called, in order',
    source: 'all SDKs',
    load: { functions: ['note'] },
    modules: {
      main: running(`
    (call $note @text("one"))
    (call $note @text("two"))
    (call $output @text("done"))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: 'done', calls: ['one', 'two'] } }],
  },
  {
    id: 'host/fails',
    title: 'A host function that fails ends the call with its message',
    source: 'all SDKs',
    load: { functions: ['fail'] },
    modules: {
      main: running(`
    (call $fail @text("no more tea"))
    (call $output @text("unreached"))
    (i32.const 0)`),
    },
    calls: [{ expect: { error: 'no more tea' } }],
  },
  {
    id: 'host/after-failure',
    title: 'After a host function failed, the plug-in can be called again',
    source: 'Rust, Go; nothing is rolled back',
    load: { functions: ['fail'] },
    modules: {
      main: `
  (func (export "bad") (result i32) (call $fail @text("no")) (i32.const 0))
  (func (export "good") (result i32) (call $output @text("good")) (i32.const 0))`,
    },
    calls: [
      { function: 'bad', expect: { error: 'no' } },
      { function: 'good', expect: { output: 'good' } },
    ],
  },
  {
    id: 'host/later',
    title: 'An asynchronous host function is waited for',
    source: 'SDKs with asynchronous host functions',
    load: { functions: ['later'] },
    modules: { main: running('(call $output (call $later (call $later (call $input)))) (i32.const 0)') },
    calls: [{ input: 'wait', expect: { output: 'WAIT' } }],
  },
  {
    id: 'host/missing',
    title: 'A host function that the application does not supply does not link',
    source: 'all SDKs',
    modules: { main: running('(drop (call $increment (i64.const 1))) (i32.const 0)') },
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'host/other-namespace',
    title: 'Functions are found by namespace and name: the same name elsewhere does not link',
    source: 'all SDKs',
    load: { functions: ['increment'] },
    modules: {
      main: `
  (import "elsewhere" "increment" (func $other (param i64) (result i64)))
  (func (export "run") (result i32) (drop (call $other (i64.const 1))) (i32.const 0))`,
    },
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
];
