/** The registers of a call, as the loop, the cold operations and `Execution` share them. */

import { checkWholeNumber } from '../../errors/arguments.ts';
import { type FuelSchedule, hasCheapSizes } from '../fuel/schedules.ts';
import type { ExceptionInstance } from '../instances/exception.ts';
import type { Caller, HostFuncInstance, HostWrite, ModuleInstance } from '../instances/module-instance.ts';
import type { Waiter } from '../instances/waiters.ts';
import type { Search } from './handler-search.ts';

/** A host call that waits for its promise. */
interface PendingHostCall {
  readonly func: HostFuncInstance;
  readonly base: number;
  readonly promise: Promise<HostWrite>;
  /** Fuel in hand when the host function was called, before its charges. */
  readonly fuel: number;
}

/**
 * Fuel in hand as a small integer, if it is one. PERF: for V8, what is computed with the reserve is a double. If the
 * fuel in hand became one, the state of calls would get another hidden class, and V8 would discard the loop (0.4 s).
 */
export const small = (fuel: number): number => (fuel === (fuel | 0) ? fuel | 0 : fuel);

/** @typeParam Instance also null if the call may be that of a host function: see `CallState` */
export class MachineState<Instance extends ModuleInstance | null = ModuleInstance> implements Caller {
  /** Index in the code array. */
  pc = 0;
  /** Index of the frame's first word. */
  fp = 0;
  /** Words in use on the call stack: pairs of return pc and caller's fp. */
  sp = 0;
  /** Fuel in hand beyond what remains of the current stretch; negative if the stretch ahead cannot be paid. */
  fuel = 0;
  /** Fuel not in hand. */
  reserve = 0;
  /** All fuel that the call was ever given. */
  given = 0;
  /** The fuel that a sized operation or a charge requested. */
  need = 0;
  /** 1 while every instruction must run in careful code. */
  isArmed: 0 | 1 = 0;
  /** Most words of the call stack. */
  callLimit = 0;
  /** Most words of all frames. */
  stackLimit = 0;
  /** The instance whose code runs; null in a host function that the embedder called. */
  instance: Instance;
  /** Callers' instances of calls that crossed instances. */
  readonly instances: ModuleInstance[] = [];
  /** What JavaScript threw. */
  error: unknown = undefined;
  /** What the guest, or a host function, threw. */
  thrown: ExceptionInstance | null = null;
  /** The handler of `thrown`, if the instruction that threw it has already searched and paid. */
  search: Search | null = null;
  pending: PendingHostCall | null = null;
  /** The wait of the call for a notify, if any. */
  waiter: Waiter | null = null;
  /** Whether the call has an `onSlice`, which decides whether it may continue. */
  isWatched = false;
  /** Whether it took time that no fuel accounts for; `onSlice` is called before anything more runs. */
  isLookDue = false;
  /** Instructions that another tier has generated during the call since then. */
  generated = 0;
  /**
   * Whether `onSlice` and functions of the host may read the stack: then frames are laid before they are called.
   */
  isSeen = true;
  /** Whether code of another tier has called the running loop, and its own frames are not laid. */
  isInside = false;
  /** Words of the JavaScript stack that are known to be available for code of another tier. */
  provedWords = 0;
  /** Words in use during a host call. */
  top = 0;
  readonly schedule: FuelSchedule;
  /** Whether sized operations take time that their fuel does not represent. */
  readonly hasCheapSizes: boolean;

  constructor(instance: Instance, schedule: FuelSchedule) {
    this.instance = instance;
    this.schedule = schedule;
    this.hasCheapSizes = hasCheapSizes(schedule);
  }

  /** Moves at least `need` into hand; false if there is not enough, or if `onSlice` is due and needs the frames. */
  refill: (need: number) => boolean = () => false;

  charge(fuel: number): void {
    this.fuel = small(this.fuel - checkWholeNumber(fuel, 'a charge'));
  }
}

/** The registers of any call: a host function that the embedder called is not in the code of an instance. */
export type CallState = MachineState<ModuleInstance | null>;

/** Whether a call is in the code of an instance, where the loop can continue. */
export const isInCode = (state: CallState): state is MachineState => state.instance !== null;
