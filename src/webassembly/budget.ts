/**
 * Fuel for an API without fuel: what each call from JavaScript may use, including the calls that it makes in turn
 * through host functions.
 */
import { checkWholeNumber } from '../errors/arguments.ts';
import type { Execution } from '../interpreter/calls/execution.ts';
import type { Caller } from '../interpreter/instances/module-instance.ts';

/**
 * A supply of fuel that calls share and that can be refilled between them, or by a host function during one.
 *
 * ```js
 * const tank = new FuelTank(1000);
 * const wasm = createWebAssembly({ fuel: tank });
 * const { exports } = new wasm.Instance(new wasm.Module(doubleWasm));
 * console.log(exports.double(1), exports.double(2), tank.consumed, tank.left); // → 2 4 10 990
 * ```
 */
export class FuelTank {
  private amount: number;
  private used = 0;

  /** @throws UsageError when the amount is not a whole number from 0 to 2^53 - 1 */
  constructor(amount: number) {
    this.amount = checkAmount(amount);
  }

  /** Fuel that is left; a running call has taken all of it until it ends. */
  get left(): number {
    return this.amount;
  }

  /** Fuel that calls have used. */
  get consumed(): number {
    return this.used;
  }

  /** Adds fuel for subsequent calls. */
  add(amount: number): void {
    this.amount = Math.min(this.amount + checkAmount(amount), Number.MAX_SAFE_INTEGER);
  }

  /** @internal */
  take(): number {
    const { amount } = this;
    this.amount = 0;
    return amount;
  }

  /** @internal */
  settle(given: number, consumed: number): void {
    this.used += consumed;
    this.amount = Math.min(this.amount + Math.max(given - consumed, 0), Number.MAX_SAFE_INTEGER);
  }
}

const checkAmount = (amount: number): number => checkWholeNumber(amount, 'fuel');

/** A call that waits in a host function. */
interface Outer {
  readonly execution: Execution;
  readonly caller: Caller;
}

/** Fuel of the calls of one namespace. */
export class Budget {
  private readonly tank: FuelTank | null;
  private readonly perCall: number;
  private running: Execution | null = null;
  private outer: Outer | null = null;

  /** @param fuel for each call that does not come from another call, or a tank that they share */
  constructor(fuel: number | FuelTank) {
    this.tank = fuel instanceof FuelTank ? fuel : null;
    this.perCall = fuel instanceof FuelTank ? 0 : checkAmount(fuel);
  }

  /**
   * Runs a call that `make` prepares with the fuel it may use, until it ends or waits; then pays for it, and takes
   * back the fuel that a waiting call has left.
   *
   * @param spent what the call has used before
   */
  run<T>(make: (fuel: number) => Execution, run: (execution: Execution) => T, spent = 0): T {
    const { running, outer, tank } = this;
    const given =
      outer !== null
        ? // A call from a host function uses what its caller has left.
          Math.max(outer.execution.fuelLeft, 0)
        : (tank?.take() ?? Math.max(this.perCall - spent, 0));
    let execution: Execution | null = null;
    try {
      execution = make(given);
      this.running = execution;
      this.outer = null;
      return run(execution);
    } finally {
      this.running = running;
      this.outer = outer;
      execution?.takeFuel();
      const consumed = (execution?.fuelConsumed ?? spent) - spent;
      if (outer !== null) outer.caller.charge(consumed);
      else tank?.settle(given, consumed);
    }
  }

  /** Runs a host function of the current call. */
  visit<T>(caller: Caller, hostFunction: () => T): T {
    const { running, outer } = this;
    this.outer = running === null ? null : { execution: running, caller };
    try {
      return hostFunction();
    } finally {
      this.outer = outer;
    }
  }
}
