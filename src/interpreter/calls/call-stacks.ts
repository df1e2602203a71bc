/**
 * The stacks of one call. They are in the machine while the call runs, and stay there until another call needs it;
 * then they are copied out.
 */
import { badArgument, reading } from '../../errors/arguments.ts';
import { UsageError } from '../../errors/errors.ts';
import { valueText } from '../../errors/texts.ts';
import type { FuncInstance, HostWrite } from '../instances/module-instance.ts';
import type { Store } from '../instances/store.ts';
import { type RawValue, writeValues } from '../instances/values.ts';
import type { CallState } from '../loop/machine-state.ts';
import type { Machine } from '../machine/machine.ts';
import { frameEnd } from './stand.ts';

/** Slots of references that stay allocated between calls. */
const KEPT_REFS = 4096;
const NO_WORDS = new Int32Array(0);

/** The arguments of a call, or what writes them into its first frame. */
export type Arguments = readonly RawValue[] | HostWrite;

/** Copies of the stacks of a call. */
export interface StackCopies {
  readonly words: Int32Array<ArrayBuffer>;
  readonly calls: Int32Array<ArrayBuffer>;
  readonly refs: unknown[];
}

/** Most calls from Wasm to the host and back, nested: each uses room on the JavaScript stack. */
const MAX_NESTED = 200;

/** The stacks of running calls, the outermost first: each but the last waits in a host function. */
const active: CallStacks[] = [];
/** The stacks in the machine: of the call that is running, or ran last. */
let resident: CallStacks | null = null;

export class CallStacks {
  private readonly machine: Machine;
  private readonly state: CallState;
  private readonly store: Store | null;
  // The copies; while the stacks are in the machine, their earlier state.
  private savedWords = NO_WORDS;
  private savedCalls = NO_WORDS;
  private savedRefs: unknown[] = [];

  constructor(machine: Machine, state: CallState, store: Store | null) {
    this.machine = machine;
    this.state = state;
    this.store = store;
  }

  /** Writes the arguments of a call that has not begun. @throws UsageError */
  setArguments(func: FuncInstance, args: Arguments): void {
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

  /** Loads saved stacks. */
  set({ words, calls, refs }: StackCopies): void {
    this.savedWords = words;
    this.savedCalls = calls;
    this.savedRefs = refs;
  }

  /** The stacks, which are no longer in the machine. */
  get(): StackCopies {
    if (resident === this) this.moveOut();
    return { words: this.savedWords, calls: this.savedCalls, refs: this.savedRefs };
  }

  /** References of the arguments of a call that has not begun. */
  get argumentRefs(): readonly unknown[] {
    return this.savedRefs;
  }

  /** The words of the frames, wherever they are. */
  get words(): Int32Array {
    return resident === this ? this.machine.words : this.savedWords;
  }

  /** The call stack, wherever it is. */
  get calls(): Int32Array {
    return resident === this ? this.machine.callStack : this.savedCalls;
  }

  /** Moves them into the machine, and those of another call out. */
  moveIn(): void {
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

  private moveOut(): void {
    const { words, callStack, refs } = this.machine;
    const top = frameEnd(this.state);
    this.savedWords = words.slice(0, top);
    this.savedCalls = callStack.slice(0, this.state.sp);
    this.savedRefs = refs.slice(0, top >> 1);
    resident = null;
  }

  /** Whether the call is running, even if it waits in a host function for another one. */
  get isActive(): boolean {
    return active.includes(this);
  }

  /** The call begins to run, nested in the running ones; false if there are too many. */
  enter(): boolean {
    if (active.length >= MAX_NESTED) return false;
    active.push(this);
    return true;
  }

  /**
   * The call is no longer running. Stacks of an ended call are dropped; others stay until another call needs the
   * machine.
   */
  exit(isPaused: boolean): void {
    active.pop();
    if (!isPaused) resident = null;
    // Engines without a JIT may lack `at` of arrays (Hermes 0.12).
    active[active.length - 1]?.moveIn();
  }

  /** Drops everything. */
  clear(): void {
    this.set({ words: NO_WORDS, calls: NO_WORDS, refs: [] });
    this.leave();
  }

  /** Nothing of a call that has ended stays in the machine. */
  leave(): void {
    if (resident !== this) return;
    resident = null;
    this.dropRefs();
  }

  /** Nothing that the call held stays reachable from its stacks in the machine. */
  dropRefs(): void {
    const { refs } = this.machine;
    if (active.length <= 1 && refs.length > KEPT_REFS) refs.length = KEPT_REFS;
    refs.fill(null);
  }

  /** Whether they belong to a call of the store. */
  isOf(store: Store): boolean {
    return this.store === store;
  }
}

/** Whether a call of the store is running: then its values are changing. */
export const isRunning = (store: Store): boolean => active.some((stacks) => stacks.isOf(store));
