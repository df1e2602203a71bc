/** The fuel of one call: what it was given, what the loop has in hand, and when `onSlice` is called. */
import { checkWholeNumber } from '../../errors/arguments.ts';
import type { Observer } from '../code/compiled-module.ts';
import { type CallState, small } from '../loop/machine-state.ts';

/** Fuel given to the loop at a time: about a millisecond. PERF: leaving the loop leaves its slower OSR code. */
export const SLICE = 200_000;
/**
 * Fuel after which `onSlice` is called when more is given out. Whatever requested more, the fuel in hand was once a
 * slice: between two calls of `onSlice`, the call uses at most this much, and then a slice or one operation that
 * costs more.
 */
const LOOK = SLICE / 2;

/**
 * Added to the length of a call's first slice if slices are samples, modulo a slice: SLICE over the golden ratio, so
 * that the lengths of successive calls are spread evenly. If all first slices were whole, a program that repeats the
 * same work would be sampled in the same few places, and one whose calls are shorter than a slice would never be.
 */
const STRIDE = 123_607;
let firstSlice = 0;

/** Checks an amount of fuel. @throws UsageError */
export const checkFuel = (fuel: number): number => checkWholeNumber(fuel, 'fuel');

export class FuelAccount {
  private readonly state: CallState;
  /** Fuel that was used at the last call of `onSlice`. */
  private lookedAt = 0;

  /** Whether `onSlice` has requested a pause while frames were not laid. */
  private wantsPause = false;
  private readonly ask: () => boolean;

  /** @param ask calls `onSlice`: whether to pause */
  constructor(state: CallState, given: number, ask: () => boolean) {
    this.state = state;
    state.given = given;
    this.ask = ask;
    state.reserve = given;
    state.refill = (need) => this.refill(need);
  }

  /** Continues the account of a call that was saved. */
  restore(given: number): void {
    this.state.given = given;
    this.lookedAt = this.used;
  }

  /** Fuel that was used, including what is paid in advance for the stretch ahead. */
  get used(): number {
    return this.given - this.state.fuel - this.state.reserve;
  }

  /** All fuel that the call was ever given. */
  get given(): number {
    return this.state.given;
  }

  add(fuel: number): void {
    // Beyond 2^53, sums and so the fuel count would be rounded.
    const added = Math.min(checkFuel(fuel), Number.MAX_SAFE_INTEGER - this.given);
    this.state.given += added;
    this.state.reserve += added;
  }

  /** The call has ended. @param balance total fuel that is left */
  close(balance: number, observer: Observer | null | undefined): void {
    observer?.end(this.state, balance - this.state.fuel - this.state.reserve);
  }

  /** Takes back the fuel that a paused call has left. */
  takeBack(left: number): void {
    const { state } = this;
    // Fuel in hand excludes the stretch ahead, whose price was part of the fuel left.
    state.fuel = small(state.fuel + state.reserve - left);
    state.reserve = 0;
    state.given -= left;
  }

  /** For code that continues on its own if it may: moves at least `need` into hand. */
  private refill(need: number): boolean {
    if (this.isLooking) {
      if (this.state.isSeen) return false;
      this.wantsPause = this.look() && this.ask();
    }
    return !this.wantsPause && this.takeSlice(need);
  }

  /** Moves fuel from the reserve into hand until it has at least `need`; false if there is not enough. */
  takeSlice(need: number, slice = SLICE): boolean {
    const { state } = this;
    const total = state.fuel + state.reserve;
    if (total < need) return false;
    state.fuel = small(Math.min(total, Math.max(slice, need)));
    state.reserve = total - state.fuel;
    return true;
  }

  /** The first slice of a call. @param isSample whether the places where slices end are sampled */
  takeFirstSlice(need: number, isSample: boolean): boolean {
    if (!isSample) return this.takeSlice(need);
    firstSlice = (firstSlice + STRIDE) % SLICE;
    return this.takeSlice(need, firstSlice);
  }

  /** Whether the call pauses here: calls `onSlice`, if a check is due. */
  isPauseDue(): boolean {
    const isDue = this.wantsPause || (this.look() && this.ask());
    this.wantsPause = false;
    return isDue;
  }

  /** Whether enough has happened since the last check: by its cost, or by work that costs no fuel. */
  private get isLooking(): boolean {
    const { state } = this;
    return state.isWatched && (state.isLookDue || this.used - this.lookedAt >= LOOK);
  }

  /**
   * Begins a check, if one is due. It is over before `onSlice` is called, so that a call that pauses at each check
   * makes progress.
   */
  private look(): boolean {
    if (!this.isLooking) return false;
    this.state.isLookDue = false;
    this.lookedAt = this.used;
    return true;
  }
}
