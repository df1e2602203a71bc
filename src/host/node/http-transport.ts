/**
 * HTTP by `node:http` and `node:https`.
 *
 * Not by the global `fetch`: under `--jitless` Node's own dies of an error that nothing can catch (its parser is a
 * Wasm module). One way that works everywhere is simpler than two; who wants `fetch` passes it as an option.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { HttpHeaders, HttpRequest, HttpResponse } from '../platform/platform.ts';
import { codingsOf, decoded, SUPPORTED_CODINGS } from './http-codings.ts';

/**
 * The module that sends to a URL. Loaded by this function at the first request: an `import` would make Node read all
 * that the module exports, and on Node 22 one of these loads `fetch`.
 */
const clientFor = (url: string): Pick<typeof import('node:http'), 'request'> =>
  process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');

const listHeaders = ({ headersDistinct }: IncomingMessage): HttpHeaders =>
  Object.entries(headersDistinct).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  );

/** What is sent where the request says nothing of it: some servers refuse whoever does not say who asks. */
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

/** Sends one request; redirects are answers like others. */
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
    // A server that switches protocols ends the request without an answer and without an error.
    outgoing.on('close', () => reject(new Error('the connection was closed without an answer')));
    outgoing.on('error', reject).end(body ?? undefined);
  });
