/**
 * Base64 as in manifests (RFC 4648, standard or URL alphabet, padding optional, white space ignored).
 */

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) values[digits.charCodeAt(i)] = i;
values['-'.charCodeAt(0)] = 62;
values['_'.charCodeAt(0)] = 63;

/** Decodes base64; null when the text is not base64. */
export const decodeBase64 = (text: string): Uint8Array<ArrayBuffer> | null => {
  const own = text.replace(/[\t\n\f\r ]+/g, '').replace(/={1,2}$/, '');
  if (own.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((own.length * 3) / 4));
  let at = 0;
  let buffer = 0;
  let bitCount = 0;
  for (let i = 0; i < own.length; i++) {
    const value = values[own.charCodeAt(i)] ?? -1;
    if (value < 0) return null;
    buffer = ((buffer << 6) | value) & 0xfff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[at++] = buffer >> bitCount;
    }
  }
  return bytes;
};

/** Encodes bytes as base64, standard alphabet, with padding. */
export const encodeBase64 = (bytes: Uint8Array): string => {
  const parts: string[] = [];
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b = 0, c = 0] = [bytes[at]!, bytes[at + 1], bytes[at + 2]];
    text += digits[a >> 2]! + digits[((a & 3) << 4) | (b >> 4)]!;
    text += at + 1 < bytes.length ? digits[((b & 15) << 2) | (c >> 6)]! : '=';
    text += at + 2 < bytes.length ? digits[c & 63]! : '=';
    // Long texts are joined from parts, so that no engine copies them repeatedly.
    if (text.length < 8192) continue;
    parts.push(text);
    text = '';
  }
  return parts.join('') + text;
};
