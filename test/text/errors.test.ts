/** What errors of texts say: the fault as the official suite names it, the place, the line, what was expected. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isQuernError, type QuernError } from '../../src/errors.ts';
import { parseModule } from '../../src/text.ts';

const errorOf = (text: string | Uint8Array): QuernError => {
  try {
    parseModule(text);
  } catch (error) {
    if (isQuernError(error, 'malformed.text')) return error;
    throw error;
  }
  throw new Error('no error');
};

test('the message has place, line and expectation', () => {
  const error = errorOf('(module\n  (func $f\n    (i32.add 1)))');
  assert.equal(
    error.message,
    [
      'unexpected token, expected an operand in parentheses or ")" (line 3, column 14)',
      '      (i32.add 1)))',
      '               ^',
    ].join('\n'),
  );
  const { line, column, text, expected, offset } = error.details;
  assert.deepEqual(
    { line, column, text, expected, offset },
    {
      line: 3,
      column: 14,
      text: '    (i32.add 1)))',
      expected: 'an operand in parentheses or ")"',
      offset: 32,
    },
  );
});

test('lines end at LF, CR, and CR LF; columns are characters', () => {
  assert.equal(errorOf('(module\r\n\r(; é ;) (foo))').details.line, 3);
  assert.equal(errorOf('(module\r\n\r(; é ;) (foo))').details.column, 10);
});

test('each fault has its text', () => {
  const faults: readonly (readonly [string, string])[] = [
    ['(func (br $x))', 'unknown label $x'],
    ['(func (call $x))', 'unknown function $x'],
    ['(func (local.get $x))', 'unknown local $x'],
    ['(func $f) (func $f)', 'duplicate function $f'],
    ['(func (param $x i32) (local $x i32))', 'duplicate local $x'],
    ['(func) (import "a" "b" (func))', 'import after function definition'],
    ['(type $t (func)) (func (type $t) (param i32))', 'inline function type'],
    ['(func block $a end $b)', 'mismatching label'],
    ['(func (i32.load align=3 (i32.const 0)))', 'alignment must be a power of two'],
    ['(func (v128.const i32x4 1 2 3))', 'wrong number of lane literals'],
    ['(start 0) (start 0)', 'multiple start sections'],
    ['(func $)', 'empty identifier'],
    ['(data "a', 'unclosed string'],
    ['(; (; ;)', 'unclosed comment'],
    ['(@a "x"', 'unclosed annotation'],
    ['(data "\\xg")', 'illegal escape'],
    ['(data "\\u{d800}")', 'illegal escape'],
    ['(data "a""b")', 'unknown operator'],
    ['(export "\\ff" (func 0))', 'malformed UTF-8 encoding'],
    ['(module) (module)', 'unexpected token'],
    ['(module))', 'unexpected token'],
    ['', ''],
  ];
  for (const [text, message] of faults) {
    if (text === '') assert.equal(parseModule(text).length, 8);
    else assert.equal(errorOf(text).message.slice(0, message.length), message, text);
  }
});

test('what steers a terminal is not printed', () => {
  assert.ok(!errorOf('(func (@a) "\u202e\u001b[31m" foo)').message.includes('\u001b'));
});

test('depth is a module or an error, whatever it is', () => {
  const many = 1_000_000;
  const nested = (open: string): string => `(func ${open.repeat(many)}${')'.repeat(many)})`;
  assert.ok(parseModule(nested('(block ')).length > many);
  assert.ok(parseModule(nested('(drop ')).length > many);
  assert.ok(parseModule(`(func ${'block '.repeat(many)}${'end '.repeat(many)})`).length > many);
  assert.ok(
    parseModule(nested('(if (i32.const 0) (then ').replace(/\)+$/, ')'.repeat(2 * many + 1))).length > many,
  );
  for (const text of [
    '('.repeat(many),
    ')'.repeat(many),
    '(;'.repeat(many),
    '(@a '.repeat(many),
    nested('('),
  ])
    assert.equal(errorOf(text).code, 'malformed.text');
});
