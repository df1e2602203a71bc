/** Signatures of receipts: Ed25519 by the WebCrypto of the host, if it has one. */

import { badArgument, checkBytes } from '../errors/arguments.ts';
import type { BytesLike } from '../errors/bytes.ts';
import { UsageError } from '../errors/errors.ts';
import { hexOf } from '../syntax/hex.ts';
import { bytesOfHex } from './canonical.ts';
import type { JobSigner } from './receipt.ts';

/** The part of WebCrypto that is used. */
interface Subtle {
  importKey(
    format: string,
    data: Uint8Array,
    algorithm: object,
    isExtractable: boolean,
    uses: readonly string[],
  ): Promise<object>;
  exportKey(format: string, key: object): Promise<ArrayBuffer | { readonly x?: string }>;
  sign(algorithm: object, key: object, message: Uint8Array): Promise<ArrayBuffer>;
  verify(algorithm: object, key: object, signature: Uint8Array, message: Uint8Array): Promise<boolean>;
}
const ambient = globalThis as { readonly crypto?: { readonly subtle?: Subtle } };

const ALGORITHM = { name: 'Ed25519' };
/** Bytes of a private key in PKCS #8 before the 32 of its seed (RFC 8410). */
const PKCS8_HEAD = bytesOfHex('302e020100300506032b657004220420');
const SEED_BYTES = 32;

const subtle = (): Subtle => {
  const found = ambient.crypto?.subtle;
  if (found !== undefined) return found;
  throw new UsageError('usage.state', {
    detail: 'this host has no WebCrypto, which signing and verifying need',
  });
};

const BASE64_URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Bytes from the base64 of JWK. */
const bytesOfBase64Url = (text: string): Uint8Array => {
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const char of text) {
    bits = ((bits << 6) | BASE64_URL.indexOf(char)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push((bits >> count) & 255);
  }
  return Uint8Array.from(bytes);
};

/**
 * Makes a signer from an Ed25519 key.
 *
 * ```js
 * const seed = new Uint8Array(32).fill(7); // of a real key: 32 random bytes that are kept secret
 * const signer = await createSigner(seed);
 * console.log(signer.key.slice(0, 8)); // → ea4a6c63
 * ```
 *
 * @param seed the 32 bytes of the private key
 * @throws UsageError if the host has no WebCrypto, or one without Ed25519
 */
export const createSigner = async (seed: BytesLike): Promise<JobSigner> => {
  const bytes = checkBytes(seed, 'the seed of a key');
  if (bytes.length !== SEED_BYTES) throw badArgument(`the seed of a key must have ${SEED_BYTES} bytes`);
  const crypto = subtle();
  const pkcs8 = new Uint8Array(PKCS8_HEAD.length + SEED_BYTES);
  pkcs8.set(PKCS8_HEAD);
  pkcs8.set(bytes, PKCS8_HEAD.length);
  try {
    const key = await crypto.importKey('pkcs8', pkcs8, ALGORITHM, true, ['sign']);
    const { x = '' } = (await crypto.exportKey('jwk', key)) as { readonly x?: string };
    return {
      key: hexOf(bytesOfBase64Url(x)),
      sign: async (message) => new Uint8Array(await crypto.sign(ALGORITHM, key, message)),
    };
  } catch (cause) {
    throw new UsageError('usage.state', {
      cause,
      detail: 'the WebCrypto of this host does not support Ed25519',
    });
  }
};

/** Whether a key made the signature of a message. @throws UsageError if the host cannot verify it */
export const isSigned = async (key: string, message: Uint8Array, signature: string): Promise<boolean> => {
  const crypto = subtle();
  let imported: object;
  try {
    imported = await crypto.importKey('raw', bytesOfHex(key), ALGORITHM, true, ['verify']);
  } catch {
    return false;
  }
  return crypto.verify(ALGORITHM, imported, bytesOfHex(signature), message);
};
