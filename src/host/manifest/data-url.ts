/** `data:` URLs (RFC 2397): bundlers write small files into the code this way. No request is made for them. */
import { decodeUtf8Lossy, encodeUtf8 } from '../../syntax/utf8.ts';
import { decodeBase64 } from './base64.ts';

/** The contents of a `data:` URL. */
interface DataUrl {
  /** The media type with its parameters, as written. */
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

const percentDecoded = (text: string): Uint8Array => {
  const bytes = encodeUtf8(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const escaped = bytes[at] === 0x25 ? String.fromCharCode(...bytes.subarray(at + 1, at + 3)) : '';
    const isEscape = /^[0-9a-f]{2}$/i.test(escaped);
    bytes[length++] = isEscape ? Number.parseInt(escaped, 16) : bytes[at]!;
    if (isEscape) at += 2;
  }
  return bytes.subarray(0, length);
};

/** Whether a text is a `data:` URL. */
export const isDataUrl = (text: string): boolean => /^data:/i.test(text);

/** Parses a `data:` URL; null if it contains no data. */
export const parseDataUrl = (text: string): DataUrl | null => {
  const comma = text.indexOf(',');
  if (comma < 0) return null;
  const head = text.slice('data:'.length, comma);
  const bytes = percentDecoded(text.slice(comma + 1));
  const contentType = head.replace(/; *base64 *$/i, '');
  if (contentType === head) return { contentType, bytes };
  const decoded = decodeBase64(decodeUtf8Lossy(bytes));
  return decoded === null ? null : { contentType, bytes: decoded };
};
