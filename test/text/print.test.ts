/** Printed modules read back to the same module: those of the official suite, plug-ins, random ones, odd ones. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import { parseModule, printModule } from '../../src/text.ts';
import { decodeModule } from '../../src/wasm.ts';
import { assemble } from '../assembler.ts';
import { generateWorld } from '../generators/world.ts';
import { needsShared, shared, sharedFolder } from '../shared.ts';
import { readRecorded, recordedScripts } from './recorded-suite.ts';
import { differenceOf } from './same-module.ts';

/** Fails unless what is printed, plain and folded, is the same module; says whether it has the same bytes. */
const assertReadsBack = (bytes: Uint8Array, where: string): boolean => {
  let isEqual = true;
  for (const folded of [false, true]) {
    const text = printModule(bytes, { folded });
    let back: Uint8Array;
    try {
      back = parseModule(text);
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`);
    }
    assert.equal(differenceOf(bytes, back), null, where);
    // What was printed once is the shortest form, in which nothing is lost.
    if (folded) assert.equal(Buffer.compare(parseModule(printModule(back)), back), 0, where);
    isEqual &&= Buffer.compare(bytes, back) === 0;
  }
  return isEqual;
};

const isDecodable = (bytes: Uint8Array): boolean => {
  try {
    decodeModule(bytes);
    return true;
  } catch (error) {
    if (!isQuernError(error)) throw error;
    return false;
  }
};

test('modules of the official suite', needsShared, (t) => {
  let count = 0;
  let equal = 0;
  for (const name of recordedScripts)
    for (const { type, line, bytes } of readRecorded(name).commands) {
      // Bodies of malformed modules are read by the validator, and by nobody before.
      if (bytes === null || type === 'assert_malformed' || !isDecodable(bytes)) continue;
      count++;
      if (assertReadsBack(bytes, `${name}:${line}`)) equal++;
    }
  t.diagnostic(`${count} modules, ${equal} of them to the byte`);
  assert.ok(count > 5900 && equal > 5800, `${count}, ${equal}`);
});

describe('plug-ins', needsShared, () => {
  const names =
    sharedFolder === null ? [] : readdirSync(shared('plugins')).filter((name) => /\.wasm$/.test(name));
  // The largest one is the subject of a measurement, and takes as long as all others together.
  for (const name of names.filter((item) => !item.startsWith('go')))
    test(name, () => {
      const bytes = readFileSync(shared('plugins', name));
      assert.equal(differenceOf(bytes, parseModule(printModule(bytes, { folded: true }))), null);
    });
});

test('random modules', () => {
  for (let seed = 1; seed <= 150; seed++)
    for (const [i, bytes] of generateWorld(seed).modules.entries())
      assertReadsBack(bytes, `seed ${seed}, module ${i}`);
});

describe('what only some modules have', () => {
  const texts: Readonly<Record<string, string>> = {
    'names that are no identifiers': `(module $"a b"
      (func $"" (@name "")) (func $"x y" (param $"\\u{202e}" i32) (local $"\\"" i64)) (func $"é")
      (func $f (local $x i32)) (func $f.2 (@name "f")) (type $t (struct (field $a i32) (field $b (mut i8)))))`.replace(
      '$"" (@name "")',
      '$a (@name "")',
    ),
    'labels with the same identifier': '(func (block $l (loop $l (br $l) (br 1)) (br $l)))',
    'custom sections in every place': `(module (@custom "a" (before first) "1") (@custom "b" (after type) "2")
      (@custom "c" (after func) "3") (@custom "d" "4") (type (func)) (func) (memory 1)
      (@custom "e" (before code) "5") (@custom "f" (after code)))`,
    'branch hints': `(func (param i32) (@metadata.code.branch_hint "\\01") (br_if 0 (local.get 0))
      (@metadata.code.branch_hint "\\00") (if (local.get 0) (then (block))))`,
    'names before another section': '(module $m (func $f) (@custom "name") (@custom "later" "x"))',
    'names that no text can say': '(module (func $f) (@custom "name" "\\01\\04\\01\\05\\01g"))',
    'imports in lists': `(import "m" (item "a" (func $a)) (item "b" (global $g i32)))
      (import "n" (item "c") (item "d") (memory 1)) (import "o" "e" (table 1 funcref))`,
    'legacy exceptions': `(tag $t (param i32))
      (func (try $l (do (throw $t (i32.const 1))) (catch $t (drop)) (catch_all (rethrow $l))))
      (func try try nop delegate 0 catch $t drop end)`,
    'a memory and a table of their own contents':
      '(memory i64 (data "a\\00" "b")) (table funcref (elem 0 0)) (func) (table (ref null func) (elem (ref.func 0)))',
    'floats to the bit': `(global f32 (f32.const nan:0x200001)) (global f64 (f64.const -nan:0x8000000000001))
      (global f32 (f32.const 0x1p-149)) (global f64 (f64.const -0)) (global f64 (f64.const 1e300))`,
    'a function of 70 locals': `(func (local ${'i32 '.repeat(70)}))`,
  };
  for (const [name, text] of Object.entries(texts))
    test(name, () => {
      assert.ok(assertReadsBack(parseModule(text), name));
    });

  test('identifiers say what names say', () => {
    const text = printModule(
      parseModule('(func $f (param $x i32) (block $b (br $b) (call $f (local.get $x))))'),
    );
    for (const part of ['(func $f ', '(param $x i32)', 'block $b', 'br $b', 'call $f', 'local.get $x'])
      assert.ok(text.includes(part), part);
  });

  test('operands, conditions, arms and hints have their places in the folded form', () => {
    const bytes = parseModule(`(func $f (param $x i32) (result i32)
      (@metadata.code.branch_hint "\\01")
      (if $i (result i32) (local.get $x) (then (i32.const 1)) (else (i32.add (local.get $x) (i32.const 2)))))`);
    const lines = printModule(bytes, { folded: true })
      .split('\n')
      .map((line) => line.trim());
    assert.deepEqual(lines.slice(3, -3), [
      '(@metadata.code.branch_hint "\\01")',
      '(if $i (result i32)',
      '(local.get $x)',
      ...['(then', '(i32.const 1)', ')'],
      ...['(else', '(i32.add (local.get $x) (i32.const 2))', ')'],
      ')',
    ]);
  });

  test('a body of more locals than a text has room for is refused', () => {
    const bytes = assemble({ funcs: [{ locals: [[0x1000_0000, 'i32']] }] });
    assert.throws(
      () => printModule(bytes),
      (error) => isQuernError(error, 'limit.module'),
    );
  });

  test('a tree of operands of any depth', () => {
    const many = 200_000;
    const bytes = parseModule(`(func (result i32) ${'i32.const 1 '}${'i32.eqz '.repeat(many)})`);
    assert.deepEqual(parseModule(printModule(bytes, { folded: true })), bytes);
    const blocks = parseModule(`(func ${'block '.repeat(many)}${'end '.repeat(many)})`);
    for (const folded of [false, true])
      assert.deepEqual(parseModule(printModule(blocks, { folded })), blocks);
  });
});
