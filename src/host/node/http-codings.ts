/**
 * Content codings of answers: `gzip`, `br` and `deflate`, undone as `fetch` undoes them.
 *
 * SAFETY: a few bytes can stand for gigabytes. Every stage is counted, so that neither what is received, nor what is
 * between two codings, nor what comes out is more than the request allows; decoding happens on other threads and in
 * pieces, so that deadlines hold.
 */
import type { IncomingMessage } from 'node:http';
import { pipeline, Readable, type Transform } from 'node:stream';
import { HostError } from '../../errors/errors.ts';
import { httpFailure } from '../http/http-client.ts';
import type { HttpRequest } from '../platform/platform.ts';

type Zlib = typeof import('node:zlib');

/** What is cut off is what there is, as in browsers; a connection that breaks is an error all the same. */
const lenient = ({ constants }: Zlib): { finishFlush: number } => ({ finishFlush: constants.Z_SYNC_FLUSH });
const gunzip = (lib: Zlib): Transform => lib.createGunzip(lenient(lib));

/** The method of the header of zlib, which some servers leave out. */
const ZLIB_METHOD = 8;

/** TABLE: decoders by the names of RFC 9110; they get the first byte of what they decode. */
const decoders: Readonly<Record<string, (lib: Zlib, first: number) => Transform>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: (lib, first) =>
    (first & 15) === ZLIB_METHOD ? lib.createInflate(lenient(lib)) : lib.createInflateRaw(lenient(lib)),
  br: (lib) => lib.createBrotliDecompress({ finishFlush: lib.constants.BROTLI_OPERATION_FLUSH }),
};

/** What requests say that they take. */
export const SUPPORTED_CODINGS = 'gzip, deflate, br';

/** Most codings of one answer, as in Node's `fetch`. */
const MAX_CODINGS = 5;

/** Statuses of answers that have no body, whatever their headers say. */
const bodiless: readonly (number | undefined)[] = [101, 204, 205, 304];

/** The codings of an answer in the order in which they were applied; none where one of them is not known. */
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

/** Ends what gets too long with the error of a body that does. A coding can make its contents a little longer. */
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
  // What goes wrong in one of them ends the other; the iteration tells.
  pipeline(Readable.from(all(), { objectMode: false }), decoder, () => {});
  yield* decoder as AsyncIterable<Uint8Array>;
}

/** The body of an answer without its codings. Giving up the iteration closes the connection. */
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
