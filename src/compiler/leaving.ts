/**
 * How generated code is left: every frame above the interpreter's hands over what it holds, innermost first; then the
 * frames are laid where the interpreter would have them, and it goes on there.
 */

import { InternalError, QuernError } from '../errors/errors.ts';
import type { FuncCode } from '../interpreter/code/compiled-module.ts';
import { opOf } from '../interpreter/code/isa.ts';
import { slotCountOf } from '../interpreter/code/types-layout.ts';
import type { Stacks } from '../interpreter/cold/tools.ts';
import { entryCost } from '../interpreter/fuel/schedules.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { NO_FUEL, RESTART } from '../interpreter/loop/status.ts';
import { getMachine, mapCareful, mapFast } from '../interpreter/machine/machine.ts';
import type { FuncType } from '../syntax/types.ts';
import type { CompiledFunction } from './scope.ts';
import { HELD_PER_WORD, STACK_WORDS } from './target.ts';

/** What a frame was left with. */
interface FrameRecord {
  readonly func: CompiledFunction;
  exit: number;
  values: number[];
}

/** A call of something else that generated code is left inside of. */
export interface OpenCall {
  /**
   * Says how the interpreter goes on, a status: the machine stands behind the call, and what it was called with lay at
   * `m.top` if the frames had been there.
   *
   * @param held fuel of the slice in hand that the code had not fetched
   */
  settle(m: MachineState, held: number): number;
}

/** Thrown to leave; never seen outside. */
export const LEFT: unique symbol = Symbol('left');

/**
 * What frames leave behind, innermost first. Each is a length, the number of a function, or of a piece by its
 * complement, and then what it holds. The first element says where the next one goes.
 */
export const behind = new Float64Array(STACK_WORDS * HELD_PER_WORD + 1);
behind[0] = 1;

type Left = readonly number[];

/** What the engine throws: for an access out of bounds, and where there is no room on its stack. */
const isOfEngine = (error: unknown): boolean =>
  error instanceof RangeError ||
  error instanceof TypeError ||
  (error instanceof Error && error.name === 'InternalError' && !(error instanceof QuernError));

/** The frames that are being left. */
export class Leaving {
  private readonly frames: FrameRecord[] = [];
  private exit = 0;
  /** Whether the last leaving was a `pause`: then the same place is entered again. */
  isPause = false;
  /** The call that the innermost function is left inside of; null if it is not. */
  call: OpenCall | null = null;
  /** Whether the last leaving was inside of a call. */
  wasInCall = false;
  /** Of the innermost frame; a piece that does not touch it leaves it to what is around. */
  private fuel = Number.NaN;
  /** A function some pieces of which were left. */
  private piecewise: FrameRecord | null = null;
  private readonly functionOf: (index: number) => CompiledFunction;

  constructor(functionOf: (index: number) => CompiledFunction) {
    this.functionOf = functionOf;
  }

  /** Generated code is entered. Where the stack had no room for taking what was left behind, that is nobody's now. */
  begin(): void {
    behind[0] = 1;
    this.frames.length = 0;
    this.piecewise = null;
    this.fuel = Number.NaN;
    this.exit = 0;
    this.isPause = false;
    this.call = null;
    this.wasInCall = false;
  }

  /** Leaves at an exit of the innermost function. */
  readonly leave = (exit: number): never => {
    this.isPause = false;
    this.exit = exit;
    throw LEFT;
  };

  /** Leaves for want of fuel, or since somebody is to be asked. */
  readonly pause = (exit: number): never => {
    this.isPause = true;
    this.exit = exit;
    throw LEFT;
  };

  /** Leaves inside of the call that led here. */
  readonly leaveInside = (call: OpenCall): never => {
    this.call = call;
    throw LEFT;
  };

  /** Leaves in front of the call that led here. */
  readonly leaveCall = (): never => {
    this.isPause = false;
    this.exit = 0;
    throw LEFT;
  };

  /** Takes what all frames have left behind; false for an error that is to be thrown on. */
  collect(error: unknown): boolean {
    // Out of bounds, or no room on the JavaScript stack: in the statement that is named.
    const isRaw = error !== LEFT;
    const end = behind[0]!;
    for (let at = 1; at < end; at += behind[at]!) {
      const id = behind[at + 1]!;
      const record = Array.from(behind.subarray(at + 2, at + behind[at]!));
      if (id >= 0) this.record(isRaw, this.functionOf(id), record);
      else this.recordPiece(isRaw, this.functionOf(~id), record);
    }
    behind[0] = 1;
    return !isRaw || isOfEngine(error);
  }

  private record(isRaw: boolean, func: CompiledFunction, [at, fuel, ...values]: Left): void {
    const frame = this.take(isRaw, func, at!, fuel!);
    this.piecewise = null;
    frame.values.forEach((value, name) => {
      values[name] = value;
    });
    frame.values = values;
    this.frames.push(frame);
  }

