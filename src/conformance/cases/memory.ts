/** Cases: blocks of kernel memory. They require what the official kernel does. */
import type { Case } from './case.ts';
import { reporting, running } from './wat.ts';

export const memory: readonly Case[] = [
  {
    id: 'memory/blocks',
    title: 'Blocks have handles other than 0, the requested length, and separate room',
    source: 'kernel: alloc, length, store_u8, load_u8',
    modules: {
      main: reporting(`
    (local.set $a (call $alloc (i64.const 100)))
    (local.set $b (call $alloc (i64.const 1)))
    (call $fill (local.get $a) (i64.const 100) (i32.const 7))
    (call $store_u8 (local.get $b) (i32.const 255))
    (call $say @str("null") (i64.extend_i32_u (i64.eqz (local.get $a))))
    (call $say @str("distinct") (i64.extend_i32_u (i64.ne (local.get $a) (local.get $b))))
    (call $say @str("a") (call $length (local.get $a)))
    (call $say @str("b") (call $length (local.get $b)))
    (call $say @str("last of a") (i64.extend_i32_u (call $load_u8 (i64.add (local.get $a) (i64.const 99)))))
    (call $say @str("first of b") (i64.extend_i32_u (call $load_u8 (local.get $b))))`),
    },
    calls: [{ expect: { output: 'null=0\ndistinct=1\na=100\nb=1\nlast of a=7\nfirst of b=255\n' } }],
  },
  {
    id: 'memory/words',
    title: 'Words are little-endian and need no alignment',
    source: 'kernel: store_u64, load_u64',
    modules: {
      main: reporting(`
    (local.set $a (call $alloc (i64.const 32)))
    (call $store_u64 (i64.add (local.get $a) (i64.const 5)) (i64.const 0x1122334455667788))
    (call $say @str("low") (i64.extend_i32_u (call $load_u8 (i64.add (local.get $a) (i64.const 5)))))
    (call $say @str("high") (i64.extend_i32_u (call $load_u8 (i64.add (local.get $a) (i64.const 12)))))
    (call $say @str("word") (call $load_u64 (i64.add (local.get $a) (i64.const 5))))`),
    },
    calls: [{ expect: { output: 'low=136\nhigh=17\nword=1234605616436508552\n' } }],
  },
  {
    id: 'memory/low-byte',
    title: 'store_u8 keeps the low eight bits',
    source: 'kernel: store_u8',
    modules: {
      main: reporting(`
    (local.set $a (call $alloc (i64.const 1)))
    (call $store_u8 (local.get $a) (i32.const 0x1234))
    (call $say @str("byte") (i64.extend_i32_u (call $load_u8 (local.get $a))))`),
    },
    calls: [{ expect: { output: 'byte=52\n' } }],
  },
  {
    id: 'memory/alloc-zero',
    title: 'A block of length 0 is the null handle',
    source: 'kernel: alloc',
    modules: { main: reporting('(call $say @str("handle") (call $alloc (i64.const 0)))') },
    calls: [{ expect: { output: 'handle=0\n' } }],
  },
  {
    id: 'memory/alloc-too-much',
    title: 'A block that is too large is the null handle, not a failure',
    source: 'kernel: alloc',
    modules: { main: reporting('(call $say @str("handle") (call $alloc (i64.const 0x100000000)))') },
    calls: [{ expect: { output: 'handle=0\n' } }],
  },
  {
    id: 'memory/grows',
    title: 'Kernel memory grows: a block of 4 MiB is usable to its last byte',
    source: 'kernel: alloc',
    modules: {
      main: reporting(`
    (local.set $a (call $alloc (i64.const 4194304)))
    (call $store_u8 (i64.add (local.get $a) (i64.const 4194303)) (i32.const 171))
    (call $say @str("length") (call $length (local.get $a)))
    (call $say @str("last") (i64.extend_i32_u (call $load_u8 (i64.add (local.get $a) (i64.const 4194303)))))`),
    },
    calls: [{ expect: { output: 'length=4194304\nlast=171\n' } }],
  },
  {
    id: 'memory/fresh-is-zero',
    title: 'A block of a fresh call reads 0',
    source: 'kernel: reset clears what was used',
    modules: {
      main: `
  (func (export "dirty") (result i32) (local $a i64)
    (local.set $a (call $alloc (i64.const 64)))
    (call $fill (local.get $a) (i64.const 64) (i32.const 255)) (i32.const 0))
  (func (export "look") (result i32) (local $a i64)
    (local.set $a (call $alloc (i64.const 64)))
    (call $say @str("word") (call $load_u64 (i64.add (local.get $a) (i64.const 32))))
    (call $report) (i32.const 0))`,
    },
    calls: [
      { function: 'dirty', expect: { output: 'any' } },
      { function: 'look', expect: { output: 'word=0\n' } },
    ],
  },
  {
    id: 'memory/handles-die',
    title: 'Handles of one call are invalid in the next',
    source: 'kernel: reset before each call',
    modules: {
      main: `
  (global $kept (mut i64) (i64.const 0))
  (func (export "keep") (result i32)
    (drop @text("some room in front"))
    (global.set $kept @text("kept")) (i32.const 0))
  (func (export "look") (result i32)
    (call $say @str("length") (call $length (global.get $kept)))
    (call $report) (i32.const 0))`,
    },
    calls: [
      { function: 'keep', expect: { output: 'any' } },
      { function: 'look', expect: { output: 'length=0\n' } },
    ],
  },
  {
    id: 'memory/null-length',
    title: 'The null handle has length 0',
    source: 'kernel: length',
    modules: {
      main: reporting(`
    (call $say @str("length") (call $length (i64.const 0)))
    (call $say @str("unsafe") (call $length_unsafe (i64.const 0)))`),
    },
    calls: [{ expect: { output: 'length=0\nunsafe=0\n' } }],
  },
  {
    id: 'memory/interior-length',
    title: 'An address inside a block is not a handle: its length is 0',
    source: 'kernel: length',
    modules: {
      main: reporting(`
    (local.set $a (call $alloc (i64.const 100)))
    (call $say @str("inside") (call $length (i64.add (local.get $a) (i64.const 50))))
    (call $say @str("far") (call $length (i64.const 0x0123456789abcdef)))`),
    },
    calls: [{ expect: { output: 'inside=0\nfar=0\n' } }],
  },
  {
    id: 'memory/free',
    title: 'A freed block has length 0; freeing it again does nothing',
    source: 'kernel: free',
    modules: {
      main: reporting(`
    (local.set $a (call $alloc (i64.const 100)))
    (local.set $b (call $alloc (i64.const 10)))
    (call $free (local.get $a))
    (call $free (local.get $a))
    (call $say @str("freed") (call $length (local.get $a)))
    (call $say @str("unsafe") (call $length_unsafe (local.get $a)))
    (call $say @str("other") (call $length (local.get $b)))`),
    },
    calls: [{ expect: { output: 'freed=0\nunsafe=0\nother=10\n' } }],
  },
  {
    id: 'memory/free-inside',
    title: 'Freeing an address inside a block, the null handle or a bad address does nothing',
    source: 'kernel: free',
    modules: {
      main: reporting(`
    (local.set $a (call $alloc (i64.const 100)))
    (call $free (i64.add (local.get $a) (i64.const 50)))
    (call $free (i64.const 0))
    (call $free (i64.const 0x0123456789abcdef))
    (call $say @str("length") (call $length (local.get $a)))`),
    },
    calls: [{ expect: { output: 'length=100\n' } }],
  },
  {
    id: 'memory/free-input',
    title: 'A freed input is empty',
    source: 'kernel: free',
    modules: {
      main: reporting(`
    (call $free (call $input_offset))
    (call $say @str("length") (call $input_length))`),
    },
    calls: [{ input: 'abc', expect: { output: 'length=0\n' } }],
  },
  {
    id: 'memory/neighbours',
    title: 'Bounds are those of kernel memory, not of a block: the next block follows',
    source: 'kernel: load_u8, store_u8',
    modules: {
      main: reporting(`
    (local.set $a (call $alloc (i64.const 8)))
    (local.set $b (call $alloc (i64.const 8)))
    (call $store_u8 (local.get $b) (i32.const 42))
    (call $say @str("b after a") (i64.extend_i32_u (i64.gt_u (local.get $b) (local.get $a))))
    (call $say @str("through a") (i64.extend_i32_u
      (call $load_u8 (i64.add (local.get $a) (i64.sub (local.get $b) (local.get $a))))))
    (drop (call $load_u8 (i64.add (local.get $a) (i64.const 9))))
    (drop (call $load_u64 (i64.add (local.get $a) (i64.const 4))))`),
    },
    calls: [{ expect: { output: 'b after a=1\nthrough a=42\n' } }],
  },
  {
    id: 'memory/out-of-bounds',
    title: 'Reading out of bounds returns 0, writing does nothing; neither fails the call',
    source: 'kernel: load and store',
    modules: {
      main: reporting(`
    (call $say @str("byte") (i64.extend_i32_u (call $load_u8 (i64.const 0x0123456789abcdef))))
    (call $say @str("word") (call $load_u64 (i64.const 0x0123456789abcdef)))
    (call $say @str("negative") (call $load_u64 (i64.const -8)))
    (call $store_u8 (i64.const 0x0123456789abcdef) (i32.const 1))
    (call $store_u64 (i64.const -8) (i64.const 1))`),
    },
    calls: [{ expect: { output: 'byte=0\nword=0\nnegative=0\n' } }],
  },
  {
    id: 'memory/freed-is-readable',
    title: 'Reading and writing a freed block does not fail the call',
    source: 'kernel: free only marks',
    modules: {
      main: running(`
    (local.set $a @text("01234567"))
    (call $free (local.get $a))
    (drop (call $load_u8 (local.get $a)))
    (drop (call $load_u64 (local.get $a)))
    (call $store_u8 (local.get $a) (i32.const 1))
    (call $output @text("fine"))
    (i32.const 0)`),
    },
    calls: [{ expect: { output: 'fine' } }],
  },
  {
    id: 'memory/reuse',
    title: 'Freed blocks are used again: a thousand blocks of 64 KiB, each freed, fit into a few megabytes',
    source: 'kernel: alloc, free',
    load: { memory: { maxPages: 128 } },
    modules: {
      main: reporting(
        `
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $b) (i64.const 1000)))
      (local.set $a (call $alloc (i64.const 65536)))
      (if (i64.eqz (local.get $a)) (then (local.set $c (i64.add (local.get $c) (i64.const 1)))))
      (call $free (local.get $a))
      (local.set $b (i64.add (local.get $b) (i64.const 1)))
      (br $next)))
    (call $say @str("failed") (local.get $c))`,
      ),
    },
    calls: [{ expect: { output: 'failed=0\n' } }],
  },
  {
    id: 'memory/many-blocks',
    title: 'Five thousand blocks, every other one freed, keep what was written into them',
    source: 'kernel: alloc, free',
    modules: {
      main: reporting(`
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $b) (i64.const 5000)))
      (local.set $a (call $alloc (i64.add (i64.const 8) (i64.rem_u (local.get $b) (i64.const 50)))))
      (call $store_u64 (local.get $a) (local.get $b))
      (if (i64.ne (call $load_u64 (local.get $a)) (local.get $b))
        (then (local.set $c (i64.add (local.get $c) (i64.const 1)))))
      (if (i64.eqz (i64.rem_u (local.get $b) (i64.const 2))) (then (call $free (local.get $a))))
      (local.set $b (i64.add (local.get $b) (i64.const 1)))
      (br $next)))
    (call $say @str("wrong") (local.get $c))`),
    },
    calls: [{ expect: { output: 'wrong=0\n' } }],
  },
  {
    id: 'memory/many-calls',
    title: 'After twelve thousand small calls, a plug-in answers as in the first',
    source: 'kernel: all blocks are freed between calls',
    modules: {
      main: running(
        '(call $output (call $input)) (drop (call $alloc (i64.const 8))) (drop (call $alloc (i64.const 8))) (i32.const 0)',
      ),
    },
    calls: [{ input: 'as ever', repeat: 12_000, expect: { output: 'as ever' } }],
  },
  {
    id: 'memory/small-handles',
    title: 'Handles are small numbers: plug-ins may keep them in 32 bits',
    source: 'kernel: one linear memory',
    modules: {
      main: reporting(
        '(call $say @str("fits") (i64.extend_i32_u (i64.lt_u (call $alloc (i64.const 10)) (i64.const 0x100000000))))',
      ),
    },
    calls: [{ input: 'x', expect: { output: 'fits=1\n' } }],
  },
  {
    id: 'memory/first-handle',
    title: 'The first block of a call without input has the handle 77',
    source: 'kernel: layout of this version; not a contract',
    modules: { main: reporting('(call $say @str("handle") (call $alloc (i64.const 1)))') },
    calls: [{}],
    variants: { linear: { output: 'handle=77\n' }, other: { output: 'any' } },
  },
];
