/** Time, randomness, standard input and the network on a tape. */
import { isThenable } from '../../errors/checks.ts';
import type { ClientRequest, ClientRules, HttpAnswer } from '../http/http-client.ts';
import { exchange } from '../http/http-client.ts';
import type { Clock, HttpTransport, RandomSource, Sleep } from '../platform/platform.ts';
import type { Json } from '../state/operation.ts';
import type { StreamReader } from '../wasi/descriptors.ts';
import { bytes, fingerprint, list, nothing, number, text, wide } from './forms.ts';
import type { Form, Tape } from './tape.ts';

/**
 * Asks a source whose state can be stored also where the tape has the answer: it gives the same one, and stays where
 * the tape is. So a call that went back has the state of then, in snapshots too.
 */
const inStep = <T>(tape: Tape, live: Clock | RandomSource | null, take: () => T, ask: () => void): T => {
  // Of a tape that was rewound, the answer may be the last one.
  const { isReplay } = tape;
  const answer = take();
  if (isReplay && live?.storable !== undefined) ask();
  return answer;
};

/** A clock on a tape. @param live null in a replay */
export const tapedClock = (
  tape: Tape,
  live: Clock | null,
  { resolution, canSleep }: { readonly resolution: bigint; readonly canSleep: boolean },
): Clock => {
  const read = (name: 'realtime' | 'monotonic'): bigint => {
    const ask = () => live![name]();
    return inStep(tape, live, () => tape.take('clock', name, wide, ask), ask);
  };
  return {
    realtime: () => read('realtime'),
    monotonic: () => read('monotonic'),
    resolution,
    ...(canSleep ? { sleep: (time) => sleep(tape, live, time) } : {}),
    ...(live?.storable === undefined ? {} : { storable: live.storable }),
  };
};

/** Whether the call pauses is an answer, so that it also pauses in the replay. */
const sleep = (tape: Tape, live: Clock | null, nanoseconds: bigint): Sleep | undefined => {
  const ask = String(nanoseconds);
  let pending: Sleep | undefined;
  const begin = (): 'at once' | 'later' => {
    pending = live!.sleep?.(nanoseconds);
    return pending === undefined ? 'at once' : 'later';
  };
  const mode = inStep(tape, live, () => tape.take('sleep', ask, text, begin), begin);
  if (mode !== 'later') return undefined;
  const done = tape.takeLater('woken', ask, nothing, () => pending!.done);
  return { done, cancel: () => pending?.cancel() };
};

/** A random source on a tape. */
export const tapedRandom = (tape: Tape, live: RandomSource | null): RandomSource => ({
  fill: (into) => {
    const { isReplay } = tape;
    const ask = (): Uint8Array => {
      live!.fill(into);
      return into;
    };
    const filled = inStep(tape, live, () => tape.take('random', into.length, bytes, ask), ask);
    if (filled.length !== into.length) throw tape.damaged();
    if (isReplay) into.set(filled);
  },
  ...(live?.storable === undefined ? {} : { storable: live.storable }),
});

/** A reader of standard input on a tape. */
export const tapedReader =
  (tape: Tape, live: StreamReader | null): StreamReader =>
  (maxBytes) => {
    let pending: Promise<Uint8Array> | null = null;
    const first = tape.take('stdin', maxBytes, chunkOrLater, () => {
      const chunk = live!(maxBytes);
      if (!isThenable(chunk)) return chunk;
      pending = chunk;
      return null;
    });
    return first ?? tape.takeLater('stdin later', maxBytes, bytes, () => pending!);
  };

const chunkOrLater: Form<Uint8Array | null> = {
  write: (chunk) => (chunk === null ? null : bytes.write(chunk)),
  read: (json) => (json === null ? null : bytes.read(json)),
};

const pair: Form<readonly [string, string]> = {
  write: (header) => header,
  read: (json) => {
    const [name, value] = list(text).read(json);
    return [text.read(name ?? null), text.read(value ?? null)];
  },
};
const answer: Form<HttpAnswer> = {
  write: ({ status, headers, body }) => [status, list(pair).write(headers), bytes.write(body)],
  read: (json) => {
    const [status = null, headers = null, body = null] = json as readonly Json[];
    return { status: number.read(status), headers: list(pair).read(headers), body: bytes.read(body) };
  },
};

/** Sends a request, including redirects and limits, on a tape. */
export const tapedExchange =
  (tape: Tape): typeof exchange =>
  (transport: HttpTransport, request: ClientRequest, rules: ClientRules) => {
    const { url, method, headers, body } = request;
    const sorted = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
    const ask = [method, url, sorted, body === null ? null : fingerprint(body)];
    return tape.takeLater('http', ask, answer, () => exchange(transport, request, rules));
  };
