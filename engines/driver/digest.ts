/** Digests of long data, so that transcripts stay small and differences are readable. */
import { sha256Hex } from '../../src/syntax/sha256.ts';

/** Length and SHA-256 of bytes. */
export const dataDigest = (bytes: Uint8Array): string => `${bytes.length} bytes ${sha256Hex(bytes)}`;

/**
 * A hash of the contents of memories: two multiplicative 32-bit hashes over their words. Not secure against
 * adversaries, but affordable on an interpreter for JavaScript, unlike SHA-256 over megabytes.
 */
export const memoryDigest = (memories: readonly { readonly bytes: Uint8Array }[]): string => {
  let a = 0x811c_9dc5 | 0;
  let b = 0x9747_b28c | 0;
  for (const { bytes } of memories) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const { length } = words;
    a = Math.imul(a ^ length, 0x0100_0193);
    for (let i = 0; i < length; i++) {
      const word = words[i]!;
      // Most of a memory is zero; its position still counts.
      if (word === 0) continue;
      a = Math.imul(a ^ word, 0x0100_0193);
      b = Math.imul(b ^ (word >>> 16) ^ i, 0x85eb_ca6b) + word;
    }
  }
  const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
  return hex(a) + hex(b);
};
