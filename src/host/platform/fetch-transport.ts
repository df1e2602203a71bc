/** HTTP by the Fetch API: the host's own `fetch`, or one that the embedder passes as an option. */
import { checkBytes } from '../../errors/arguments.ts';
import { HostError } from '../../errors/errors.ts';
import type { HttpHeaders, HttpRequest, HttpResponse, HttpTransport } from './platform.ts';

/**
 * The part of `Response` that is used; a mock needs only `status`, `headers` and `arrayBuffer`.
 *
 * Example: see `FetchLike`.
 */
export interface FetchResponse {
  readonly status: number;
  readonly headers: {
    forEach(visit: (value: string, name: string) => void): void;
  };
  arrayBuffer(): Promise<ArrayBuffer>;
}
/**
 * The global `fetch`, or a function like it.
 *
 * ```ts
 * const response: FetchResponse = {
 *   status: 200,
 *   headers: new Map([['content-type', 'application/wasm']]),
 *   arrayBuffer: async () => doubleWasm.buffer,
 * };
 * const fetch: FetchLike = async () => response;
 * const plugin = await createPlugin('https://example.com/double.wasm', { fetch });
 * console.log(await plugin.functionExists('double')); // → true
 * ```
 */
export type FetchLike = (
  url: string,
  // biome-ignore lint/suspicious/noExplicitAny: declarations of hosts differ, and all accept these members
  request: any,
) => Promise<FetchResponse>;

/** Members of a response with more details, if they exist. */
interface StreamedResponse {
  readonly type?: string;
  readonly redirected?: boolean;
  readonly body?: { getReader?(): Reader } | null;
}
interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
  cancel(): Promise<void>;
}
interface Controller {
  readonly signal: unknown;
  abort(): void;
}

const listHeaders = ({ headers }: FetchResponse): HttpHeaders => {
  const list: [string, string][] = [];
  headers.forEach((value, name) => {
    list.push([name.toLowerCase(), value]);
  });
  return list;
};

/** The chunks of a body. `ReadableStream` is an async iterable on some hosts only, and a reader on all. */
async function* chunksOf(response: FetchResponse & StreamedResponse): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader?.();
  if (reader === undefined) {
    if (response.body !== null) yield checkBytes(await response.arrayBuffer(), 'the body of a response');
    return;
  }
  let isAtEnd = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isAtEnd = done;
      if (done) return;
      if (value !== undefined) yield value;
    }
  } finally {
    if (!isAtEnd) await reader.cancel();
  }
}

/** The function that sends, and what it may do on its own. */
interface FetchSettings {
  /**
   * Whether redirects are left to `fetch` if every host is allowed. Browsers hide the target of a redirect, so
   * otherwise there would be no redirects. Not for a `fetch` of the embedder, which may have its own rules for each
   * hop.
   */
  readonly followsFreely: boolean;
}

const hiddenRedirect = (url: string, what: string): Error =>
  new HostError('host.http-redirect', { detail: `"${url}": ${what}` });

const send = async (
  fetch: FetchLike,
  request: HttpRequest,
  { followsFreely }: FetchSettings,
): Promise<HttpResponse> => {
  const { url, method, headers, body, cancelled } = request;
  const { AbortController } = globalThis as { AbortController?: new () => Controller };
  const controller = cancelled === null || AbortController === undefined ? null : new AbortController();
  if (controller !== null) void cancelled?.then(() => controller.abort());
  const follows = followsFreely && request.mayGoAnywhere === true;
  const response: FetchResponse & StreamedResponse = await fetch(url, {
    method,
    headers,
    redirect: follows ? 'follow' : 'manual',
    ...(body === null ? {} : { body }),
    ...(controller === null ? {} : { signal: controller.signal }),
  });
  // SAFETY: the target of a redirect that was already followed, or that browsers hide, was not checked. Checking the
  // last URL afterwards would be too late: by then the servers in between have received requests.
  if (response.redirected === true && !follows) throw hiddenRedirect(url, 'fetch has already followed it');
  if (response.type === 'opaqueredirect') throw hiddenRedirect(url, 'this host does not reveal its target');
  return { status: response.status, headers: listHeaders(response), body: chunksOf(response) };
};

/** A transport that sends with `fetch`. */
export const fetchTransport =
  (fetch: FetchLike, settings: FetchSettings = { followsFreely: false }): HttpTransport =>
  (request) =>
    send(fetch, request, settings);
