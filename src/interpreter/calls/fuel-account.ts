/** The fuel of one call: what it was given, what is in the hand of the loop, and when somebody is asked. */
import { checkWholeNumber } from '../../errors/arguments.ts';
import type { Observer } from '../code/compiled-module.ts';
import type { CallState } from '../loop/machine-state.ts';

/** Fuel handed to the loop at a time: about a millisecond. PERF: leaving the loop leaves its slower OSR code. */
export const SLICE = 200_000;
/**
 * Fuel after which `onSlice` is asked when more is handed out. Whatever asked for more, the fuel in hand was once a
 * slice: what is used between two looks is at most this much, and then a slice or one operation that costs more.
 */
const LOOK = SLICE / 2;

/**
 * What is added to the length of a call's first slice where slices are samples, modulo a slice: SLICE over the golden
 * ratio, so that the lengths of successive calls are spread evenly. Where all first slices were whole, a program that
 * is called for the same work again and again would be sampled in the same few places, and one whose calls are shorter
 * than a slice in none.
 */
const STRIDE = 123_607;
let firstSlice = 0;

/** Checks an amount of fuel. @throws UsageError */
export const checkFuel = (fuel: number): number => checkWholeNumber(fuel, 'fuel');

/**
 * PERF: for V8 the reserve is a double. Where the fuel in hand, which is small, comes to be one, too, the state of calls
 * has another shape, and the loop is compiled anew (0.4 s).
 */
const small = (fuel: number): number => (fuel === (fuel | 0) ? fuel | 0 : fuel);

export class FuelAccount {
  private readonly state: CallState;
  /** Fuel that was used when `onSlice` was last asked. */
  private lookedAt = 0;

  /** Whether whoever watches has asked for a pause where frames were not laid. */
  private wantsPause = false;
  private readonly ask: () => boolean;

  /** @param ask asks whoever watches whether to pause */
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

  /** Fuel that was used, what is paid in advance for the stretch ahead included. */
  get used(): number {
    return this.given - this.state.fuel - this.state.reserve;
  }

  /** All fuel that the call was ever given. */
  get given(): number {
    return this.state.given;
  }

  add(fuel: number): void {
    // Beyond 2^53 sums would round, and the bill with them.
    const added = Math.min(checkFuel(fuel), Number.MAX_SAFE_INTEGER - this.given);
    this.state.given += added;
    this.state.reserve += added;
  }

  /** The call is over. @param balance what is left in all */
  close(balance: number, observer: Observer | null | undefined): void {
    observer?.end(this.state, balance - this.state.fuel - this.state.reserve);
  }

  /** Takes back what is left of a paused call. */
  takeBack(left: number): void {
    const { state } = this;
    // In hand is what remains beyond the stretch ahead, whose price was part of what is left.
    state.fuel += state.reserve - left;
    state.reserve = 0;
    state.given -= left;
  }

  /** For code that goes on by itself where it may: brings at least `need` into hand. */
  private refill(need: number): boolean {
    if (this.isLooking) {
      if (this.state.isSeen) return false;
      this.wantsPause = this.look() && this.ask();
    }
    return !this.wantsPause && this.takeSlice(need);
  }

  /** Moves fuel from the reserve into hand until at least `need` is there; false if that cannot be. */
  takeSlice(need: number, slice = SLICE): boolean {
    const { state } = this;
    const total = state.fuel + state.reserve;
    if (total < need) return false;
    state.fuel = small(Math.min(total, Math.max(slice, need)));
    state.reserve = total - state.fuel;
    return true;
  }

  /** The first slice of a call. @param isSample whether the places where slices end are counted */
  takeFirstSlice(need: number, isSample: boolean): boolean {
    if (!isSample) return this.takeSlice(need);
    firstSlice = (firstSlice + STRIDE) % SLICE;
    return this.takeSlice(need, firstSlice);
  }

  /** Whether the call pauses here: whoever watches is asked, when a look is due. */
  isPauseDue(): boolean {
    const isDue = this.wantsPause || (this.look() && this.ask());
    this.wantsPause = false;
    return isDue;
  }

  /** Whether enough was done since the last look, whatever it was: by what it cost, or by what costs no fuel. */
  private get isLooking(): boolean {
    const { state } = this;
    return state.isWatched && (state.isLookDue || this.used - this.lookedAt >= LOOK);
  }

  /** Begins a look, if one is due. It is over before anybody is asked: a call that pauses at each look gets on. */
  private look(): boolean {
    if (!this.isLooking) return false;
    this.state.isLookDue = false;
    this.lookedAt = this.used;
    return true;
  }
}
