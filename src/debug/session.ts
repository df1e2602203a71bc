/**
 * A session of debugging one call: runs it forwards and backwards, and reports where and why it stopped.
 *
 * Functions with breakpoints run their careful code, in which any instruction can stop; everything else runs as fast as
 * without a debugger. Going backwards is running forwards from a saved state (`history.ts`): calls are deterministic.
 */
import { UsageError } from '../errors/errors.ts';
import { messageOf } from '../errors/texts.ts';
import type { Execution } from '../interpreter/calls/execution.ts';
import { regionAt } from '../interpreter/code/compiled-module.ts';
import {
  type CallFrame,
  comparePositions,
  type FrameValues,
  type Position,
  valuesOf,
} from './call-places.ts';
import { Driver, type Judge, type StopReason } from './driver.ts';
import { DEFAULT_HISTORY_BYTES, type Kept } from './history.ts';
import { calledHost, importName } from './host-names.ts';
import { entersFunctions, mayThrow } from './instructions.ts';
import { Past } from './past.ts';
import type { DebugTarget, NamedInstance } from './target.ts';
import { type TraceOptions, Tracer } from './trace.ts';
import { type WatchedRange, Watches } from './watches.ts';

/**
 * Where and why a call has stopped.
 *
 * ```ts
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const execution = startExecution(instance.exports.get('double') as FuncInstance, [21n]);
 * const named: NamedInstance = { name: 'double', instance };
 * const options: DebugOptions = { historyBytes: 1_000_000 };
 * const session = debugExecution(execution, [named], options);
 * await session.start();
 * const frames: readonly CallFrame[] = session.stack;
 * const breakpoint: Breakpoint = { module: 0, offset: frames[0]!.offset + 2 };
 * session.setBreakpoint(breakpoint);
 * const stop: Stop = await session.continue();
 * const reason: StopReason = stop.reason;
 * const watch: WatchedRange | null = stop.watch;
 * const position: Position | null = session.position;
 * const values: FrameValues = session.valuesOf(session.stack[0]!);
 * const first: FrameValue | undefined = values.locals[0];
 * console.log(reason, watch, position?.offset === breakpoint.offset, first?.value); // → breakpoint null true 21n
 * ```
 */
export interface Stop {
  readonly reason: StopReason;
  /** In words, for people; for a failure, its message. */
  readonly detail: string;
  /** The watched range that was written. */
  readonly watch: WatchedRange | null;
  /** The breakpoint, as it was set. */
  readonly breakpoint: Breakpoint | null;
}

/**
 * The place of a breakpoint: a module by its position in `instances`, and a byte offset in its binary.
 *
 * Example: see `Stop`.
 */
export interface Breakpoint {
  readonly module: number;
  readonly offset: number;
}

/**
 * Options of a session.
 *
 * Example: see `Stop`.
 */
export interface DebugOptions {
  /** Most bytes of saved states to go back to; 0 for none. Default: 64 MiB. */
  readonly historyBytes?: number | undefined;
  /**
   * Lets other tasks of the process run, such as one that interrupts the call. Default: the session waits for
   * nothing.
   */
  readonly breathe?: (() => Promise<void>) | undefined;
}

const stopOf = (reason: StopReason, detail = '', watch: WatchedRange | null = null): Stop => ({
  reason,
  detail,
  watch,
  breakpoint: null,
});
const keyOf = ({ module, offset }: Breakpoint): string => `${module}:${offset}`;

/**
 * A session of debugging one call. Made by `debugCall` and `debugExecution`.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * const session: DebugSession = debugCall(plugin, await plugin.startCall('greet', 'Ada'));
 * await session.start();
 * await session.step();
 * console.log((await session.reverseStep()).reason, (await session.reverseStep()).reason); // → step begin
 * session.detach();
 * await plugin.close();
 * ```
 */
