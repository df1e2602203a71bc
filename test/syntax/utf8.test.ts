/** UTF-8 against Node's own decoders and encoder. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, decodeUtf8Lossy, encodeUtf8 } from '../../src/syntax/utf8.ts';

const native = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const nativeDecode = (bytes: Uint8Array): string | null => {
  try {
    return native.decode(bytes);
  } catch {
    return null;
  }
};

describe('decodeUtf8', () => {
  test('every sequence of two bytes', () => {
    for (let pair = 0; pair < 0x10000; pair++) {
      const bytes = Uint8Array.of(pair >> 8, pair & 0xff);
      assert.equal(decodeUtf8(bytes), nativeDecode(bytes), pair.toString(16));
    }
  });

  test('the edges of sequences of three and four bytes', () => {
    const leads = [0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff];
    const tails = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
    for (const lead of leads) {
      for (const a of tails) {
        for (const b of tails) {
          for (const c of tails) {
            for (const bytes of [Uint8Array.of(lead, a, b), Uint8Array.of(lead, a, b, c)]) {
              assert.equal(decodeUtf8(bytes), nativeDecode(bytes), [...bytes].join());
            }
          }
        }
      }
    }
  });

  test('a byte order mark is kept', () => {
    assert.equal(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), '\ufeffA');
  });

  test('bytes outside the range are not looked at', () => {
    assert.equal(decodeUtf8(Uint8Array.of(0xff, 0x41, 0x80), 1, 2), 'A');
    assert.equal(decodeUtf8(Uint8Array.of(0xc3, 0xa9), 0, 1), null);
  });

  test('long texts are decoded whole', () => {
    const long = 'aé€😀'.repeat(20_000);
    assert.equal(decodeUtf8(encodeUtf8(long)), long);
  });
});

test('encodeUtf8 equals the native encoder, lone surrogates included', () => {
  const encoder = new TextEncoder();
  const units = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7fe, max: 0xe001 })),
  );
  fc.assert(
    fc.property(units, (codes) => {
      const value = String.fromCharCode(...codes);
      assert.deepEqual(encodeUtf8(value), encoder.encode(value));
    }),
  );
});

describe('decodeUtf8Lossy replaces faults as the Encoding Standard does', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const check = (bytes: Uint8Array): void =>
    assert.equal(decodeUtf8Lossy(bytes), decoder.decode(bytes), Buffer.from(bytes).toString('hex'));

  test('sequences that are cut short, overlong, surrogates or too large', () => {
    const faults = ['c080', 'e08080', 'eda080', 'f09f98', 'f5', 'e28241', 'f0808080', 'f4908080', 'efbbbf78'];
    for (const hex of faults) check(Uint8Array.from(Buffer.from(hex, 'hex')));
  });

  test('every sequence of two bytes', () => {
    for (let pair = 0; pair < 0x10000; pair++) check(Uint8Array.of(pair >> 8, pair & 0xff));
  });

  test('bytes at random, most of them not ASCII', () => {
    const byte = fc.oneof(fc.integer({ min: 0x80, max: 0xff }), fc.integer({ min: 0, max: 0xff }));
    fc.assert(fc.property(fc.array(byte, { maxLength: 40 }), (bytes) => check(Uint8Array.from(bytes))));
  });

  test('text of more than one piece', () => check(new Uint8Array(20_000).fill(0x41)));
});
