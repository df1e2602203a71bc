/**
 * URLs of requests: which host they name, and where a redirect leads.
 *
 * SAFETY: what checks a URL and what sends the request must agree on its host, so the host's own `URL` parses and
 * only its normalised form goes on. Where there is none, only URLs that nobody can read in two ways are accepted.
 */

/** A URL, taken apart; where nothing else is said, of the schemes http and https. */
export interface HttpUrl {
  /** In normalised form. */
  readonly href: string;
  /** Host name without port, lower case; an IPv6 address is in brackets. */
  readonly hostname: string;
  /** Scheme, host name and port: what decides whether two URLs lead to the same server. */
  readonly origin: string;
}

/** What is used of the class `URL`. */
interface ParsedUrl {
  readonly href: string;
  readonly hostname: string;
  readonly origin: string;
  readonly username: string;
  readonly password: string;
}
type UrlClass = new (text: string, base?: string) => ParsedUrl;

/** Longest URL of a request. */
const MAX_URL_LENGTH = 16_384;

/** Scheme, host, port, and a rest without anything that a parser might rewrite. */
const plainUrl =
  /^(https?):\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?((?:[/?][!-"$-;=?-[\]_a-z~|]*)?)$/i;

/** A name whose last part is a number is an address to some readers, whatever its form: only the usual one passes. */
const numericHost = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;
const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const dottedQuad = new RegExp(`^${octet}(?:\\.${octet}){3}$`);

const parsePlain = (text: string): HttpUrl | null => {
  const match = plainUrl.exec(text);
  if (match === null) return null;
  const [, scheme = '', host = '', port = '', rest = ''] = match;
  const protocol = scheme.toLowerCase();
  const hostname = host.toLowerCase();
  if (numericHost.test(hostname) && !dottedQuad.test(hostname)) return null;
  const origin = `${protocol}://${hostname}${port}`;
  return {
    href: origin + (rest.startsWith('/') ? rest : `/${rest}`),
    hostname,
    origin,
  };
};

const classOfHost = (): UrlClass | undefined => (globalThis as { URL?: UrlClass }).URL;

/**
 * Takes a URL of any scheme apart.
 *
 * @param base what a relative URL is relative to
 * @returns null for what is no URL, and for one with user name or password
 */
export const parseAnyUrl = (text: string, base?: string): HttpUrl | null => {
  if (text.length > MAX_URL_LENGTH) return null;
  const URL = classOfHost();
  if (URL === undefined) return parsePlain(text);
  let url: ParsedUrl;
  try {
    url = new URL(text, base);
  } catch {
    return null;
  }
  const { href, hostname, origin, username, password } = url;
  if (username !== '' || password !== '') return null;
  return { href, hostname, origin };
};

/**
 * Takes a URL apart.
 *
 * @param base what a relative URL is relative to
 * @returns null for anything but an http or https URL without user name and password
 */
export const parseHttpUrl = (text: string, base?: HttpUrl): HttpUrl | null => {
  const url = parseAnyUrl(text, base?.href);
  return url !== null && /^https?:/.test(url.href) ? url : null;
};
