/**
 * How generated code is left: every frame above the interpreter's hands over what it holds, innermost first; then the
 * frames are laid where the interpreter would have them, and it goes on there.
 */

import { InternalError } from '../errors/errors.ts';
import type { FuncCode } from '../interpreter/code/compiled-module.ts';
import { opOf } from '../interpreter/code/isa.ts';
import { slotCountOf } from '../interpreter/code/types-layout.ts';
import type { Stacks } from '../interpreter/cold/tools.ts';
import { entryCost } from '../interpreter/fuel/schedules.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { CONTINUE, NO_FUEL, RESTART } from '../interpreter/loop/status.ts';
import { getMachine, mapCareful, mapFast } from '../interpreter/machine/machine.ts';
import type { FuncType } from '../syntax/types.ts';
import type { CompiledFunction } from './scope.ts';

/** What a frame was left with. */
interface FrameRecord {
  readonly func: CompiledFunction;
  exit: number;
  values: number[];
}

/** Thrown to leave; never seen outside. */
export const LEFT: unique symbol = Symbol('left');

/** The frames that are being left. */
export class Leaving {
  private readonly frames: FrameRecord[] = [];
  private exit = 0;
  /** Whether the last leaving was a `pause`: then the same place is entered again. */
  isPause = false;
  /** Whether the innermost function is left inside of a call of the host, which was made. */
  isInCall = false;
  /** The function that was to be called where there was no code for it; -1 for none. */
  callee = -1;
  /** Of the innermost frame; a piece that does not touch it leaves it to what is around. */
  private fuel: number | undefined;
  /** A function some pieces of which were left. */
  private piecewise: FrameRecord | null = null;
  private readonly functionOf: (index: number) => CompiledFunction;

  constructor(functionOf: (index: number) => CompiledFunction) {
    this.functionOf = functionOf;
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

  /** Leaves in front of the call that led here: of a function that is not compiled. */
  readonly leaveCall = (): never => {
    this.isPause = false;
    this.exit = 0;
    throw LEFT;
  };

  /** A function's `catch`: takes what it holds; what to throw on. */
  readonly record = (error: unknown, id: number, at: number, fuel: number, ...values: number[]): unknown => {
    const func = this.functionOf(id);
    const frame = this.take(error, func, at, fuel);
    if (frame === null) return error;
    this.piecewise = null;
    frame.values.forEach((value, name) => {
      values[name] = value;
    });
    frame.values = values;
    this.frames.push(frame);
    return LEFT;
  };

  /** The `catch` of a piece of a function: what it holds counts for more than what is around it. */
  readonly recordPiece = (
    error: unknown,
    id: number,
    piece: number,
    at: number,
    fuel: number | undefined,
    ...values: number[]
  ): unknown => {
    const func = this.functionOf(id);
    const frame = this.take(error, func, at, fuel);
    if (frame === null) return error;
    this.piecewise = frame;
    func.pieces[piece]!.forEach((name, i) => {
      frame.values[name] ??= values[i]!;
    });
    return LEFT;
  };

  /** The frame that is being left; null for an error that is none of ours. */
  private take(
    error: unknown,
    func: CompiledFunction,
    at: number,
    fuel: number | undefined,
  ): FrameRecord | null {
    // Out of bounds, or no room on the JavaScript stack: in the statement that is named.
    const isRaw = error instanceof RangeError || error instanceof TypeError;
    if (error !== LEFT && !isRaw) return null;
    const isInnermost = this.frames.length === 0;
    if (isInnermost) this.fuel ??= fuel;
    if (this.piecewise !== null) return this.piecewise;
    let exit = at;
    if (isInnermost) {
      if (isRaw) this.isPause = false;
      if (this.isInCall) this.isPause = true;
      else if (!isRaw && this.exit > 0) exit = this.exit;
      else {
        const { front, callee } = func.exits.at(at);
        if (front > 0) {
          if (!isRaw) this.callee = callee;
          exit = front;
        }
      }
      this.exit = 0;
    }
    return { func, exit, values: [] };
  }

  /**
   * Lays the frames from the frame of the function that was entered, and says how the interpreter goes on: a status.
   * `null` when it was left at its own entry, with everything as it was. `CONTINUE` inside of a call of the host, with
   * its arguments to be laid at `m.top`.
   *
   * @param held fuel of the slice in hand that the code had not fetched
   */
  lay(m: MachineState, stacks: Stacks, held: number): number | null {
    const { frames } = this;
    let fuel = this.fuel! + held;
    this.fuel = undefined;
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
    const unit = m.instance.unit;
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
    if (this.isInCall) {
      this.isInCall = false;
      m.pc = returnPlace(code, point.offset);
      m.top = fp + 2 * point.distance;
      return CONTINUE;
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
