/**
 * The shorthand that plug-ins of the cases are written in, and its expansion to the text format.
 *
 * A plug-in uses `$name` for kernel functions (all rows of the kernel's table), for the kit's host functions and
 * for the helpers below; imports and helpers are added as they are used. `@text("…")` is a new block with that
 * text; `@str("…")` is its address and length in linear memory. `(call $say @str("label") VALUE)` adds a line
 * `label=VALUE` to the report that `run` sets as its output at the end.
 */

import { KERNEL_NAMESPACE, kernelAbi, USER_NAMESPACE } from '../../kernel/abi.ts';
import { valTypeName } from '../../syntax/type-names.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';
import { hostFunctions } from '../protocol/protocol.ts';

/** Linear memory of a case: texts from here on, up to the report. */
const TEXT_START = 1024;
const REPORT_START = 32_768;

/** Helper functions by name. */
const helpers: Readonly<Record<string, string>> = {
  block: `
  (func $block (param $at i32) (param $length i32) (result i64) (local $handle i64) (local $i i32)
    (local.set $handle (call $alloc (i64.extend_i32_u (local.get $length))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
      (call $store_u8
        (i64.add (local.get $handle) (i64.extend_i32_u (local.get $i)))
        (i32.load8_u (i32.add (local.get $at) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (local.get $handle))`,
  fill: `
  (func $fill (param $handle i64) (param $length i64) (param $byte i32) (local $i i64)
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $i) (local.get $length)))
      (call $store_u8 (i64.add (local.get $handle) (local.get $i)) (local.get $byte))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next))))`,
  byte: `
  (func $byte (param $byte i32)
    (i32.store8 (global.get $end) (local.get $byte))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))`,
  write: `
  (func $write (param $at i32) (param $length i32) (local $i i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
      (call $byte (i32.load8_u (i32.add (local.get $at) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))`,
  digits: `
  (func $digits (param $value i64)
    (if (i64.ge_u (local.get $value) (i64.const 10))
      (then (call $digits (i64.div_u (local.get $value) (i64.const 10)))))
    (call $byte (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 10))))))`,
  say: `
  (func $say (param $at i32) (param $length i32) (param $value i64)
    (call $write (local.get $at) (local.get $length))
    (call $byte (i32.const 61))
    (call $digits (local.get $value))
    (call $byte (i32.const 10)))`,
  say_block: `
  (func $say_block (param $at i32) (param $length i32) (param $handle i64) (local $i i64)
    (call $write (local.get $at) (local.get $length))
    (call $byte (i32.const 61))
    (if (i64.eqz (local.get $handle))
      (then (call $write (i32.const 8) (i32.const 4)))
      (else
        (call $byte (i32.const 39))
        (block $done (loop $next
          (br_if $done (i64.ge_u (local.get $i) (call $length (local.get $handle))))
          (call $byte (call $load_u8 (i64.add (local.get $handle) (local.get $i))))
          (local.set $i (i64.add (local.get $i) (i64.const 1)))
          (br $next)))
        (call $byte (i32.const 39))))
    (call $byte (i32.const 10)))`,
  input: `
  (func $input (result i64) (local $handle i64) (local $i i64)
    (local.set $handle (call $alloc (call $input_length)))
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $i) (call $input_length)))
      (call $store_u8
        (i64.add (local.get $handle) (local.get $i))
        (call $input_load_u8 (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (local.get $handle))`,
  output: `
  (func $output (param $handle i64)
    (call $output_set (local.get $handle) (call $length (local.get $handle))))`,
  report: `
  (func $report (local $handle i64)
    (local.set $handle
      (call $block (i32.const ${REPORT_START}) (i32.sub (global.get $end) (i32.const ${REPORT_START}))))
    (call $output_set (local.get $handle)
      (i64.extend_i32_u (i32.sub (global.get $end) (i32.const ${REPORT_START}))))
    (global.set $end (i32.const ${REPORT_START})))`,
};

