/** `poll_oneoff`: waits for clocks; streams are always ready. */
import type { Clock } from '../sources.ts';
import {
  CLOCK_LAST,
  CLOCK_REALTIME,
  EVENT_CLOCK,
  EVENT_FD_READ,
  EVENT_FD_WRITE,
  errno,
  SUBSCRIPTION_ABSTIME,
} from './abi.ts';
import type { Stream } from './descriptors.ts';
import type { GuestMemory } from './guest-memory.ts';

const SUBSCRIPTION_SIZE = 48;
const EVENT_SIZE = 32;
/** Most subscriptions of one call; more is `inval`. */
export const MAX_SUBSCRIPTIONS = 4096;

/** Something a guest waits for. `wait` is null for what has happened already. */
interface Subscription {
  readonly userData: bigint;
  readonly tag: number;
  readonly errno: number;
  readonly available: bigint;
  /** Nanoseconds from now; null for streams. */
  readonly wait: bigint | null;
}

/** Reads the time of a clock by its identifier. */
export const readClock = (clock: Clock, id: number): bigint =>
  id === CLOCK_REALTIME ? clock.realtime() : clock.monotonic();

const readSubscription = (
  memory: GuestMemory,
  at: number,
  descriptors: ReadonlyMap<number, Stream>,
  clock: Clock,
): Subscription => {
  const userData = memory.readU64(at);
  const tag = memory.readU8(at + 8);
  const base = { userData, tag, errno: errno.success, available: 0n, wait: null };
  if (tag === EVENT_CLOCK) {
    const id = memory.readU32(at + 16);
    if (id > CLOCK_LAST) return { ...base, errno: errno.inval };
    const timeout = memory.readU64(at + 24);
    const isAbsolute = (memory.readU16(at + 40) & SUBSCRIPTION_ABSTIME) !== 0;
    const wait = isAbsolute ? timeout - readClock(clock, id) : timeout;
    return { ...base, wait: wait > 0n ? wait : 0n };
  }
  if (tag !== EVENT_FD_READ && tag !== EVENT_FD_WRITE) return { ...base, errno: errno.inval };
  const stream = descriptors.get(memory.readU32(at + 16));
  const usable = tag === EVENT_FD_READ ? stream?.read : stream?.write;
  if (usable === undefined || usable === null) return { ...base, errno: errno.badf };
  return { ...base, available: tag === EVENT_FD_READ ? BigInt(stream!.available()) : 1n };
};

const writeEvent = (memory: GuestMemory, at: number, event: Subscription): void => {
  memory.slice(at, EVENT_SIZE).fill(0);
  memory.writeU64(at, event.userData);
  memory.writeU16(at + 8, event.errno);
  memory.writeU8(at + 10, event.tag);
  memory.writeU64(at + 16, event.available);
};

/** A poll whose subscriptions are known: how long to wait, and how to write what has happened by then. */
export interface Poll {
  /** Nanoseconds until the first event. */
  readonly wait: bigint;
  /** Writes the events; takes the memory anew, since it may have been replaced meanwhile. */
  finish(memory: GuestMemory): void;
}

/** Reads the subscriptions of a poll. @throws ErrnoSignal */
export const readPoll = (
  memory: GuestMemory,
  operands: {
    readonly input: number;
    readonly output: number;
    readonly count: number;
    readonly countOut: number;
  },
  descriptors: ReadonlyMap<number, Stream>,
  clock: Clock,
): Poll => {
  const { input, output, count, countOut } = operands;
  const subscriptions: Subscription[] = [];
  for (let i = 0; i < count; i++) {
    subscriptions.push(readSubscription(memory, input + i * SUBSCRIPTION_SIZE, descriptors, clock));
  }
  // Checked before waiting, so that a bad address is not found out about afterwards.
  memory.slice(output, count * EVENT_SIZE);
  memory.slice(countOut, 4);
  const wait = subscriptions.reduce<bigint>((least, { wait: w }) => {
    const own = w ?? 0n;
    return least < own ? least : own;
  }, subscriptions[0]!.wait ?? 0n);
  return {
    wait,
    finish: (current) => {
      const events = subscriptions.filter((s) => (s.wait ?? 0n) <= wait);
      events.forEach((event, i) => {
        writeEvent(current, output + i * EVENT_SIZE, event);
      });
      current.writeU32(countOut, events.length);
    },
  };
};
