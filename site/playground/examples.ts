/** The programs that the page begins with: texts of its own, each small enough to be read. */
export interface Example {
  readonly name: string;
  /** What there is to see. */
  readonly about: string;
  readonly functionName: string;
  /** Input of a plug-in. */
  readonly input: string;
  readonly args: readonly string[];
  readonly fuel: number;
  /** A text, or a file beside the page. */
  readonly code: { readonly text: string } | { readonly file: string };
}

const text = (source: string): Example['code'] => ({ text: `${source.trim()}\n` });

const vowels: Example = {
  name: 'Count vowels',
  about: 'An Extism plug-in: reads its input, keeps a total in a variable, logs, and answers with JSON.',
  functionName: 'count_vowels',
  input: 'Hello, World!',
  args: [],
  fuel: 1_000_000,
  code: text(`
;; An Extism plug-in. Its input and output are blocks of the host's memory.
(module $vowels
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (memory 1)
  (data (i32.const 0) "{\\"count\\":,\\"total\\":}")
  (data (i32.const 64) "total")
  (data (i32.const 80) "counting vowels")
  (global $at (mut i64) (i64.const 0))

  ;; Whether a letter is one of a, e, i, o, u.
  (func $is_vowel (param $letter i32) (result i32)
    (local.set $letter (i32.or (local.get $letter) (i32.const 0x20)))
    (i32.or
      (i32.or
        (i32.eq (local.get $letter) (i32.const 97))
        (i32.eq (local.get $letter) (i32.const 101)))
      (i32.or
        (i32.eq (local.get $letter) (i32.const 105))
        (i32.or
          (i32.eq (local.get $letter) (i32.const 111))
          (i32.eq (local.get $letter) (i32.const 117))))))

  ;; A block of the host's memory with bytes of this module's.
  (func $block (param $from i32) (param $length i32) (result i64)
    (local $block i64) (local $i i32)
    (local.set $block (call $alloc (i64.extend_i32_u (local.get $length))))
    (loop $next
      (call $store
        (i64.add (local.get $block) (i64.extend_i32_u (local.get $i)))
        (i32.load8_u (i32.add (local.get $from) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $length))))
    (local.get $block))

  (func $put (param $letter i32)
    (call $store (global.get $at) (local.get $letter))
    (global.set $at (i64.add (global.get $at) (i64.const 1))))

  (func $put_text (param $from i32) (param $to i32)
    (loop $next
      (call $put (i32.load8_u (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $to)))))

  (func $put_number (param $number i32)
    (if (i32.ge_u (local.get $number) (i32.const 10))
      (then (call $put_number (i32.div_u (local.get $number) (i32.const 10)))))
    (call $put (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))

  ;; The host takes back the block of a name that it has read.
  (func $name (result i64)
    (call $block (i32.const 64) (i32.const 5)))

  ;; The total of all calls lives in a variable.
  (func $add_to_total (param $count i32) (result i32)
    (local $value i64)
    (local.set $value (call $var_get (call $name)))
    (if (i64.ne (local.get $value) (i64.const 0))
      (then
        (local.set $count
          (i32.add (local.get $count) (i32.wrap_i64 (call $load_u64 (local.get $value)))))))
    (local.set $value (call $alloc (i64.const 8)))
    (call $store_u64 (local.get $value) (i64.extend_i32_u (local.get $count)))
    (call $var_set (call $name) (local.get $value))
    (local.get $count))

  (func (export "count_vowels") (result i32)
    (local $i i64) (local $length i64) (local $count i32) (local $output i64)
    (call $log_info (call $block (i32.const 80) (i32.const 15)))
    (local.set $length (call $input_length))
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $i) (local.get $length)))
        (local.set $count
          (i32.add (local.get $count) (call $is_vowel (call $input (local.get $i)))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (local.set $output (call $alloc (i64.const 48)))
    (global.set $at (local.get $output))
    (call $put_text (i32.const 0) (i32.const 9))
    (call $put_number (local.get $count))
    (call $put_text (i32.const 9) (i32.const 18))
    (call $put_number (call $add_to_total (local.get $count)))
    (call $put (i32.const 125))
    (call $output_set (local.get $output) (i64.sub (global.get $at) (local.get $output)))
    (i32.const 0)))
`),
};

const factorial: Example = {
  name: 'Factorial',
  about: 'The engine alone: a function that calls itself, with typed arguments. Step into it and back out.',
  functionName: 'factorial',
  input: '',
  args: ['20'],
  fuel: 1_000_000,
  code: text(`
;; A module of the engine alone: no host, numbers in, numbers out.
(module $factorial
  (func $factorial (export "factorial") (param $n i64) (result i64)
    (if (result i64) (i64.eqz (local.get $n))
      (then (i64.const 1))
      (else
        (i64.mul
          (local.get $n)
          (call $factorial (i64.sub (local.get $n) (i64.const 1))))))))
`),
};

