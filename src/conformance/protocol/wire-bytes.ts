/** Bytes as they travel: base64. */
import { decodeBase64 } from '../../host/manifest/base64.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 with padding. */
export const encodeWireBytes = (bytes: Uint8Array): string => {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    parts.push(
      DIGITS[group >> 18]! +
        DIGITS[(group >> 12) & 63]! +
        (left > 1 ? DIGITS[(group >> 6) & 63]! : '=') +
        (left > 2 ? DIGITS[group & 63]! : '='),
    );
  }
  return parts.join('');
};

/** The bytes; null when the text is not base64. */
export const decodeWireBytes = (text: string): Uint8Array | null => decodeBase64(text);

/** Two digits for each byte. */
export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
