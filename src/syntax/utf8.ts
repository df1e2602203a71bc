/**
 * UTF-8 between bytes and JavaScript strings, written here because the language has no TextDecoder. No byte order
 * mark is dropped.
 *
 * Names in modules and snapshots must be well-formed. Text of guests need not be: there a fault is replaced exactly
 * as the Encoding Standard does it, one replacement for each maximal ill-formed subsequence. @spec binary-utf8
 */

const REPLACEMENT = 0xfffd;
/** Code units per call of `fromCharCode`: well below every engine's limit of arguments. */
const CHUNK = 4096;

/** Encodes a string as UTF-8; a lone surrogate becomes U+FFFD. */
export const encodeUtf8 = (text: string): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(utf8Length(text));
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      bytes[at++] = unit;
      continue;
    }
    const point = codePointOf(text, i, unit);
    if (point > 0xffff) i++;
    at = writePoint(bytes, at, point);
  }
  return bytes;
};

const isHighSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xd800;
const isLowSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;

const codePointOf = (text: string, index: number, unit: number): number => {
  if (isHighSurrogate(unit)) {
    const next = text.charCodeAt(index + 1);
    return isLowSurrogate(next) ? 0x1_0000 + ((unit & 0x3ff) << 10) + (next & 0x3ff) : REPLACEMENT;
  }
  return isLowSurrogate(unit) ? REPLACEMENT : unit;
};

const utf8Length = (text: string): number => {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length++;
    else if (unit < 0x800) length += 2;
    else if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1))) {
      length += 4;
      i++;
    } else length += 3;
  }
  return length;
};

const writePoint = (bytes: Uint8Array, start: number, point: number): number => {
  let at = start;
  if (point < 0x800) bytes[at++] = 0xc0 | (point >> 6);
  else if (point < 0x1_0000) {
    bytes[at++] = 0xe0 | (point >> 12);
    bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
  } else {
    bytes[at++] = 0xf0 | (point >> 18);
    bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
    bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
  }
  bytes[at++] = 0x80 | (point & 0x3f);
  return at;
};

/** How many bytes follow a lead byte; 0 for any other byte. */
const trailCount = (lead: number): number => {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
};

const decode = (bytes: Uint8Array, start: number, end: number, replaces: boolean): string | null => {
  const units: number[] = [];
  let text = '';
  for (let at = start; at < end; ) {
    const lead = bytes[at++]!;
    let point = lead;
    if (lead >= 0x80) {
      const count = trailCount(lead);
      point = count === 0 ? -1 : lead & (0x3f >> count);
      // The range of the second byte rules out overlong forms, surrogates and values that are too large.
      let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      for (let i = 0; i < count; i++) {
        const byte = at < end ? bytes[at]! : 0;
        // A faulty byte is not part of the sequence: it is read again as a lead byte.
        if (byte < low || byte > high) {
          point = -1;
          break;
        }
        at++;
        point = (point << 6) | (byte & 0x3f);
        low = 0x80;
        high = 0xbf;
      }
      if (point < 0) {
        if (!replaces) return null;
        point = REPLACEMENT;
      }
    }
    if (point > 0xffff) units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
    else units.push(point);
    if (units.length < CHUNK) continue;
    text += String.fromCharCode(...units);
    units.length = 0;
  }
  return text + String.fromCharCode(...units);
};

/** Decodes bytes; null when they are not well-formed UTF-8. */
export const decodeUtf8 = (bytes: Uint8Array, start = 0, end: number = bytes.length): string | null =>
  decode(bytes, start, end, false);

/** Decodes bytes; ill-formed sequences become U+FFFD. */
export const decodeUtf8Lossy = (bytes: Uint8Array): string => decode(bytes, 0, bytes.length, true)!;
