/**
 * How generated code calls functions of the host: directly, with arguments in words of the machine without a frame.
 * If the answer is not a plain one, the frames are laid and the interpreter is inside the call, as if it had made it.
 */

import { payAhead } from '../interpreter/code/encoding.ts';
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
import { type Activation, activation } from './activation.ts';
import { LEFT, type Leaving, type OpenCall } from './leaving.ts';
import type { Run } from './scope.ts';

/** The value of the text of a host call: makes the function for an imported one. */
export type MakeHostCall = (
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
export class HostCalls implements OpenCall {
  private readonly instance: ModuleInstance;
  private readonly machine: Machine;
  private readonly leaving: Leaving;
  /** For the call that the frames are laid for: the function, the place of its arguments or results, and its answer. */
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

  /** The value of the variable of an imported function of the host. */
  readonly link = (func: HostFuncInstance, make: MakeHostCall): Run => {
    const { schedule } = this.instance.unit;
    const { refs } = this.machine;
    const { leaving, instance } = this;
    return make(this, leaving, activation, func, instance.memory0, refs, LEFT, schedule.hostCall + func.fuel);
  };

  /** Moves the cost of a call into hand, or leaves before it; returns the rest. */
  readonly pay = (fuel: number, price: number, memory: MemoryInstance): number => {
    const m = activation.m!;
    m.fuel = fuel;
    if (!activation.refill(price, memory)) this.leaving.leaveCall();
    return m.fuel - price;
  };

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
    // Calls by the host in turn may have replaced the code array.
    payAhead(this.machine.space.words, m);
    if (promise === undefined) return m.fuel < 0 ? NO_FUEL : RESTART;
    m.pending = { func, base: to, promise, fuel: this.fuel + held };
    return HOST_PAUSE;
  }
}
