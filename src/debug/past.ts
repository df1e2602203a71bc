/**
 * Going back in a call: running forwards again from a saved state, to a place, or to find what came last before one.
 */
import type { Execution } from '../interpreter/calls/execution.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { comparePositions, type Position } from './call-places.ts';
import type { Driver, StopReason } from './driver.ts';
import { History, type Kept } from './history.ts';
import type { WatchedRange, Watches } from './watches.ts';

/** Fuel before the destination at which a state is saved: the next step back begins there. */
const APPROACH = 50_000;

/** A passed reason to stop, and what it was. */
interface Hit {
  readonly position: Position;
  readonly reason: StopReason;
  readonly watch: WatchedRange | null;
}

export class Past {
  private readonly driver: Driver;
  private readonly watches: Watches;
  private readonly history: History;
  /** The call of the saved states. */
  private keptOf: Execution | null = null;

  constructor(driver: Driver, watches: Watches, historyBytes: number) {
    this.driver = driver;
    this.watches = watches;
    this.history = new History(historyBytes);
  }

  /** Why the call cannot go back from its position; null if it can. */
  get noHistory(): string | null {
    const { target, execution } = this.driver;
    if (target.noHistory !== null) return target.noHistory;
    if (execution === null) return 'the call is running';
    if (execution.pause === 'host') return 'the call waits for a host function';
    return this.history.isEmpty || execution !== this.keptOf ? 'no state of the call was saved' : null;
  }

  /** States before a place, the closest first. */
  before(position: Position): readonly Kept[] {
    return this.history.before(position);
  }

  clear(): void {
    this.history.clear();
  }

  /** Starts again if the call is a different one. */
  follow(): void {
    if (this.keptOf === this.driver.execution || this.history.isOff) return;
    this.history.clear();
    this.keep();
  }

  /** Stops at every instruction from here on. */
  private prepareAll(): void {
    const { driver } = this;
    driver.stops.catchAll(driver.units);
    for (const func of driver.functions) driver.stops.step(func);
  }

  /** Stops wherever watched memory may be written to. */
  prepareWatches(): void {
    if (!this.watches.isEmpty) this.prepareAll();
  }

  /** From a saved state, runs to the last instruction before a place. False if there is no such state. */
  async stepTowards(from: Position, end: Position): Promise<boolean> {
    const { driver } = this;
    if (end.fuel - from.fuel > 2 * APPROACH) {
      await this.runTo(end.fuel - APPROACH);
      this.keep();
    }
    await this.runShortOf(end);
    for (;;) {
      const here = driver.position;
      const state = this.driver.target.save();
      if (here === null || state === null) return false;
      const isEntered = driver.stack[0]?.isEntered === true;
      const last = await this.lastBefore(end, here);
      if (last !== here || isEntered) {
        driver.rewind(state);
        await this.goTo(last);
        return true;
      }
      // Before entering a function there is no next instruction: the preceding one was the call.
      if (!this.goBackBefore(here)) return false;
      await this.runShortOf(here);
    }
  }

  /** Goes back to a state before a place; false if there is none. */
  private goBackBefore(place: Position): boolean {
    const [nearest] = this.history.before(place);
    if (nearest !== undefined) this.driver.rewind(nearest.state);
    return nearest !== undefined;
  }

  /** Runs to an instruction shortly before a place. A charge of a host function cannot be interrupted. */
  private async runShortOf(place: Position): Promise<void> {
    for (let distance = 1; ; distance *= 8) {
      await this.runTo(place.fuel - distance);
      const here = this.driver.position;
      if (here === null || comparePositions(here, place) < 0 || !this.goBackBefore(place)) return;
    }
  }

  /** Runs to a place, and returns the last instruction before it. */
  private async lastBefore(end: Position, here: Position): Promise<Position> {
    const { driver } = this;
    let last = here;
    await driver.run({
      judge: (m, pc) => {
        const position = driver.positionAt(m, pc);
        if (comparePositions(position, end) >= 0) return 'step';
        last = position;
        return null;
      },
      prepare: () => this.prepareAll(),
      limit: end.fuel,
    });
    return last;
  }

  /** Runs without stops until the call has consumed this much fuel in total. */
  private async runTo(limit: number): Promise<void> {
    if (limit <= (this.driver.position?.fuel ?? 0)) return;
    await this.driver.run({
      judge: () => null,
      prepare: () => {},
      limit,
    });
  }

  /** Runs to a place that lies ahead. */
  async goTo(place: Position): Promise<void> {
    const { driver } = this;
    const from = driver.position;
    if (from === null || comparePositions(from, place) >= 0) return;
    if (place.fuel - from.fuel > 2 * APPROACH) {
      await this.runTo(place.fuel - APPROACH);
      this.keep();
    }
    await this.runTo(place.fuel - 1);
    const here = driver.position;
    if (here !== null && comparePositions(here, place) >= 0 && driver.stack[0]?.isEntered === true) return;
    await driver.run({
      judge: (m, pc) => (comparePositions(driver.positionAt(m, pc), place) >= 0 ? 'step' : null),
      prepare: () => this.prepareAll(),
      includesHere: true,
    });
  }

  /** The last reason to stop between the position of the call and a place. */
  async lastHit(end: Position): Promise<Hit | null> {
    const { driver, watches } = this;
    const { instances } = driver.target;
    const execution = driver.execution!;
    let hit: Hit | null = null;
    const beginning = driver.position;
    // PERF: the last instruction, as numbers; a position object for each took more time than everything else.
    let instance: MachineState['instance'] | null = null;
    let [lastPc, lastDepth, lastFuel] = [0, 0, 0];
    const look = (position: Position, isBreak: boolean, hasChanged: boolean): void => {
      const before =
        instance === null ? beginning : driver.positionFrom(instance, lastPc, lastDepth, lastFuel);
      if (hasChanged && before !== null && comparePositions(before, end) < 0)
        hit = { position: before, reason: 'watchpoint', watch: watches.hit };
      if (isBreak && comparePositions(position, end) < 0)
        hit = { position, reason: 'breakpoint', watch: null };
    };
    watches.remember(instances);
    await driver.run({
      judge: (m, pc) => {
        const isBreak = driver.stops.hasBreak(pc);
        const hasChanged = watches.check(instances);
        const fuel = execution.fuelConsumed;
        if (isBreak || hasChanged || fuel >= end.fuel) {
          const position = driver.positionAt(m, pc);
          look(position, isBreak, hasChanged);
          if (comparePositions(position, end) >= 0) return 'step';
        }
        instance = m.instance;
        lastPc = pc;
        lastDepth = m.sp;
        lastFuel = fuel;
        return null;
      },
      prepare: () => this.prepareWatches(),
      limit: end.hasFailed ? end.fuel - 1 : end.fuel,
      includesHere: true,
    });
    const here = driver.position;
    const [top] = driver.stack;
    if (here !== null && top?.isEntered === true)
      look(here, driver.stops.isBreakpoint(top.func, top.offset), watches.check(instances));
    return hit;
  }

  keep(): void {
    const { position, target, execution } = this.driver;
    if (position === null || position.hasFailed || target.noHistory !== null || execution?.pause === 'host')
      return;
    const state = target.save();
    if (state === null) return;
    this.keptOf = execution;
    this.history.add({ position, state });
  }

  keepSometimes(): void {
    const { history } = this;
    const { execution, target } = this.driver;
    if (execution === null || execution !== this.keptOf || target.executions.length > 1) return;
    if (history.isDue(execution.fuelConsumed)) this.keep();
  }
}
