/**
 * Cold operations that call and return: calls that leave the instance, of functions that are not translated yet, of
 * the host, tail calls, and calls whose operands packed fields cannot name.
 */
import { matchesTypeId } from '../../syntax/matching.ts';
import { type CodeSpace, LEAVE_PC } from '../code/code-space.ts';
import type { FuncCode } from '../code/compiled-module.ts';
import { ENTRY_COST, payAhead, standInside, withOpcode, ZERO_END, ZERO_START } from '../code/encoding.ts';
import { type callOps, opOf } from '../code/isa.ts';
import { EVENT_WORDS, observedEvents } from '../code/observer.ts';
import { exceptionOf } from '../instances/exception.ts';
import type { FuncInstance, HostFuncInstance } from '../instances/module-instance.ts';
import type { CallState, MachineState } from '../loop/machine-state.ts';
import {
  CONTINUE,
  HOST_ERROR,
  HOST_PAUSE,
  NEED_FUEL,
  NO_FUEL,
  RESTART,
  THROWN,
  trapStatus,
} from '../loop/status.ts';
import type { Cold, ColdCalls, Operands, Stacks } from './tools.ts';

const EXHAUSTED = trapStatus('exhaustion.call-stack');
const TOO_LARGE = trapStatus('exhaustion.code');
const UNDEFINED_ELEMENT = trapStatus('trap.undefined-element');
const UNINITIALISED_ELEMENT = trapStatus('trap.uninitialised-element');
const INDIRECT_CALL_TYPE = trapStatus('trap.indirect-call-type');

type HostCall = (m: CallState, func: HostFuncInstance, base: number) => number;

/**
 * Calls as the other files need them, and the operations. `call_indirect` is the part that the loop does not handle.
 */
interface Calls extends ColdCalls {
  /** Calls a host function, from code or for the embedder. */
  readonly callHost: HostCall;
  /** Calls a host function again whose call was paid for before. */
  readonly repeatHostCall: HostCall;
  readonly operations: Record<keyof typeof callOps | 'call_indirect', Cold>;
}

/** The operations that a debugger puts into code, and executes. */
export type DebugOps = Readonly<Record<'enter_careful' | 'stop', Cold>>;

/** How the driver of a call begins one. */
export type FirstCalls = Pick<Calls, 'callFunction' | 'callHost' | 'repeatHostCall'>;

/** Whether a function may be called where the type `typeId` is expected. @spec match-deftype */
export const isSubtype = (func: FuncInstance, typeId: number): boolean => matchesTypeId(func.type, typeId);

/** What a host function threw; the machine is after its call. */
export const hostFailure = (m: CallState, error: unknown): number => {
  // Another stretch follows the call, and perhaps code that other handlers protect.
  standInside(m);
  m.thrown = exceptionOf(error);
  if (m.thrown !== null) return THROWN;
  m.error = error;
  return HOST_ERROR;
};

