/**
 * A call that can pause and resume: `Plugin.startCall`. It pauses when its fuel is used up and when its owner
 * requests it; `run` resumes it.
 *
 * While a call is paused all of it is data: the executions of the engine (`PluginState.executions`), the kernel and
 * the plug-in's own memory. Only one promise in `wait` is on the JavaScript stack.
 */

import { checkWholeNumber } from '../../errors/arguments.ts';
import { type BacktraceFrame, UsageError } from '../../errors/errors.ts';
import type { Execution } from '../../interpreter/calls/execution.ts';
import type { PauseReason } from '../../interpreter/calls/outcome.ts';
import type { CallBudget, StandStill } from '../calls/run.ts';
import type { PluginOutput } from '../state/output.ts';
import type { CallResult } from './calling.ts';

/**
 * The state of a call.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const call = await plugin.startCall('greet', 'Ada');
 * const before: PluginCallStatus = call.status;
 * await call.run();
 * console.log(before, call.status); // → ready done
 * ```
 */
export type PluginCallStatus = 'ready' | 'running' | 'paused' | 'done' | 'failed';

/** What a call needs from its plug-in. */
interface CallBackend {
  readonly budget: CallBudget;
  /** Runs the call to its end and always frees the plug-in. */
  perform(standStill: StandStill): Promise<CallResult>;
  /** The output, or the error of `Plugin.call` for a message or a return code of the plug-in. */
  judge(result: CallResult): PluginOutput | null;
  /** Executions of the call, outermost first: more than one while a linked command runs. */
  executions(): readonly Execution[];
  /** Fuel used up to now. */
  fuelConsumed(): number;
}

/**
 * A call in pieces. The plug-in is busy until it has ended.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const call: PluginCall = await plugin.startCall('greet', 'Ada', { fuel: 1000 });
 * let pauses = 0;
 * for (; (await call.run()) === 'paused'; pauses++) call.addFuel(10_000);
 * console.log(call.output?.text(), pauses > 0); // → Hello, Ada! true
 * ```
 */
export class PluginCall {
  /** Name of the called function. */
  readonly functionName: string;
  readonly #backend: CallBackend;
  readonly #standStill: StandStill;
  readonly #ended: Promise<void>;
  #status: PluginCallStatus;
  #pause: PauseReason | null;
  /** Whether `perform` was called: not yet for a restored call. */
  #isPerformed = false;
  #isPauseWanted = false;
  #result: CallResult | null = null;
  #output: PluginOutput | null = null;
  #error: unknown = undefined;
  #fuelConsumed = 0;
  /** Called when the call pauses or ends. */
  #onHalt: () => void = () => {};
  #onEnd: () => void = () => {};

