/** SHA-256 agrees with Node's own. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { sha256Hex } from '../../src/syntax/sha256.ts';

test('at every length around the block size, and on views', () => {
  for (const length of [...Array(140).keys(), 1000, 65_537]) {
    const bytes = Uint8Array.from({ length: length + 3 }, (_, i) => (i * 0x9e3779b1) >>> 24).subarray(3);
    assert.equal(sha256Hex(bytes), createHash('sha256').update(bytes).digest('hex'), `${length} bytes`);
  }
});
