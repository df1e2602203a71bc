/**
 * Fetches URLs of manifests with `node:http` and `node:https`.
 *
 * Not with the global `fetch`: under `--jitless` Node's own dies of an error that nothing can catch (its parser is
 * a Wasm module). One way that works everywhere is simpler than two.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { FetchedBytes } from '../sources.ts';

const MAX_REDIRECTS = 20;
const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];

interface Request {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

const send = (url: URL, { method, headers }: Request): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    request(url, { method, headers }, resolve).on('error', reject).end();
  });

/** Fetches a URL, following redirects. */
export const fetchBytes = async (address: string, request: Request): Promise<FetchedBytes> => {
  let url = new URL(address);
  let { headers } = request;
  for (let count = 0; count <= MAX_REDIRECTS; count++) {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new Error(`cannot fetch ${url.protocol} URLs`);
    const response = await send(url, { ...request, headers });
    const { location } = response.headers;
    if (!redirectStatuses.includes(response.statusCode ?? 0) || location === undefined) return read(response);
    response.resume();
    const target = new URL(location, url);
    // What was meant for one server, such as a token, is not shown to another.
    if (target.origin !== url.origin) headers = withoutSecrets(headers);
    url = target;
  }
  throw new Error('too many redirects');
};

const secretHeaders: readonly string[] = ['authorization', 'cookie', 'proxy-authorization'];
const withoutSecrets = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !secretHeaders.includes(name.toLowerCase())));

const read = async (response: IncomingMessage): Promise<FetchedBytes> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    contentType: (response.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase(),
    bytes: new Uint8Array(Buffer.concat(chunks)),
  };
};
