/**
 * One call into Wasm that can pause anywhere and resume: out of fuel, at the end of a time slice, waiting for the
 * host, or for a notify. All of its state is data: registers, stacks, fuel.
 */

import {
  type BacktraceFrame,
  ExhaustionError,
  InternalError,
  isQuernError,
  SnapshotError,
  UsageError,
} from '../../errors/errors.ts';
import { HALT_PC } from '../code/code-space.ts';
import { giveBackAhead } from '../code/encoding.ts';
import { exceptionOf } from '../instances/exception.ts';
import { settleHeap } from '../instances/heap.ts';
import type { FuncInstance, HostFuncInstance, HostWrite } from '../instances/module-instance.ts';
import { type RawValue, readValues } from '../instances/values.ts';
import type { Waiter } from '../instances/waiters.ts';
import { type CallState, isInCode, type MachineState } from '../loop/machine-state.ts';
import * as status from '../loop/status.ts';
import { getCallDebugger, getMachine, getTier, type Machine } from '../machine/machine.ts';
import { backtrace, type RawFrame, rawBacktrace, withBacktrace } from './backtrace.ts';
import { type Arguments, CallStacks, type StackCopies } from './call-stacks.ts';
import { type Failing, type FailureListener, trapError, uncaughtError } from './failure.ts';
import { checkFuel, FuelAccount } from './fuel-account.ts';
import { clearRegisters, type ExecutionOptions, registersOf, resetRegisters } from './options.ts';
import type { PauseReason, RunResult } from './outcome.ts';
import { MAX_DUMPED_FRAMES, stackFrames } from './stack-frames.ts';
import { goCareful, remainingOf, settleWait, stepBack } from './stand.ts';
import { unwind } from './unwind.ts';

const DEADLOCK = status.trapStatus('trap.deadlock');
const MEMORY_BOUNDS = status.trapStatus('trap.memory-bounds');
/** The raw state of a call that is not running, which `snapshot/` stores and restores. */
export interface SavedExecution extends StackCopies {
  readonly state: CallState;
  /** All fuel that the call was ever given. */
  readonly given: number;
  readonly hasBegun: boolean;
  readonly pause: PauseReason | null;
  /** A host function that must be called again, with the arguments at `base`. */
  readonly hostCall: HostCall | null;
}
interface HostCall {
  readonly func: HostFuncInstance;
  readonly base: number;
}

const wrongState = (detail: string): Error => new UsageError('usage.state', { detail });
const tooNested = (): Error =>
  new ExhaustionError('exhaustion.call-stack', { detail: 'too many nested calls between host and plug-in' });

/** Whether another worker has grown a memory of the instance. */
const hasGrown = ({ instance }: MachineState): boolean => {
  let hasGrown = false;
  for (const memory of instance.memories) if (memory.refresh()) hasGrown = true;
  return hasGrown;
};

/**
 * One call into Wasm, as data: made by `startExecution`, advanced by `run`.
 *
 * ```ts
 * const { exports } = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const execution: Execution = startExecution(exports.get('double') as FuncInstance, [21n], { fuel: 4 });
 * console.log(execution.run(), execution.pause, execution.fuelConsumed); // → paused fuel 4
 * execution.addFuel(1);
 * console.log(execution.run(), execution.results); // → done [ 42n ]
 * ```
 */
export class Execution {
  readonly func: FuncInstance;
  /** Values of a call that is done. */
  results: RawValue[] = [];
  /** What ended the call: an error of Quern, or what a host function threw. */
  error: unknown = undefined;
  /** Why the call is paused. */
  pause: PauseReason | null = null;
  private readonly machine: Machine;
  /** Its registers. @internal */
  readonly state: CallState;
  private readonly onResults: HostWrite | null;
  /** Called when the call fails; for dumps. @internal */
  onFailure: FailureListener | null = null;
  private outcome: RunResult | null = null;
  private hasBegun = false;
  /** Whether the call was in an endless wait, and traps when it resumes. */
  private isDeadlocked = false;
  /** The error that the call is about to fail with, if a debugger has stopped it for that. @internal */
  failure: { readonly error: unknown } | null = null;
  private readonly fuel: FuelAccount;
  /** The host function that a restored call is paused in. */
  private hostCall: HostCall | null = null;
  private readonly stacks: CallStacks;

