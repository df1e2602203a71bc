/**
 * The only access to what is not determined by a plug-in and its input: time, randomness, logging, files and network,
 * as interfaces that the embedder provides.
 *
 * A `Platform` bundles the real ones of a host. The virtual ones here serve the `deterministic` option: the same
 * seed and epoch give the same readings on every machine.
 */

import { checkWholeNumber } from '../../errors/arguments.ts';
import { isObject, isWholeNumber } from '../../errors/checks.ts';
import { UsageError } from '../../errors/errors.ts';
import type { FileTree } from './files.ts';

/**
 * A wait that can be cancelled.
 *
 * ```ts
 * const sleep = (nanoseconds: bigint): Sleep => {
 *   let cancel = (): void => {};
 *   const done = new Promise<void>((resolve) => {
 *     const timer = setTimeout(resolve, Number(nanoseconds / 1_000_000n));
 *     cancel = () => clearTimeout(timer);
 *   });
 *   return { done, cancel };
 * };
 * const clock: Clock = { ...nodePlatform.clock, sleep };
 * await clock.sleep?.(1_000_000n)?.done;
 * console.log('awake'); // → awake
 * ```
 */
export interface Sleep {
  /** Resolves when the time has passed; never after `cancel`. */
  readonly done: Promise<void>;
  /** Cancels it: no timer is left. */
  cancel(): void;
}

/** A source whose state is data, which snapshots of plug-ins keep. */
export interface Storable<T> {
  save(): T;
  load(state: T): void;
}

/**
 * A source of time.
 *
 * Example: see `Platform`.
 */
export interface Clock {
  /** For a virtual clock: nanoseconds since 1970 at its start, and since then. */
  readonly storable?: Storable<readonly [start: bigint, elapsed: bigint]>;
  /** Nanoseconds since the Unix epoch. */
  realtime(): bigint;
  /** Nanoseconds since some point, never going back. */
  monotonic(): bigint;
  /** Smallest step of both, in nanoseconds. */
  readonly resolution: bigint;
  /**
   * Waits; the call is paused in the meantime. A clock that cannot wait omits it: then guests that sleep continue
   * immediately.
   */
  sleep?(nanoseconds: bigint): Sleep | undefined;
}

/**
 * A source of random bytes.
 *
 * Example: see `Platform`.
 */
export interface RandomSource {
  /** For a seeded source: its four words. */
  readonly storable?: Storable<readonly number[]>;
  /** Fills `bytes`; called with at most 65,536 of them. */
  fill(bytes: Uint8Array): void;
}

/**
 * The destination of log messages; `console` fits.
 *
 * ```ts
 * const write = (message: string): void => console.log(message);
 * const logger: Logger = { trace: write, debug: write, info: write, warn: write, error: write };
 * const plugin = await createPlugin(logWasm, { logger, logLevel: 'info' });
 * await plugin.call('log', 'disk nearly full'); // → disk nearly full
 * ```
 */
export interface Logger {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/**
 * Headers in order, names in lower case; one that was sent twice appears twice.
 *
 * Example: see `HttpTransport`.
 */
export type HttpHeaders = readonly (readonly [name: string, value: string])[];
/**
 * One HTTP request.
 *
 * Example: see `HttpTransport`.
 */
export interface HttpRequest {
  /** Absolute and normalised. */
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /**
   * Whether any server may answer (default: no). Only then may a transport follow a redirect whose target it cannot
   * see.
   */
  readonly mayGoAnywhere?: boolean;
  /** Most bytes of the body that are used; a decoder may stop there. Default: no limit. */
  readonly maxBytes?: number;
  /** Resolves when the response is no longer needed; null if it always is. */
  readonly cancelled: Promise<void> | null;
}
/**
 * The response to one request.
 *
 * Example: see `HttpTransport`.
 */
export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** The body in pieces, without content codings; ending the iteration closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}
/**
 * Sends one request and resolves to the server's response, which may be a redirect unless `mayGoAnywhere`.
 *
 * ```ts
 * const http: HttpTransport = async ({ method, url }: HttpRequest): Promise<HttpResponse> => {
 *   console.log(method, url); // → GET https://example.com/double.wasm
 *   const headers: HttpHeaders = [['content-type', 'application/wasm']];
 *   return { status: 200, headers, body: new Blob([doubleWasm]).stream() };
 * };
 * const plugin = await createPluginOn({ ...nodePlatform, http })('https://example.com/double.wasm');
 * console.log(await plugin.functionExists('double')); // → true
 * ```
 */
export type HttpTransport = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * A call, or an initialisation, that failed in the middle.
 *
 * ```ts
 * const onFailure = (failure: PluginFailure): void => {
 *   console.log(String(failure.error), failure.coredump().length > 0, failure.memdump().length > 0);
 * };
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions, onFailure });
 * await plugin.call('ratio', '0').catch(() => {}); // → TrapError: integer divide by zero true true
 * ```
 */
export interface PluginFailure {
  /** The error that the call rejects with. */
  readonly error: unknown;
  /**
   * The guest's stack with the values of its locals, its memories and its globals: a module in the coredump format of
   * the WebAssembly tool conventions, for debuggers. It contains everything that the plug-in knew, including secrets.
   */
  coredump(): Uint8Array;
  /** A copy of the kernel's memory: the blocks of inputs, outputs and what the plug-in allocated. */
  memdump(): Uint8Array;
}

