/** The innermost call of generated code: what it has of fuel, of the frames and of the JavaScript stack. */
import type { MemoryInstance } from '../interpreter/instances/memory.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { STACK_WORDS } from './target.ts';

/** What a call that a host function makes takes from them: so only a few that are nested enter generated code. */
const NESTED_WORDS = 4000;

/** Fuel that generated code has in hand at a time while it is new. */
export const PORTION = 4096;

type SavedActivation = Pick<Activation, 'm' | 'fp' | 'ceiling' | 'room' | 'outermost' | 'refills' | 'held'>;

/** The innermost call of generated code. There is one of the process, as there is one machine. */
export class Activation {
  /** Null while no generated code runs. */
  m: MachineState | null = null;
  /** First word of its frames. */
  fp = 0;
  /** Behind the last word that its frames may reach. */
  ceiling = 0;
  /** What it has of the JavaScript stack. */
  room = STACK_WORDS;
  /** What the function that was entered has of it. */
  outermost = 0;
  /** How often its loops may fetch fuel before it is left and entered again. */
  refills = 0;
  /** Fuel of the slice in hand that lies with the reserve until it is fetched. */
  held = 0;
  /** What was thrown by whoever was asked: thrown on where the frames are laid. */
  failure: { readonly error: unknown } | null = null;

  /** Takes a call's fuel out of its hand but for so much, which is there. */
  hold(m: MachineState, kept: number): void {
    this.held = m.fuel - kept;
    m.fuel = kept;
    m.reserve += this.held;
  }

  /** Fetches a portion of the slice; false where it is used up. */
  fetch(m: MachineState, need: number): boolean {
    const fetched = Math.min(this.heldIn(m), Math.max(PORTION, need - m.fuel)) | 0;
    if (m.fuel + fetched < need) return false;
    this.held -= fetched;
    m.fuel += fetched;
    m.reserve -= fetched;
    return true;
  }

  /** What is held, for the hand of the interpreter. */
  takeHeld(m: MachineState): number {
    const held = this.heldIn(m);
    this.held = 0;
    m.reserve -= held;
    return held;
  }

  /** A function of the host may have fetched from the reserve what was held. */
  private heldIn({ reserve }: MachineState): number {
    return reserve < this.held ? reserve | 0 : this.held;
  }

  /** Brings fuel into hand while frames are not laid; false where that cannot be, or somebody wants a pause. */
  ask(need: number): boolean {
    try {
      return this.m!.refill(need);
    } catch (error) {
      this.failure = { error };
      return false;
    }
  }

  /** The same for code with views of a memory; false where it has to be left. */
  refill(need: number, memory: MemoryInstance): boolean {
    const m = this.m!;
    const { fuel, top } = m;
    const { view, byteLength } = memory;
    // Whoever is asked may run calls in turn.
    m.top = this.ceiling;
    this.held = 0;
    const isRefilled = this.ask(need);
    m.top = top;
    if (!isRefilled || (memory.view === view && memory.byteLength === byteLength)) return isRefilled;
    m.reserve += m.fuel - fuel;
    m.fuel = fuel;
    return false;
  }

  /** What `restore` takes; null where no generated code runs. */
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

  /** What generated code has of the JavaScript stack that a call enters now. */
  leftFor(state: MachineState): number {
    const { m } = this;
    if (m === null) return STACK_WORDS;
    return m === state ? this.room : this.room - ((m.top - this.fp) >> 1) - NESTED_WORDS;
  }

  /** What is taken of the JavaScript stack by a frame. @param w words that are left for it */
  wordsAt(w: number): number {
    return STACK_WORDS - this.room + ((this.ceiling - this.fp) >> 1) - w;
  }
}
export const activation = new Activation();
