/** Text or bytes from embedders. */
import { badArgument, reading } from '../../errors/arguments.ts';
import { asBytes, type BytesLike } from '../../errors/bytes.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';

/** Text as UTF-8, or bytes unchanged. @throws UsageError for anything else */
export const checkTextOrBytes = (value: string | BytesLike, what: string): Uint8Array => {
  if (typeof value === 'string') return encodeUtf8(value);
  const bytes = reading(what, () => asBytes(value));
  if (bytes !== null) return bytes;
  throw badArgument(`${what} must be a string or bytes, not ${value === null ? 'null' : typeof value}`);
};
