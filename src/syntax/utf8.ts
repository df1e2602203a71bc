/**
 * UTF-8, strictly: the language has no TextDecoder, and names that are not well-formed are malformed, not
 * replaced. No byte order mark is dropped. @spec binary-utf8
 */

/** Decodes bytes; null when they are not well-formed UTF-8. */
export const decodeUtf8 = (bytes: Uint8Array, start = 0, end: number = bytes.length): string | null => {
  const units: number[] = [];
  let text = '';
  for (let i = start; i < end; ) {
    const b = bytes[i]!;
    let point = b;
    let length = 1;
    if (b >= 0x80) {
      length = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
      if (b < 0xc2 || b > 0xf4 || i + length > end) return null;
      point = b & (0x7f >> length);
      for (let k = 1; k < length; k++) {
        const c = bytes[i + k]!;
        if ((c & 0xc0) !== 0x80) return null;
        point = (point << 6) | (c & 0x3f);
      }
      const isOverlong = point < (length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000);
      if (isOverlong || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return null;
    }
    if (point > 0xffff) units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    else units.push(point);
    // Arguments of one call are limited by the stack of the JavaScript engine.
    if (units.length >= 4096) {
      text += String.fromCharCode(...units);
      units.length = 0;
    }
    i += length;
  }
  return text + String.fromCharCode(...units);
};

/** Encodes text; lone surrogates become U+FFFD. */
export const encodeUtf8 = (text: string): Uint8Array => {
  const out = new Uint8Array(text.length * 3);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point >= 0xd800 && point < 0xe000) {
      const low = text.charCodeAt(i + 1);
      if (point < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        i++;
      } else point = 0xfffd;
    }
    if (point < 0x80) out[n++] = point;
    else if (point < 0x800) {
      out[n++] = 0xc0 | (point >> 6);
      out[n++] = 0x80 | (point & 0x3f);
    } else {
      if (point < 0x10000) out[n++] = 0xe0 | (point >> 12);
      else {
        out[n++] = 0xf0 | (point >> 18);
        out[n++] = 0x80 | ((point >> 12) & 0x3f);
      }
      out[n++] = 0x80 | ((point >> 6) & 0x3f);
      out[n++] = 0x80 | (point & 0x3f);
    }
  }
  return out.slice(0, n);
};
