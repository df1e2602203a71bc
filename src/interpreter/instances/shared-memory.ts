/**
 * Memories that several worker threads share: the buffer, its views, and the count of its pages.
 *
 * The whole maximum is reserved at once, so that neither buffer nor views ever change, and growing is one
 * compare-and-exchange of the page count. PERF: a growable SharedArrayBuffer has views of another hidden class,
 * which would slow the loop's accesses to every memory; untouched pages cost only address space.
 */
import { type QuernError, UnsupportedError, UsageError } from '../../errors/errors.ts';
import { NOT_EQUAL, TIMED_OUT, WOKEN } from './waiters.ts';

/** The result of `Atomics.waitAsync`; not in the library that the project compiles against. */
type AsyncWait =
  | { readonly async: false; readonly value: 'not-equal' | 'timed-out' }
  | { readonly async: true; readonly value: Promise<'ok' | 'timed-out'> };
type WaitAsync = (
  cells: Int32Array | BigInt64Array,
  index: number,
  value: number | bigint,
  timeout: number,
) => AsyncWait;
/** Engines without `SharedArrayBuffer` have no `Atomics` either. */
const { waitAsync } = (typeof Atomics === 'undefined' ? {} : Atomics) as { readonly waitAsync?: WaitAsync };

const PAGE_COUNT = 0;
const FENCE = 1;
/** Size of the buffer in addition to the memory's own. */
export const CONTROL_BYTES = 8;

/** What the workers of one memory share. */
export class SharedCells {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Int32Array;
  readonly doublewords: BigInt64Array;
  readonly buffer: SharedArrayBuffer;
  readonly controlBuffer: SharedArrayBuffer;
  private readonly control: Int32Array;

  constructor(buffer: SharedArrayBuffer, control: SharedArrayBuffer) {
    this.buffer = buffer;
    this.controlBuffer = control;
    this.control = new Int32Array(control);
    this.bytes = new Uint8Array(buffer);
    // Pages may have one byte; a rest that does not fill a cell has no aligned address.
    this.halves = new Uint16Array(buffer, 0, buffer.byteLength >> 1);
    this.words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.doublewords = new BigInt64Array(buffer, 0, buffer.byteLength >> 3);
  }

  /** The current pages of the memory, whichever worker grew it. */
  get pageCount(): number {
    return Atomics.load(this.control, PAGE_COUNT) >>> 0;
  }

  /** Sets the page count if it still is the old one. */
  grow(from: number, to: number): boolean {
    return Atomics.compareExchange(this.control, PAGE_COUNT, from | 0, to | 0) === (from | 0);
  }

  /** Orders what comes before and after: JavaScript has no fence, but an exchange is one in both directions. */
  fence(): void {
    Atomics.add(this.control, FENCE, 0);
  }
}

/** Allocates the buffers of a memory; null if the host has no memory for them. @throws UnsupportedError */
export const allocateShared = (maxBytes: number, pageCount: number): SharedCells | null => {
  checkSharing();
  try {
    const control = new SharedArrayBuffer(CONTROL_BYTES);
    new Int32Array(control)[PAGE_COUNT] = pageCount;
    return new SharedCells(new SharedArrayBuffer(maxBytes), control);
  } catch {
    return null;
  }
};

/** Whether this host can share memories between workers at all. @throws UnsupportedError */
export const checkSharing = (): void => {
  const lack = (detail: string): QuernError => new UnsupportedError('unsupported.agents', { detail });
  if (typeof SharedArrayBuffer === 'undefined') throw lack('it has no SharedArrayBuffer');
  // Atomics use the byte order of the machine, memories are little-endian.
  if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) throw lack('its byte order is big-endian');
};

/** Whether this JavaScript thread may block. @throws UsageError */
export const checkBlocking = (): void => {
  try {
    // Not equal, so that it returns immediately if it is allowed at all.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
  } catch {
    throw new UsageError('usage.argument', {
      detail: 'canBlock: the host does not allow this thread to block',
    });
  }
};

const answers = { ok: WOKEN, 'not-equal': NOT_EQUAL, 'timed-out': TIMED_OUT } as const;
const milliseconds = (timeout: bigint | null): number =>
  timeout === null ? Number.POSITIVE_INFINITY : Number(timeout) / 1e6;

/**
 * Waits at an address; comparing and joining the queue are one step, as the standard requires.
 *
 * @param low,high words of the expected value; of 32 bits without a high one
 * @returns the answer, or the promise of it when the agent does not block
 */
export const waitShared = (
  cells: SharedCells,
  address: number,
  low: number,
  high: number | null,
  timeout: bigint | null,
  canBlock: boolean,
): number | Promise<'ok' | 'timed-out'> => {
  const limit = milliseconds(timeout);
  if (canBlock) {
    return answers[
      high === null
        ? Atomics.wait(cells.words, address >>> 2, low, limit)
        : Atomics.wait(cells.doublewords, address >>> 3, bits64(low, high), limit)
    ];
  }
  if (waitAsync === undefined) {
    throw new UnsupportedError('unsupported.agents', { detail: 'it has no Atomics.waitAsync; set canBlock' });
  }
  const outcome =
    high === null
      ? waitAsync(cells.words, address >>> 2, low, limit)
      : waitAsync(cells.doublewords, address >>> 3, bits64(low, high), limit);
  return outcome.async ? outcome.value : answers[outcome.value];
};

/** An i64 from its words. */
export const bits64 = (low: number, high: number): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0);