  /**
   * Users call `Plugin.startCall`.
   *
   * @param pause why the call is paused, if it was restored
   * @internal
   */
  constructor(functionName: string, backend: CallBackend, pause: PauseReason | null = null) {
    this.functionName = functionName;
    this.#status = pause === null ? 'ready' : 'paused';
    this.#pause = pause;
    this.#backend = backend;
    const isWanted = (): boolean => this.#isPauseWanted;
    this.#standStill = {
      get isWanted() {
        return isWanted();
      },
      wait: (reason) => this.#wait(reason),
    };
    this.#ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
  }

  /** The state of the call: not begun, running (or waiting for the host), paused, or ended. */
  get status(): PluginCallStatus {
    return this.#status;
  }

  /**
   * Why the call is paused: `fuel` = the next instruction costs more than is left; `slice` = requested while it
   * computed; `host` = requested while it waited for a host function, which continues. Null if it is not paused.
   */
  get pause(): PauseReason | null {
    return this.#pause;
  }

  /** Output of a call that is done; null before that, and if the plug-in set none. */
  get output(): PluginOutput | null {
    return this.#output;
  }

  /** The result of a call that returned, even if a return code or message made `run` reject. */
  get result(): CallResult | null {
    return this.#result;
  }

  /** Fuel used up to now; this includes what host functions charged beyond the available fuel. */
  get fuelConsumed(): number {
    return this.#isOver ? this.#fuelConsumed : this.#backend.fuelConsumed();
  }

  /** Fuel that is left, never below 0; null without a limit. */
  get fuelLeft(): number | null {
    const { fuel } = this.#backend.budget;
    return fuel === null ? null : Math.max(0, fuel - this.fuelConsumed);
  }

  /** The current stack of the plug-in, innermost first; empty before the call begins and after it has ended. */
  get backtrace(): readonly BacktraceFrame[] {
    if (this.#isOver) return [];
    return [...this.#backend.executions()].reverse().flatMap((execution) => execution.backtrace);
  }

  /**
   * Runs the call until it is done or must pause.
   *
   * @returns `done` (see `output`) or `paused` (see `pause`)
   * @throws what `Plugin.call` rejects with, except for running out of fuel; UsageError while it runs
   */
  async run(): Promise<'done' | 'paused'> {
    if (this.#status === 'running') throw new UsageError('usage.state', { detail: 'the call is running' });
    if (!this.#isOver) {
      const halted = new Promise<void>((resolve) => {
        this.#onHalt = resolve;
      });
      this.#status = 'running';
      this.#pause = null;
      if (!this.#isPerformed) void this.#perform();
      else this.#backend.budget.watch.wake();
      await halted;
    }
    if (this.status === 'failed') throw this.#error;
    return this.status === 'done' ? 'done' : 'paused';
  }

  /**
   * Adds to the limit, before the call, while it runs or while it is paused; no effect without a limit.
   *
   * @throws UsageError for anything but a whole number that is not negative
   */
  addFuel(fuel: number): void {
    checkWholeNumber(fuel, 'fuel');
    const { budget } = this.#backend;
    if (budget.fuel === null || this.#isOver) return;
    budget.fuel = Math.min(budget.fuel + fuel, Number.MAX_SAFE_INTEGER);
    for (const execution of this.#backend.executions()) execution.addFuel(fuel);
  }

  /**
   * Pauses a running call as soon as possible: immediately if it waits for the host; if it computes, when it yields
   * to other tasks (`timeSliceMs`), or when a host function requests it.
   */
  requestPause(): void {
    if (this.#status !== 'running') return;
    this.#isPauseWanted = true;
    this.#backend.budget.watch.wake();
  }

  /**
   * Cancels the call in any state: `run` rejects with `interrupted.cancelled`, and the plug-in is free. Its memory
   * stays as the call left it.
   *
   * @param reason becomes the cause of the error
   * @returns when the call has ended
   */
  async cancel(reason?: unknown): Promise<void> {
    if (this.#isOver) return;
    this.#backend.budget.watch.cancel(reason);
    if (!this.#isPerformed) void this.#perform();
    await this.#ended;
  }

  get #isOver(): boolean {
    return this.#status === 'done' || this.#status === 'failed';
  }

  async #wait(reason: PauseReason): Promise<void> {
    const { watch } = this.#backend.budget;
    this.#isPauseWanted = false;
    this.#status = 'paused';
    this.#pause = reason;
    this.#onHalt();
    while (this.status === 'paused' && !watch.isStopped()) await watch.standStill();
    this.#status = 'running';
    this.#pause = null;
  }

  async #perform(): Promise<void> {
    this.#isPerformed = true;
    this.#status = 'running';
    let end: PluginCallStatus = 'failed';
    try {
      this.#result = await this.#backend.perform(this.#standStill);
      this.#output = this.#backend.judge(this.#result);
      end = 'done';
    } catch (error) {
      this.#error = error;
    }
    this.#fuelConsumed = this.#backend.fuelConsumed();
    this.#status = end;
    this.#pause = null;
    this.#onHalt();
    this.#onEnd();
  }
}