  private constructor(func: FuncInstance, options: ExecutionOptions) {
    this.func = func;
    this.machine = getMachine();
    this.state = registersOf(func, options);
    const { fuel = Number.MAX_SAFE_INTEGER, onSlice = () => false } = options;
    this.fuel = new FuelAccount(this.state, checkFuel(fuel), onSlice);
    this.stacks = new CallStacks(this.machine, this.state, func.instance?.store ?? null);
    this.onResults = options.onResults ?? null;
  }

  /** A call with its arguments. @internal */
  static start(func: FuncInstance, args: Arguments, options: ExecutionOptions): Execution {
    const execution = new Execution(func, options);
    execution.stacks.setArguments(func, args);
    return execution;
  }

  /** A call as it was saved. @internal */
  static restore(
    func: FuncInstance,
    options: ExecutionOptions,
    make: (state: CallState) => SavedExecution,
  ): Execution {
    return new Execution(func, options).rewind(make);
  }

  /** Restores a saved state, while it is not running. @internal */
  rewind(make: (state: CallState) => SavedExecution): Execution {
    this.stacks.get();
    resetRegisters(this.state, this.func);
    const saved = make(this.state);
    this.stacks.set(saved);
    this.fuel.restore(saved.given);
    ({ hasBegun: this.hasBegun, pause: this.pause, hostCall: this.hostCall } = saved);
    this.outcome = this.hasBegun ? 'paused' : null;
    this.failure = null;
    this.isDeadlocked = false;
    return this;
  }

  /**
   * The raw state.
   *
   * @internal
   * @throws UsageError while it runs, and when it has ended
   */
  save(): SavedExecution {
    this.checkRest();
    if (this.outcome === 'done' || this.outcome === 'trap') throw wrongState('the call has ended');
    if (this.state.waiter !== null)
      throw new SnapshotError('snapshot.unsupported', { detail: 'a call that waits for a notify' });
    return {
      ...this.stacks.get(),
      state: this.state,
      given: this.fuel.given,
      hasBegun: this.hasBegun,
      pause: this.pause,
      hostCall: this.hostCall ?? this.state.pending,
    };
  }

  /** Declares that nothing reads the stack while the call runs: its frames need not be laid. @internal */
  hideStack(): this {
    this.state.isSeen = false;
    return this;
  }

  /** Fuel that this call has used, including what it owes. */
  get fuelConsumed(): number {
    return this.fuel.given - this.balance;
  }

  /** Fuel that is left, exact at any pause; 0 while the call owes some. */
  get fuelLeft(): number {
    return Math.max(0, this.balance);
  }

  /**
   * What host functions charged beyond the available fuel. A call that owes fuel executes no instruction, and does
   * not return, before `addFuel` has paid for it.
   */
  get fuelOwed(): number {
    return Math.max(0, -this.balance);
  }

  private get balance(): number {
    const { outcome, state } = this;
    const { fuel, reserve } = state;
    return outcome === null || this.hostCall !== null || outcome === 'done'
      ? fuel + reserve
      : fuel + reserve + remainingOf(state, outcome === 'paused' && this.failure === null);
  }

  /** Adds fuel to a call; a paused one can then resume. */
  addFuel(fuel: number): void {
    this.fuel.add(fuel);
  }

  /** Takes back the fuel that a paused call has left, all of it; the call pauses again before it does anything. */
  takeFuel(): number {
    if (this.outcome !== 'paused') return 0;
    const left = this.fuelLeft;
    this.fuel.takeBack(left);
    return left;
  }

  /** The wait of a call that `memory.atomic.wait` has paused; the call resumes when there is an answer. */
  get waiter(): Waiter | null {
    return this.state.waiter;
  }

  /**
   * Ends a wait that nothing else can end: it times out, or, if it is endless, the call traps with `trap.deadlock` at
   * the next `run`.
   */
  endWait(): void {
    const { state } = this;
    const { waiter } = state;
    if (waiter === null || waiter.answer !== null) return;
    waiter.timeOut();
    if (waiter.timeout !== null) return;
    // As if the instruction had trapped: with nothing paid for the code after it.
    state.waiter = null;
    giveBackAhead(this.machine.space.words, state);
    this.isDeadlocked = true;
  }

  /** The promise that a call paused by a host function waits for. */
  get hostPromise(): Promise<HostWrite> | null {
    return this.state.pending?.promise ?? null;
  }

