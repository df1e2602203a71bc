/** The number formats, lists and names of the binary format, at their edges. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from '../../src/decoder/byte-reader.ts';
import { sleb, text, u32 } from '../assembler.ts';

const readerOn = (bytes: readonly number[]): ByteReader => new ByteReader(Uint8Array.from(bytes));

/** LEB128 in exactly `length` bytes: the last ones only repeat the sign, which the format allows. */
const padded = (bytes: readonly number[], length: number, fill: 0x00 | 0x7f): number[] => {
  const long = bytes.map((b) => b | 0x80);
  while (long.length < length) long.push(fill | 0x80);
  return [...long.slice(0, -1), long.at(-1)! & 0x7f];
};

describe('u32', () => {
  test('reads what was written, in every length that the format allows', () => {
    const property = fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
      const short = u32(value);
      for (let length = short.length; length <= 5; length++) {
        const reader = readerOn([...padded(short, length, 0), 0xee]);
        assert.equal(reader.u32(), value);
        assert.equal(reader.pos, length);
      }
    });
    fc.assert(property);
  });

  test('refuses a sixth byte and bits beyond the top', () => {
    assert.throws(() => readerOn([0x80, 0x80, 0x80, 0x80, 0x80, 0]).u32(), {
      code: 'malformed.integer-long',
    });
    assert.throws(() => readerOn([0xff, 0xff, 0xff, 0xff, 0x1f]).u32(), { code: 'malformed.integer-large' });
  });
});

describe('u64', () => {
  test('reads what was written, in every length that the format allows', () => {
    const property = fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      const short = u32(value);
      for (let length = short.length; length <= 10; length++) {
        assert.equal(readerOn(padded(short, length, 0)).u64(), value);
      }
    });
    fc.assert(property);
  });

  test('refuses an eleventh byte and bits beyond the top', () => {
    const nine = Array<number>(9).fill(0xff);
    assert.equal(readerOn([...nine, 0x01]).u64(), 2n ** 64n - 1n);
    assert.throws(() => readerOn([...nine, 0x02]).u64(), { code: 'malformed.integer-large' });
    assert.throws(() => readerOn([...nine, 0x80, 0]).u64(), { code: 'malformed.integer-long' });
  });
});

describe('s33', () => {
  test('reads what was written, in every length that the format allows', () => {
    const property = fc.property(fc.integer({ min: -(2 ** 32), max: 2 ** 32 - 1 }), (value) => {
      const short = sleb(value);
      for (let length = short.length; length <= 5; length++) {
        assert.equal(readerOn(padded(short, length, value < 0 ? 0x7f : 0)).s33(), value);
      }
    });
    fc.assert(property);
  });

  test('refuses a sixth byte and bits that do not repeat the sign', () => {
    const four = [0x80, 0x80, 0x80, 0x80];
    assert.equal(readerOn([...four, 0x70]).s33(), -(2 ** 32));
    assert.throws(() => readerOn([...four, 0x80, 0]).s33(), { code: 'malformed.integer-long' });
    assert.throws(() => readerOn([...four, 0x10]).s33(), { code: 'malformed.integer-large' });
    assert.throws(() => readerOn([...four, 0x60]).s33(), { code: 'malformed.integer-large' });
  });
});

describe('lists', () => {
  test('a count that the bytes do not pay for is the end, not an allocation', () => {
    const reader = readerOn([...u32(0xffff_ffff), 1, 2, 3]);
    assert.throws(() => reader.list(() => reader.byte(), 1_000, 'bytes'), { code: 'malformed.end' });
  });

  test('a limit is one when the entries are there', () => {
    const read = (count: number, limit: number): number[] => {
      const reader = readerOn([...u32(count), ...Array<number>(count).fill(7)]);
      return reader.list(() => reader.byte(), limit, 'bytes');
    };
    assert.equal(read(10, 10).length, 10);
    assert.throws(
      () => read(11, 10),
      (error: { details: object }) => {
        const { limit, actual, offset } = error.details as Record<string, unknown>;
        assert.deepEqual({ limit, actual, offset }, { limit: 10, actual: 11, offset: 0 });
        return true;
      },
    );
  });
});

describe('names', () => {
  test('are UTF-8 with a length in bytes', () => {
    const reader = readerOn([...text('naïve 😀'), 0xee]);
    assert.equal(reader.name(), 'naïve 😀');
    assert.equal(reader.byte(), 0xee);
  });

  test('that are too long or not well-formed are refused where they begin', () => {
    assert.throws(() => readerOn([3, 0x61, 0x62]).name(), {
      code: 'malformed.length',
      details: { offset: 1 },
    });
    assert.throws(() => readerOn([2, 0xc0, 0x80]).name(), { code: 'malformed.utf8', details: { offset: 1 } });
  });
});

test('the end is that of the section where one is being read', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3), 1, 2);
  assert.equal(reader.byte(), 2);
  assert.throws(() => reader.byte(), { code: 'malformed.end', details: { offset: 2 } });
  reader.section = 'type';
  const details = { offset: 2, section: 'type' };
  assert.throws(() => reader.byte(), { code: 'malformed.section-overrun', details });
});
