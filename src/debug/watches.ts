/** Watched ranges of memory, and their contents at the last check. */
import type { NamedInstance } from './target.ts';

/**
 * Bytes of the first memory of an instance.
 *
 * Example: see `Stop`.
 */
export interface WatchedRange {
  /** The instance, by its position among those of the session. */
  readonly module: number;
  readonly address: number;
  readonly length: number;
}

/** Most bytes of one range: all are compared at each instruction. */
export const MAX_WATCHED_BYTES = 4096;

interface Watch {
  readonly range: WatchedRange;
  /** -1 for missing bytes. */
  readonly bytes: Int16Array;
}

const same = (a: WatchedRange, b: WatchedRange): boolean =>
  a.module === b.module && a.address === b.address && a.length === b.length;

/** Records the contents of a range; whether they have changed. */
const look = ({ range, bytes }: Watch, instances: readonly NamedInstance[]): boolean => {
  const memory = instances[range.module]?.instance.memory0;
  if (memory === undefined) return false;
  const { view, byteLength } = memory;
  let hasChanged = false;
  for (let i = 0, at = range.address; i < bytes.length; i++, at++) {
    const byte = at < byteLength ? view.getUint8(at) : -1;
    if (byte === bytes[i]) continue;
    bytes[i] = byte;
    hasChanged = true;
  }
  return hasChanged;
};

export class Watches {
  private readonly watches: Watch[] = [];
  /** The range whose change was seen last. */
  hit: WatchedRange | null = null;

  get isEmpty(): boolean {
    return this.watches.length === 0;
  }

  add(range: WatchedRange): void {
    if (!this.watches.some((watch) => same(watch.range, range)))
      this.watches.push({ range, bytes: new Int16Array(range.length) });
  }

  remove(range: WatchedRange): boolean {
    const at = this.watches.findIndex((watch) => same(watch.range, range));
    if (at < 0) return false;
    this.watches.splice(at, 1);
    return true;
  }

  /** Records the contents of the ranges. */
  remember(instances: readonly NamedInstance[]): void {
    this.hit = null;
    for (const watch of this.watches) look(watch, instances);
  }

  /** Whether one has changed since the last check; `hit` is the first that has. */
  check(instances: readonly NamedInstance[]): boolean {
    let hasChanged = false;
    for (const watch of this.watches) {
      if (!look(watch, instances)) continue;
      if (!hasChanged) this.hit = watch.range;
      hasChanged = true;
    }
    return hasChanged;
  }
}
