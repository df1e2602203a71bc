/**
 * Runs the call of a session with stops in its code: in portions of fuel, so that the debugger can interrupt between
 * them, and up to an optional limit.
 */
import { UsageError } from '../errors/errors.ts';
import type { Execution } from '../interpreter/calls/execution.ts';
import { type CodeUnit, type FuncCode, regionAt } from '../interpreter/code/compiled-module.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { CallState, MachineState } from '../interpreter/loop/machine-state.ts';
import {
  type CallFrame,
  comparePositions,
  enterArmedCode,
  framesOf,
  functionsOf,
  type Position,
  positionOf,
} from './call-places.ts';
import { isDebugged, type Listening, listen } from './hooks.ts';
import type { Stops } from './stops.ts';
import type { DebugTarget, NamedInstance, SavedTarget } from './target.ts';

/** Fuel between two checks for requests of the debugger, and of the history. */
const PORTION = 2_000_000;

/**
 * Why a call has stopped.
 *
 * Example: see `Stop`.
 */
export type StopReason =
  | 'begin'
  | 'step'
  | 'breakpoint'
  | 'watchpoint'
  | 'interrupt'
  | 'failure'
  | 'error'
  | 'fuel'
  | 'done';

/** Whether a call stops at an instruction that it has reached, and why. */
export type Judge = (m: MachineState, pc: number) => StopReason | null;

/** How to run a call. */
interface Run {
  readonly judge: Judge;
  /** Puts stops into the code, in addition to breakpoints; they are removed when the call stops. */
  readonly prepare: () => void;
  /** Most fuel that the call may have consumed then; default: all that it has. */
  readonly limit?: number | undefined;
  /** Whether the current instruction may also be a stop. */
  readonly includesHere?: boolean | undefined;
}

export class Driver {
  readonly target: DebugTarget;
  private readonly breathe: () => Promise<void>;
  /** Called at the end of a portion. */
  onPortion: () => void = () => {};
  isInterrupted = false;
  /** The furthest place at which the call has stopped. */
  furthest: Position | null = null;
  private listened: readonly NamedInstance[] = [];
  private listening: Listening | null = null;
  private judge: Judge | null = null;
  /** The position at which the call was resumed: it does not stop there again. */
  private origin: { readonly pc: number; readonly sp: number; readonly fuel: number } | null = null;
  private reason: StopReason | null = null;
  /** The call of the target that stopped last: it is one of the target's until the target resumes. */
  private owned: CallState | null = null;
  /** Fuel that is withheld while the call runs in portions. */
  private withheld = 0;

  /** @throws UsageError for instances that are already being debugged, or whose code is compiled */
  constructor(target: DebugTarget, breathe: () => Promise<void>) {
    this.target = target;
    this.breathe = breathe;
    const { instances } = target;
    if (instances.some(({ instance }) => isDebugged(instance.unit)))
      throw new UsageError('usage.state', {
        detail: 'another session debugs this code; end it first, with `detach`',
      });
    if (instances.some(({ instance }) => instance.unit.compiler !== null)) {
      throw new UsageError('usage.argument', {
        detail: 'compiled code cannot be debugged; omit `compiler` and `precompiled`',
      });
    }
    this.listen();
  }

  /** The stopped call, or the innermost of several that wait for each other; null before it begins. */
  get execution(): Execution | null {
    const { executions } = this.target;
    return executions[executions.length - 1] ?? null;
  }

  /** The frames, innermost first. */
  get stack(): readonly CallFrame[] {
    return [...this.target.executions].reverse().flatMap(framesOf);
  }

  /** The functions that the call is in, at any depth. */
  get functions(): readonly FuncCode[] {
    return [...new Set(this.target.executions.flatMap((execution) => [...functionsOf(execution)]))];
  }

  /** The position of the call; null before it begins and after it has ended. */
  get position(): Position | null {
    return this.execution === null ? null : positionOf(this.execution);
  }

  get units(): CodeUnit[] {
    return [...new Set(this.target.instances.map(({ instance }) => instance.unit))];
  }

  /** The changes in the code. */
  get stops(): Stops {
    return this.listen().stops;
  }

  /** A plug-in may have made new instances of the same modules since. */
  private listen(): Listening {
    const { instances } = this.target;
    const [first] = instances;
    if (first === undefined) throw new UsageError('usage.argument', { detail: 'there are no instances' });
    const isNew = this.listened[0]?.instance !== first.instance;
    if (isNew) {
      this.listening?.end();
      this.listened = instances;
    }
    if (this.listening === null || isNew) {
      this.target.onGuestError = (m) => this.onGuestError(m);
      this.listening = listen(first.instance.store, this.units, {
        onStop: (m, pc) => this.onStop(m, pc),
        onFailure: (m) => this.onFailure(m),
      });
    }
    return this.listening;
  }

