/**
 * Texts from outside as parts of messages: names of modules and plug-ins, and values of any kind.
 *
 * SAFETY: a name can hold megabytes, and characters that control a terminal or reverse the direction of a line. A
 * value can be an object whose conversion throws. Nothing here throws, and nothing that it returns is long.
 */
import { isObjectOrFunction } from './checks.ts';

/** Longest name in a message; a longer one is cut, and ends in a mark. */
const MAX_NAME = 100;
const MAX_FRAME_NAME = 1000;
/** Longest message of an error from outside. */
const MAX_MESSAGE = 4000;

/** C0, DEL and C1, separators of lines, and the marks and overrides of bidirectional text. */
const steering =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const escaped = (char: string): string => `\\u{${char.charCodeAt(0).toString(16)}}`;

/** A text in which each character that could control a terminal is written as `\u{1b}`. */
export const printable = (text: string): string => text.replace(steering, escaped);

/** A text in which each such character is an underscore. */
export const masked = (text: string): string => text.replace(steering, '_');

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** What XML has no way to write: control characters and halves of surrogate pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
const unwritable = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]/gu;

/** A text as content or as the value of an attribute in XML and HTML. What they cannot write becomes U+FFFD. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => entities[char]!).replace(unwritable, '\ufffd');

/** JSON text with the same characters escaped, as JSON has it. */
export const printableJson = (json: string): string =>
  json.replace(steering, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A text of several lines, printable; line feeds and tabs stay. */
export const printableLines = (text: string): string =>
  text.replace(steering, (char) => (char === '\n' || char === '\t' ? char : escaped(char)));

const shorten = (text: string, most: number): string => {
  if (text.length <= most) return text;
  // Half of a surrogate pair would be no character.
  const end = (text.charCodeAt(most - 1) & 0xfc00) === 0xd800 ? most - 1 : most;
  return `${text.slice(0, end)}…`;
};

/** A message, cut if it is too long. */
export const shortMessage = (text: string): string => shorten(text, MAX_MESSAGE);

/** A name as part of a message: short and printable. Callers without types can pass anything. */
export const nameText = (name: string): string =>
  typeof name === 'string' ? printable(shorten(name, MAX_NAME)) : valueText(name);

/** The name of a function in a backtrace: printable, and longer, since names of generic code are long. */
export const frameName = (name: string): string => printable(shorten(name, MAX_FRAME_NAME));

/** Any value as part of a message: its kind, or a simple value itself. */
export const valueText = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return `"${nameText(value)}"`;
    case 'bigint':
      // Longer ones take long to convert.
      return BigInt.asIntN(128, value) === value ? `${value}n` : 'a bigint';
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'symbol':
      return 'a symbol';
    case 'function':
      return 'a function';
    default:
      return value === null ? 'null' : 'an object';
  }
};

/** The message of any thrown value. */
export const messageOf = (error: unknown): string => {
  if (typeof error === 'string') return shortMessage(error);
  if (!isObjectOrFunction(error)) return valueText(error);
  try {
    const message: unknown = (error as Partial<Error>).message;
    if (typeof message === 'string') return shortMessage(message);
    return shortMessage(String(error));
  } catch {
    return valueText(error);
  }
};