  /** What a piece of a function holds counts for more than what is around it. */
  private recordPiece(isRaw: boolean, func: CompiledFunction, [piece, at, fuel, ...values]: Left): void {
    const frame = this.take(isRaw, func, at!, fuel!);
    this.piecewise = frame;
    func.pieces[piece!]!.forEach((name, i) => {
      frame.values[name] ??= values[i]!;
    });
  }

  /** The frame that is being left. */
  private take(isRaw: boolean, func: CompiledFunction, at: number, fuel: number): FrameRecord {
    const isInnermost = this.frames.length === 0;
    if (isInnermost && Number.isNaN(this.fuel)) this.fuel = fuel;
    if (this.piecewise !== null) return this.piecewise;
    let exit = at;
    if (isInnermost) {
      if (isRaw) this.isPause = false;
      if (this.call !== null) this.isPause = true;
      else if (!isRaw && this.exit > 0) exit = this.exit;
      else {
        const { front } = func.exits.at(at);
        if (front > 0) exit = front;
      }
      this.exit = 0;
    }
    return { func, exit, values: [] };
  }

  /**
   * Lays the frames from the frame of the function that was entered, and says how the interpreter goes on: a status.
   * `null` when it was left at its own entry, with everything as it was.
   *
   * @param held fuel of the slice in hand that the code had not fetched
   */
  lay(m: MachineState, stacks: Stacks, held: number): number | null {
    const { frames } = this;
    this.wasInCall = false;
    if (frames.length === 0) {
      // There was no room for the function that was entered.
      m.fuel += held;
      return null;
    }
    // PERF: a double otherwise, and so would be the fuel in hand; see `fuel-account.ts`.
    let fuel = (this.fuel | 0) + held;
    this.fuel = Number.NaN;
    let innermost = frames[0]!;
    let point = innermost.func.exits.at(innermost.exit);
    if (point.offset < 0) {
      fuel += point.remaining;
      if (frames.length === 1) {
        m.fuel = fuel;
        frames.length = 0;
        return null;
      }
      // The interpreter makes the call.
      frames.shift();
      innermost = frames[0]!;
      innermost.exit = innermost.func.exits.at(innermost.exit).front;
      point = innermost.func.exits.at(innermost.exit);
    }
    const { callStack } = stacks;
    const { unit } = m.instance;
    let { fp } = m;
    for (let i = frames.length - 1; i >= 0; i--) {
      const { func, exit, values } = frames[i]!;
      func.exits.write(exit, values, stacks, fp >> 1);
      if (i === 0) break;
      const { offset, distance } = func.exits.at(exit);
      callStack[m.sp] = returnPlace(unit.funcs[func.index]!, offset);
      callStack[m.sp + 1] = fp;
      m.sp += 2;
      fp += 2 * distance;
    }
    m.fp = fp;
    const code = unit.funcs[innermost.func.index]!;
    frames.length = 0;
    const { call } = this;
    if (call !== null) {
      this.call = null;
      this.wasInCall = true;
      m.pc = returnPlace(code, point.offset);
      m.top = fp + 2 * point.distance;
      return call.settle(m, held);
    }
    return goOn(m, code, point.offset, fuel + point.remaining);
  }
}

/** Where a call returns to: the first boundary behind it in fast code. */
const returnPlace = (code: FuncCode, offset: number): number => {
  const place = mapFast(code).firstBoundaryAt(offset);
  if (place === undefined)
    throw new InternalError('internal.bug', { detail: `no return place at ${offset}` });
  return code.entry + place.pc;
};

/** Lets the interpreter go on at an instruction: in fast code where it has a boundary, else in careful code. */
const goOn = (m: MachineState, code: FuncCode, offset: number, fuel: number): number => {
  const fast = m.isArmed === 1 ? undefined : mapFast(code).boundaryAt(offset);
  if (fast !== undefined) {
    m.pc = code.entry + fast.pc;
    m.fuel = fuel - fast.remaining;
    return m.fuel < 0 ? NO_FUEL : RESTART;
  }
  const { sites } = mapCareful(code);
  const { body, type } = code.unit.module.funcs[code.index]!;
  let index = mapCareful(code).firstSite(offset);
  // The charge of the entry lies in front of that of the first instruction, and has been made.
  const results = slotCountOf((type.comp as FuncType).results);
  if (offset === body!.codeStart && entryCost(code.unit.schedule, body!.localCount, results) > 0) {
    const { words } = getMachine().space;
    const isCharge = (i: number): boolean => words[code.careful!.entry + sites.pcs[i]!] === opOf.charge.code;
    while (!isCharge(index)) index++;
    index++;
  }
  m.pc = code.careful!.entry + sites.pcs[index]!;
  m.fuel = fuel;
  return RESTART;
};
