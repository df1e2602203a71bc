/**
 * HTTP on top of a transport that sends one request at a time: redirects, limits, errors.
 *
 * Redirects are followed here and not by the transport, so that every hop is checked by the same rule as the
 * first: an allowed server must not be able to lead a plug-in to one that is not allowed.
 */
import { checkBytes } from '../../errors/arguments.ts';
import { HostError, isQuernError } from '../../errors/errors.ts';
import { messageOf, nameText } from '../../errors/texts.ts';
import type { HttpHeaders, HttpResponse, HttpTransport } from '../platform/platform.ts';
import { type HttpUrl, parseAnyUrl, parseHttpUrl } from './url.ts';

/** Most redirects of one request, as in the Fetch Standard. */
const MAX_REDIRECTS = 20;
/** Most bytes of all header names and values of a response. */
const MAX_HEADER_BYTES = 65_536;

/** A request before it is sent. */
export interface ClientRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /** Resolves when the response is no longer needed; null if it always is. */
  readonly cancelled: Promise<void> | null;
}

/** Rules for one request and its redirects. */
export interface ClientRules {
  /** Called before each hop; throws if it must not be sent. Null if every hop may be sent. */
  readonly check: ((url: HttpUrl) => void) | null;
  /** Most bytes of the body of the response. */
  readonly maxBytes: number;
}

/** A complete response. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
}

const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];
/** Headers that must not be sent to another server. */
const secretHeaders: readonly string[] = ['authorization', 'cookie', 'proxy-authorization'];

/** An HTTP error that is not caused by a limit or an allow-list. */
export const httpFailure = (detail: string, cause?: unknown): Error =>
  new HostError('host.http-failed', { detail, ...(cause === undefined ? {} : { cause }) });

/** The value of a header, or null. */
export const headerOf = ({ headers }: { readonly headers: HttpHeaders }, name: string): string | null =>
  headers.find(([key]) => key === name)?.[1] ?? null;

const withoutHeaders = (
  headers: Readonly<Record<string, string>>,
  drops: (name: string) => boolean,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !drops(name.toLowerCase())));

/** The request that follows a redirect, by the rules of the Fetch Standard. */
const redirected = (request: ClientRequest, status: number, from: HttpUrl, to: HttpUrl): ClientRequest => {
  const { method } = request;
  const becomesGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST');
  const isForeign = to.origin !== from.origin;
  const headers = withoutHeaders(
    request.headers,
    (name) => (becomesGet && name.startsWith('content-')) || (isForeign && secretHeaders.includes(name)),
  );
  return {
    ...request,
    url: to.href,
    headers,
    ...(becomesGet ? { method: 'GET', body: null } : {}),
  };
};

const checkHeaders = (headers: HttpHeaders): void => {
  const size = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > MAX_HEADER_BYTES) throw httpFailure(`headers of the response exceed ${MAX_HEADER_BYTES} bytes`);
};

const readBody = async (body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop closes the connection: bytes beyond the limit are not even received.
  for await (const part of body) {
    const chunk = checkBytes(part, 'a part of a body');
    length += chunk.length;
    if (length > maxBytes) {
      throw new HostError('host.http-limit', { limit: maxBytes, detail: String(maxBytes) });
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
};

/** Closes a body that is not read. */
const discard = async (body: AsyncIterable<Uint8Array>): Promise<void> => {
  // An iteration that never began would not close anything.
  for await (const chunk of body) if (chunk.length > 0) break;
};

const send = async (
  transport: HttpTransport,
  url: HttpUrl,
  request: ClientRequest,
  { check, maxBytes }: ClientRules,
): Promise<HttpResponse> => {
  const response = await transport({ ...request, url: url.href, mayGoAnywhere: check === null, maxBytes });
  checkHeaders(response.headers);
  return response;
};

const follow = async (
  transport: HttpTransport,
  first: ClientRequest,
  rules: ClientRules,
): Promise<HttpAnswer> => {
  let request = first;
  // SAFETY: a request that may go anywhere may begin with any scheme that the host fetches, such as that of the files
  // of an app; a redirect of a server leads only to other servers.
  let url = rules.check === null ? parseAnyUrl(request.url) : parseHttpUrl(request.url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    if (url === null)
      throw httpFailure(`"${nameText(request.url)}" is not an http or https URL without credentials`);
    rules.check?.(url);
    const response = await send(transport, url, request, rules);
    const location = redirectStatuses.includes(response.status) ? headerOf(response, 'location') : null;
    if (location === null) {
      const { status, headers } = response;
      return { status, headers, body: await readBody(response.body, rules.maxBytes) };
    }
    await discard(response.body);
    const target = parseHttpUrl(location, url);
    if (target === null)
      throw httpFailure(`"${url.href}" redirects to "${nameText(location)}", which is not an HTTP URL`);
    request = redirected(request, response.status, url, target);
    url = target;
  }
  throw httpFailure(`"${nameText(first.url)}": more than ${MAX_REDIRECTS} redirects`);
};

/**
 * Sends a request, follows redirects and reads the response.
 *
 * @throws HostError; an error of the transport becomes its cause
 */
export const exchange = async (
  transport: HttpTransport,
  request: ClientRequest,
  rules: ClientRules,
): Promise<HttpAnswer> => {
  try {
    return await follow(transport, request, rules);
  } catch (error) {
    if (isQuernError(error)) throw error;
    throw httpFailure(`"${nameText(request.url)}": ${messageOf(error)}`, error);
  }
};