export class DebugSession {
  /** @internal */
  readonly target: DebugTarget;
  private readonly driver: Driver;
  private readonly watches = new Watches();
  private readonly past: Past;
  /** With the offsets of their instructions. */
  private readonly breakpoints = new Map<
    string,
    { readonly breakpoint: Breakpoint; readonly offset: number }
  >();
  private isRunning = false;
  private lastStop: Stop = stopOf('begin');

  /** @internal */
  constructor(target: DebugTarget, options: DebugOptions = {}) {
    this.target = target;
    this.driver = new Driver(target, options.breathe ?? (() => Promise.resolve()));
    this.past = new Past(this.driver, this.watches, options.historyBytes ?? DEFAULT_HISTORY_BYTES);
    this.driver.onPortion = () => this.past.keepSometimes();
  }

  /** The instances, by the numbers of breakpoints. */
  get instances(): readonly NamedInstance[] {
    return this.target.instances;
  }

  /** Why the call has stopped. */
  get stop(): Stop {
    return this.lastStop;
  }

  /** Whether the call runs now. */
  get isBusy(): boolean {
    return this.isRunning;
  }

  /** Whether the call now repeats what it did before: its output was already printed. */
  get isRepeating(): boolean {
    return this.driver.isRepeating;
  }

  /** The stopped call, or the innermost of several that wait for each other; null before it begins. */
  get execution(): Execution | null {
    return this.driver.execution;
  }

  /** The frames, innermost first. */
  get stack(): readonly CallFrame[] {
    return this.driver.stack;
  }

  /** Name of the host function that the call is in, as modules import it; null if it is in none. */
  get hostFunction(): string | null {
    const { execution } = this;
    const [top] = this.stack;
    if (execution === null || top === undefined) return null;
    const func = execution.state.pending?.func ?? (execution.failure === null ? null : calledHost(top));
    return func === null ? null : importName(top.instance, func);
  }

  /** The position of the call; null before it begins and after it has ended. */
  get position(): Position | null {
    return this.driver.position;
  }

  /** Whether the call has ended. */
  get isOver(): boolean {
    return this.lastStop.reason === 'done';
  }

  /** Whether the call has already been further. */
  get isInPast(): boolean {
    const { position, furthest } = this.driver;
    return position !== null && furthest !== null && comparePositions(position, furthest) < 0;
  }

  /** The values of a frame. */
  valuesOf(frame: CallFrame): FrameValues {
    const execution = this.executionOf(frame);
    return execution === null ? { locals: [], operands: [] } : valuesOf(execution, frame);
  }

  /** The call that a frame belongs to. */
  private executionOf(frame: CallFrame): Execution | null {
    const { executions } = this.target;
    if (executions.length === 1) return executions[0]!;
    return (
      executions.find((execution) =>
        execution.rawFrames().some(({ fp, pc }) => fp === frame.raw.fp && pc === frame.raw.pc),
      ) ?? null
    );
  }

  /** Why the call cannot go back from here; null if it can. */
  get noHistory(): string | null {
    return this.past.noHistory;
  }

  /** Number of the module of a frame. */
  moduleOf(frame: CallFrame): number {
    return this.instances.findIndex(({ instance }) => instance === frame.instance);
  }

  /**
   * Sets a breakpoint at the first instruction at or after the offset. Returns whether there is such an instruction.
   */
  setBreakpoint(breakpoint: Breakpoint): boolean {
    const unit = this.instances[breakpoint.module]?.instance.unit;
    if (unit === undefined) return false;
    const offset = this.driver.stops.setBreak({ unit, offset: breakpoint.offset }, true);
    if (offset === null) return false;
    this.breakpoints.set(keyOf(breakpoint), { breakpoint, offset });
    return true;
  }

  /** Clears a breakpoint. Returns whether there was one. */
  clearBreakpoint(breakpoint: Breakpoint): boolean {
    const placed = this.breakpoints.get(keyOf(breakpoint));
    if (placed === undefined) return false;
    this.breakpoints.delete(keyOf(breakpoint));
    const { unit } = this.instances[breakpoint.module]!.instance;
    const isShared = [...this.breakpoints.values()].some(
      (other) => other.breakpoint.module === breakpoint.module && other.offset === placed.offset,
    );
    if (!isShared) this.driver.stops.setBreak({ unit, offset: placed.offset }, false);
    return true;
  }