  /** Whether the call now repeats what it did before. */
  get isRepeating(): boolean {
    const { execution, furthest } = this;
    return execution !== null && furthest !== null && execution.fuelConsumed <= furthest.fuel;
  }

  /** Called when a running call reaches an instruction. */
  positionAt({ instance, sp }: MachineState, pc: number): Position {
    return this.positionFrom(instance, pc, sp, this.execution!.fuelConsumed);
  }

  /** The place of an instruction whose charge is at a program counter of an instance's code. */
  positionFrom(instance: ModuleInstance, pc: number, depth: number, fuel: number): Position {
    const offset = this.stops.of(regionAt(instance, pc)!.func).offsetAt(pc);
    return { fuel, depth, offset, hasFailed: false };
  }

  /** Runs until the judge, or anything else, stops the call. Null if it has ended. */
  async run({
    judge,
    prepare,
    limit = Number.POSITIVE_INFINITY,
    includesHere = false,
  }: Run): Promise<StopReason | null> {
    const { stops, target } = this;
    this.reason = null;
    this.origin = null;
    this.owned = null;
    prepare();
    this.enterArmed();
    if (!includesHere) this.noteOrigin();
    this.judge = judge;
    try {
      for (;;) {
        const isLast = this.takeFuel(limit);
        if ((await target.run()) !== 'paused') return null;
        const isOut = this.execution?.pause === 'fuel';
        if (this.reason !== null) return this.reason;
        if (this.isInterrupted) return 'interrupt';
        if (isOut && isLast) return 'fuel';
        if (isOut) this.onPortion();
        await this.breathe();
        if (this.isInterrupted) return 'interrupt';
        this.enterArmed();
      }
    } finally {
      this.judge = null;
      this.giveBackFuel();
      stops.release();
    }
  }

  /** Goes back to a saved state of the call. */
  rewind(saved: SavedTarget): void {
    const { execution } = this;
    if (execution === null) return;
    const all = execution.fuelConsumed + execution.fuelLeft;
    const putBack = this.stops.withdraw();
    try {
      this.target.load(saved);
    } finally {
      putBack();
    }
    execution.takeFuel();
    execution.addFuel(Math.max(0, all - execution.fuelConsumed));
  }

  /** Records the progress of the call. */
  noteProgress(): void {
    const { position, furthest } = this;
    if (position !== null && (furthest === null || comparePositions(position, furthest) > 0))
      this.furthest = position;
  }

  /** Removes everything from the code. */
  detach(): void {
    this.listening?.end();
    this.listening = null;
    this.target.onGuestError = null;
    this.target.end();
  }

  private owns(m: CallState): boolean {
    return this.target.executions.some((execution) => execution.state === m);
  }

  private onStop(m: MachineState, pc: number): boolean {
    const { judge, origin } = this;
    if (judge === null || (m !== this.owned && !this.owns(m))) return false;
    this.owned = m;
    if (origin?.pc === pc && origin.sp === m.sp && origin.fuel === this.execution!.fuelConsumed) return false;
    const reason = judge(m, pc);
    if (reason === null) return false;
    this.reason = reason;
    this.target.pause();
    return true;
  }

  private onFailure(m: CallState): boolean {
    if (this.judge === null || !this.owns(m)) return false;
    this.reason = 'failure';
    this.target.pause();
    return true;
  }

  /** The call has reported an error, and stops when the host function that it used has returned. */
  private onGuestError(m: CallState): void {
    if (this.judge === null || !this.owns(m) || this.isRepeating) return;
    this.reason = 'error';
    m.isLookDue = true;
    this.target.pause();
  }

  /** Frames of functions that are armed now continue in their careful code. */
  private enterArmed(): void {
    const { stops } = this;
    for (const execution of this.target.executions) enterArmedCode(execution, (func) => stops.isArmed(func));
  }

  private noteOrigin(): void {
    const { execution } = this;
    if (execution === null) return;
    const { pc, sp } = execution.save().state;
    this.origin = { pc, sp, fuel: execution.fuelConsumed };
  }

  /** Leaves the call the fuel that it may use now, and withholds the rest. Returns whether that is all it may use. */
  private takeFuel(limit: number): boolean {
    const { execution } = this;
    if (execution === null) return limit !== Number.POSITIVE_INFINITY;
    const left = this.withheld + execution.takeFuel();
    const most = Math.min(left, Math.max(0, limit - execution.fuelConsumed));
    const given = Math.min(most, PORTION);
    execution.addFuel(given);
    this.withheld = left - given;
    return given === most;
  }

  private giveBackFuel(): void {
    if (this.withheld > 0) this.execution?.addFuel(this.withheld);
    this.withheld = 0;
  }
}
