/** One canonical form for each value, for hashes and signatures. */
import { isObject } from '../errors/checks.ts';
import { sha256Hex } from '../syntax/sha256.ts';
import { encodeUtf8 } from '../syntax/utf8.ts';

/** Version of jobs and of their receipts. */
export const JOB_VERSION = 1 as const;

/** A value as JSON that does not depend on the order of keys. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
};

/** SHA-256 of a value of JSON. */
export const hashOf = (value: unknown): string => sha256Hex(encodeUtf8(canonical(value)));

/** Bytes from hexadecimal digits. */
export const bytesOfHex = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length >> 1 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