  /** The breakpoint at which the call has stopped, as it was set; null if it is not at one. */
  private get breakpointHere(): Breakpoint | null {
    const [top] = this.stack;
    if (top === undefined) return null;
    const module = this.moduleOf(top);
    const here = [...this.breakpoints.values()].filter(
      (placed) => placed.breakpoint.module === module && placed.offset === top.offset,
    );
    return (here.find(({ breakpoint }) => breakpoint.offset === top.offset) ?? here[0])?.breakpoint ?? null;
  }

  /** Watches bytes of a memory: the call stops after an instruction that changes them; backwards, before it. */
  setWatch(range: WatchedRange): void {
    this.watches.add(range);
  }

  /** Returns whether the range was watched. */
  clearWatch(range: WatchedRange): boolean {
    return this.watches.remove(range);
  }

  /** Stops a running call as soon as possible. */
  interrupt(): void {
    if (!this.isRunning) return;
    this.driver.isInterrupted = true;
    this.target.pause();
  }

  /** Runs to the first instruction of a call that has not begun; a stopped call stays where it is. */
  start(): Promise<Stop> {
    return this.busy(async () => {
      const { driver, position } = this;
      // A restored call is prepared, and does not run yet.
      const stop =
        position === null
          ? await driver.run({ judge: () => 'step', prepare: () => this.catchAll() })
          : await driver.run({ judge: () => null, prepare: () => {}, limit: position.fuel });
      const begun = this.forwardStop(stop);
      return begun.reason === 'step' || begun.reason === 'fuel' ? stopOf('begin') : begun;
    });
  }

  /** Runs until there is a reason to stop. */
  continue(): Promise<Stop> {
    return this.forward(
      () => null,
      () => {},
    );
  }

  /** Runs one instruction. */
  step(): Promise<Stop> {
    return this.forward(
      () => 'step',
      () => this.prepareStep(),
    );
  }

  /**
   * Runs until a condition holds before an instruction of a function on the stack; functions that are called in the
   * meantime run fast.
   */
  stepUntil(isThere: (position: Position) => boolean): Promise<Stop> {
    return this.forward(
      (m, pc) => (isThere(this.driver.positionAt(m, pc)) ? 'step' : null),
      () => this.stepStack(),
    );
  }

  /**
   * Runs to the end, or to where the call fails, and reports what it does on the way. It stops at nothing.
   *
   * Example: see `TraceOptions`.
   */
  trace(options: TraceOptions): Promise<Stop> {
    const tracer = new Tracer(options);
    return this.busy(async () => {
      const { stops, units } = this.driver;
      const reason = await this.driver.run({
        judge: (m, pc) => {
          const { func } = regionAt(m.instance, pc)!;
          tracer.tell(m, func, stops.of(func).offsetAt(pc));
          return null;
        },
        prepare: () => {
          stops.catchAll(units, (func) => tracer.picks(func));
          for (const { func } of this.stack) if (tracer.picks(func)) stops.step(func);
        },
        includesHere: true,
      });
      if (reason === null) tracer.end();
      return this.forwardStop(reason);
    });
  }

  /** Runs one instruction; a function that it calls, to its end. */
  stepOver(): Promise<Stop> {
    const depth = this.position?.depth ?? 0;
    return this.stepUntil((position) => position.depth <= depth);
  }

  /** Runs until the current function has returned. */
  stepOut(): Promise<Stop> {
    const depth = this.position?.depth ?? 0;
    return this.stepUntil((position) => position.depth < depth);
  }

  /** Goes back to the preceding instruction; stays at the beginning. */
  reverseStep(): Promise<Stop> {
    return this.backward(async (end, kept) => {
      for (const { state, position } of kept) {
        this.driver.rewind(state);
        if (await this.past.stepTowards(position, end)) return stopOf('step');
      }
      return null;
    });
  }

