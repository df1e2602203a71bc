/** Shows the progress of downloads on a terminal, once they take noticeably long. */
import type { HttpTransport } from '../node.ts';

/** Shorter downloads show no line. */
const SHOWN_AFTER_MS = 500;
const SHOWN_EVERY_MS = 100;

/** A place for one line that is overwritten repeatedly. */
interface StatusLine {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** A transport that shows progress until `stop` is called: downloads of the plug-in itself are not shown. */
export const withProgress = (
  send: HttpTransport,
  line: StatusLine,
  now: () => number = () => performance.now(),
): { readonly send: HttpTransport; stop(): void } => {
  let isOn = line.isTTY === true;

  async function* watch(
    body: AsyncIterable<Uint8Array>,
    url: string,
    total: number,
  ): AsyncIterable<Uint8Array> {
    const start = now();
    let received = 0;
    let shownAt = start + SHOWN_AFTER_MS - SHOWN_EVERY_MS;
    let isShown = false;
    try {
      for await (const chunk of body) {
        received += chunk.length;
        if (isOn && now() - shownAt >= SHOWN_EVERY_MS) {
          shownAt = now();
          isShown = true;
          line.write(
            `\r\u001b[Kloading ${url}: ${megabytes(received)}${total > 0 ? ` of ${megabytes(total)}` : ''}`,
          );
        }
        yield chunk;
      }
    } finally {
      if (isShown) line.write('\r\u001b[K');
    }
  }

  return {
    send: async (request) => {
      const response = await send(request);
      if (!isOn) return response;
      const headerOf = (wanted: string): string | undefined =>
        response.headers.find(([name]) => name === wanted)?.[1];
      // The length is the one before decoding.
      const isCoded = headerOf('content-encoding') !== undefined;
      const length = isCoded ? 0 : Number(headerOf('content-length') ?? 0);
      return { ...response, body: watch(response.body, request.url, length) };
    },
    stop: () => {
      isOn = false;
    },
  };
};
