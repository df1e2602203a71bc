/** How answers of the outside are written down: numbers beyond 2^53 as decimal text, bytes as base64. */

import { sha256Hex } from '../../syntax/sha256.ts';
import { decodeBase64, encodeBase64 } from '../base64.ts';
import type { Json } from './log.ts';
import type { Form } from './tape.ts';

const wrong = (): Error => new Error('not of this form');

export const nothing: Form<void> = { write: () => null, read: () => undefined };

export const number: Form<number> = {
  write: (value) => value,
  read: (json) => {
    if (typeof json !== 'number') throw wrong();
    return json;
  },
};

export const text: Form<string> = {
  write: (value) => value,
  read: (json) => {
    if (typeof json !== 'string') throw wrong();
    return json;
  },
};

export const wide: Form<bigint> = {
  write: String,
  read: (json) => BigInt(text.read(json)),
};

export const bytes: Form<Uint8Array> = {
  write: encodeBase64,
  read: (json) => {
    const value = decodeBase64(text.read(json));
    if (value === null) throw wrong();
    return value;
  },
};

export const optional = <T>(form: Form<T>): Form<T | null> => ({
  write: (value) => (value === null ? null : form.write(value)),
  read: (json) => (json === null ? null : form.read(json)),
});

export const list = <T>(form: Form<T>): Form<readonly T[]> => ({
  write: (values) => values.map(form.write),
  read: (json) => {
    if (!Array.isArray(json)) throw wrong();
    return (json as readonly Json[]).map(form.read);
  },
});

/** Bytes that go out, by length and hash: a replay must send the same, and need not be told them. */
export const fingerprint = (data: Uint8Array): Json => [data.length, sha256Hex(data)];
