/** `poll_oneoff`: waits for clocks; streams and files are always ready. */
import type { Clock } from '../platform/platform.ts';
import {
  CLOCK_LAST,
  CLOCK_REALTIME,
  EVENT_CLOCK,
  EVENT_FD_READ,
  EVENT_FD_WRITE,
  type Layout,
  SUBSCRIPTION_ABSTIME,
} from './abi.ts';
import type { Descriptor, DescriptorTable } from './descriptors.ts';
import { errno } from './errno.ts';
import type { GuestMemory } from './guest-memory.ts';

/** Bytes of one event. */
const EVENT_SIZE = 32;
/** Most subscriptions of one call; more is `inval`. */
export const MAX_SUBSCRIPTIONS = 4096;

/** Something a guest waits for. `wait` is null for an event that has already happened. */
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

/** The inputs of a poll. */
interface PollSources {
  readonly descriptors: DescriptorTable;
  readonly clock: Clock;
}

/** Bytes that can be moved without waiting; null if the descriptor does not go in that direction. */
const readiness = (descriptor: Descriptor | undefined, tag: number): bigint | null => {
  if (descriptor === undefined || descriptor.kind === 'directory') return null;
  if (descriptor.kind === 'file') {
    if (tag === EVENT_FD_WRITE) return 1n;
    const left = descriptor.file.stat().size - BigInt(descriptor.position);
    return left > 0n ? left : 0n;
  }
  if (tag === EVENT_FD_WRITE) return descriptor.write === null ? null : 1n;
  return descriptor.read === null ? null : BigInt(descriptor.available());
};

const readSubscription = (
  memory: GuestMemory,
  at: number,
  layout: Layout['subscription'],
  { descriptors, clock }: PollSources,
): Subscription => {
  const userData = memory.readU64(at);
  const tag = memory.readU8(at + 8);
  const base = { userData, tag, errno: errno.success, available: 0n, wait: null };
  if (tag === EVENT_CLOCK) {
    const id = memory.readU32(at + layout.clockId);
    if (id > CLOCK_LAST) return { ...base, errno: errno.inval };
    const timeout = memory.readU64(at + layout.timeout);
    const isAbsolute = (memory.readU16(at + layout.flags) & SUBSCRIPTION_ABSTIME) !== 0;
    const wait = isAbsolute ? timeout - readClock(clock, id) : timeout;
    return { ...base, wait: wait > 0n ? wait : 0n };
  }
  if (tag !== EVENT_FD_READ && tag !== EVENT_FD_WRITE) return { ...base, errno: errno.inval };
  const available = readiness(descriptors.find(memory.readU32(at + 16)), tag);
  return available === null ? { ...base, errno: errno.badf } : { ...base, available };
};

const writeEvent = (memory: GuestMemory, at: number, event: Subscription): void => {
  memory.slice(at, EVENT_SIZE).fill(0);
  memory.writeU64(at, event.userData);
  memory.writeU16(at + 8, event.errno);
  memory.writeU8(at + 10, event.tag);
  memory.writeU64(at + 16, event.available);
};

/** A poll with its subscriptions: how long to wait, and how to write the events by then. */
interface Poll {
  /** Nanoseconds until the first event. */
  readonly wait: bigint;
  /**
   * Writes the events and returns how many; takes the current memory, since it may have been replaced in the
   * meantime.
   */
  finish(memory: GuestMemory): number;
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
  layout: Layout['subscription'],
  sources: PollSources,
): Poll => {
  const { input, output, count, countOut } = operands;
  const subscriptions: Subscription[] = [];
  for (let i = 0; i < count; i++) {
    subscriptions.push(readSubscription(memory, input + i * layout.size, layout, sources));
  }
  // Checked before waiting, so that a bad address is not found only afterwards.
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
      return events.length;
    },
  };
};
