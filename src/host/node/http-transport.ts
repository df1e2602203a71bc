/**
 * HTTP by `node:http` and `node:https`.
 *
 * Not by the global `fetch`: under `--jitless` Node's own dies of an error that nothing can catch (its parser is a
 * Wasm module). One way that works everywhere is simpler than two; who wants `fetch` passes it as an option.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HttpHeaders, HttpRequest, HttpResponse } from '../platform/platform.ts';

const listHeaders = ({ headersDistinct }: IncomingMessage): HttpHeaders =>
  Object.entries(headersDistinct).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  );

/** Sends one request; redirects are answers like others. */
export const sendByNode = ({ url, method, headers, body, cancelled }: HttpRequest): Promise<HttpResponse> =>
  new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const length = body === null ? {} : { 'content-length': String(body.length) };
    const outgoing = send(url, { method, headers: { ...headers, ...length } }, (response) => {
      resolve({ status: response.statusCode ?? 0, headers: listHeaders(response), body: response });
    });
    void cancelled?.then(() => outgoing.destroy());
    // A server that switches protocols ends the request without an answer and without an error.
    outgoing.on('close', () => reject(new Error('the connection was closed without an answer')));
    outgoing.on('error', reject).end(body ?? undefined);
  });
