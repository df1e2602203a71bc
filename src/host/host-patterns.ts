/**
 * Patterns of `allowedHosts`, by one rule: `*` stands for any characters, dots included, and everything else for
 * itself; case does not matter, and the whole host name must match.
 *
 * This is what the patterns of all Extism SDKs have in common. What they do not share (`?`, `[ab]`, `{a,b}`) is
 * taken literally and so matches no host name. Nothing negates: `!evil.com` would otherwise allow all the rest.
 */

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
