/** The current call of a plug-in, from its turn to its end. */
import type { StandStill } from '../calls/run.ts';
import { Turns } from '../calls/turns.ts';
import type { CallTask } from './call-task.ts';
import type { CallLimits, CallResult, GivenCall } from './calling.ts';
import type { PluginCall } from './plugin-call.ts';

/** One call at a time: the others are refused, or wait. */
export class CurrentCall {
  readonly #turns = new Turns();
  /** The call that is made in pieces and has not ended; null for none. */
  inPieces: PluginCall | null = null;
  /** Its task. */
  task: CallTask | null = null;
  /** The running call, made in pieces or not; null for none. */
  #running: CallTask | null = null;

  /** Whether a call is running or paused. */
  get isThere(): boolean {
    return this.#turns.isTaken;
  }

  /** Takes the turn of a new plug-in, which is free. */
  claim(): void {
    void this.#turns.take({ whenBusy: 'refuse', signal: null });
  }

  /** Begins a call in pieces when it has its turn. */
  async begin<T>(limits: CallLimits, open: () => T): Promise<T> {
    const turn = this.#turns.take(limits);
    if (turn !== null) await turn;
    try {
      this.#turns.check();
      return open();
    } catch (error) {
      this.end(null);
      throw error;
    }
  }

  /**
   * Makes a call from its beginning to its end. PERF: one promise, and one wait, for a call that does not wait.
   *
   * @param read reads the arguments of the call, before it is queued
   * @param make may fail, since it reads the time
   */
  async make<T>(
    read: () => GivenCall,
    make: (given: GivenCall) => CallTask,
    judge: (result: CallResult) => T,
  ): Promise<T> {
    const given = read();
    const turn = this.#turns.take(given.limits);
    if (turn !== null) await turn;
    let task: CallTask | null = null;
    try {
      this.#turns.check();
      task = make(given);
      this.#running = task;
      return judge(await task.perform(null));
    } finally {
      this.end(task);
    }
  }

  /** Performs the call in pieces. */
  async perform(task: CallTask, standStill: StandStill): Promise<CallResult> {
    this.#running = task;
    try {
      return await task.perform(standStill);
    } finally {
      this.end(task);
    }
  }

  /** The call has ended; the next in the queue gets its turn. */
  end(task: CallTask | null): void {
    task?.budget.watch.close();
    this.inPieces = null;
    this.task = null;
    this.#running = null;
    this.#turns.pass();
  }

  /** Ends the call, refuses those that wait, and takes the last turn. @returns when it is taken, null if immediately */
  close(refusal: () => Error): Promise<void> | null {
    const turn = this.#turns.close(refusal);
    // Not awaited here: it ends with the turn.
    if (this.inPieces !== null) void this.inPieces.cancel(refusal());
    else if (this.#running !== null) this.#running.budget.watch.cancel(refusal());
    return turn;
  }
}
