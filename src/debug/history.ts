/**
 * Saved states of a call, to go back to. Their bytes are bounded: above the bound, a state is dropped whose
 * neighbours are close in relation to its age. So there are many states of the recent past and few of the beginning.
 */
import { comparePositions, type Position } from './call-places.ts';
import type { SavedTarget } from './target.ts';

/** Default for the most bytes of the states that a session keeps. */
export const DEFAULT_HISTORY_BYTES = 64 * 2 ** 20;
/** Least and most fuel between two states that are kept automatically: some 20 and 1,000 milliseconds. */
const MIN_DISTANCE = 8_000_000;
const MAX_DISTANCE = 400_000_000;
/** Fuel between two states for each byte of a state. PERF: keeping them then takes some 4 % of the time (SQLite). */
const FUEL_PER_BYTE = 200;

/** A state with its place in the call. */
export interface Kept {
  readonly position: Position;
  readonly state: SavedTarget;
}

export class History {
  /** In the order of the call. */
  private readonly items: Kept[] = [];
  private readonly maxBytes: number;
  private byteLength = 0;
  /** Whether there is not enough room for even one state. */
  private isTooSmall: boolean;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    this.isTooSmall = maxBytes === 0;
  }

  /** Whether keeping states is useful. */
  get isOff(): boolean {
    return this.isTooSmall;
  }

  get isEmpty(): boolean {
    return this.items.length === 0;
  }

  /** Whether to keep a state now that the call has consumed this much fuel. */
  isDue(fuel: number): boolean {
    if (this.isTooSmall) return false;
    const before = this.items.filter(({ position }) => position.fuel <= fuel);
    const last = before[before.length - 1];
    if (last === undefined) return true;
    const wanted = Math.max(MIN_DISTANCE, FUEL_PER_BYTE * last.state.bytes.length);
    return fuel - last.position.fuel >= Math.min(MAX_DISTANCE, wanted);
  }

  add(kept: Kept): void {
    const at = this.items.filter(({ position }) => comparePositions(position, kept.position) < 0).length;
    const next = this.items[at];
    if (next !== undefined && comparePositions(next.position, kept.position) === 0) return;
    this.items.splice(at, 0, kept);
    this.byteLength += kept.state.bytes.length;
    while (this.byteLength > this.maxBytes && this.items.length > 0) this.thin();
    this.isTooSmall = this.items.length === 0;
  }

  /** The states before a place, the closest first. */
  before(position: Position): Kept[] {
    return this.items.filter((kept) => comparePositions(kept.position, position) < 0).reverse();
  }

  clear(): void {
    this.items.length = 0;
    this.byteLength = 0;
  }

  /** Drops one: the beginning last of all. */
  private thin(): void {
    const { items } = this;
    const newest = items[items.length - 1]!.position.fuel;
    let found = items.length - 1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 1; i < items.length - 1; i++) {
      const gap = items[i + 1]!.position.fuel - items[i - 1]!.position.fuel;
      const age = 1 + newest - items[i]!.position.fuel;
      if (gap / age < least) {
        least = gap / age;
        found = i;
      }
    }
    const [gone] = items.splice(found, 1);
    this.byteLength -= gone!.state.bytes.length;
  }
}
