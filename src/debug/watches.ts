/** Ranges of memory that are watched, and what they held when it was last looked. */
import type { NamedInstance } from './target.ts';

/**
 * Bytes of the first memory of an instance.
 *
 * Example: see `Stop`.
 */
export interface WatchedRange {
  /** The instance, by its place among those of the session. */
  readonly module: number;
  readonly address: number;
  readonly length: number;
}

/** Most bytes of one range: each instruction looks at all. */
export const MAX_WATCHED_BYTES = 4096;

interface Watch {
  readonly range: WatchedRange;
  bytes: Uint8Array;
}

const same = (a: WatchedRange, b: WatchedRange): boolean =>
  a.module === b.module && a.address === b.address && a.length === b.length;

const viewOf = (
  instances: readonly NamedInstance[],
  { module, address, length }: WatchedRange,
): Uint8Array => {
  const memory = instances[module]?.instance.memory0;
  if (memory === undefined || address >= memory.byteLength) return new Uint8Array(0);
  return new Uint8Array(memory.view.buffer, address, Math.min(length, memory.byteLength - address));
};

export class Watches {
  private readonly watches: Watch[] = [];
  /** The range that was seen to change last. */
  hit: WatchedRange | null = null;

  get isEmpty(): boolean {
    return this.watches.length === 0;
  }

  add(range: WatchedRange): void {
    if (!this.watches.some((watch) => same(watch.range, range)))
      this.watches.push({ range, bytes: new Uint8Array(0) });
  }

  remove(range: WatchedRange): boolean {
    const at = this.watches.findIndex((watch) => same(watch.range, range));
    if (at < 0) return false;
    this.watches.splice(at, 1);
    return true;
  }

  /** Notes what the ranges hold. */
  remember(instances: readonly NamedInstance[]): void {
    this.hit = null;
    for (const watch of this.watches) watch.bytes = viewOf(instances, watch.range).slice();
  }

  /** Whether one has changed since that was last asked; `hit` is the first that has. */
  check(instances: readonly NamedInstance[]): boolean {
    let hasChanged = false;
    for (const watch of this.watches) {
      const now = viewOf(instances, watch.range);
      const { bytes } = watch;
      let i = now.length === bytes.length ? 0 : -1;
      if (i === 0) while (i < now.length && now[i] === bytes[i]) i++;
      if (i === now.length) continue;
      watch.bytes = now.slice();
      if (!hasChanged) this.hit = watch.range;
      hasChanged = true;
    }
    return hasChanged;
  }
}
