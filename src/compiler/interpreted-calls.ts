/**
 * How generated code calls what the interpreter runs: functions without generated code, and those of other instances.
 * The interpreter runs them immediately, in a loop above that of the call, with frames where there are no others;
 * those of generated code are not laid. If the call must stop, they are laid, with the interpreter's frames on top of
 * them.
 */

import { frameEnd } from '../interpreter/calls/stand.ts';
import { HALT_PC, LEAVE_PC } from '../interpreter/code/code-space.ts';
import type { FuncCode } from '../interpreter/code/compiled-module.ts';
import { payAhead } from '../interpreter/code/encoding.ts';
import type { MemoryInstance } from '../interpreter/instances/memory.ts';
import type { FuncInstance, ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import {
  CONTINUE,
  DONE,
  FIRST_TRAP,
  LAY_FRAMES,
  NEED_FUEL,
  NO_FUEL,
  RESTART,
  trapStatus,
} from '../interpreter/loop/status.ts';
import { getTier, type Machine } from '../interpreter/machine/machine.ts';
import { type Activation, activation } from './activation.ts';
import type { Leaving, OpenCall } from './leaving.ts';
import type { Run } from './scope.ts';
import { FRAME_WORDS, STACK_WORDS } from './target.ts';

/** The value of `interpretedCallText`. */
export type MakeInterpretedCall = (
  calls: InterpretedCalls,
  activation: Activation,
  func: FuncInstance,
  memory: MemoryInstance,
) => Run;

/** Words of the JavaScript stack that the interpreter uses inside generated code. */
const INSIDE_WORDS = 1500;
/** Instead of a status: nothing has happened. */
const REFUSED = -1;
const EXHAUSTED = trapStatus('exhaustion.call-stack');

/** The position of the called interpreter. */
interface Inside {
  readonly pc: number;
  readonly fp: number;
  readonly instance: ModuleInstance;
  /** Words of the call stack below it, and those in use. */
  readonly base: number;
  readonly sp: number;
  /** The state from which it continues. */
  readonly status: number;
  /** Words in use during a call of the host. */
  readonly top: number;
}

/** Calls of the interpreter by the generated code of one instance. */
export class InterpretedCalls implements OpenCall {
  private readonly instance: ModuleInstance;
  private readonly machine: Machine;
  private readonly leaving: Leaving;
  /** Called with each function that was called this way: some of them could have code. */
  private readonly onCall: (code: FuncCode) => void;
  /** For the call that the frames are laid for: the function, its frame, and its position; null if it has returned. */
  private func: FuncInstance | null = null;
  private base = 0;
  private inside: Inside | null = null;

  constructor(
    instance: ModuleInstance,
    machine: Machine,
    leaving: Leaving,
    onCall: (code: FuncCode) => void,
  ) {
    this.instance = instance;
    this.machine = machine;
    this.leaving = leaving;
    this.onCall = onCall;
  }

  /** The value of the variable of a function without code. */
  link(func: FuncInstance, make: MakeInterpretedCall): Run {
    return make(this, activation, func, this.instance.memory0);
  }

  /** Leaves before the call. */
  refuse({ code }: FuncInstance): never {
    if (code !== null) this.onCall(code);
    return this.leaving.leaveCall();
  }

  /** Leaves after the call, whose results are at `k`. */
  leave(func: FuncInstance, k: number): never {
    return this.stop(func, k, null);
  }

  private stop(func: FuncInstance, k: number, inside: Inside | null): never {
    this.func = func;
    this.base = k;
    this.inside = inside;
    return this.leaving.leaveInside(this);
  }

  /**
   * Runs a function whose arguments are at `k`, where its results are afterwards.
   *
   * @param w words that are left for frames
   * @returns the remaining fuel
   */
  run(func: FuncInstance, fuel: number, k: number, w: number): number {
    const m = activation.m!;
    const words = activation.wordsAt(w) + INSIDE_WORDS;
    const room = STACK_WORDS - words;
    if (m.isSeen || room < 0 || (m.provedWords < words + LEAST_WORDS && !prove(m, words))) this.refuse(func);
    if (func.code !== null) this.onCall(func.code);
    const { pc, fp, sp, instance, isInside } = m;
    m.fuel = fuel + activation.takeHeld(m);
    const saved = activation.save()!;
    // Each frame of generated code takes at least this many words.
    const base = sp + 2 * Math.floor((((saved.ceiling - fp) >> 1) - w) / FRAME_WORDS);
    m.pc = HALT_PC;
    m.fp = 0;
    m.sp = base;
    m.top = k;
    m.isInside = true;
    activation.fp = k;
    activation.room = room;
    const status = this.interpret(m, func, k, base);
    const inside = { pc: m.pc, fp: m.fp, instance: m.instance, base, sp: m.sp, status, top: m.top };
    m.pc = pc;
    m.fp = fp;
    m.sp = sp;
    m.instance = instance;
    m.isInside = isInside;
    activation.restore(saved);
    if (status === REFUSED) {
      activation.hold(m, fuel);
      this.refuse(func);
    }
    if (status !== DONE) this.stop(func, k, inside);
    m.top = k + func.borderWords;
    if (m.isLookDue && !activation.ask(0)) this.leave(func, k);
    return m.fuel;
  }

  /**
   * Returns `DONE`, `REFUSED` if the call has not begun, or the state from which the interpreter continues once
   * frames are laid.
   */
  private interpret(m: MachineState, func: FuncInstance, k: number, base: number): number {
    const { machine } = this;
    try {
      let status = machine.callFunction(m, func, k);
      if (status === NEED_FUEL && activation.ask(m.need)) status = machine.callFunction(m, func, k);
      if (status === NEED_FUEL || status >= FIRST_TRAP) return REFUSED;
      for (;;) {
        switch (status) {
          case CONTINUE:
          case RESTART:
            if (m.pc === HALT_PC && m.sp === base) return DONE;
            if (m.isLookDue && !activation.ask(0)) return RESTART;
            break;
          case NO_FUEL:
            if (!activation.ask(0)) return NO_FUEL;
            getTier()?.onSlice(m);
            break;
          case NEED_FUEL:
            if (!activation.ask(m.need)) return NEED_FUEL;
            break;
          // These frames use more room here than at their own place.
          case EXHAUSTED:
          case LAY_FRAMES:
            return RESTART;
          default:
            return status;
        }
        status = machine.dispatch(m);
      }
    } catch (error) {
      activation.failure = { error };
      return RESTART;
    }
  }

  settle(m: MachineState): number {
    const { base, inside } = this;
    const { words, space } = this.machine;
    const func = this.func!;
    const to = m.top;
    this.func = null;
    this.inside = null;
    if (inside !== null) return this.layFrames(m, base - to, inside);
    words.copyWithin(to, base, base + func.borderWords);
    m.top = to + func.borderWords;
    payAhead(space.words, m);
    return m.fuel < 0 ? NO_FUEL : RESTART;
  }

  /** Moves the frames of the interpreter down to those of generated code, which are laid. */
  private layFrames(m: MachineState, distance: number, inside: Inside): number {
    const { pc, fp, instance, base, sp, status } = inside;
    const { callStack, refs, space, words } = this.machine;
    const caller = { pc: m.pc, fp: m.fp };
    const from = m.top + distance;
    m.pc = pc;
    m.fp = fp;
    m.instance = instance;
    m.top = inside.top;
    const end = frameEnd(m);
    words.copyWithin(from - distance, from, end);
    for (let slot = from >> 1; slot < end >> 1 && slot < refs.length; slot++)
      refs[slot - (distance >> 1)] = refs[slot];
    m.top -= distance;
    if (m.pending !== null) m.pending = { ...m.pending, base: m.pending.base - distance };
    if (sp === base) {
      // The host is at the position of the function that called it last.
      m.pc = caller.pc + pc - HALT_PC;
      m.fp = caller.fp;
      if (pc === HALT_PC) payAhead(space.words, m);
      return status;
    }
    callStack.copyWithin(m.sp, base, sp);
    callStack[m.sp] = caller.pc;
    callStack[m.sp + 1] = caller.fp;
    const top = m.sp + sp - base;
    for (let row = m.sp + 2; row < top; row += 2)
      if (callStack[row] !== LEAVE_PC) callStack[row + 1]! -= distance;
    m.sp = top;
    m.fp = fp - distance;
    return status;
  }
}

/** Least words that are available for calls by the interpreter. */
const LEAST_WORDS = 2000;
/**
 * Words of the JavaScript stack that are probed at first, and at most. PERF: 0.4 ns per word; most calls probe once,
 * and most are short.
 */
const FIRST_WORDS = INSIDE_WORDS + LEAST_WORDS;
const MOST_WORDS = 4 * FIRST_WORDS;
const argumentsOf = (words: number): readonly [] => new Array(words).fill(0) as unknown as [];
const fewArguments = argumentsOf(FIRST_WORDS);
const manyArguments = argumentsOf(MOST_WORDS);
const takeArguments = (): void => {};

/**
 * Probes the JavaScript stack for room; false if there is none. The interpreter's work cannot be repeated, so it must
 * not run out of stack.
 *
 * @param words that the call has used of it so far
 */
const prove = (m: MachineState, words: number): boolean => {
  const room = m.provedWords === 0 ? fewArguments : manyArguments;
  try {
    takeArguments.apply(null, room as []);
    m.provedWords = words + room.length - INSIDE_WORDS;
    return true;
  } catch {
    return false;
  }
};
