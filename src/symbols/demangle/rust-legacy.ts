/**
 * Rust's older mangling: `_ZN`, parts with their lengths, a hash as the last one. Linkers that treat it as C++ leave
 * `a::b::h0123456789abcdef`, which is also made readable. @source rustc's `legacy.rs`
 */

const escapes: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
};

/** Undoes `$LT$`, `$u7b$`, `..` in a part. */
const unescapePart = (part: string): string =>
  part
    .replace(/^_(?=\$)/, '')
    .replaceAll('..', '::')
    .replace(/\$(?:([A-Z]{1,2})|u([0-9a-f]{1,6}))\$/g, (whole, name: string | undefined, hex: string) => {
      if (name !== undefined) return escapes[name] ?? whole;
      const point = Number.parseInt(hex, 16);
      return point >= 0x20 && point <= 0xff && (point < 0x7f || point > 0x9f)
        ? String.fromCodePoint(point)
        : whole;
    });

const isHash = (part: string | undefined): boolean => part !== undefined && /^h[0-9a-f]{16}$/.test(part);

/** The parts of `_ZN3foo3barE…`; empty if it does not have that form. */
const partsOf = (name: string): string[] => {
  const parts: string[] = [];
  for (let pos = 3; name[pos] !== 'E'; ) {
    const digits = /^[1-9]\d{0,3}/.exec(name.slice(pos, pos + 4))?.[0];
    if (digits === undefined) return [];
    const start = pos + digits.length;
    pos = start + Number(digits);
    if (pos >= name.length) return [];
    parts.push(name.slice(start, pos));
  }
  return parts;
};

/** The path of a function, without hash; null for other names. */
export const demangleRustLegacy = (name: string): string | null => {
  const parts = name.startsWith('_ZN') ? partsOf(name) : name.split('::');
  return parts.length > 1 && isHash(parts.pop()) ? parts.map(unescapePart).join('::') : null;
};
