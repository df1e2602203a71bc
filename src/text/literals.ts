/** Strings and identifiers as the text format writes them. @spec text-string, text-id */
import { isIdChar } from './characters.ts';

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** By byte: its form in a string of bytes. */
const byteTexts: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  if (char === '"' || char === '\\') return `\\${char}`;
  return byte >= 0x20 && byte < 0x7f ? char : `\\${hex(byte)}`;
});

/** A range of bytes as a string. */
export const bytesText = (bytes: Uint8Array, start = 0, end: number = bytes.length): string => {
  let text = '';
  for (let i = start; i < end; i++) text += byteTexts[bytes[i]!]!;
  return `"${text}"`;
};

/** C0, DEL, C1, quotes and backslashes; marks that reverse the direction of a line; separators of lines. */
const special =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  /["\\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A name as a string. */
export const nameString = (name: string): string =>
  `"${name.replace(special, (char) =>
    char === '"' || char === '\\' ? `\\${char}` : `\\u{${char.charCodeAt(0).toString(16)}}`,
  )}"`;

const isPlainId = (name: string): boolean => {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 0x7f || !isIdChar(code)) return false;
  }
  return true;
};

/** A name that is not empty as an identifier. */
export const idString = (name: string): string => (isPlainId(name) ? `$${name}` : `$${nameString(name)}`);
