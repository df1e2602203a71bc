/**
 * One call into Wasm that can stop anywhere and go on: out of fuel, at the end of a time slice, waiting for the
 * host, or for a notify. All of its state is data; while it does not run, its stacks lie in copies here.
 */

import { badArgument, checkInstance, reading, readOptions } from '../../errors/arguments.ts';
import { catalogue } from '../../errors/catalogue.ts';
import {
  type BacktraceFrame,
  ExhaustionError,
  InternalError,
  isQuernError,
  SnapshotError,
  ThrownException,
  TrapError,
  UsageError,
} from '../../errors/errors.ts';
import { valueText } from '../../errors/texts.ts';
import { DEFAULT_MAX_CALL_DEPTH, DEFAULT_MAX_STACK_SLOTS } from '../../syntax/limits.ts';
import { HALT_PC } from '../code/code-space.ts';
import { regionAt } from '../code/compiled-module.ts';
import { giveBackAhead } from '../code/encoding.ts';
import { opOf } from '../code/isa.ts';
import { type FuelSchedule, quern1 } from '../fuel/schedules.ts';
import { exceptionOf } from '../instances/exception.ts';
import { settleHeap } from '../instances/heap.ts';
import {
  FuncInstance,
  type HostFuncInstance,
  type HostWrite,
  type ModuleInstance,
} from '../instances/module-instance.ts';
import type { Store } from '../instances/store.ts';
import { type RawValue, readValues, writeValues } from '../instances/values.ts';
import type { Waiter } from '../instances/waiters.ts';
import { type CallState, isInCode, MachineState } from '../loop/machine-state.ts';
import * as status from '../loop/status.ts';
import { getMachine, type Machine, mapCareful, mapFast } from '../machine/machine.ts';
import { backtrace, type RawFrame, rawBacktrace, withBacktrace } from './backtrace.ts';
import { MAX_DUMPED_FRAMES, type StackFrame, stackFrames } from './stack-frames.ts';
import { trapMessage } from './trap-message.ts';
import { unwind } from './unwind.ts';

/** Fuel handed to the loop at a time: about a millisecond. PERF: leaving the loop leaves its slower OSR code. */
const SLICE = 200_000;
/**
 * Fuel after which `onSlice` is asked when more is handed out. Whatever asked for more, the fuel in hand was once a
 * slice: what is used between two looks is at most this much, and then a slice or one operation that costs more.
 */
const LOOK = SLICE / 2;
/** Slots of references that stay allocated between calls. */
const KEPT_REFS = 4096;
const DEADLOCK = status.trapStatus('trap.deadlock');
const MEMORY_BOUNDS = status.trapStatus('trap.memory-bounds');
/** Most calls from Wasm to the host and back, nested: each takes room on the JavaScript stack. */
const MAX_NESTED = 200;

/**
 * Options of `startExecution`.
 *
 * Example: see `RunResult`.
 */
export interface ExecutionOptions {
  /** Fuel to begin with. Default: no limit. */
  readonly fuel?: number;
  /** Runs every instruction in careful code. */
  readonly careful?: boolean;
  /**
   * Asked about every 200,000 units of fuel, and after what may take long for little fuel: host functions, and the
   * translation of a function that is called for the first time. True pauses the call.
   */
  readonly onSlice?: () => boolean;
  /** Takes the results from the frame, in place of `results`: for embedders with values of their own. */
  readonly onResults?: HostWrite;
}

/** The raw state of a call that does not run; what `snapshot/` stores and makes. */
export interface SavedExecution {
  readonly state: CallState;
  readonly words: Int32Array<ArrayBuffer>;
  readonly calls: Int32Array<ArrayBuffer>;
  readonly refs: unknown[];
  /** All fuel that the call was ever given. */
  readonly given: number;
  readonly hasBegun: boolean;
  readonly pause: PauseReason | null;
  /** A host function that must be called again, with the arguments that lie at `base`. */
  readonly hostCall: HostCall | null;
}
interface HostCall {
  readonly func: HostFuncInstance;
  readonly base: number;
}

/** Told of the failure of a call while its frames are still there: what it failed with, and what reads them. */
export type FailureListener = (error: unknown, frames: () => StackFrame[]) => void;

