/** Classes of characters, by byte, and the forms of identifiers and numbers. @spec text-idchar */
import { FLOAT, INT, NAT } from './tokens.ts';

const classes = new Uint8Array(256);
const IDCHAR = 1;
const DIGIT = 2;
const HEX = 4;
const SPACE = 8;
const PUNCTUATION = 16;
const mark = (characters: string, bit: number): void => {
  for (let i = 0; i < characters.length; i++) {
    const code = characters.charCodeAt(i);
    classes[code] = classes[code]! | bit;
  }
};
const letters = 'abcdefghijklmnopqrstuvwxyz';
mark(`0123456789${letters}${letters.toUpperCase()}_+-*/\\^~=<>!?@#$%&|:\`.'`, IDCHAR);
mark('0123456789', DIGIT | HEX);
mark('abcdefABCDEF', HEX);
mark(' \t\n\r', SPACE);
mark(',;[]{}', PUNCTUATION);

export const isIdChar = (byte: number): boolean => (classes[byte]! & IDCHAR) !== 0;
export const isDigit = (byte: number): boolean => (classes[byte]! & DIGIT) !== 0;
export const isHexDigit = (byte: number): boolean => (classes[byte]! & HEX) !== 0;
export const isSpace = (byte: number): boolean => (classes[byte]! & SPACE) !== 0;
/** Characters that are tokens, which only annotations can have. */
export const isPunctuation = (byte: number): boolean => (classes[byte]! & PUNCTUATION) !== 0;

/** The value of a hexadecimal digit. */
export const digitValue = (byte: number): number => (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57);

/** Character codes that readers name. */
export const CHAR = {
  tab: 0x09,
  newline: 0x0a,
  return: 0x0d,
  quote: 0x22,
  dollar: 0x24,
  left: 0x28,
  right: 0x29,
  plus: 0x2b,
  minus: 0x2d,
  dot: 0x2e,
  zero: 0x30,
  semicolon: 0x3b,
  equals: 0x3d,
  at: 0x40,
  backslash: 0x5c,
  underscore: 0x5f,
  e: 0x65,
  p: 0x70,
  u: 0x75,
  x: 0x78,
  leftBrace: 0x7b,
  rightBrace: 0x7d,
} as const;

/** Bytes of the UTF-8 sequence at a place; 0 if it is not one. @spec text-source */
export const utf8Length = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const second = bytes[at + 1] ?? 0;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
};

/** Reads digits with single underscores between them; returns their end, or -1 if there are none. */
const digitsEnd = (
  bytes: Uint8Array,
  start: number,
  end: number,
  isOne: (byte: number) => boolean,
): number => {
  let at = start;
  if (at >= end || !isOne(bytes[at]!)) return -1;
  for (at++; at < end; at++) {
    if (isOne(bytes[at]!)) continue;
    if (bytes[at] !== CHAR.underscore || at + 1 >= end || !isOne(bytes[at + 1]!)) return at;
  }
  return at;
};

/** Whether a word is this one. */
export const isWord = (bytes: Uint8Array, start: number, end: number, word: string): boolean => {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word.charCodeAt(i)) return false;
  return true;
};

const isSign = (byte: number | undefined): boolean => byte === CHAR.plus || byte === CHAR.minus;

/** Whether a number is written in hexadecimal, after its sign. */
export const isHexadecimal = (bytes: Uint8Array, start: number): boolean =>
  bytes[start] === CHAR.zero && bytes[start + 1] === CHAR.x;

/** The kind of number of a word of identifier characters; -1 if it is not a number. @spec text-num */
export const numberKind = (bytes: Uint8Array, start: number, end: number): number => {
  const hasSign = isSign(bytes[start]);
  const first = hasSign ? start + 1 : start;
  if (isWord(bytes, first, end, 'inf') || isWord(bytes, first, end, 'nan')) return FLOAT;
  if (isWord(bytes, first, Math.min(end, first + 6), 'nan:0x'))
    return digitsEnd(bytes, first + 6, end, isHexDigit) === end ? FLOAT : -1;
  const isHex = isHexadecimal(bytes, first);
  const isOne = isHex ? isHexDigit : isDigit;
  let at = digitsEnd(bytes, isHex ? first + 2 : first, end, isOne);
  if (at < 0) return -1;
  if (at === end) return hasSign ? INT : NAT;
  if (bytes[at] === CHAR.dot) {
    at++;
    if (at < end && isOne(bytes[at]!)) at = digitsEnd(bytes, at, end, isOne);
    if (at === end) return FLOAT;
  }
  if ((bytes[at]! | 0x20) !== (isHex ? CHAR.p : CHAR.e)) return -1;
  at++;
  if (isSign(bytes[at])) at++;
  return digitsEnd(bytes, at, end, isDigit) === end ? FLOAT : -1;
};