const importOf = (
  namespace: string,
  name: string,
  params: readonly string[],
  results: readonly string[],
): string => {
  const types = [
    ...(params.length === 0 ? [] : [` (param ${params.join(' ')})`]),
    ...(results.length === 0 ? [] : [` (result ${results.join(' ')})`]),
  ];
  return `  (import "${namespace}" "${name}" (func $${name}${types.join('')}))`;
};

/** Types of a host function, from its row. */
const hostImport = (name: keyof typeof hostFunctions): string => {
  const [params, results] = hostFunctions[name].type
    .split(' → ')
    .map((side): readonly string[] => side.match(/[if]\d\d/g) ?? []);
  return importOf(USER_NAMESPACE, name, params ?? [], results ?? []);
};

const kernelImport = (name: keyof typeof kernelAbi): string => {
  const { params, results } = kernelAbi[name];
  return importOf(KERNEL_NAMESPACE, name, params.map(valTypeName), results.map(valTypeName));
};

/** Texts of a module and their places. */
class Texts {
  readonly #places = new Map<string, string>();
  readonly #segments: string[] = ['  (data (i32.const 8) "null")'];
  #end = TEXT_START;

  /** Address and length of a text, which is written as in a data segment. */
  place(text: string): string {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    // An escape is one byte; everything else is itself in UTF-8.
    const byteLength = encodeUtf8(text.replace(/\\[0-9a-f]{2}|\\./g, '-')).length;
    this.#segments.push(`  (data (i32.const ${this.#end}) "${text}")`);
    const place = `(i32.const ${this.#end}) (i32.const ${byteLength})`;
    this.#end += byteLength;
    this.#places.set(text, place);
    return place;
  }

  get segments(): string {
    return this.#segments.join('\n');
  }
}

/** Expands the shorthand to a module in text form. Text that is already a whole module stays unchanged. */
export const expand = (source: string): string => {
  if (/^\s*\(module/.test(source)) return source;
  const texts = new Texts();
  let body = source
    .replace(/@text\("((?:[^"\\]|\\.)*)"\)/g, (_, text: string) => `(call $block ${texts.place(text)})`)
    .replace(/@str\("((?:[^"\\]|\\.)*)"\)/g, (_, text: string) => texts.place(text));
  const has = (keyword: string, name: string): boolean =>
    new RegExp(`\\(${keyword} \\$${name}[\\s()]`).test(body);
  // Helpers use other helpers: until nothing new is used.
  for (let isGrowing = true; isGrowing; ) {
    isGrowing = false;
    for (const [name, text] of Object.entries(helpers)) {
      if (!has('call', name) || has('func', name)) continue;
      body += text;
      isGrowing = true;
    }
  }
  const called = (name: string): boolean => has('call', name) && !has('func', name);
  const imports = [
    ...(Object.keys(kernelAbi) as (keyof typeof kernelAbi)[]).filter(called).map(kernelImport),
    ...(Object.keys(hostFunctions) as (keyof typeof hostFunctions)[]).filter(called).map(hostImport),
  ].filter((line) => !body.includes(line.trim()));
  const ownImports = [...body.matchAll(/^\s*\(import .*$/gm)].map((match) => match[0]);
  body = body.replace(/^\s*\(import .*$\n?/gm, '');
  const memory = /\(memory /.test(source) ? '' : '  (memory (export "memory") 1)';
  const end = body.includes('$end)') ? `  (global $end (mut i32) (i32.const ${REPORT_START}))` : '';
  return ['(module', ...imports, ...ownImports, memory, end, texts.segments, body, ')']
    .filter((line) => line !== '')
    .join('\n');
};

/** A plug-in whose `run` does `body` and makes the report its output. */
export const reporting = (body: string, others = ''): string =>
  `${others}\n  (func (export "run") (result i32) (local $a i64) (local $b i64) (local $c i64)\n${body}\n    (call $report)\n    (i32.const 0))`;

/** A plug-in whose `run` does `body`, which leaves the return code. */
export const running = (body: string, others = ''): string =>
  `${others}\n  (func (export "run") (result i32) (local $a i64) (local $b i64) (local $c i64)\n${body})`;