/**
 * What `Execution.run` came to.
 *
 * ```ts
 * const { exports } = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const options: ExecutionOptions = { fuel: 1000, onSlice: () => false };
 * const execution = startExecution(exports.get('double') as FuncInstance, [21n], options);
 * const result: RunResult = execution.run();
 * console.log(result, execution.results, execution.fuelLeft); // → done [ 42n ] 995
 * ```
 */
export type RunResult = 'done' | 'trap' | 'paused';
/**
 * Why a call is paused: out of fuel, by `onSlice`, waiting for a host function, or for a notify.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const call = await plugin.startCall('greet', 'Ada', { fuel: 100 });
 * await call.run();
 * const reason: PauseReason | null = call.pause;
 * console.log(reason); // → fuel
 * ```
 */
export type PauseReason = 'fuel' | 'slice' | 'host' | 'wait';

/** Whether another worker made a memory of the instance grow. */
const hasGrown = ({ instance }: MachineState): boolean => {
  let hasGrown = false;
  for (const memory of instance.memories) if (memory.refresh()) hasGrown = true;
  return hasGrown;
};

/** The call that runs now, if any; others wait in host functions below it. */
let active: Execution | null = null;
/** The call whose stacks lie in the machine: it runs, or ran last. Others have theirs in copies. */
let resident: Execution | null = null;
let nested = 0;

