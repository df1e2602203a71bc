/** The innermost call of generated code: its share of fuel, of the frames and of the JavaScript stack. */
import type { MemoryInstance } from '../interpreter/instances/memory.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { STACK_WORDS } from './target.ts';

/** The part that a call by a host function takes: so only a few nested calls enter generated code. */
const NESTED_WORDS = 4000;

/** Fuel that new generated code has in hand at a time. */
export const PORTION = 4096;

type SavedActivation = Pick<Activation, 'm' | 'fp' | 'ceiling' | 'room' | 'outermost' | 'refills' | 'held'>;

/** The innermost call of generated code. There is one per process, as there is one machine. */
export class Activation {
  /** Null while no generated code runs. */
  m: MachineState | null = null;
  /** First word of its frames. */
  fp = 0;
  /** The end of the words that its frames may use. */
  ceiling = 0;
  /** Its share of the JavaScript stack. */
  room = STACK_WORDS;
  /** The entered function's share of it. */
  outermost = 0;
  /** How often its loops may fetch fuel before it is left and entered again. */
  refills = 0;
  /** Fuel of the slice in hand that stays with the reserve until it is fetched. */
  held = 0;
  /** What `onSlice` has thrown: thrown again where the frames are laid. */
  failure: { readonly error: unknown } | null = null;

  /** Takes a call's fuel out of its hand, except for this much, which it has. */
  hold(m: MachineState, kept: number): void {
    this.held = m.fuel - kept;
    m.fuel = kept;
    m.reserve += this.held;
  }

  /** Fetches a portion of the slice; false if it is used up. */
  fetch(m: MachineState, need: number): boolean {
    const fetched = Math.min(this.heldIn(m), Math.max(PORTION, need - m.fuel)) | 0;
    if (m.fuel + fetched < need) return false;
    this.held -= fetched;
    m.fuel += fetched;
    m.reserve -= fetched;
    return true;
  }

  /** The fuel held back, for the hand of the interpreter. */
  takeHeld(m: MachineState): number {
    const held = this.heldIn(m);
    this.held = 0;
    m.reserve -= held;
    return held;
  }

  /** A function of the host may have taken the held fuel from the reserve. */
  private heldIn({ reserve }: MachineState): number {
    return reserve < this.held ? reserve | 0 : this.held;
  }

  /** Moves fuel into hand while frames are not laid; false if there is not enough, or if a pause was requested. */
  ask(need: number): boolean {
    try {
      return this.m!.refill(need);
    } catch (error) {
      this.failure = { error };
      return false;
    }
  }

  /** The same for code with views of a memory; false if it must be left. */
  refill(need: number, memory: MemoryInstance): boolean {
    const m = this.m!;
    const { fuel, top } = m;
    const { view, byteLength } = memory;
    // `onSlice` may run calls in turn.
    m.top = this.ceiling;
    this.held = 0;
    const isRefilled = this.ask(need);
    m.top = top;
    if (!isRefilled || (memory.view === view && memory.byteLength === byteLength)) return isRefilled;
    m.reserve += m.fuel - fuel;
    m.fuel = fuel;
    return false;
  }

  /** The argument for `restore`; null if no generated code runs. */
  save(): SavedActivation | null {
    const { m, fp, ceiling, room, outermost, refills, held } = this;
    return m === null ? null : { m, fp, ceiling, room, outermost, refills, held };
  }

  restore(saved: SavedActivation | null): void {
    if (saved === null) {
      this.m = null;
      this.room = STACK_WORDS;
      return;
    }
    // PERF: `Object.assign` took a twentieth of esbuild.
    this.m = saved.m;
    this.fp = saved.fp;
    this.ceiling = saved.ceiling;
    this.room = saved.room;
    this.outermost = saved.outermost;
    this.refills = saved.refills;
    this.held = saved.held;
  }

  /** The share of the JavaScript stack for generated code that a call enters now. */
  leftFor(state: MachineState): number {
    const { m } = this;
    if (m === null) return STACK_WORDS;
    return m === state ? this.room : this.room - ((m.top - this.fp) >> 1) - NESTED_WORDS;
  }

  /** The JavaScript stack that a frame uses. @param w words that are left for it */
  wordsAt(w: number): number {
    return STACK_WORDS - this.room + ((this.ceiling - this.fp) >> 1) - w;
  }
}
export const activation = new Activation();
