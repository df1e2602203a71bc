/** Cases: the calling convention. */
import type { Case } from './case.ts';
import { reporting, running } from './wat.ts';

const ECHO = running('(call $output_set (call $input_offset) (call $input_length)) (i32.const 0)');

export const core: readonly Case[] = [
  {
    id: 'core/echo',
    title: 'Output is the range of kernel memory that the plug-in named, here its input',
    source: 'calling convention',
    modules: { main: ECHO },
    calls: [
      { input: 'Hello, Ada!', expect: { output: 'Hello, Ada!' } },
      { input: 'caf\u00e9 \u{1f980}', expect: { output: 'caf\u00e9 \u{1f980}' } },
    ],
  },
  {
    id: 'core/binary',
    title: 'Input and output are bytes: zeros and invalid UTF-8 come through',
    source: 'calling convention',
    modules: { main: ECHO },
    calls: [{ input: { hex: '00ff80c328eda08000' }, expect: { output: { hex: '00ff80c328eda08000' } } }],
  },
  {
    id: 'core/large',
    title: 'Input of a megabyte comes through',
    source: 'calling convention',
    modules: { main: ECHO },
    calls: [{ input: 'x'.repeat(1 << 20), expect: { output: 'x'.repeat(1 << 20) } }],
  },
  {
    id: 'core/copied-input',
    title: 'A plug-in reads its input byte by byte and word by word',
    source: 'kernel: input_load_u8, input_load_u64',
    modules: {
      main: reporting(`
    (call $say @str("length") (call $input_length))
    (call $say @str("first") (i64.extend_i32_u (call $input_load_u8 (i64.const 0))))
    (call $say @str("word") (call $input_load_u64 (i64.const 0)))`),
    },
    calls: [
      {
        input: '\u0001\u0002\u0003\u0004\u0000\u0000\u0000\u0000',
        expect: { output: 'length=8\nfirst=1\nword=67305985\n' },
      },
    ],
  },
  {
    id: 'core/input-end',
    title: 'After the end of the input a byte reads 0, and so does a word with any byte after it',
    source: 'kernel: input_load_u8, input_load_u64',
    modules: {
      main: reporting(`
    (call $say @str("byte") (i64.extend_i32_u (call $input_load_u8 (i64.const 4))))
    (call $say @str("word") (call $input_load_u64 (i64.const 0)))
    (call $say @str("far") (i64.extend_i32_u (call $input_load_u8 (i64.const 0x7fffffffffff))))`),
    },
    calls: [{ input: 'abcd', expect: { output: 'byte=0\nword=0\nfar=0\n' } }],
  },
  {
    id: 'core/no-input',
    title: 'Without input, length and offset are 0, and reads return 0',
    source: 'kernel: input_length, input_offset',
    modules: {
      main: reporting(`
    (call $say @str("length") (call $input_length))
    (call $say @str("offset") (call $input_offset))
    (call $say @str("byte") (i64.extend_i32_u (call $input_load_u8 (i64.const 0))))
    (call $say @str("word") (call $input_load_u64 (i64.const 0)))`),
    },
    calls: [{ expect: { output: 'length=0\noffset=0\nbyte=0\nword=0\n' } }],
  },
  {
    id: 'core/input-handle',
    title: 'The input is a block: its offset is a handle with its length',
    source: 'kernel: input_offset, length',
    modules: {
      main: reporting(`
    (call $say @str("length") (call $length (call $input_offset)))
    (call $say_block @str("text") (call $input_offset))`),
    },
    calls: [{ input: 'input', expect: { output: "length=5\ntext='input'\n" } }],
  },
  {
    id: 'core/sub-range',
    title: 'Output may be a part of a block',
    source: 'kernel: output_set',
    modules: {
      main: running(`
    (local.set $a @text("0123456789"))
    (call $output_set (i64.add (local.get $a) (i64.const 3)) (i64.const 4))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: '3456' } }],
  },
  {
    id: 'core/shorter-than-block',
    title: 'Output may be shorter than its block',
    source: 'kernel: output_set',
    modules: {
      main: running(`
    (call $output_set @text("0123456789") (i64.const 3))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: '012' } }],
  },
  {
    id: 'core/last-output',
    title: 'The last output counts',
    source: 'kernel: output_set',
    modules: {
      main: running(`
    (call $output @text("first"))
    (call $output @text("second"))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: 'second' } }],
  },
  {
    id: 'core/bad-output',
    title: 'An output outside of kernel memory is ignored; the preceding one stays',
    source: 'kernel: output_set',
    modules: {
      main: running(`
    (call $output @text("kept"))
    (call $output_set (i64.const 0x0123456789abcdef) (i64.const 4))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: 'kept' } }],
  },
  {
    id: 'core/freed-output',
    title: 'An output that was freed afterwards is still the output',
    source: 'kernel: free does not touch the output',
    modules: {
      main: running(`
    (local.set $a @text("freed"))
    (call $output (local.get $a))
    (call $free (local.get $a))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: 'freed' } }],
  },
  {
    id: 'core/empty-output',
    title: 'An output of length 0 is empty',
    source: 'kernel: output_set',
    modules: { main: running('(call $output_set @text("ab") (i64.const 0)) (i32.const 0)') },
    calls: [{ expect: { output: '' } }],
  },
  {
    id: 'core/no-output',
    title: 'A call without an output succeeds',
    source: 'SDKs differ: null, or empty',
    modules: { main: running('(i32.const 0)') },
    calls: [{}],
    variants: { null: { output: null }, empty: { output: '' } },
  },
  {
    id: 'core/no-old-output',
    title: 'The output of one call is not that of the next',
    source: 'kernel: reset before each call',
    modules: {
      main: `
  (func (export "first") (result i32) (call $output @text("old")) (i32.const 0))
  (func (export "second") (result i32)
    (call $output @text("new")) (i32.const 0))`,
    },
    calls: [
      { function: 'first', expect: { output: 'old' } },
      { function: 'second', expect: { output: 'new' } },
    ],
  },
  {
    id: 'core/no-result',
    title: 'A function without a result succeeds',
    source: 'return code 0 in Rust, Go, JavaScript',
    modules: { main: '(func (export "run") (call $output @text("done")))' },
    calls: [{ expect: { output: 'done' } }],
  },
  {
    id: 'core/state',
    title: 'Globals and linear memory stay from call to call',
    source: 'one instance for all calls',
    modules: {
      main: reporting(
        `
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (call $say @str("n") (i64.extend_i32_u (global.get $n)))`,
        '(global $n (mut i32) (i32.const 0))',
      ),
    },
    calls: [
      { expect: { output: 'n=1\n' } },
      { expect: { output: 'n=2\n' } },
      { expect: { output: 'n=3\n' } },
    ],
  },
  {
    id: 'core/missing-function',
    title: 'A function that is not exported fails the call, and only the call',
    source: 'all SDKs',
    modules: { main: running('(call $output @text("fine")) (i32.const 0)') },
    calls: [{ function: 'reticulate_splines', expect: { error: true } }, { expect: { output: 'fine' } }],
  },
  {
    id: 'core/not-a-function',
    title: 'An export that is not a function cannot be called',
    source: 'all SDKs',
    modules: { main: running('(i32.const 0)') },
    calls: [{ function: 'memory', expect: { error: true } }],
  },
  {
    id: 'core/inherited-name',
    title: 'Names such as "constructor" and "toString" are not functions of the plug-in',
    source: 'exports are looked up by name, not as properties',
    modules: { main: running('(i32.const 0)') },
    calls: [
      { function: 'constructor', expect: { error: true } },
      { function: 'toString', expect: { error: true } },
      { function: '__proto__', expect: { error: true } },
    ],
  },
  {
    id: 'core/unknown-import',
    title: 'A function that the kernel does not have cannot be imported',
    source: 'all SDKs',
    modules: {
      main: `
  (import "extism:host/env" "reticulate_splines" (func $splines (param i64)))
  (func (export "run") (result i32) (i32.const 0))`,
    },
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'core/wrong-import-type',
    title: 'A kernel function that is imported with another type does not link',
    source: 'Rust, Go; in JavaScript it fails at the first use',
    modules: {
      main: `
  (import "extism:host/env" "length" (func $length32 (param i32) (result i32)))
  (func (export "run") (result i32) (drop (call $length32 (i32.const 77))) (i32.const 0))`,
    },
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'core/same-import-twice',
    title: 'The same function may be imported twice',
    source: 'plug-ins made with the Go PDK do',
    modules: {
      main: `
  (import "extism:host/env" "input_length" (func $one (result i64)))
  (import "extism:host/env" "input_length" (func $two (result i64)))
  (func (export "run") (result i32)
    (call $say @str("same") (i64.extend_i32_u (i64.eq (call $one) (call $two)))) (call $report) (i32.const 0))`,
    },
    calls: [{ input: 'abc', expect: { output: 'same=1\n' } }],
  },
  {
    id: 'core/all-kernel-functions',
    title: 'Every function of the kernel can be imported',
    source: 'kernel: exports; the JavaScript SDKs lack some',
    modules: {
      main: reporting(`
    (call $say @str("managed") (i64.extend_i32_u (i64.gt_u (call $memory_bytes) (i64.const 0))))
    (local.set $a @text("0123456789"))
    (call $input_set (local.get $a) (i64.const 4))
    (call $say @str("input") (call $input_length))
    (call $output_set (local.get $a) (i64.const 7))
    (call $say @str("output") (call $output_length))
    (call $say @str("there") (i64.extend_i32_u (i64.eq (call $output_offset) (local.get $a))))
    (call $reset)
    (call $say @str("input") (call $input_length))
    (call $say @str("output") (call $output_length))`),
    },
    calls: [{ expect: { output: 'managed=1\ninput=4\noutput=7\nthere=1\ninput=0\noutput=0\n' } }],
  },
];
