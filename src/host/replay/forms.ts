/** The text forms of answers of the outside: numbers beyond 2^53 as decimal text, bytes as base64. */

import { isRecord, isWholeNumber } from '../../errors/checks.ts';
import { sha256Hex } from '../../syntax/sha256.ts';
import { decodeBase64, encodeBase64 } from '../manifest/base64.ts';
import type { Json } from '../state/operation.ts';
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

/** A count, or a limit. */
export const count: Form<number> = {
  write: (value) => value,
  read: (json) => {
    if (!isWholeNumber(json)) throw wrong();
    return json;
  },
};

export const truth: Form<boolean> = {
  write: (value) => value,
  read: (json) => {
    if (typeof json !== 'boolean') throw wrong();
    return json;
  },
};

/** SAFETY: at most 64 bits, since reading digits takes more than linear time. */
export const wide: Form<bigint> = {
  write: String,
  read: (json) => {
    const digits = text.read(json);
    if (!/^-?[0-9]{1,20}$/.test(digits)) throw wrong();
    return BigInt(digits);
  },
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

/** A fixed number of items, each with its own form. */
export const tuple = <T extends readonly unknown[]>(
  ...forms: { readonly [K in keyof T]: Form<T[K]> }
): Form<T> => ({
  write: (values) => forms.map((form, i) => form.write(values[i])),
  read: (json) => {
    if (!Array.isArray(json) || json.length !== forms.length) throw wrong();
    return forms.map((form, i) => form.read(json[i] as Json)) as never;
  },
});

/** Values of one form, by arbitrary names. */
export const dictionary = <T>(form: Form<T>): Form<Readonly<Record<string, T>>> => ({
  write: (values) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, form.write(value)])),
  read: (json) => {
    if (!isRecord(json)) throw wrong();
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, form.read(value)]));
  },
});

/** An object of known fields, each with its own form; others are ignored. */
export const fields = <T extends object>(forms: { readonly [K in keyof T]-?: Form<T[K]> }): Form<T> => {
  const keys = Object.keys(forms) as (keyof T & string)[];
  return {
    write: (value) => Object.fromEntries(keys.map((key) => [key, forms[key].write(value[key])])),
    read: (json) => {
      if (!isRecord(json)) throw wrong();
      const own = (key: string): Json => (Object.hasOwn(json, key) ? json[key]! : null);
      return Object.fromEntries(keys.map((key) => [key, forms[key].read(own(key))])) as never;
    },
  };
};

/** Outgoing bytes, by length and hash: a replay must send the same, and does not need them. */
export const fingerprint = (data: Uint8Array): Json => [data.length, sha256Hex(data)];
