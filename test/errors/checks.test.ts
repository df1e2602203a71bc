/** What values are, and what is said of arguments that are something else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkWholeNumber } from '../../src/errors/arguments.ts';
import {
  isObject,
  isObjectOrFunction,
  isRecord,
  isThenable,
  isWholeNumber,
  wholeNumberText,
} from '../../src/errors/checks.ts';

const { MAX_SAFE_INTEGER, MIN_SAFE_INTEGER } = Number;

describe('whole numbers', () => {
  test('are exact, and within their bounds, both of which belong to them', () => {
    for (const value of [0, -0, 1, MAX_SAFE_INTEGER]) assert.ok(isWholeNumber(value), String(value));
    for (const value of [-1, 0.5, MAX_SAFE_INTEGER + 1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.ok(!isWholeNumber(value), String(value));
    for (const value of ['1', 1n, null, undefined, true, [1], new Number(1)])
      assert.ok(!isWholeNumber(value), typeof value);
    assert.ok(isWholeNumber(MIN_SAFE_INTEGER, MIN_SAFE_INTEGER));
    assert.deepEqual(
      [isWholeNumber(1, 2, 3), isWholeNumber(2, 2, 3), isWholeNumber(3, 2, 3)],
      [false, true, true],
    );
    assert.ok(!isWholeNumber(4, 2, 3));
  });

  test('are asked for in one form', () => {
    assert.equal(wholeNumberText(), 'a whole number from 0 to 2^53-1');
    assert.equal(wholeNumberText(1, 255), 'a whole number from 1 to 255');
    assert.equal(wholeNumberText(MIN_SAFE_INTEGER), 'a whole number');
    assert.equal(checkWholeNumber(7, 'fuel'), 7);
    assert.throws(() => checkWholeNumber(1.5, 'fuel', 1, 9), {
      code: 'usage.argument',
      message: 'bad argument: fuel must be a whole number from 1 to 9, not 1.5',
    });
  });
});

test('objects, records, functions and promises', () => {
  const kinds = (value: unknown): string =>
    [isObject, isObjectOrFunction, isRecord, isThenable].map((is) => (is(value) ? '1' : '0')).join('');
  const values = [{}, [], () => 1, null, 'text', Promise.resolve()];
  assert.deepEqual(values.map(kinds), ['1110', '1100', '0100', '0000', '0000', '1111']);
});