  /** Goes back to the last breakpoint or the last write to a watched range; without either, to the beginning. */
  reverseContinue(): Promise<Stop> {
    return this.backward(async (end, kept) => {
      let until = end;
      for (const { state, position } of kept) {
        this.driver.rewind(state);
        const hit = await this.past.lastHit(until);
        if (this.driver.isInterrupted) return stopOf('interrupt');
        if (hit !== null) {
          this.driver.rewind(state);
          await this.past.goTo(hit.position);
          return stopOf(hit.reason, '', hit.watch);
        }
        until = position;
      }
      return null;
    });
  }

  /** Ends the session: nothing of it stays in the code, and the call can continue on its own. */
  detach(): void {
    this.driver.detach();
    this.breakpoints.clear();
    this.past.clear();
  }

  /** Writes to memory from outside are not in saved states: the call cannot go back beyond them. */
  forgetHistory(): void {
    this.past.clear();
    this.past.keep();
  }

  // Forwards

  /** One operation at a time. */
  private async busy(run: () => Promise<Stop>): Promise<Stop> {
    if (this.isRunning) throw new UsageError('usage.state', { detail: 'the call is running' });
    this.isRunning = true;
    this.driver.isInterrupted = false;
    try {
      const stop = await run();
      this.lastStop = stop.reason === 'breakpoint' ? { ...stop, breakpoint: this.breakpointHere } : stop;
    } finally {
      this.isRunning = false;
    }
    return this.lastStop;
  }

  private forward(also: Judge, prepare: () => void): Promise<Stop> {
    return this.busy(async () => {
      const { driver, watches } = this;
      watches.remember(this.instances);
      const stop = await driver.run({
        judge: (m, pc) => {
          if (watches.check(this.instances)) return 'watchpoint';
          return driver.stops.hasBreak(pc) ? 'breakpoint' : also(m, pc);
        },
        prepare: () => {
          this.past.prepareWatches();
          prepare();
        },
      });
      return this.forwardStop(stop);
    });
  }

  private forwardStop(stop: StopReason | null): Stop {
    if (stop === null) return stopOf('done', this.target.summary);
    this.driver.noteProgress();
    this.past.follow();
    if (stop === 'failure') return stopOf(stop, messageOf(this.execution?.failure?.error));
    if (stop === 'error') return stopOf(stop, this.target.guestError ?? '');
    if (stop === 'watchpoint') return stopOf(stop, '', this.watches.hit);
    return stopOf(stop);
  }

  private catchAll(): void {
    this.driver.stops.catchAll(this.driver.units);
  }

  private stepStack(): void {
    for (const func of this.driver.functions) this.driver.stops.step(func);
  }

  /** Puts stops wherever one instruction can lead. */
  private prepareStep(): void {
    const { stops } = this.driver;
    const { stack } = this;
    const [top, caller] = stack;
    if (top === undefined) return;
    stops.step(top.func);
    if (caller !== undefined) stops.step(caller.func);
    const opcode = top.func.unit.module.bytes[top.offset]!;
    if (entersFunctions(opcode)) this.catchAll();
    if (!mayThrow(opcode)) return;
    for (const func of this.driver.functions) if ((func.fast?.handlers ?? null) !== null) stops.step(func);
  }

  // Backwards

  private backward(go: (end: Position, kept: readonly Kept[]) => Promise<Stop | null>): Promise<Stop> {
    return this.busy(async () => {
      const { noHistory, position: end } = this;
      if (noHistory !== null || end === null)
        throw new UsageError('usage.state', { detail: noHistory ?? '' });
      this.driver.noteProgress();
      const kept = this.past.before(end);
      const stop = kept.length === 0 ? null : await go(end, kept);
      if (stop !== null) return stop;
      const first = kept[kept.length - 1];
      if (first !== undefined) this.driver.rewind(first.state);
      return stopOf('begin');
    });
  }
}
