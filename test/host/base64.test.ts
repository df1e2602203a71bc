/** Base64 agrees with Node's own. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeBase64 } from '../../src/host/manifest/base64.ts';
import { createSeededRandom } from '../../src/host/platform/platform.ts';

const random = createSeededRandom(1);
const randomBytes = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  random.fill(bytes);
  return bytes;
};

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