export const createCalls = (
  space: CodeSpace,
  { doubles: D, callStack: S }: Stacks,
  { C, I, R, operand, slot, first, second, addressAt, pay }: Operands,
  translate: (code: FuncCode) => number,
  enterCompiled: (m: MachineState, at: number) => number | null,
  debugOps: DebugOps,
): Calls => {
  /** Continues with the next operation, in this loop or, if `onSlice` must be called first, after that. */
  const proceed = (m: CallState): number => (space.words === C && !m.isLookDue ? CONTINUE : RESTART);

  /** The entry of a function, which is translated on its first call: time that no fuel accounts for. */
  const entryOf = (m: MachineState, code: FuncCode): number => {
    if (code.entry !== 0) return code.entry;
    m.isLookDue = m.isWatched;
    return translate(code);
  };

  const enter = (m: MachineState, code: FuncCode, base: number, isTail: boolean): number => {
    if (base + 2 * code.frameSlots > m.stackLimit || (!isTail && m.sp >= m.callLimit)) return EXHAUSTED;
    const entry = entryOf(m, code);
    if (entry === 0) return TOO_LARGE;
    // Translating may have replaced the code array; this one still contains the header.
    const { words } = space;
    if (!isTail) {
      S[m.sp] = m.pc;
      S[m.sp + 1] = m.fp;
      m.sp += 2;
    }
    m.fp = base;
    D.fill(0, (base >> 1) + words[entry - ZERO_START]!, (base >> 1) + words[entry - ZERO_END]!);
    m.pc = entry;
    m.fuel -= words[entry - ENTRY_COST]!;
    return m.fuel < 0 ? NO_FUEL : proceed(m);
  };

  const payHostCall = (m: CallState, func: HostFuncInstance): boolean => {
    // A stretch ends at a call: nothing is paid ahead.
    m.instance?.unit.observer?.observe(
      m,
      Int32Array.of(observedEvents.before, 0, m.fuel, m.sp),
      0,
      EVENT_WORDS,
    );
    return pay(m, m.schedule.hostCall + func.fuel);
  };

  const runHost: HostCall = (m, func, base) => {
    const { fuel } = m;
    m.top = base + func.borderWords;
    if (!func.isBrief) m.isLookDue = m.isWatched;
    try {
      const promise = func.host(I, base, m, R);
      if (promise !== undefined) {
        m.pending = { func, base, promise, fuel };
        return HOST_PAUSE;
      }
    } catch (error) {
      return hostFailure(m, error);
    }
    return CONTINUE;
  };

  /** Pays for the stretch after a call that has ended, or that waits for the host before it resumes. */
  const goOn = (m: CallState, status: number): number => {
    if (status !== CONTINUE && status !== HOST_PAUSE) return status;
    payAhead(C, m);
    if (status === HOST_PAUSE) return HOST_PAUSE;
    // Calls by the host in turn may have replaced the code array.
    return m.fuel < 0 ? NO_FUEL : proceed(m);
  };

  const callHost: HostCall = (m, func, base) =>
    payHostCall(m, func) ? goOn(m, runHost(m, func, base)) : NEED_FUEL;

  /** Makes the return from the current frame lead back to the current instance. */
  const pushLeave = (m: MachineState): void => {
    S[m.sp] = LEAVE_PC;
    S[m.sp + 1] = 0;
    m.sp += 2;
    // The record is not a Wasm frame and does not count as one.
    m.callLimit += 2;
    m.instances.push(m.instance);
  };

  const callFunction = (m: MachineState, func: FuncInstance, base: number): number => {
    if (func.host !== null) return callHost(m, func, base);
    if (func.instance === m.instance) return enter(m, func.code, base, false);
    const { pc, fp, sp } = m;
    if (sp >= m.callLimit) return EXHAUSTED;
    S[sp] = pc;
    S[sp + 1] = fp;
    m.sp += 2;
    const caller = m.instance;
    pushLeave(m);
    m.instance = func.instance;
    const status = enter(m, func.code, base, true);
    if (status === EXHAUSTED || status === TOO_LARGE) {
      m.sp = sp;
      m.callLimit -= 2;
      m.instances.pop();
      m.instance = caller;
    }
    return status;
  };

  /** Replaces the frame. @spec exec-return_call_ref */
  const tailCall = (m: MachineState, func: FuncInstance, from: number): number => {
    const { fp } = m;
    if (func.host !== null) {
      if (!payHostCall(m, func)) return NEED_FUEL;
      // The frame is gone before the host runs: the caller of the current function makes this call.
      moveDown(func, from, fp);
      m.sp -= 2;
      m.pc = S[m.sp]!;
      m.fp = S[m.sp + 1]!;
      return goOn(m, runHost(m, func, fp));
    }
    const isForeign = func.instance !== m.instance;
    const isNested = isForeign && S[m.sp - 2] === LEAVE_PC;
    const { code } = func;
    if (fp + 2 * code.frameSlots > m.stackLimit) return EXHAUSTED;
    if (entryOf(m, code) === 0) return TOO_LARGE;
    moveDown(func, from, fp);
    // If the frame below already returns to another instance, that return is correct.
    if (isForeign && !isNested) pushLeave(m);
    m.instance = func.instance;
    return enter(m, code, fp, true);
  };

  const moveDown = (func: FuncInstance, from: number, to: number): void => {
    I.copyWithin(to, from, from + func.borderWords);
    for (let i = 0; i < func.borderWords >> 1; i++) {
      if ((from >> 1) + i < R.length) R[(to >> 1) + i] = R[(from >> 1) + i];
    }
  };

  const returnFrom = (m: MachineState): number => {
    m.sp -= 2;
    m.pc = S[m.sp]!;
    m.fp = S[m.sp + 1]!;
    return goOn(m, CONTINUE);
  };

  const checkElement = (
    m: MachineState,
    tableIndex: number,
    k: number,
    typeId: number,
  ): FuncInstance | number => {
    const target = m.instance.tables[tableIndex]!;
    const { elements } = target;
    const index = addressAt(k, target);
    if (index >= elements.length) return UNDEFINED_ELEMENT;
    const func = elements[index] as FuncInstance | null;
    if (func === null) return UNINITIALISED_ELEMENT;
    return func.typeId === typeId || isSubtype(func, typeId) ? func : INDIRECT_CALL_TYPE;
  };

  const callCode = opOf.call.code;
  const returnCallCode = opOf.return_call.code;
  /** From now on the call at a place goes directly to the entry of the function. */
  const goStraight = (at: number, opcode: number, entry: number): void => {
    const { words } = space;
    words[at] = withOpcode(words[at]!, opcode);
    words[at + 1] = entry;
  };
  const operations: Calls['operations'] = {
    // The part that the loop does not handle: functions of other instances, or not translated yet.
    call_indirect: (m, at) => {
      const func = checkElement(m, operand(at, 2), first(m, at), operand(at, 1));
      return typeof func === 'number' ? func : callFunction(m, func, second(m, at));
    },
    call_lazy: (m, at) => {
      const code = m.instance.unit.funcs[operand(at, 1)]!;
      const status = enter(m, code, first(m, at), false);
      if (code.entry !== 0) goStraight(at, callCode, code.entry);
      return status;
    },
    call_import: (m, at) => callFunction(m, m.instance.funcs[operand(at, 1)]!, first(m, at)),
    return_call_lazy: (m, at) => {
      const func = m.instance.funcs[operand(at, 1)]!;
      const status = tailCall(m, func, first(m, at));
      const { entry } = m.instance.unit.funcs[operand(at, 1)]!;
      if (entry !== 0) goStraight(at, returnCallCode, entry);
      return status;
    },
    return_call_far: (m, at) => tailCall(m, m.instance.funcs[operand(at, 2)]!, slot(m, at, 1)),
    call_far: (m, at) => callFunction(m, m.instance.funcs[operand(at, 2)]!, slot(m, at, 1)),
    call_indirect_far: (m, at) => {
      const func = checkElement(m, operand(at, 4), slot(m, at, 1), operand(at, 3));
      return typeof func === 'number' ? func : callFunction(m, func, slot(m, at, 2));
    },
    return_call_indirect: (m, at) => {
      const func = checkElement(m, operand(at, 4), slot(m, at, 1), operand(at, 3));
      return typeof func === 'number' ? func : tailCall(m, func, slot(m, at, 2));
    },
    leave_instance: (m) => {
      m.instance = m.instances.pop()!;
      m.callLimit -= 2;
      return returnFrom(m);
    },
    enter_compiled: (m, at) => {
      const status = enterCompiled(m, at);
      return status === null ? returnFrom(m) : status;
    },
    ...debugOps,
    return_ref: (m, at) => {
      R[m.fp >> 1] = R[first(m, at) >> 1];
      return returnFrom(m);
    },
  };
  return {
    callFunction,
    callHost,
    tailCall,
    next: (m) => {
      if (m.hasCheapSizes) m.isLookDue = m.isWatched;
      return goOn(m, CONTINUE);
    },
    repeatHostCall: (m, func, base) => goOn(m, runHost(m, func, base)),
    operations,
  };
};
