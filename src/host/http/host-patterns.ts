/**
 * Patterns of `allowedHosts`, as the official SDKs read them (`glob` in Rust, `minimatch` in JavaScript): `*` matches
 * any characters, including dots, `?` matches one, `[ab]`, `[a-z]` and `[!ab]` match one of these or one of all
 * others, `{a,b}` matches one of its parts. Case does not matter, and the whole host name must match.
 *
 * A pattern cannot be negated as a whole: `!evil.com` would otherwise allow all other hosts. Brackets around an IPv6
 * address are literal. A pattern that no host name can match is a mistake, and so is one that SDKs interpret
 * differently; both are refused.
 */
import { nameText } from '../../errors/texts.ts';
import { parseHttpUrl } from './url.ts';

/**
 * Characters that no host name contains: the forbidden domain code points of the URL Standard; names are in Punycode.
 */
const forbidden = /[^\x21-\x7e]|[#/<>?@\\^|%]/;

/** IPv6 addresses in brackets, parts of which may be wildcards. */
const isAddress = (text: string): boolean => text.includes(':') && /^[[*][0-9a-f:.*]*[\]*]$/.test(text);

/** Most patterns that the braces of one pattern expand to. */
const MAX_ALTERNATIVES = 1000;

/** Why a pattern cannot be read: a sentence that begins with a verb. */
class Fault {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** The end of a group in braces that begins at `start`, and its parts; null if it is not a group. */
const groupAt = (text: string, start: number): { end: number; parts: string[] } | null => {
  const parts: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}') depth--;
    if (depth === 0 || (depth === 1 && text[at] === ',')) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
    if (depth === 0) return { end: at, parts };
  }
  return null;
};

/** The patterns without braces that a pattern expands to. @throws Fault */
const alternativesOf = (pattern: string): string[] => {
  const done: string[] = [];
  const pending = [pattern];
  for (let text = pending.pop(); text !== undefined; text = pending.pop()) {
    const start = text.indexOf('{');
    if (start < 0) {
      if (text.includes('}')) throw new Fault('closes a brace that it does not open');
      done.push(text);
    } else {
      const group = groupAt(text, start);
      if (group === null) throw new Fault('opens a brace that it does not close');
      if (group.parts.length < 2) throw new Fault('has braces around one part; write it without, or {a,b}');
      // Last first, so that the first one is the next.
      for (const part of group.parts.reverse())
        pending.push(text.slice(0, start) + part + text.slice(group.end + 1));
    }
    if (done.length + pending.length > MAX_ALTERNATIVES)
      throw new Fault(`expands to more than ${MAX_ALTERNATIVES} patterns`);
  }
  return done;
};

/** One place of a pattern: `*` for any characters, otherwise a condition on one character. */
type Place = '*' | ((char: string) => boolean);

/** Reads the contents of brackets. @throws Fault */
const classOf = (inner: string): Place => {
  const isNegated = inner.startsWith('!');
  const text = isNegated ? inner.slice(1) : inner;
  if (text === '' || text.startsWith('^')) throw new Fault('has brackets that SDKs interpret differently');
  const chars = new Set<string>();
  for (let at = 0; at < text.length; at++) {
    const to = text[at + 1] === '-' ? text[at + 2] : undefined;
    if (to === undefined) {
      chars.add(text[at]!);
      continue;
    }
    if (to < text[at]!) throw new Fault(`has an empty range: ${text.slice(at, at + 3)}`);
    for (let code = text.charCodeAt(at); code <= to.charCodeAt(0); code++)
      chars.add(String.fromCharCode(code));
    at += 2;
  }
  return (char) => chars.has(char) !== isNegated;
};

/** Reads a pattern without braces. @throws Fault */
const placesOf = (pattern: string): Place[] => {
  const places: Place[] = [];
  const literal = isAddress(pattern);
  for (let at = 0; at < pattern.length; at++) {
    const own = pattern[at]!;
    const end = literal || own !== '[' ? -1 : pattern.indexOf(']', at + 1);
    if (own === '*') places.push('*');
    else if (own === '?') places.push(() => true);
    else if (end > 0) {
      places.push(classOf(pattern.slice(at + 1, end)));
      at = end;
    } else if (own === '[' && !literal) throw new Fault('opens a bracket that it does not close');
    else places.push((char) => char === own);
  }
  return places;
};

/** Whether a host name matches. PERF: at most the product of both lengths, since only the last `*` is tried again. */
const matches = (places: readonly Place[], host: string): boolean => {
  let at = 0;
  let place = 0;
  let star = -1;
  let starAt = 0;
  while (at < host.length) {
    const wanted = places[place];
    if (wanted === '*') {
      star = place++;
      starAt = at;
    } else if (wanted?.(host[at]!)) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (places[place] === '*') place++;
  return place === places.length;
};

const faultOfPlain = (text: string, pattern: string): string | null => {
  const hostname = parseHttpUrl(`http://${text}/`)?.hostname;
  if (hostname === text) return null;
  if (hostname === undefined) return 'is not a host name';
  return text === pattern
    ? `is not in normalised form; write "${hostname}"`
    : `contains "${text}", which is not in normalised form`;
};

const faultOfAlternative = (text: string, pattern: string): string | null => {
  if (text === '') return 'expands to an empty name';
  if (isAddress(text)) return text.includes('*') ? null : faultOfPlain(text, pattern);
  if (text.includes(':')) {
    if (/^[0-9a-f:.*]*:[0-9a-f:.*]*:[0-9a-f:.*]*$/.test(text))
      return `is an IPv6 address without brackets; write ${suggestion(`[${pattern}]`)}`;
    if (/^[^:]+:[0-9*]*$/.test(text)) return 'contains a port; omit it, every port is allowed';
    return 'is not a host name';
  }
  if (!/[*?[]/.test(text)) return faultOfPlain(text, pattern);
  placesOf(text);
  return forbidden.test(text.replace(/\?/g, '')) ? 'contains characters that no host name has' : null;
};

/** Why no host name can match a pattern, as a sentence that begins with a verb; null if one can. */
export const hostPatternFault = (pattern: string): string | null => {
  const text = pattern.toLowerCase();
  if (text === '') return 'is empty; omit it';
  if (text.trim() !== text) return 'begins or ends with a space; omit it';
  if (text.includes('://')) return `contains a scheme; write only the host name: ${suggestion(pattern)}`;
  if (text.includes('/')) return 'contains a path; write only the host name, every path is allowed';
  try {
    for (const alternative of alternativesOf(text)) {
      const fault = faultOfAlternative(alternative, text);
      if (fault !== null) return fault;
    }
    return null;
  } catch (error) {
    if (error instanceof Fault) return error.text;
    throw error;
  }
};

const suggestion = (pattern: string): string => {
  const hostname = parseHttpUrl(pattern.includes('://') ? pattern : `http://${pattern}/`)?.hostname;
  return `"${nameText(hostname ?? pattern)}"`;
};

/** Whether a host name matches a pattern without a `hostPatternFault`. */
export const matchesHostPattern = (pattern: string, hostname: string): boolean => {
  const host = hostname.toLowerCase();
  return alternativesOf(pattern.toLowerCase()).some((text) => matches(placesOf(text), host));
};

/** Whether a host name matches one of the patterns; an empty list allows nothing. */
export const isAllowedHost = (patterns: readonly string[], hostname: string): boolean =>
  patterns.some((pattern) => matchesHostPattern(pattern, hostname));