/**
 * What a host offers to plug-ins and to `createPlugin`. A missing member is a missing ability.
 *
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * // For tests: time is constant, and nothing is random.
 * const clock: Clock = { realtime: () => 0n, monotonic: () => 0n, resolution: 1n };
 * const random: RandomSource = { fill: (bytes) => void bytes.fill(7) };
 * const platform: Platform = { clock, random, logger: console, readFile: (path) => readFile(path) };
 * const plugin = await createPluginOn(platform)('build/examples/greet.wasm');
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Hello, Ada!
 * ```
 */
export interface Platform {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly logger: Logger;
  /** Reads a whole file; paths in manifests. */
  readonly readFile?: (path: string) => Promise<Uint8Array>;
  /** The base of relative URLs in manifests: the address of the page. Null without a page. */
  readonly baseUrl?: () => string | null;
  /** Sends requests; URLs in manifests, and `http_request` of plug-ins. */
  readonly http?: HttpTransport;
  /**
   * Calls back once after this many milliseconds, in a separate task; returns a function that cancels it. Without it,
   * `timeoutMs` does not stop a call that waits for the host, and `signal` cannot stop a call that computes.
   */
  readonly startTimer?: (milliseconds: number, onElapsed: () => void) => () => void;
  /** A directory of the host as files for guests; `allowedPaths`. */
  readonly openDirectory?: (path: string) => FileTree;
  /** The host's standard output and error; used when a plug-in asks for them. */
  readonly stdout?: (chunk: Uint8Array) => void;
  readonly stderr?: (chunk: Uint8Array) => void;
  /** Called for failures of plug-ins without their own `onFailure`. */
  readonly onFailure?: ((failure: PluginFailure) => void) | undefined;
  /** Whether the environment requests the guests' standard output (`EXTISM_ENABLE_WASI_OUTPUT`). */
  readonly wantsWasiOutput?: boolean;
}

/**
 * Seed and epoch of a deterministic plug-in.
 *
 * ```ts
 * const deterministic: DeterministicOptions = { seed: 7, epoch: new Date('2026-01-01') };
 * const make = () => createPlugin('build/examples/greet.wasm', { deterministic });
 * const [one, two] = [await make(), await make()];
 * console.log(Buffer.compare(one.snapshot(), two.snapshot())); // → 0
 * ```
 */
export interface DeterministicOptions {
  /** Seed of the random source. Default: 0. */
  readonly seed?: number | bigint;
  /** Where the virtual clock starts: milliseconds since 1970, or a date. Default: 2020-01-01T00:00:00Z. */
  readonly epoch?: number | Date;
}

/** Step between two readings of the virtual clock, so that waiting loops end. */
const VIRTUAL_TICK = 1_000_000n;
const DEFAULT_EPOCH = 1_577_836_800_000;

/** A clock that starts at `epoch` (milliseconds), moves one millisecond per reading and sleeps in zero time. */
export const createVirtualClock = (epoch: number | Date = DEFAULT_EPOCH): Clock => {
  const milliseconds = isObject(epoch) ? epoch.getTime() : epoch;
  if (!isWholeNumber(milliseconds, Number.MIN_SAFE_INTEGER)) {
    throw new UsageError('usage.argument', {
      detail: 'deterministic.epoch must be whole milliseconds or a date',
    });
  }
  let start = BigInt(milliseconds) * 1_000_000n;
  let elapsed = 0n;
  const tick = (): bigint => {
    const now = elapsed;
    elapsed += VIRTUAL_TICK;
    return now;
  };
  return {
    realtime: () => start + tick(),
    monotonic: tick,
    resolution: VIRTUAL_TICK,
    sleep: (nanoseconds) => {
      elapsed += nanoseconds;
      return undefined;
    },
    storable: {
      save: () => [start, elapsed],
      load: (state) => {
        [start, elapsed] = state;
      },
    },
  };
};

/** A seeded random source: xoshiro128**, with its state filled by SplitMix32. Reproducible, not for secrets. */
export const createSeededRandom = (seed: number | bigint = 0): RandomSource => {
  if (typeof seed !== 'bigint') checkWholeNumber(seed, 'deterministic.seed', Number.MIN_SAFE_INTEGER);
  const wide = BigInt.asUintN(64, BigInt(seed));
  let mix = Number(wide & 0xffff_ffffn) ^ Math.imul(Number(wide >> 32n), 0x85eb_ca6b);
  const splitMix = (): number => {
    mix = (mix + 0x9e37_79b9) | 0;
    let z = Math.imul(mix ^ (mix >>> 16), 0x85eb_ca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2_ae35);
    return (z ^ (z >>> 16)) | 0;
  };
  // The high half of the seed is used again, so that no two 64-bit seeds share all four words.
  let [a, b, c, d] = [splitMix(), splitMix(), splitMix() ^ Number(wide >> 32n), splitMix() | 1];
  const next = (): number => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  return {
    storable: {
      save: () => [a, b, c, d],
      load: (state) => {
        [a, b, c, d] = state as [number, number, number, number];
      },
    },
    fill: (bytes) => {
      for (let at = 0; at < bytes.length; at += 4) {
        const word = next();
        for (let i = 0; i < 4 && at + i < bytes.length; i++) bytes[at + i] = word >>> (8 * i);
      }
    },
  };
};
