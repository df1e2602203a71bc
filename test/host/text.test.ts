/** Text, base64 and SHA-256 agree with the platform's own, where the tests run on one that has them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { decodeBase64 } from '../../src/host/manifest/base64.ts';
import { createSeededRandom } from '../../src/host/platform/platform.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/host/platform/text.ts';
import { sha256Hex } from '../../src/syntax/sha256.ts';

const random = createSeededRandom(1);
const randomBytes = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  random.fill(bytes);
  return bytes;
};
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

describe('UTF-8', () => {
  test('decoding replaces faults as the Encoding Standard does', () => {
    const samples = ['', 'caf\u00e9', '\u{1f600}', '\ufeffx'].map(
      (text) => new Uint8Array(Buffer.from(text)),
    );
    for (const bytes of [
      [0xc0, 0x80],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x9f, 0x98],
      [0xf5],
      [0xe2, 0x82, 0x41],
    ]) {
      samples.push(Uint8Array.from(bytes));
    }
    for (let i = 0; i < 2000; i++)
      samples.push(randomBytes(i % 40).map((byte) => (i % 2 ? byte : byte | 0x80)));
    samples.push(new Uint8Array(20_000).fill(0x41));
    for (const bytes of samples)
      assert.equal(decodeUtf8(bytes), decoder.decode(bytes), Buffer.from(bytes).toString('hex'));
  });

  test('encoding replaces lone surrogates', () => {
    const encoder = new TextEncoder();
    for (const text of [
      '',
      'abc',
      '\u00e9\u0800\uffff',
      '\u{10ffff}',
      '\ud800',
      'a\udc00b',
      '\ud83d\ud83d\ude00',
    ]) {
      assert.deepEqual(encodeUtf8(text), encoder.encode(text));
    }
  });
});

describe('base64', () => {
  test('decodes what Node encodes, both alphabets, with and without padding', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Buffer.from(randomBytes(length));
      for (const encoding of ['base64', 'base64url'] as const) {
        const text = bytes.toString(encoding);
        assert.deepEqual(Buffer.from(decodeBase64(text) ?? []), bytes);
        assert.deepEqual(Buffer.from(decodeBase64(` ${text.replace(/(.{4})/g, '$1\n')}`) ?? []), bytes);
      }
    }
  });
  test('refuses what is not base64', () => {
    for (const text of ['a', '*', 'ab=c', '====', 'a\u00e9bc', 'AAAAA'])
      assert.equal(decodeBase64(text), null, text);
  });
});

describe('SHA-256', () => {
  test('agrees with Node at every length around the block size, and on views', () => {
    for (const length of [...Array(140).keys(), 1000, 65_537]) {
      const bytes = randomBytes(length + 3).subarray(3);
      assert.equal(sha256Hex(bytes), createHash('sha256').update(bytes).digest('hex'), `${length} bytes`);
    }
  });
});
