/**
 * Numbers of the text format: every bit of them. Floats are held against JavaScript's own conversion where that is
 * exact, and against numbers in the middle between two floats, where rounding twice goes wrong.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MalformedError } from '../../src/errors.ts';
import { F32_FORMAT, F64_FORMAT, floatBits } from '../../src/text/floats.ts';
import { parseModule } from '../../src/text.ts';

const view = new DataView(new ArrayBuffer(8));
const bitsOf64 = (value: number): bigint => {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};
const bitsOf32 = (value: number): bigint => {
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
};
const f32 = (text: string): bigint | null => {
  const bytes = Buffer.from(text);
  return floatBits(bytes, 0, bytes.length, F32_FORMAT);
};
const f64 = (text: string): bigint | null => {
  const bytes = Buffer.from(text);
  return floatBits(bytes, 0, bytes.length, F64_FORMAT);
};

/** The same numbers in every run. */
const random = (() => {
  let state = 0x1234_5678;
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
})();

describe('floats', () => {
  test('are those that JavaScript writes and reads', () => {
    for (let i = 0; i < 3000; i++) {
      view.setUint32(0, random());
      view.setUint32(4, random());
      const value = view.getFloat64(0);
      if (!Number.isFinite(value)) continue;
      const text = String(value).replace('+', '');
      assert.equal(f64(text), bitsOf64(value), text);
      const single = view.getFloat32(0);
      // The shortest text of a float as a double is the float itself.
      if (Number.isFinite(single)) assert.equal(f32(String(single).replace('+', '')), bitsOf32(single));
    }
  });

  test('round once, to even', () => {
    // 1 + 2^-24 is in the middle between two floats; what is a little above must not become the lower one.
    assert.equal(f32('1.000000059604644775390625'), bitsOf32(1));
    assert.equal(f32('1.00000005960464477539062500000000000000000001'), bitsOf32(1) + 1n);
    assert.equal(f32('0x1.000001p0'), bitsOf32(1));
    assert.equal(f32(`0x1.000001${'0'.repeat(100)}1p0`), bitsOf32(1) + 1n);
    assert.equal(f32('0x1.000003p0'), bitsOf32(1) + 2n);
    assert.equal(f64('9007199254740993'), bitsOf64(9007199254740992));
    assert.equal(f64(`9007199254740993.${'0'.repeat(2000)}1`), bitsOf64(9007199254740994));
    assert.equal(f64('9007199254740995'), bitsOf64(9007199254740996));
  });

  test('reach both ends of the range', () => {
    assert.equal(f32('0x1p-149'), 1n);
    assert.equal(f32('0x1p-150'), 0n);
    assert.equal(f32('0x1.000001p-150'), 1n);
    assert.equal(f64('4.9e-324'), 1n);
    assert.equal(f64('2.4703282292062327e-324'), 0n);
    assert.equal(f32('0x1.fffffep127'), 0x7f7f_ffffn);
    assert.equal(f32('340282356779733661637539395458142568447'), 0x7f7f_ffffn);
    assert.equal(f32('340282356779733661637539395458142568448'), null);
    assert.equal(f64('1e309'), null);
    assert.equal(f64('1e-999999999999999999999'), 0n);
    assert.equal(f64('1e999999999999999999999'), null);
    assert.equal(f64('-0'), 1n << 63n);
    assert.equal(f64(`0.${'0'.repeat(400)}1e400`), bitsOf64(0.1));
  });

  test('have every payload of a NaN, and no other', () => {
    assert.equal(f32('nan'), 0x7fc0_0000n);
    assert.equal(f32('-nan:0x1'), 0xff80_0001n);
    assert.equal(f32('nan:0x7f_ffff'), 0x7fff_ffffn);
    assert.equal(f32('nan:0x800000'), null);
    assert.equal(f32('nan:0x0'), null);
    assert.equal(f64('nan:0xf_ffff_ffff_ffff'), 0x7fff_ffff_ffff_ffffn);
    assert.equal(f64(`nan:0x${'f'.repeat(1000)}`), null);
    assert.equal(f64('-inf'), 0xfffn << 52n);
  });
});

/** The bytes of the constant in a global of this type. */
const constant = (type: string, text: string): string => {
  const bytes = parseModule(`(module (global ${type} (${type}.const ${text})))`);
  return Buffer.from(bytes.subarray(14, -1)).toString('hex');
};

describe('integers', () => {
  test('are written as short as they can be', () => {
    const cases: readonly (readonly [string, string, string])[] = [
      ['i32', '0', '00'],
      ['i32', '63', '3f'],
      ['i32', '64', 'c000'],
      ['i32', '-64', '40'],
      ['i32', '-65', 'bf7f'],
      ['i32', '4294967295', '7f'],
      ['i32', '-0x8000_0000', '8080808078'],
      ['i64', '0x7fff_ffff_ffff_ffff', 'ffffffffffffffffff00'],
      ['i64', '-9223372036854775808', '8080808080808080807f'],
      ['i64', '18446744073709551615', '7f'],
      ['i64', '4294967296', '8080808010'],
    ];
    for (const [type, text, bytes] of cases) assert.equal(constant(type, text), bytes, `${type} ${text}`);
  });

  test('are refused beyond their range', () => {
    for (const [type, text] of [
      ['i32', '4294967296'],
      ['i32', '-2147483649'],
      ['i64', '18446744073709551616'],
      ['i64', '-9223372036854775809'],
      ['i64', `1${'0'.repeat(1000)}`],
      ['i32', '1.0'],
    ] as const)
      assert.throws(() => constant(type, text), MalformedError, `${type} ${text}`);
  });
});