/**
 * One call into Wasm, as data: made by `startExecution`, taken further by `run`.
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
  /** What ended the call: an error of Quern's, or what a host function threw. */
  error: unknown = undefined;
  /** Why the call is paused. */
  pause: PauseReason | null = null;
  private readonly machine: Machine;
  private readonly state: CallState;
  private readonly onSlice: (() => boolean) | null;
  private readonly onResults: HostWrite | null;
  /** Told when the call fails; for dumps. @internal */
  onFailure: FailureListener | null = null;
  private outcome: RunResult | null = null;
  private isActive = false;
  /** While it runs: the call that waits for it in a host function. */
  outer: Execution | null = null;
  private hasBegun = false;
  /** Whether the call waited without end, and traps when it goes on. */
  private isDeadlocked = false;
  private given: number;
  /** Fuel that was used when `onSlice` was last asked. */
  private lookedAt = 0;
  /** The host function that a restored call is paused in. */
  private hostCall: HostCall | null = null;
  private savedWords = new Int32Array(0);
  private savedCalls = new Int32Array(0);
  private savedRefs: unknown[] = [];

  /** @param args null for a call that is restored */
  constructor(
    func: FuncInstance,
    args: readonly RawValue[] | HostWrite | null,
    options: ExecutionOptions = {},
  ) {
    this.func = checkInstance(func, FuncInstance, 'what is to be called');
    this.machine = getMachine();
    const store: Store | null = func.instance?.store ?? null;
    const schedule: FuelSchedule = store?.schedule ?? quern1;
    const state: CallState = new MachineState<ModuleInstance | null>(func.instance, schedule);
    this.state = state;
    state.callLimit = 2 * (store?.maxCallDepth ?? DEFAULT_MAX_CALL_DEPTH);
    state.stackLimit = 2 * (store?.maxStackSlots ?? DEFAULT_MAX_STACK_SLOTS);
    state.isArmed = options.careful ? 1 : 0;
    this.given = checkFuel(options.fuel ?? Number.MAX_SAFE_INTEGER);
    state.reserve = this.given;
    this.onSlice = options.onSlice ?? null;
    state.isWatched = this.onSlice !== null;
    this.onResults = options.onResults ?? null;
    if (args === null) return;
    this.savedWords = new Int32Array(func.borderWords);
    if (typeof args === 'function') {
      args(this.savedWords, 0, this.savedRefs);
      return;
    }
    const { params } = func.signature;
    if (!reading('arguments', () => Array.isArray(args)))
      throw badArgument(`arguments must be an array, not ${valueText(args)}`);
    if (args.length !== params.length) {
      throw new UsageError('usage.argument', {
        detail: `expected ${params.length} arguments, got ${args.length}`,
      });
    }
    reading('arguments', () => writeValues(params, args, this.savedWords, 0, this.savedRefs));
  }

  /**
   * A call as it was saved.
   *
   * @internal
   */
  static restore(
    func: FuncInstance,
    options: ExecutionOptions,
    make: (state: CallState) => SavedExecution,
  ): Execution {
    const execution = new Execution(func, null, options);
    const { words, calls, refs, given, hasBegun, pause, hostCall } = make(execution.state);
    execution.savedWords = words;
    execution.savedCalls = calls;
    execution.savedRefs = refs;
    execution.given = given;
    execution.lookedAt = execution.used;
    execution.hasBegun = hasBegun;
    execution.pause = pause;
    execution.hostCall = hostCall;
    execution.outcome = hasBegun ? 'paused' : null;
    return execution;
  }

  /**
   * The raw state.
   *
   * @internal
   * @throws UsageError while it runs, and when it is over
   */
  save(): SavedExecution {
    if (this.isActive || this.outcome === 'done' || this.outcome === 'trap') {
      const detail = this.isActive ? 'the call is running' : 'the call is over';
      throw new UsageError('usage.state', { detail });
    }
    if (this.state.waiter !== null)
      throw new SnapshotError('snapshot.unsupported', { detail: 'a call that waits for a notify' });
    if (resident === this) this.moveOut();
    return {
      state: this.state,
      words: this.savedWords,
      calls: this.savedCalls,
      refs: this.savedRefs,
      given: this.given,
      hasBegun: this.hasBegun,
      pause: this.pause,
      hostCall: this.hostCall ?? this.state.pending,
    };
  }

  /** Fuel that this call has used, what it owes included. */
  get fuelConsumed(): number {
    return this.given - this.balance;
  }

  /** Fuel that is left, exact at any pause; 0 while the call owes some. */
  get fuelLeft(): number {
    return Math.max(0, this.balance);
  }

  /**
   * What host functions charged beyond the fuel there was. A call that owes runs no instruction, and does not
   * return, before `addFuel` has made up for it.
   */
  get fuelOwed(): number {
    return Math.max(0, -this.balance);
  }

  private get balance(): number {
    const { fuel, reserve, pc } = this.state;
    return this.outcome === null || this.hostCall !== null || this.outcome === 'done'
      ? fuel + reserve
      : fuel + reserve + this.remainingAt(pc);
  }

  /** Adds fuel to a call; a paused one can then go on. */
  addFuel(fuel: number): void {
    // Beyond 2^53 sums would round, and the bill with them.
    const added = Math.min(checkFuel(fuel), Number.MAX_SAFE_INTEGER - this.given);
    this.given += added;
    this.state.reserve += added;
  }

  /** Takes back the fuel that a paused call has left, all of it; the call pauses again before it does anything. */
  takeFuel(): number {
    if (this.outcome !== 'paused') return 0;
    const { state } = this;
    const left = this.fuelLeft;
    // In hand is what remains beyond the run ahead, whose price was part of what is left.
    state.fuel += state.reserve - left;
    state.reserve = 0;
    this.given -= left;
    return left;
  }

  /** How a call paused by `memory.atomic.wait` waits; it goes on when there is an answer. */
  get waiter(): Waiter | null {
    return this.state.waiter;
  }

  /**
   * Ends a wait that nobody else can end: its time is over, or, if it has no end, the call traps with
   * `trap.deadlock` at the next `run`.
   */
  endWait(): void {
    const { state } = this;
    const { waiter } = state;
    if (waiter === null || waiter.answer !== null) return;
    waiter.timeOut();
    if (waiter.timeout !== null) return;
    // As if the instruction had trapped: with nothing paid for what lies behind.
    state.waiter = null;
    giveBackAhead(this.machine.space.words, state);
    this.isDeadlocked = true;
  }

  /** The promise that a call paused by a host function waits for. */
  get hostPromise(): Promise<HostWrite> | null {
    return this.state.pending?.promise ?? null;
  }

  /** Hands in what the host function's promise resolved to; `run` then goes on. */
  resolveHost(write: HostWrite): void {
    const { pending } = this.state;
    if (pending === null)
      throw new UsageError('usage.state', { detail: 'the call does not wait for the host' });
    this.state.pending = null;
    if (resident === this) this.moveOut();
    write(this.savedWords, pending.base, this.savedRefs);
    this.pause = null;
  }

  /** Ends a call that waits for the host with an error; an exception goes to the guest's handlers at `run`. */
  rejectHost(error: unknown): void {
    this.state.pending = null;
    this.pause = null;
    // As if the host function had thrown it: inside the call, with nothing paid for what lies behind.
    const { state } = this;
    giveBackAhead(this.machine.space.words, state);
    state.thrown = exceptionOf(error);
    if (state.thrown !== null) return;
    this.tellFailure(error);
    this.outcome = 'trap';
    this.leaveStore();
    this.leaveMachine();
    this.error = error;
  }

  /**
   * Gives up a call that is not over: it has failed with `error`, holds nothing any more, and its bill stays as it
   * is. Nothing happens to a call that is over.
   *
   * @throws UsageError while it runs
   */
  abandon(error: unknown): void {
    if (this.outcome === 'done' || this.outcome === 'trap') return;
    if (this.isActive) throw new UsageError('usage.state', { detail: 'the call is running' });
    this.tellFailure(error);
    const { state, balance } = this;
    state.reserve = balance;
    state.fuel = 0;
    state.pc = HALT_PC;
    state.sp = 0;
    state.pending = null;
    this.hostCall = null;
    state.thrown = null;
    state.instances.length = 0;
    this.savedWords = new Int32Array(0);
    this.savedCalls = this.savedWords;
    this.savedRefs = [];
    this.leaveMachine();
    this.pause = null;
    this.error = error;
    this.outcome = 'trap';
    this.leaveStore();
  }

  /** Nothing of a call that is over stays in the machine. */
  private leaveMachine(): void {
    if (resident !== this) return;
    resident = null;
    this.dropRefs();
  }

  /**
   * Runs until the call is done, has failed or must pause.
   *
   * @throws UsageError when it waits for the host or is over
   */
  run(): RunResult {
    if (this.outcome === 'done' || this.outcome === 'trap') return this.outcome;
    if (this.state.pending !== null)
      throw new UsageError('usage.state', { detail: 'the call waits for a host function' });
    if (this.state.waiter?.answer === null)
      throw new UsageError('usage.state', { detail: 'the call waits for a notify' });
    if (this.isActive) throw new UsageError('usage.state', { detail: 'the call is running' });
    if (nested >= MAX_NESTED) {
      this.outcome = 'trap';
      this.error = new ExhaustionError('exhaustion.call-stack', {
        detail: 'too many nested calls between host and plug-in',
      });
      return 'trap';
    }
    const outer = active;
    this.outer = outer;
    this.isActive = true;
    active = this;
    nested++;
    this.outcome = null;
    this.pause = null;
    try {
      this.moveIn();
      this.settleWait();
      this.outcome = this.hasBegun ? this.goOn(this.resume()) : this.begin();
    } catch (cause) {
      // Nothing that a guest does throws here: host errors and traps arrive as statuses.
      this.outcome = this.fail(isQuernError(cause) ? cause : new InternalError('internal.bug', { cause }));
    } finally {
      active = outer;
      this.outer = null;
      this.isActive = false;
      nested--;
      // A call that is over leaves nothing behind; a paused one stays until another needs the machine.
      if (this.outcome !== 'paused') resident = null;
      outer?.moveIn();
    }
    return this.outcome;
  }

  /** Hands the answer to a wait that has ended. */
  private settleWait(): void {
    const { waiter } = this.state;
    if (waiter === null) return;
    this.machine.words[waiter.base] = waiter.answer!;
    this.state.waiter = null;
  }

  /** What a paused call goes on with. */
  private resume(): number {
    const { hostCall } = this;
    if (hostCall !== null) {
      this.hostCall = null;
      return this.machine.repeatHostCall(this.state, hostCall.func, hostCall.base);
    }
    if (this.state.thrown !== null) return status.THROWN;
    if (this.isDeadlocked) return DEADLOCK;
    // A host call that waited may have left the run behind it unpaid.
    return this.state.fuel < 0 ? status.NO_FUEL : status.CONTINUE;
  }

  /** Brings the stacks of this call into the machine, and those of another one out. */
  private moveIn(): void {
    if (resident === this) return;
    resident?.moveOut();
    const { words, callStack, refs } = this.machine;
    words.set(this.savedWords);
    callStack.set(this.savedCalls);
    for (let i = 0; i < this.savedRefs.length; i++) {
      if (i < refs.length) refs[i] = this.savedRefs[i];
      else refs.push(this.savedRefs[i]);
    }
    resident = this;
  }

  /** Copies the stacks of this call out of the machine. */
  private moveOut(): void {
    const { words, callStack, refs } = this.machine;
    const top = this.frameEnd();
    this.savedWords = words.slice(0, top);
    this.savedCalls = callStack.slice(0, this.state.sp);
    this.savedRefs = refs.slice(0, top >> 1);
    resident = null;
  }

  /** First word behind the frame that a paused call stands in. */
  private frameEnd(): number {
    const { instance, pc, fp, top } = this.state;
    const region = regionAt(instance, pc);
    return region === null ? top : Math.max(top, fp + 2 * region.func.frameSlots);
  }

  private begin(): RunResult {
    const { state, func } = this;
    state.pc = HALT_PC;
    state.fp = 0;
    state.sp = 0;
    // A host function called from outside has no code that a pause could stand in: it is not called yet.
    state.top = func.borderWords;
    if (!this.takeSlice(func.host === null ? 0 : state.schedule.hostCall + func.fuel))
      return this.stop('fuel');
    // With nothing in hand the function is entered in careful code.
    if (state.isArmed === 1 && func.host === null) {
      state.reserve += state.fuel;
      state.fuel = 0;
    }
    this.hasBegun = true;
    if (func.instance !== null) {
      settleHeap(func.instance, this.savedRefs);
      func.instance.store.openCalls++;
    }
    if (func.host !== null) return this.goOn(this.machine.callHost(state, func, 0));
    if (!isInCode(state)) throw new InternalError('internal.bug', { detail: 'code without an instance' });
    return this.goOn(this.machine.callFunction(state, func, 0));
  }

  /** Moves fuel from the reserve into hand until at least `need` is there; false if that cannot be. */
  private takeSlice(need: number): boolean {
    const { state } = this;
    const total = state.fuel + state.reserve;
    if (total < need) return false;
    state.fuel = Math.min(total, Math.max(SLICE, need));
    state.reserve = total - state.fuel;
    return true;
  }

  private goOn(first: number): RunResult {
    let code = first;
    const { state, machine } = this;
    for (;;) {
      switch (code) {
        case status.CONTINUE:
        case status.RESTART:
          break;
        case status.DONE:
          return this.finish();
        case status.NO_FUEL:
          if (state.isArmed === 1 || !this.takeSlice(0)) this.goCareful();
          break;
        case status.NEED_FUEL:
          if (!this.takeSlice(state.need) && !this.prepareToPause()) return this.stop('fuel');
          break;
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
          return this.fail(this.uncaughtError());
        default:
          // The loop knows the size that a memory had when it began; another worker may have made it grow.
          if (code !== MEMORY_BOUNDS || !isInCode(state) || !hasGrown(state))
            return this.fail(this.trapError(code));
          // In the middle of a run, where no call can pause.
          code = machine.dispatch(state);
          continue;
      }
      if (!isInCode(state) || (state.pc === HALT_PC && state.sp === 0)) return this.finish();
      // What a host function charged beyond the fuel left is owed before any further instruction, free ones too.
      if (state.fuel < 0 && !this.takeSlice(0)) return this.stop('fuel');
      if (this.isLookDue() && this.onSlice!()) {
        if (code === status.NEED_FUEL) this.stepBack();
        return this.stop('slice');
      }
      code = machine.dispatch(state);
    }
  }

  /** Fuel that was used, what is paid in advance for the run ahead included. */
  private get used(): number {
    return this.given - this.state.fuel - this.state.reserve;
  }

  /**
   * Whether enough was done since the last look, whatever it was: by what it cost, or by what takes time without
   * costing fuel. A look is over before anybody is asked, so that a call which pauses at each look gets on.
   */
  private isLookDue(): boolean {
    const { state, used } = this;
    if (!state.isWatched || (!state.isLookDue && used - this.lookedAt < LOOK)) return false;
    state.isLookDue = false;
    this.lookedAt = used;
    return true;
  }

  private stop(reason: PauseReason): RunResult {
    this.pause = reason;
    return 'paused';
  }

  /**
   * Without the fuel for a sized operation or a charge: fast code hands over to careful code (true), careful
   * code steps back to the start of the instruction and pauses there (false).
   */
  private prepareToPause(): boolean {
    if (!regionAt(this.state.instance, this.state.pc)!.isCareful) {
      this.goCareful();
      return true;
    }
    this.stepBack();
    return false;
  }

  /**
   * From where a sized operation or a charge asked for fuel to the start of its instruction. Fast code stands there:
   * it has a boundary in front of the operation, and has paid no part of it apart from its run.
   */
  private stepBack(): void {
    const { state } = this;
    const region = regionAt(state.instance, state.pc)!;
    if (!region.isCareful) return;
    const map = mapCareful(region.func);
    const { pcs, offsets } = map.sites;
    const { words } = this.machine.space;
    const at = map.siteIndex(state.pc - region.entry);
    const isCharge = (index: number): boolean => words[region.entry + pcs[index]!] === opOf.charge.code;
    let start = map.firstSite(offsets[at]!);
    while (start < at && !isCharge(start)) start++;
    if (start < at) state.pc = region.entry + pcs[start]!;
    // The first instruction of a function has two charges in front: that of the entry and its own.
    for (let i = start; i < at; i++) if (isCharge(i)) state.fuel += words[region.entry + pcs[i]! + 1]!;
  }

  /** Goes on in careful code from a boundary of fast code. */
  private goCareful(): void {
    const { state } = this;
    const region = regionAt(state.instance, state.pc);
    if (region === null || region.isCareful) return;
    if (region.func.carefulMap === null) state.isLookDue = state.isWatched;
    const boundary = mapFast(region.func).boundaryOf(state.pc - region.entry);
    const careful = boundary && mapCareful(region.func).boundaryAt(boundary.offset);
    if (boundary === undefined || careful === undefined) {
      throw new InternalError('internal.bug', { detail: `no boundary at ${state.pc}` });
    }
    state.pc = region.func.careful!.entry + careful.pc;
    state.fuel += boundary.remaining;
    this.takeSlice(0);
  }

  private remainingAt(pc: number): number {
    const region = regionAt(this.state.instance, pc);
    if (region === null || region.isCareful) return 0;
    const map = mapFast(region.func);
    const at = pc - region.entry;
    if (this.outcome === 'paused') return map.boundaryOf(at)?.remaining ?? 0;
    return map.sites.at(map.siteIndex(at))?.remaining ?? 0;
  }

  /** Whether its frames may hold objects of the store. @internal */
  get isOpen(): boolean {
    return this.hasBegun && this.outcome === 'paused' && this.func.instance !== null;
  }

  /** The call is over: its frames hold nothing any more. */
  private leaveStore(): void {
    if (this.hasBegun && this.func.instance !== null) this.func.instance.store.openCalls--;
  }

  private finish(): RunResult {
    this.leaveStore();
    const { words, refs } = this.machine;
    if (this.onResults === null) this.results = readValues(this.func.signature.results, words, 0, refs);
    else this.onResults(words, 0, refs);
    this.dropRefs();
    return 'done';
  }

  /** Nothing that the call held must stay reachable from the machine. */
  private dropRefs(): void {
    const { refs } = this.machine;
    if (nested <= 1 && refs.length > KEPT_REFS) refs.length = KEPT_REFS;
    refs.fill(null);
  }

  private fail(error: unknown): RunResult {
    this.tellFailure(error);
    this.error = error;
    this.outcome = 'trap';
    this.leaveStore();
    this.dropRefs();
    return 'trap';
  }

  private tellFailure(error: unknown): void {
    this.onFailure?.(error, () =>
      stackFrames(
        this.rawFrames(MAX_DUMPED_FRAMES),
        resident === this ? this.machine.words : this.savedWords,
      ),
    );
  }

  private trapError(code: number): Error {
    const name = status.trapCodes[code - status.FIRST_TRAP];
    if (name === undefined) return new InternalError('internal.bug', { detail: `status ${code}` });
    const raw = this.rawFrames();
    const message = trapMessage(name, this.machine, this.state);
    this.outcome = 'trap';
    const details = withBacktrace({ fuelConsumed: this.fuelConsumed }, raw);
    return catalogue[name].class === 'ExhaustionError'
      ? new ExhaustionError(name as 'exhaustion.call-stack', details)
      : new TrapError(name as 'trap.unreachable', details, message);
  }

  private uncaughtError(): Error {
    const raw = this.rawFrames();
    this.outcome = 'trap';
    const details = { exception: this.state.thrown!, fuelConsumed: this.fuelConsumed };
    return new ThrownException('exception.uncaught', withBacktrace(details, raw));
  }

  private rawFrames(limit?: number): RawFrame[] {
    const { machine, state } = this;
    // Of a call that waits while others run, the stack lies in the copy.
    const calls = resident === this ? machine.callStack : this.savedCalls;
    const isInCall = state.pending !== null || this.hostCall !== null;
    return rawBacktrace(state, calls, isInCall, limit);
  }

  /** The guest's stack where the call stands, innermost first. */
  get backtrace(): readonly BacktraceFrame[] {
    return backtrace(this.rawFrames());
  }

  /** Fuel and stack where the call stands, for an error; the stack is read when somebody looks at it. */
  get standing(): { readonly fuelConsumed: number; readonly backtrace: readonly BacktraceFrame[] } {
    return withBacktrace({ fuelConsumed: this.fuelConsumed }, this.rawFrames());
  }
}