  /** Passes in the value that the host function's promise resolved to; `run` then resumes. */
  resolveHost(write: HostWrite): void {
    const { pending } = this.state;
    if (pending === null) throw wrongState('the call does not wait for the host');
    this.state.pending = null;
    const { words, refs } = this.stacks.get();
    write(words, pending.base, refs);
    this.pause = null;
  }

  /** Ends a call that waits for the host with an error; an exception goes to the guest's handlers at `run`. */
  rejectHost(error: unknown): void {
    this.state.pending = null;
    this.pause = null;
    // As if the host function had thrown it: inside the call, with nothing paid for the code after it.
    const { state } = this;
    giveBackAhead(this.machine.space.words, state);
    state.thrown = exceptionOf(error);
    if (state.thrown !== null) return;
    this.tellFailure(error);
    this.outcome = 'trap';
    this.leaveStore();
    this.stacks.leave();
    this.error = error;
  }

  /**
   * Aborts a call: it has failed with `error`, holds nothing any more, and its fuel count is unchanged. Does nothing
   * to a call that has ended.
   *
   * @throws UsageError while it runs
   */
  abandon(error: unknown): void {
    if (this.outcome === 'done' || this.outcome === 'trap') return;
    this.checkRest();
    this.tellFailure(error);
    clearRegisters(this.state, this.balance);
    this.hostCall = null;
    this.stacks.clear();
    this.pause = null;
    this.error = error;
    this.outcome = 'trap';
    this.leaveStore();
  }

  /**
   * Runs until the call is done, has failed or must pause.
   *
   * @throws UsageError when it waits for the host or has ended
   */
  run(): RunResult {
    if (this.outcome === 'done' || this.outcome === 'trap') return this.outcome;
    if (this.state.pending !== null) throw wrongState('the call waits for a host function');
    if (this.state.waiter?.answer === null) throw wrongState('the call waits for a notify');
    this.checkRest();
    if (!this.stacks.enter()) {
      this.outcome = 'trap';
      this.error = tooNested();
      return 'trap';
    }
    this.outcome = null;
    this.pause = null;
    this.state.provedWords = 0;
    try {
      this.stacks.moveIn();
      settleWait(this.state, this.machine.words);
      this.outcome = this.hasBegun ? this.resume() : this.begin();
    } catch (cause) {
      // Nothing that a guest does throws here: host errors and traps are statuses.
      this.outcome = this.fail(isQuernError(cause) ? cause : new InternalError('internal.bug', { cause }));
    } finally {
      this.stacks.exit(this.outcome === 'paused');
    }
    return this.outcome;
  }

  private checkRest(): void {
    if (this.stacks.isActive) throw wrongState('the call is running');
  }

  /** The state from which a paused call resumes. */
  private resume(): RunResult {
    return this.failure === null ? this.goOn(this.firstStatus()) : this.fail(this.failure.error);
  }

  private firstStatus(): number {
    const { hostCall } = this;
    if (hostCall !== null) {
      this.hostCall = null;
      return this.machine.repeatHostCall(this.state, hostCall.func, hostCall.base);
    }
    if (this.state.thrown !== null) return status.THROWN;
    if (this.isDeadlocked) return DEADLOCK;
    // A host call that waited may have left the stretch after it unpaid.
    return this.state.fuel < 0 ? status.NO_FUEL : status.CONTINUE;
  }

  private begin(): RunResult {
    const { state, func } = this;
    state.pc = HALT_PC;
    // A host function called from outside has no code in which it could pause: it is not called yet.
    state.top = func.borderWords;
    const need = func.host === null ? 0 : state.schedule.hostCall + func.fuel;
    if (!this.fuel.takeFirstSlice(need, getTier() !== null)) return this.stop('fuel');
    // With no fuel in hand, the function is entered in careful code.
    if (state.isArmed === 1 && func.host === null) {
      state.reserve += state.fuel;
      state.fuel = 0;
    }
    this.hasBegun = true;
    if (func.instance !== null) {
      settleHeap(func.instance, this.stacks.argumentRefs);
      func.instance.store.openCalls++;
    }
    if (func.host !== null) return this.goOn(this.machine.callHost(state, func, 0));
    if (!isInCode(state)) throw new InternalError('internal.bug', { detail: 'code without an instance' });
    return this.goOn(this.machine.callFunction(state, func, 0));
  }

