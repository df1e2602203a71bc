/**
 * URLs of requests: their hosts, and the targets of redirects.
 *
 * SAFETY: what checks a URL and what sends the request must agree on its host, so the host's own `URL` parses, and
 * only its normalised form is used. Without that class, only unambiguous URLs are accepted.
 */

/** The parts of a URL; unless stated otherwise, of the schemes http and https. */
export interface HttpUrl {
  /** In normalised form. */
  readonly href: string;
  /** Host name without port, lower case; an IPv6 address is in brackets. */
  readonly hostname: string;
  /** Scheme, host name and port: two URLs lead to the same server if they agree in these. */
  readonly origin: string;
}

/** The part of the class `URL` that is used. */
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

/** Some parsers treat a name whose last part is a number as an address, in any form: only the usual form passes. */
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
 * Parses a URL of any scheme.
 *
 * @param base the base of a relative URL
 * @returns null for a text that is not a URL, or a URL with user name or password
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
 * Parses a URL.
 *
 * @param base the base of a relative URL
 * @returns null for anything but an http or https URL without user name and password
 */
export const parseHttpUrl = (text: string, base?: HttpUrl): HttpUrl | null => {
  const url = parseAnyUrl(text, base?.href);
  return url !== null && /^https?:/.test(url.href) ? url : null;
};