/** Whether a call of the store runs now: what it holds is then in motion. @internal */
export const isRunning = (store: Store): boolean => {
  for (let call = active; call !== null; call = call.outer)
    if (call.func.instance?.store === store) return true;
  return false;
};

/** Checks an amount of fuel. @throws UsageError */
export const checkFuel = (fuel: number): number => {
  if (!Number.isSafeInteger(fuel) || fuel < 0) {
    throw new UsageError('usage.argument', {
      detail: `fuel must be a whole number from 0 to 2^53-1, not ${valueText(fuel)}`,
    });
  }
  return fuel;
};

/**
 * Prepares a call; `run` starts it. Arguments are raw values, or a function that writes them to a frame.
 *
 * ```js
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const execution = startExecution(instance.exports.get('double'), [4n]);
 * console.log(execution.run(), execution.results, execution.fuelConsumed); // → done [ 8n ] 5
 * ```
 */
export const startExecution = (
  func: FuncInstance,
  args: readonly RawValue[] | HostWrite,
  options?: ExecutionOptions,
): Execution => new Execution(func, args, readOptions(options));

/**
 * Calls a function and runs it to its end. @spec embed-func-invoke
 *
 * Nothing else runs meanwhile: a wait for a notify times out at once, or traps if it has no end.
 *
 * ```js
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * console.log(invoke(instance.exports.get('double'), [1n])); // → [ 2n ]
 * ```
 *
 * @throws TrapError, ExhaustionError (fuel included), or whatever a host function threw
 */
export const invoke = (
  func: FuncInstance,
  args: readonly RawValue[],
  options?: ExecutionOptions,
): RawValue[] => {
  const execution = new Execution(func, args, readOptions(options));
  let result = execution.run();
  // Workers that share the memory can notify, but not while this thread waits in a plain call.
  while (execution.pause === 'wait' && result === 'paused' && execution.waiter?.promise === null) {
    execution.endWait();
    result = execution.run();
  }
  switch (result) {
    case 'done':
      return execution.results;
    case 'trap':
      throw execution.error;
    default:
      if (execution.pause === 'fuel') {
        throw new ExhaustionError('exhaustion.fuel', execution.standing);
      }
      throw new UsageError('usage.state', {
        detail: 'the call paused; use startExecution for calls that may',
      });
  }
};
