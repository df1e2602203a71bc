/** An `Execution` of the engine, new or paused, as the target of a session. */
import { messageOf } from '../errors/texts.ts';
import type { Execution } from '../interpreter/calls/execution.ts';
import type { RunResult } from '../interpreter/calls/outcome.ts';
import { readEngine, takeSnapshot } from '../interpreter/snapshot/snapshot.ts';
import { SnapshotFile } from '../interpreter/snapshot/snapshot-reader.ts';
import { HostTape } from './host-tape.ts';
import type { DebugTarget, NamedInstance, SavedTarget } from './target.ts';

export class ExecutionTarget implements DebugTarget {
  readonly instances: readonly NamedInstance[];
  private readonly execution: Execution;
  private readonly tape: HostTape | null;
  /** The position in the tape of host functions, by state. */
  private readonly heard = new WeakMap<SavedTarget, number>();
  private isPauseWanted = false;
  private isOver = false;
  private wake: () => void = () => {};
  summary = '';
  hasFailed = false;
  onGuestError: DebugTarget['onGuestError'] = null;
  readonly guestError = null;

  /** @param keeps whether effects of host functions are recorded, so that the call can go back */
  constructor(execution: Execution, instances: readonly NamedInstance[], keeps: boolean) {
    this.execution = execution;
    this.instances = instances;
    this.tape = keeps ? new HostTape(instances.map(({ instance }) => instance)) : null;
    this.noHistory = keeps ? null : 'no states are kept';
  }

  get executions(): readonly Execution[] {
    return this.isOver ? [] : [this.execution];
  }

  readonly noHistory: string | null;

  async run(): Promise<RunResult> {
    const { execution } = this;
    this.isPauseWanted = false;
    for (;;) {
      if (execution.hostPromise !== null) {
        const isAnswered = await this.waitForHost(execution.hostPromise);
        if (!isAnswered) return 'paused';
      }
      const result = execution.run();
      if (result !== 'paused') return this.conclude(result);
      execution.endWait();
      if (execution.pause !== 'host' && execution.pause !== 'wait') return result;
    }
  }

  end(): void {
    this.tape?.end();
  }

  private conclude(result: RunResult): RunResult {
    this.isOver = true;
    this.hasFailed = result === 'trap';
    const { results, error, fuelConsumed } = this.execution;
    this.summary =
      result === 'trap'
        ? messageOf(error)
        : `the call has ended after ${fuelConsumed} units of fuel with [${results.map(String).join(', ')}]`;
    return result;
  }

  /** Whether the host function has answered; otherwise a pause was requested. */
  private async waitForHost(promise: NonNullable<Execution['hostPromise']>): Promise<boolean> {
    const { execution } = this;
    if (this.isPauseWanted) return false;
    const woken = new Promise<null>((resolve) => {
      this.wake = () => resolve(null);
    });
    try {
      const write = await Promise.race([promise, woken]);
      if (write === null) return false;
      execution.resolveHost(write);
    } catch (error) {
      execution.rejectHost(error);
    }
    return true;
  }

  pause(): void {
    this.isPauseWanted = true;
    this.wake();
  }

  save(): SavedTarget | null {
    const instances = this.instances.map(({ instance }) => instance);
    const saved = { bytes: takeSnapshot({ instances, executions: [this.execution] }) };
    this.heard.set(saved, this.tape?.position ?? 0);
    return saved;
  }

  load(saved: SavedTarget): void {
    const instances = this.instances.map(({ instance }) => instance);
    readEngine(new SnapshotFile(saved.bytes), { instances }, [this.execution]);
    this.tape?.rewind(this.heard.get(saved) ?? 0);
  }
}
