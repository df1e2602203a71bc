/**
 * HTTP by `node:http` and `node:https`.
 *
 * Not by the global `fetch`: under `--jitless`, Node's own crashes with an error that cannot be caught (its parser is
 * a Wasm module). One way that works everywhere is simpler than two; to use `fetch`, pass it as an option.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { HttpHeaders, HttpRequest, HttpResponse } from '../platform/platform.ts';
import { codingsOf, decoded, SUPPORTED_CODINGS } from './http-codings.ts';

/**
 * The module that sends to a URL. This function loads it at the first request: an `import` would make Node read all
 * exports of the module, and on Node 22 one of these loads `fetch`.
 */
const clientFor = (url: string): Pick<typeof import('node:http'), 'request'> =>
  process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');

const listHeaders = ({ headersDistinct }: IncomingMessage): HttpHeaders =>
  Object.entries(headersDistinct).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  );

/** Headers that are sent unless the request has them: some servers refuse requests without a user agent. */
const usualHeaders: HttpHeaders = [
  ['user-agent', 'quern'],
  ['accept', '*/*'],
  ['accept-encoding', SUPPORTED_CODINGS],
];

const headersOf = ({ headers, body }: HttpRequest): Record<string, string> => {
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  return {
    ...Object.fromEntries(usualHeaders.filter(([name]) => !given.has(name))),
    ...headers,
    ...(body === null ? {} : { 'content-length': String(body.length) }),
  };
};

/** Sends one request; redirects are normal responses. */
export const sendByNode = (request: HttpRequest): Promise<HttpResponse> =>
  new Promise((resolve, reject) => {
    const { url, method, body, cancelled } = request;
    const outgoing: ClientRequest = clientFor(url).request(
      url,
      { method, headers: headersOf(request) },
      (response) => {
        const status = response.statusCode ?? 0;
        const codings = codingsOf(request, response);
        resolve({
          status,
          headers: listHeaders(response),
          body: decoded(response, codings, request.maxBytes),
        });
      },
    );
    void cancelled?.then(() => outgoing.destroy());
    // A server that switches protocols ends the request without a response and without an error.
    outgoing.on('close', () => reject(new Error('the connection was closed without a response')));
    outgoing.on('error', reject).end(body ?? undefined);
  });
