/**
 * How generated code calls functions of the host: at once, with arguments in the words of the machine where no frame
 * lies. Where the answer is not a plain one, the frames are laid and the interpreter stands inside of the call, as if
 * it had made it.
 */

import { hostFailure } from '../interpreter/cold/calls.ts';
import type { MemoryInstance } from '../interpreter/instances/memory.ts';
import type {
  HostFuncInstance,
  HostWrite,
  ModuleInstance,
} from '../interpreter/instances/module-instance.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { HOST_PAUSE, NO_FUEL, RESTART } from '../interpreter/loop/status.ts';
import type { Machine } from '../interpreter/machine/machine.ts';
import { LEFT, type Leaving } from './leaving.ts';
import type { Run } from './scope.ts';
import { STACK_WORDS } from './target.ts';

/** What a call that a host function makes takes from them: so only a few that are nested enter generated code. */
const NESTED_WORDS = 4000;

/** Fuel that generated code has in hand at a time while it is new. */
const PORTION = 4096;

type SavedActivation = Pick<Activation, 'm' | 'fp' | 'ceiling' | 'room' | 'outermost' | 'refills' | 'held'>;

/** The innermost call of generated code. There is one of the process, as there is one machine. */
class Activation {
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

  /** Takes a call's fuel out of its hand but for a portion, if that is asked for. */
  hold(m: MachineState, need: number, isNew: boolean): void {
    this.held = isNew ? Math.max(0, m.fuel - Math.max(PORTION, need)) : 0;
    m.fuel -= this.held;
    m.reserve += this.held;
  }

  /** Fetches a portion of the slice; false where it is used up. */
  fetch(m: MachineState, need: number): boolean {
    const fetched = Math.min(this.heldIn(m), Math.max(PORTION, need - m.fuel));
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
    return Math.min(this.held, reserve);
  }

  /** Brings fuel into hand while frames are not laid; false where the code that runs has to be left. */
  refill(need: number, memory: MemoryInstance): boolean {
    const m = this.m!;
    const { fuel, top } = m;
    const { view, byteLength } = memory;
    // Whoever is asked may run calls in turn.
    m.top = this.ceiling;
    this.held = 0;
    const isRefilled = m.refill(need);
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
    } else Object.assign(this, saved);
  }

  /** What a call has of the JavaScript stack that begins now. */
  get left(): number {
    const { m } = this;
    return m === null ? STACK_WORDS : this.room - ((m.top - this.fp) >> 1) - NESTED_WORDS;
  }
}
export const activation = new Activation();

/** What the text of a call of the host comes to: makes the function for one that is imported. */
type MakeHostCall = (
  calls: HostCalls,
  leaving: Leaving,
  activation: Activation,
  func: HostFuncInstance,
  memory: MemoryInstance,
  refs: unknown[],
  left: typeof LEFT,
  price: number,
) => Run;

/** Calls of the host by the generated code of one instance. */
export class HostCalls {
  private readonly instance: ModuleInstance;
  private readonly machine: Machine;
  private readonly leaving: Leaving;
  /** Of the call that the frames are laid for: the function, where its arguments or results are, and its answer. */
  private func: HostFuncInstance | null = null;
  private base = 0;
  private fuel = 0;
  private promise: Promise<HostWrite> | undefined = undefined;
  private failure: unknown = undefined;
  private hasFailed = false;

  constructor(instance: ModuleInstance, machine: Machine, leaving: Leaving) {
    this.instance = instance;
    this.machine = machine;
    this.leaving = leaving;
  }

  /** What the variable of an imported function holds: calls of what is no function of the host leave. */
  readonly link = (index: number, make: MakeHostCall): Run => {
    const { schedule } = this.instance.unit;
    const func = this.instance.funcs[index]!;
    if (func.host === null) return this.leaving.leaveCall;
    const { refs } = this.machine;
    const { leaving, instance } = this;
    return make(this, leaving, activation, func, instance.memory0, refs, LEFT, schedule.hostCall + func.fuel);
  };

  /** Brings what a call costs into hand, or leaves in front of it; what is left. */
  readonly pay = (fuel: number, price: number, memory: MemoryInstance): number => {
    const m = activation.m!;
    m.fuel = fuel;
    if (!activation.refill(price, memory)) this.leaving.leaveCall();
    return m.fuel - price;
  };

  /**
   * Says how the interpreter goes on where the frames are laid: a status.
   *
   * @param held fuel of the slice in hand that the code had not fetched
   */
  settle(m: MachineState, held: number): number {
    m.fuel += held;
    const { base, promise, failure, hasFailed } = this;
    const func = this.func!;
    const to = m.top;
    this.machine.words.copyWithin(to, base, base + func.borderWords);
    m.top = to + func.borderWords;
    this.func = null;
    this.promise = undefined;
    this.failure = undefined;
    this.hasFailed = false;
    if (hasFailed) return hostFailure(m, failure);
    // What the host called in turn may have replaced the code array.
    m.fuel -= this.machine.space.words[m.pc - 1]!;
    if (promise === undefined) return m.fuel < 0 ? NO_FUEL : RESTART;
    m.pending = { func, base: to, promise, fuel: this.fuel + held };
    return HOST_PAUSE;
  }
}
