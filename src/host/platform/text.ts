/**
 * UTF-8 between JavaScript strings and guest memory.
 *
 * Written here because the core may not assume a TextDecoder. Faults are replaced by U+FFFD exactly as the
 * Encoding Standard does it (one replacement per maximal ill-formed subsequence), on every host alike.
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

/** Decodes UTF-8; ill-formed sequences become U+FFFD. A byte order mark is kept. */
export const decodeUtf8 = (bytes: Uint8Array): string => {
  const parts: string[] = [];
  const units: number[] = [];
  const flush = (): void => {
    parts.push(String.fromCharCode(...units));
    units.length = 0;
  };
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      units.push(lead);
      at++;
    } else {
      const { point, length } = readPoint(bytes, at, lead);
      at += length;
      if (point > 0xffff) units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
      else units.push(point);
    }
    if (units.length >= CHUNK) flush();
  }
  flush();
  return parts.join('');
};

/** Range of the byte behind a lead byte: it is what rules out overlong forms, surrogates and values too large. */
const secondByteRange = (lead: number): readonly [low: number, high: number] => {
  switch (lead) {
    case 0xe0:
      return [0xa0, 0xbf];
    case 0xed:
      return [0x80, 0x9f];
    case 0xf0:
      return [0x90, 0xbf];
    case 0xf4:
      return [0x80, 0x8f];
    default:
      return [0x80, 0xbf];
  }
};

const trailCount = (lead: number): number => {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
};

const readPoint = (bytes: Uint8Array, at: number, lead: number): { point: number; length: number } => {
  const count = trailCount(lead);
  let point = count === 0 ? REPLACEMENT : lead & (0x3f >> count);
  let [low, high] = secondByteRange(lead);
  for (let i = 1; i <= count; i++) {
    const byte = bytes[at + i] ?? 0;
    // The faulty byte is not part of the sequence: it is read again as a lead byte.
    if (byte < low || byte > high) return { point: REPLACEMENT, length: i };
    point = (point << 6) | (byte & 0x3f);
    [low, high] = [0x80, 0xbf];
  }
  return { point, length: count + 1 };
};
