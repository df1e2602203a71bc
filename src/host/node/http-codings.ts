/**
 * Content codings of responses: `gzip`, `br` and `deflate`, decoded as `fetch` does.
 *
 * SAFETY: a few bytes can decode to gigabytes. Every stage is counted, so that neither the input, nor the data
 * between two codings, nor the output exceeds what the request allows; decoding happens on other threads and in
 * pieces, so that deadlines are kept.
 */
import type { IncomingMessage } from 'node:http';
import { pipeline, Readable, type Transform } from 'node:stream';
import { HostError } from '../../errors/errors.ts';
import { httpFailure } from '../http/http-client.ts';
import type { HttpRequest } from '../platform/platform.ts';

type Zlib = typeof import('node:zlib');

/** Truncated data is accepted, as in browsers; a broken connection is still an error. */
const lenient = ({ constants }: Zlib): { finishFlush: number } => ({ finishFlush: constants.Z_SYNC_FLUSH });
const gunzip = (lib: Zlib): Transform => lib.createGunzip(lenient(lib));

/** The method in the zlib header, which some servers omit. */
const ZLIB_METHOD = 8;

/** TABLE: decoders by the names of RFC 9110; they get the first byte of their input. */
const decoders: Readonly<Record<string, (lib: Zlib, first: number) => Transform>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: (lib, first) =>
    (first & 15) === ZLIB_METHOD ? lib.createInflate(lenient(lib)) : lib.createInflateRaw(lenient(lib)),
  br: (lib) => lib.createBrotliDecompress({ finishFlush: lib.constants.BROTLI_OPERATION_FLUSH }),
};

/** The codings that requests accept. */
export const SUPPORTED_CODINGS = 'gzip, deflate, br';

/** Most codings of one response, as in Node's `fetch`. */
const MAX_CODINGS = 5;

/** Statuses of responses without a body, regardless of their headers. */
const bodiless: readonly (number | undefined)[] = [101, 204, 205, 304];

/** The codings of a response in the order in which they were applied; empty if one of them is unknown. */
export const codingsOf = (
  { method }: HttpRequest,
  { statusCode = 0, headers }: IncomingMessage,
): readonly string[] => {
  const isRedirect = statusCode >= 300 && statusCode < 400 && headers.location !== undefined;
  if (method === 'HEAD' || bodiless.includes(statusCode) || isRedirect) return [];
  const codings = (headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  return codings.every((coding) => Object.hasOwn(decoders, coding)) ? codings : [];
};

/** Fails with the error of a body that is too long. A coding can make its contents a little longer. */
async function* bounded(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let left = maxBytes * 1.01 + 1024;
  for await (const chunk of source) {
    left -= chunk.length;
    if (left < 0) throw new HostError('host.http-limit', { limit: maxBytes, detail: String(maxBytes) });
    yield chunk;
  }
}

async function* decodeOne(source: AsyncGenerator<Uint8Array>, coding: string): AsyncGenerator<Uint8Array> {
  const { done, value: first } = await source.next();
  if (done) return;
  async function* all(): AsyncGenerator<Uint8Array> {
    yield first!;
    yield* source;
  }
  const decoder = decoders[coding]!(process.getBuiltinModule('node:zlib'), first[0]!);
  // An error in one of them ends the other; the iteration throws it.
  pipeline(Readable.from(all(), { objectMode: false }), decoder, () => {});
  yield* decoder as AsyncIterable<Uint8Array>;
}

/** The decoded body of a response. Ending the iteration closes the connection. */
export async function* decoded(
  body: AsyncIterable<Uint8Array>,
  codings: readonly string[],
  maxBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  if (codings.length > MAX_CODINGS) {
    // Leaving the loop closes the connection.
    for await (const _ of body) break;
    throw httpFailure(`more than ${MAX_CODINGS} content codings`);
  }
  yield* codings.reduceRight((source, coding) => decodeOne(bounded(source, maxBytes), coding), body);
}
