/**
 * The call stack of a paused call as frames of the standard: a function, a place in its code, values.
 *
 * In the machine a frame is a return point and a range of words, and records between frames show where a call crossed
 * instances. None of that is stored: it follows from the functions and their places, so a forged snapshot cannot make
 * frames overlap or return to where no call was.
 */
import { InternalError } from '../../errors/errors.ts';
import type { SavedExecution } from '../calls/execution.ts';
import { HALT_PC, LEAVE_PC } from '../code/code-space.ts';
import { type CodeRegion, regionAt } from '../code/compiled-module.ts';
import type { ModuleInstance, WasmFuncInstance } from '../instances/module-instance.ts';
import type { CallState } from '../loop/machine-state.ts';
import { callPlaceOf, carefulPc, placeOf, returnPc } from './code-places.ts';
import { corrupt } from './snapshot-reader.ts';

/** One frame of a stack that was read. */
export interface Frame {
  readonly func: WasmFuncInstance;
  /** Byte offset of the next instruction, or of the active call. */
  readonly offset: number;
  /** Index of the first word. */
  readonly fp: number;
}

/** The frames of a paused call, outermost first. */
interface Stack {
  readonly frames: readonly Frame[];
  /** Fuel that was paid in advance for the code ahead. */
  readonly remaining: number;
}

/** The position of a call, and the size of its stacks below. */
interface Standpoint {
  readonly pc: number;
  readonly fp: number;
  readonly sp: number;
  readonly instance: ModuleInstance | null;
  /** Records of crossed instances below. */
  readonly crossings: number;
  /** Whether the stretch ahead was paid for. */
  readonly isPaid: boolean;
}

const standpoint = ({ state, calls, hostCall }: SavedExecution): Standpoint => {
  const { pc, fp, sp, instance, instances } = state;
  // The position of a throwing call is inside the call: one word before its return point.
  const at = state.thrown === null ? pc : pc + 1;
  const crossings = instances.length;
  if (at !== LEAVE_PC || hostCall !== null) return { pc: at, fp, sp, instance, crossings, isPaid: true };
  // The return to the frame below, which is in another instance, executes nothing.
  return {
    pc: calls[sp - 2]!,
    fp: calls[sp - 1]!,
    sp: sp - 2,
    instance: instances[crossings - 1]!,
    crossings: crossings - 1,
    isPaid: false,
  };
};

/** Reads the stack of the machine. */
export const readStack = (saved: SavedExecution): Stack => {
  const { state, calls, hostCall } = saved;
  const { pc, fp, sp, instance, crossings, isPaid } = standpoint(saved);
  const frames: Frame[] = [];
  let crossed = 0;
  for (let i = 0; i < sp; i += 2) {
    const caller = calls[i]!;
    if (caller === LEAVE_PC) crossed++;
    else if (caller !== HALT_PC) {
      const owner = crossed < crossings ? state.instances[crossed]! : instance;
      frames.push(callerAt(caller, calls[i + 1]!, owner));
    }
  }
  if (pc === HALT_PC || pc === LEAVE_PC) return { frames, remaining: 0 };
  if (hostCall !== null || state.thrown !== null) {
    frames.push(callerAt(pc, fp, instance));
    return { frames, remaining: 0 };
  }
  const { region, func } = codeAt(instance, pc);
  const { offset, remaining } = placeOf(region, pc);
  frames.push({ func, offset, fp });
  return { frames, remaining: isPaid ? remaining : 0 };
};

const codeAt = (
  instance: ModuleInstance | null,
  pc: number,
): { readonly region: CodeRegion; readonly func: WasmFuncInstance } => {
  const region = regionAt(instance, pc);
  const func = region === null ? undefined : instance?.funcs[region.func.index];
  if (region === null || func === undefined || func.host !== null)
    throw new InternalError('internal.bug', { detail: `no code at ${pc}` });
  return { region, func };
};

const callerAt = (pc: number, fp: number, instance: ModuleInstance | null): Frame => {
  const { region, func } = codeAt(instance, pc - 1);
  return { func, offset: callPlaceOf(region, pc), fp };
};

/** Puts frames onto the stack of the machine. */
export class StackBuilder {
  private readonly state: CallState;
  private readonly isCareful: boolean;
  private readonly calls: number[] = [];
  /** The return point of the next frame. */
  private pc = HALT_PC;
  private fp = 0;
  private instance: ModuleInstance | null;
  private depth = 0;

  constructor(state: CallState, isCareful: boolean) {
    this.state = state;
    this.isCareful = isCareful;
    this.instance = state.instance;
  }

  /** First word of the next frame: the place of the arguments of the active call. */
  get base(): number {
    return this.fp;
  }

  /** Adds a frame whose first word is `fp`. */
  enter(func: WasmFuncInstance, fp: number): void {
    this.depth++;
    if (2 * this.depth > this.state.callLimit - 2 * this.state.instances.length)
      throw corrupt('more nested calls than the limit');
    if (fp + 2 * func.code.frameSlots > this.state.stackLimit) throw corrupt('larger frames than the limit');
    this.calls.push(this.pc, this.fp);
    this.cross(func.instance);
    this.fp = fp;
  }

  private cross(to: ModuleInstance): void {
    if (to !== this.instance) this.goTo(to, LEAVE_PC, 0);
  }

  /** Goes to another instance, from which a record of the call stack leads back. */
  private goTo(instance: ModuleInstance, pc: number, fp: number): void {
    if (this.instance === null) throw corrupt('a host function that the embedder called has frames');
    this.calls.push(pc, fp);
    this.state.callLimit += 2;
    this.state.instances.push(this.instance);
    this.instance = instance;
  }

  /** The frame that was entered last is inside the call instruction at an offset. */
  call(func: WasmFuncInstance, offset: number): void {
    const pc = returnPc(func.code, offset, this.isCareful);
    if (pc === null) throw corrupt('a frame is not inside a call');
    this.pc = pc;
  }

  /** It is before the instruction at an offset. */
  stand(func: WasmFuncInstance, offset: number): void {
    const pc = carefulPc(func.code, offset);
    if (pc === null) throw corrupt('a frame is not at an instruction');
    this.pc = pc;
  }

  /** It called a host function from the given instance, which is another one if the caller's frame is gone. */
  callHost(caller: ModuleInstance): void {
    if (caller === this.instance) return;
    this.goTo(caller, this.pc, this.fp);
    this.pc = LEAVE_PC;
    this.fp = 0;
  }

  /** Sets the registers; `isThrowing` puts the call inside its current instruction. */
  finish(isThrowing: boolean): Int32Array<ArrayBuffer> {
    const { state } = this;
    state.pc = isThrowing ? this.pc - 1 : this.pc;
    state.fp = this.fp;
    state.sp = this.calls.length;
    state.instance = this.instance;
    return Int32Array.from(this.calls);
  }
}