const primes: Example = {
  name: 'Sieve of primes',
  about: 'Fills memory and grows it: watch the bytes change, and look at the flame graph.',
  functionName: 'count_primes',
  input: '',
  args: ['100000'],
  fuel: 50_000_000,
  code: text(`
;; The sieve of Eratosthenes: a byte for each number, 1 where it is a multiple of another.
(module $primes
  (import "console" "log" (func $log (param i32)))
  (memory (export "memory") 1)

  (func $reserve (param $bytes i32)
    (local $pages i32)
    (local.set $pages
      (i32.sub
        (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16))
        (memory.size)))
    (if (i32.gt_s (local.get $pages) (i32.const 0))
      (then (drop (memory.grow (local.get $pages))))))

  (func $mark_multiples (param $of i32) (param $limit i32)
    (local $at i32)
    (local.set $at (i32.mul (local.get $of) (local.get $of)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $limit)))
        (i32.store8 (local.get $at) (i32.const 1))
        (local.set $at (i32.add (local.get $at) (local.get $of)))
        (br $next))))

  (func $sieve (param $limit i32)
    (local $i i32)
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $i)))
        (then (call $mark_multiples (local.get $i) (local.get $limit))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next
        (i32.lt_u (i32.mul (local.get $i) (local.get $i)) (local.get $limit)))))

  (func $count (param $limit i32) (result i32)
    (local $i i32) (local $found i32)
    (local.set $i (i32.const 2))
    (loop $next
      (local.set $found
        (i32.add (local.get $found) (i32.eqz (i32.load8_u (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $limit))))
    (local.get $found))

  (func (export "count_primes") (param $limit i32) (result i32)
    (call $reserve (local.get $limit))
    (memory.fill (i32.const 0) (i32.const 0) (local.get $limit))
    (call $sieve (local.get $limit))
    (call $log (call $count (local.get $limit)))
    (call $count (local.get $limit))))
`),
};

const trap: Example = {
  name: 'A trap',
  about: 'Reads beyond the end of memory, three calls deep. It pauses there: step back to see why.',
  functionName: 'sum_list',
  input: '',
  args: [],
  fuel: 1_000_000,
  code: text(`
;; Adds up a linked list. The last entry points to an address that there is not.
(module $list
  (memory 1)
  (data (i32.const 16) "\\07\\00\\00\\00\\20\\00\\00\\00") ;; 7, then 0x20
  (data (i32.const 32) "\\05\\00\\00\\00\\f0\\ff\\0f\\00") ;; 5, then 0xffff0: too far

  (func $value (param $entry i32) (result i32)
    (i32.load (local.get $entry)))

  (func $next (param $entry i32) (result i32)
    (i32.load offset=4 (local.get $entry)))

  (func $sum (param $entry i32) (result i32)
    (local $sum i32)
    (loop $entries
      (local.set $sum (i32.add (local.get $sum) (call $value (local.get $entry))))
      (local.set $entry (call $next (local.get $entry)))
      (br_if $entries (local.get $entry)))
    (local.get $sum))

  (func (export "sum_list") (result i32)
    (call $sum (i32.const 16))))
`),
};

const endless: Example = {
  name: 'An endless loop',
  about: 'Never ends. It pauses each time its fuel is used up: give it more, or stop it.',
  functionName: 'count_up',
  input: '',
  args: [],
  fuel: 20_000_000,
  code: text(`
;; Without fuel it would block the page. With it, the call pauses and can resume.
(module $endless
  (global $count (mut i64) (i64.const 0))
  (func (export "count_up")
    (loop $forever
      (global.set $count (i64.add (global.get $count) (i64.const 1)))
      (br $forever))))
`),
};

const hosts: Example = {
  name: 'Host functions',
  about: 'Calls functions that this page offers: print and reverse of extism:host/user. Any other answers 0.',
  functionName: 'mirror',
  input: 'able was I',
  args: [],
  fuel: 1_000_000,
  code: text(`
;; The page is the host: it offers "print" and "reverse" in extism:host/user.
(module $mirror
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/user" "print" (func $print (param i64)))
  (import "extism:host/user" "reverse" (func $reverse (param i64) (result i64)))
  (import "extism:host/user" "roll_dice" (func $roll_dice (param i32) (result i32)))

  (func $input_block (result i64)
    (local $block i64) (local $i i64)
    (local.set $block (call $alloc (call $input_length)))
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $i) (call $input_length)))
        (call $store (i64.add (local.get $block) (local.get $i)) (call $input (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (local.get $block))

  (func (export "mirror") (result i32)
    (local $block i64)
    (local.set $block (call $input_block))
    (call $print (local.get $block))
    (local.set $block (call $reverse (local.get $block)))
    (call $print (local.get $block))
    (drop (call $roll_dice (i32.const 6)))
    (call $output_set (local.get $block) (call $length (local.get $block)))
    (i32.const 0)))
`),
};

const greeting: Example = {
  name: 'Greeting (AssemblyScript)',
  about:
    'A binary: an Extism plug-in that was compiled from AssemblyScript. Its disassembly stands for the source.',
  functionName: 'greet',
  input: 'Ada',
  args: [],
  fuel: 1_000_000,
  code: { file: 'greet.wasm' },
};

/** In the order of the menu; the page begins with the first. */
export const examples: readonly Example[] = [vowels, factorial, primes, trap, endless, hosts, greeting];
