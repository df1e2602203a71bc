/**
 * Round-robin over reference machines: the definition of what the engine's `Scheduler` does, in its most direct
 * form. A unit of fuel takes a nanosecond; when all machines wait, time continues to the next timeout.
 */
import { TrapError } from '../../src/errors.ts';
import { type Machine, type MachineStatus, timeOut } from './machine.ts';

/** A machine among others. */
export interface Turns {
  readonly machine: Machine;
  status: MachineStatus;
  deadline: bigint | null;
}

export class ReferenceScheduler {
  readonly threads: Turns[] = [];
  fuelConsumed = 0;
  private readonly slice: number;
  private waitingFor = 0;
  private now = 0n;

  constructor(slice: number) {
    this.slice = slice;
  }

  /** @param machine started, and without fuel */
  spawn(machine: Machine): Turns {
    const thread: Turns = { machine, status: machine.error === null ? 'paused' : 'trap', deadline: null };
    this.threads.push(thread);
    return thread;
  }

  /** Runs all threads to their ends. @throws TrapError when all wait forever */
  run(): void {
    while (this.turn()) {}
  }

  /** One turn of one thread; false when all have ended. */
  turn(): boolean {
    if (this.threads.every(({ status }) => status !== 'paused')) return false;
    this.endWaits();
    let next = this.ready();
    if (next === undefined) {
      const deadlines = this.threads.flatMap(({ deadline }) => deadline ?? []);
      if (deadlines.length === 0) throw new TrapError('trap.deadlock');
      this.now = deadlines.reduce((least, deadline) => (deadline < least ? deadline : least));
      this.endWaits();
      next = this.ready()!;
    }
    this.take(this.threads[next]!);
    this.waitingFor = next + 1;
    return true;
  }

  /** Index of the next thread that does not wait. */
  private ready(): number | undefined {
    const order = this.threads.map((_, i) => (this.waitingFor + i) % this.threads.length);
    return order.find((i) => {
      const { status, machine } = this.threads[i]!;
      return status === 'paused' && (machine.waiting === null || machine.waiting.answer !== null);
    });
  }

  private endWaits(): void {
    for (const thread of this.threads) {
      const { waiting } = thread.machine;
      if (waiting?.answer !== null) thread.deadline = null;
      else if (thread.deadline !== null && thread.deadline <= this.now) {
        timeOut(waiting);
        thread.deadline = null;
      }
    }
  }

  private take(thread: Turns): void {
    const { machine } = thread;
    const before = machine.fuelConsumed;
    machine.addFuel(this.slice);
    thread.status = machine.run();
    this.fuelConsumed += machine.fuelConsumed - before;
    this.now += BigInt(machine.fuelConsumed - before);
    if (machine.waiting === null) return;
    // What a wait leaves of a turn is lost.
    machine.fuelLeft = 0;
    if (machine.waiting.timeout >= 0n) thread.deadline = this.now + machine.waiting.timeout;
  }
}