  private goOn(first: number): RunResult {
    let code = first;
    const { state, machine, fuel } = this;
    for (;;) {
      switch (code) {
        case status.CONTINUE:
        case status.RESTART:
          break;
        case status.DONE:
          return this.finish();
        case status.NO_FUEL:
          if (state.isArmed === 1 || !fuel.takeSlice(0)) this.goCareful();
          else if (isInCode(state)) getTier()?.onSlice(state);
          break;
        case status.NEED_FUEL:
          // Fast code switches to careful code, which pauses at the start of the instruction.
          if (fuel.takeSlice(state.need) || this.goCareful()) break;
          stepBack(state, machine.space.words);
          return this.stop('fuel');
        case status.HOST_PAUSE:
          return this.stop('host');
        case status.WAIT_PAUSE:
          return this.stop('wait');
        case status.HOST_ERROR:
          return this.fail(state.error);
        case status.THROWN:
          code = unwind(machine, state);
          continue;
        case status.UNCAUGHT:
          return this.fail(uncaughtError(state, this.failing()));
        case status.STOPPED:
          return this.stop('slice');
        default:
          // The loop has the size of the memory at its beginning; another worker may have grown it.
          if (code !== MEMORY_BOUNDS || !isInCode(state) || !hasGrown(state))
            return this.fail(trapError(code, machine, state, this.failing()));
          // In the middle of a stretch, where no call can pause.
          code = machine.dispatch(state);
          continue;
      }
      if (!isInCode(state) || (state.pc === HALT_PC && state.sp === 0)) return this.finish();
      // What a host function charged beyond the fuel left is owed before any further instruction, even free ones.
      if (state.fuel < 0 && !fuel.takeSlice(0)) return this.stop('fuel');
      if (fuel.isPauseDue()) {
        if (code === status.NEED_FUEL) stepBack(state, machine.space.words);
        return this.stop('slice');
      }
      code = machine.dispatch(state);
    }
  }

  private stop(reason: PauseReason): RunResult {
    this.pause = reason;
    return 'paused';
  }

  /** Switches to careful code, if the call is in fast code. */
  private goCareful(): boolean {
    if (!goCareful(this.state)) return false;
    this.fuel.takeSlice(0);
    return true;
  }

  /** Whether its frames may hold objects of the store. @internal */
  get isOpen(): boolean {
    return this.hasBegun && this.outcome === 'paused' && this.func.instance !== null;
  }

  /** The call has ended: its frames hold nothing any more. */
  private leaveStore(): void {
    if (this.hasBegun && this.func.instance !== null) this.func.instance.store.openCalls--;
    this.fuel.close(this.balance, this.func.instance?.unit.observer);
  }

  private finish(): RunResult {
    this.leaveStore();
    const { words, refs } = this.machine;
    if (this.onResults === null) this.results = readValues(this.func.signature.results, words, 0, refs);
    else this.onResults(words, 0, refs);
    this.stacks.dropRefs();
    return 'done';
  }

  private fail(error: unknown): RunResult {
    if (this.failure === null && getCallDebugger()?.holds(this.state, error) === true) {
      this.failure = { error };
      return this.stop('slice');
    }
    this.failure = null;
    this.tellFailure(error);
    this.error = error;
    this.outcome = 'trap';
    this.leaveStore();
    this.stacks.dropRefs();
    return 'trap';
  }

  private tellFailure(error: unknown): void {
    this.onFailure?.(error, () => stackFrames(this.rawFrames(MAX_DUMPED_FRAMES), this.stacks.words));
  }

  /** The fuel count and the frames of a call that fails here. */
  private failing(): Failing {
    this.outcome = 'trap';
    return { fuelConsumed: this.fuelConsumed, frames: this.rawFrames() };
  }

  /** The places of its frames, innermost first. @internal */
  rawFrames(limit?: number): RawFrame[] {
    const isInCall = this.state.pending !== null || this.hostCall !== null;
    return rawBacktrace(this.state, this.stacks.calls, isInCall, limit);
  }

  /** The current stack of the guest, innermost first. */
  get backtrace(): readonly BacktraceFrame[] {
    return backtrace(this.rawFrames());
  }

  /** Current fuel and stack, for an error; the stack is made when it is first read. */
  get standing(): { readonly fuelConsumed: number; readonly backtrace: readonly BacktraceFrame[] } {
    return withBacktrace({ fuelConsumed: this.fuelConsumed }, this.rawFrames());
  }
}
