/** HTTP by the Fetch API: the host's own `fetch`, or one that the embedder passes as an option. */
import { checkBytes } from '../../errors/arguments.ts';
import { HostError } from '../../errors/errors.ts';
import type { HttpHeaders, HttpRequest, HttpResponse, HttpTransport } from './platform.ts';

/**
 * A `Response`, as far as it is used; a mock needs no more than `status`, `headers` and `arrayBuffer`.
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
  // biome-ignore lint/suspicious/noExplicitAny: what hosts declare differs, and all take these members
  request: any,
) => Promise<FetchResponse>;

/** Members of a response that tell more, where they exist. */
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

/** What sends, and what it may do by itself. */
interface FetchSettings {
  /**
   * Whether redirects are left to `fetch` where every host is allowed. Browsers hide where a redirect leads, so it
   * is that or none. Not for a `fetch` of the embedder, which may have rules of its own for each hop.
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
  // SAFETY: a redirect that was followed, or is hidden as browsers hide it, leads where nothing was checked.
  // Looking at the last URL afterwards would be too late: by then the servers in between have been asked.
  if (response.redirected === true && !follows) throw hiddenRedirect(url, 'fetch followed one by itself');
  if (response.type === 'opaqueredirect') throw hiddenRedirect(url, 'this host does not tell where it leads');
  return { status: response.status, headers: listHeaders(response), body: chunksOf(response) };
};

/** A transport that sends by `fetch`. */
export const fetchTransport =
  (fetch: FetchLike, settings: FetchSettings = { followsFreely: false }): HttpTransport =>
  (request) =>
    send(fetch, request, settings);
