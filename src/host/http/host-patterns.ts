/**
 * Patterns of `allowedHosts`, by one rule: `*` stands for any characters, dots included, and everything else for
 * itself; case does not matter, and the whole host name must match.
 *
 * This is what the patterns of all Extism SDKs have in common. What they do not share (`?`, `[ab]`, `{a,b}`) is
 * taken literally and so matches no host name. Nothing negates: `!evil.com` would otherwise allow all the rest.
 *
 * A pattern that no host name can ever match is a mistake of whoever wrote it, and is refused where it is given.
 */
import { nameText } from '../../errors/texts.ts';
import { parseHttpUrl } from './url.ts';

/** What no host name contains: the forbidden domain code points of the URL Standard; names are in Punycode. */
const forbidden = /[^\x21-\x7e]|[#/<>?@\\^|%]/;

/** Why no host name can match a pattern, as a sentence that begins with a verb; null when one can. */
export const hostPatternFault = (pattern: string): string | null => {
  const text = pattern.toLowerCase();
  if (text === '') return 'is empty; leave it out';
  if (text.trim() !== text) return 'begins or ends with a space; leave it out';
  if (text.includes('://')) return `names a scheme; write the host name alone: ${suggestion(pattern)}`;
  if (text.includes('/')) return 'holds a path; write the host name alone, every path is allowed';
  const hasAddress = /[:[\]]/.test(text);
  if (hasAddress && !(/^[[*][0-9a-f:.*]*[\]*]$/.test(text) && text.length > 1)) {
    if (/^[0-9a-f:.*]*:[0-9a-f:.*]*:[0-9a-f:.*]*$/.test(text))
      return `is an IPv6 address without brackets; write ${suggestion(`[${pattern}]`)}`;
    if (/^[^:]+:[0-9*]*$/.test(text)) return 'names a port; leave it out, every port is allowed';
    return 'is no name of a host';
  }
  if (text.includes('*')) return forbidden.test(text) ? 'holds characters that no host name has' : null;
  const hostname = parseHttpUrl(`http://${text}/`)?.hostname;
  if (hostname === text) return null;
  return hostname === undefined ? 'is no name of a host' : `is never written so; write "${hostname}"`;
};

const suggestion = (pattern: string): string => {
  const hostname = parseHttpUrl(pattern.includes('://') ? pattern : `http://${pattern}/`)?.hostname;
  return `"${nameText(hostname ?? pattern)}"`;
};

/** Whether a host name matches one pattern. Linear in the host name for each `*`. */
export const matchesHostPattern = (pattern: string, hostname: string): boolean => {
  const host = hostname.toLowerCase();
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  if (rest.length === 0) return host === first;
  if (!host.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const part of rest) {
    const found = host.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  // The last part may not use characters that the parts before it have used.
  return host.length - last.length >= at && host.endsWith(last);
};

/** Whether a host name matches one of the patterns; an empty list allows nothing. */
export const isAllowedHost = (patterns: readonly string[], hostname: string): boolean =>
  patterns.some((pattern) => matchesHostPattern(pattern, hostname));
