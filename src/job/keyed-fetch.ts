/**
 * Requests of `http_request` with a key that is the same whenever the same request is sent again, so that a server that
 * knows such keys does once what a crash makes a job ask twice.
 *
 * The key is added after the journal: no receipt depends on it.
 */
import type { FetchLike } from '../host/platform/fetch-transport.ts';
import type { JobContext } from './context.ts';
import type { Job } from './job.ts';

const KEY_HEADER = 'Idempotency-Key';
/** Methods that do more when they are sent twice (RFC 9110, 9.2.2); the others need no key. */
const keyedMethods: readonly string[] = ['POST', 'PATCH'];

/** What `http_request` gives to a `fetch`. */
interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A `fetch` that gives each request of a job the key of its question, as the job wants it. */
export const keyedFetch = (fetch: FetchLike, { options }: Job, context: JobContext): FetchLike => {
  if (options.idempotencyKeys === false) return fetch;
  return (url, request: Sent) => {
    const { method, headers } = request;
    const isSet = Object.keys(headers).some((name) => name.toLowerCase() === KEY_HEADER.toLowerCase());
    if (isSet || !keyedMethods.includes(method)) return fetch(url, request);
    return fetch(url, { ...request, headers: { ...headers, [KEY_HEADER]: context.key } });
  };
};
