/**
 * How generated code is left: every frame above the interpreter's saves its values, innermost first; then the frames
 * are laid where the interpreter would have them, and it continues there.
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

/** The values with which a frame was left. */
interface FrameRecord {
  readonly func: CompiledFunction;
  exit: number;
  values: number[];
}

/** A call of something else, inside which generated code is left. */
export interface OpenCall {
  /**
   * Returns how the interpreter continues, a status: the machine is after the call, and its arguments would have been
   * at `m.top` with laid frames.
   *
   * @param held fuel of the slice in hand that the code had not fetched
   */
  settle(m: MachineState, held: number): number;
}

/** Thrown to leave; never visible outside. */
export const LEFT: unique symbol = Symbol('left');

/**
 * What frames save, innermost first. Each is a length, the number of a function, or of a piece by its complement, and
 * then the values. The first element is the place of the next one.
 */
export const behind = new Float64Array(STACK_WORDS * HELD_PER_WORD + 1);
behind[0] = 1;

type Left = readonly number[];

/** Errors of the engine: for an access out of bounds, and for a stack overflow. */
const isOfEngine = (error: unknown): boolean =>
  error instanceof RangeError ||
  error instanceof TypeError ||
  (error instanceof Error && error.name === 'InternalError' && !(error instanceof QuernError));

/** The frames that are being left. */
export class Leaving {
  private readonly frames: FrameRecord[] = [];
  private exit = 0;
  /** Whether the last exit was a `pause`: then the same place is entered again. */
  isPause = false;
  /** The call inside which the innermost function is left; null if there is none. */
  call: OpenCall | null = null;
  /** Whether the last exit was inside a call. */
  wasInCall = false;
  /** Of the innermost frame; a piece that does not touch it leaves it to the enclosing code. */
  private fuel = Number.NaN;
  /** A function of which some pieces were left. */
  private piecewise: FrameRecord | null = null;
  private readonly functionOf: (index: number) => CompiledFunction;

  constructor(functionOf: (index: number) => CompiledFunction) {
    this.functionOf = functionOf;
  }

  /** Generated code is entered. If the stack had no room for taking the saved values, they are dropped now. */
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

  /** Leaves for lack of fuel, or because `onSlice` must be called. */
  readonly pause = (exit: number): never => {
    this.isPause = true;
    this.exit = exit;
    throw LEFT;
  };

  /** Leaves inside the call that led here. */
  readonly leaveInside = (call: OpenCall): never => {
    this.call = call;
    throw LEFT;
  };

  /** Leaves before the call that led here. */
  readonly leaveCall = (): never => {
    this.isPause = false;
    this.exit = 0;
    throw LEFT;
  };

  /** Takes what all frames have saved; false for an error that must be thrown again. */
  collect(error: unknown): boolean {
    // Out of bounds, or no room on the JavaScript stack: in the named statement.
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

  /** Values of a piece of a function take precedence over those of the enclosing code. */
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
   * Lays the frames, beginning with that of the entered function, and returns how the interpreter continues: a
   * status. `null` if it was left at its own entry, with everything unchanged.
   *
   * @param held fuel of the slice in hand that the code had not fetched
   */
  lay(m: MachineState, stacks: Stacks, held: number): number | null {
    const { frames } = this;
    this.wasInCall = false;
    if (frames.length === 0) {
      // There was no room for the entered function.
      m.fuel += held;
      return null;
    }
    // PERF: otherwise it would be a double, and so would the fuel in hand; see `fuel-account.ts`.
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

/** The return point of a call: the first boundary after it in fast code. */
const returnPlace = (code: FuncCode, offset: number): number => {
  const place = mapFast(code).firstBoundaryAt(offset);
  if (place === undefined)
    throw new InternalError('internal.bug', { detail: `no return place at ${offset}` });
  return code.entry + place.pc;
};

/** Lets the interpreter continue at an instruction: in fast code if there is a boundary, otherwise in careful code. */
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
  // The charge of the entry precedes that of the first instruction, and has been made.
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
