/**
 * A platform of what the JavaScript engine itself has, plus what it finds on the global object: console, fetch,
 * timers, secure random. Nothing is assumed to exist, and nothing is read before it is needed.
 */
import { UsageError } from '../../errors/errors.ts';
import { type FetchLike, fetchTransport } from './fetch-transport.ts';
import type { Clock, HttpTransport, Logger, Platform, RandomSource, Sleep } from './platform.ts';

/** The used members that the global object may have. */
interface Ambient {
  readonly console?: Logger;
  readonly crypto?: { getRandomValues?(bytes: Uint8Array): unknown };
  readonly fetch?: FetchLike;
  readonly setTimeout?: (done: () => void, milliseconds: number) => unknown;
  readonly clearTimeout?: (timer: unknown) => void;
  readonly performance?: { now?(): number };
  readonly document?: { readonly baseURI?: unknown };
  readonly location?: { readonly href?: unknown };
}
const ambient = globalThis as Ambient;

const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** The date, if there is one: in a compartment of SES, reading it throws. */
const dateNow = (): number => {
  try {
    return Date.now();
  } catch (cause) {
    throw new UsageError('usage.state', {
      cause,
      detail: 'this host has no clock; pass one on a platform, or use the deterministic option',
    });
  }
};

/** A clock on `Date`, and on `performance` where it exists. */
const createDateClock = (): Clock => {
  let latest = 0;
  const milliseconds = (): number => {
    const now = ambient.performance?.now?.() ?? dateNow();
    // `Date` can be set back; a monotonic clock cannot.
    latest = Math.max(latest, now);
    return latest;
  };
  return {
    realtime: () => BigInt(dateNow()) * BigInt(NANOSECONDS_PER_MILLISECOND),
    monotonic: () => BigInt(Math.round(milliseconds() * NANOSECONDS_PER_MILLISECOND)),
    resolution: BigInt(NANOSECONDS_PER_MILLISECOND),
    sleep: (nanoseconds) =>
      ambient.setTimeout === undefined ? undefined : sleepWith(startTimer, nanoseconds),
  };
};

/** Longest time of one timer; longer ones overflow in all engines. */
const MAX_TIMER = 0x7fff_ffff;

/** Waits with timers; rounds up to whole milliseconds, so that no sleep ends early. */
export const sleepWith = (start: NonNullable<Platform['startTimer']>, nanoseconds: bigint): Sleep => {
  let left = Math.ceil(Number(nanoseconds) / NANOSECONDS_PER_MILLISECOND);
  let cancel = (): void => {};
  const done = new Promise<void>((resolve) => {
    const next = (): void => {
      if (left <= 0) {
        resolve();
        return;
      }
      const step = Math.min(left, MAX_TIMER);
      left -= step;
      cancel = start(step, next);
    };
    next();
  });
  return { done, cancel: () => cancel() };
};

const random: RandomSource = {
  fill: (bytes) => {
    if (ambient.crypto?.getRandomValues === undefined) {
      throw new UsageError('usage.state', {
        detail:
          'this host has no secure random source; pass one on a platform, or use the deterministic option',
      });
    }
    ambient.crypto.getRandomValues(bytes);
  },
};

const write =
  (level: keyof Logger) =>
  (message: string): void =>
    ambient.console?.[level]?.(message);

const logger: Logger = {
  trace: write('trace'),
  debug: write('debug'),
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
};

/** Looked up at each request, so that a `fetch` that is installed later is used. */
const http: HttpTransport = (request) => {
  const { fetch } = ambient;
  if (fetch === undefined) throw new UsageError('usage.state', { detail: 'this host has no fetch' });
  return fetchTransport((url, init) => fetch(url, init), { followsFreely: true })(request);
};

const startTimer = (milliseconds: number, onElapsed: () => void): (() => void) => {
  const timer = ambient.setTimeout?.(onElapsed, milliseconds);
  return () => ambient.clearTimeout?.(timer);
};

/** The address of the page, or of the script of a worker. Looked up at each use, since a page can change it. */
const baseUrl = (): string | null => {
  const base = ambient.document?.baseURI ?? ambient.location?.href;
  return typeof base === 'string' ? base : null;
};

/** The platform of the neutral entry point. */
export const portablePlatform: Platform = {
  clock: createDateClock(),
  random,
  logger,
  http,
  baseUrl,
  ...(ambient.setTimeout === undefined ? {} : { startTimer }),
};
