/**
 * The operations that the loop does not hold itself: calls that leave the instance, sized operations,
 * references, tables, and conversions that programs seldom use. They keep the loop small enough for V8's
 * optimiser (house plan §1, fact 2).
 *
 * Each gets the machine with `pc` already behind the operation, and `at`, the operation's own pc.
 */
import { defType, matchesDefType } from '../syntax/types.ts';
import type { FuncCode } from './code.ts';
import type { CodeSpace } from './code-space.ts';
import { HEADER_WORDS } from './code-writer.ts';
import { createAggregateOps } from './cold-aggregates.ts';
import { createAtomicOps } from './cold-atomics.ts';
import { createExceptionOps } from './cold-exceptions.ts';
import { createReferenceOps } from './cold-references.ts';
import type { Cold, ColdTools } from './cold-tools.ts';
import { createWideOps } from './cold-wide.ts';
import { exceptionOf } from './exception.ts';
import { bulkMemoryCost, bulkTableCost, growMemoryCost, growTableCost } from './fuel.ts';
import type { FuncInstance, Ref } from './function.ts';
import { type ColdOp, coldOps, firstColdOp, opOf, ops } from './isa.ts';
import type { MachineState } from './machine-state.ts';
import { unitsOf } from './memory.ts';
import { f32_convert_i64, storeTruncated, truncSat32S, truncSat32U } from './numerics/floats.ts';
import {
  CONTINUE,
  FIRST_TRAP,
  HOST_ERROR,
  HOST_PAUSE,
  NEED_FUEL,
  NO_FUEL,
  RESTART,
  THROWN,
  trapStatus,
} from './status.ts';
import type { RunVectors } from './vector.generated.ts';
import { firstWide } from './vector-isa.ts';

/** The arrays of the process; see `machine.ts`. */
export interface Stacks {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly floats: Float32Array;
  readonly callStack: Int32Array;
  readonly refs: unknown[];
}

/** The loops over vector operations; see `vector-isa.ts`. */
export interface VectorLoops {
  readonly vectors: RunVectors;
  readonly wideVectors: RunVectors;
}

/** Program counter of the stub that returns to the caller's instance. */
export const LEAVE_PC = 16;
/** Program counter of the stub that ends the outermost call. */
export const HALT_PC = 8;

const MEMORY_BOUNDS = trapStatus('trap.memory-bounds');
const TABLE_BOUNDS = trapStatus('trap.table-bounds');
const EXHAUSTED = trapStatus('exhaustion.call-stack');
const OVERFLOW = trapStatus('trap.integer-overflow');
const NOT_A_NUMBER = trapStatus('trap.invalid-conversion');

const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

/** A memory or table, whose addresses are i32 or i64. */
interface Addressed {
  readonly is64: boolean;
}
/** The one of two that gives the type of the length when one is copied to the other. @spec valid-memory.copy */
const narrower = (a: Addressed, b: Addressed): Addressed => (a.is64 ? b : a);

/** Whether a function may be called where the type `typeId` is expected. @spec match-deftype */
export const isSubtype = (func: FuncInstance, typeId: number): boolean =>
  matchesDefType(func.type, defType(typeId));

export const createCold = (
  space: CodeSpace,
  { words: I, doubles: D, floats: F, callStack: S, refs: R }: Stacks,
  { vectors, wideVectors }: VectorLoops,
  translate: (code: FuncCode) => number,
): {
  cold: (m: MachineState, op: number) => number;
  callFunction: (m: MachineState, func: FuncInstance, base: number) => number;
  repeatHostCall: (m: MachineState, func: FuncInstance, base: number) => number;
} => {
  const C = space.words;
  /** Word index of a packed operand. */
  const first = (m: MachineState, at: number): number => m.fp + ((C[at]! >>> 9) & 4094);
  const second = (m: MachineState, at: number): number => m.fp + ((C[at]! >>> 20) & 4094);

  // Calls

  const enter = (m: MachineState, code: FuncCode, base: number, isTail: boolean): number => {
    const entry = code.entry === 0 ? translate(code) : code.entry;
    // Translating may have replaced the code array; this one holds what the header needs all the same.
    const header = entry - HEADER_WORDS;
    const { words } = space;
    if (base + words[header + 2]! > m.stackLimit || (!isTail && m.sp >= m.callLimit)) return EXHAUSTED;
    if (!isTail) {
      S[m.sp] = m.pc;
      S[m.sp + 1] = m.fp;
      m.sp += 2;
    }
    m.fp = base;
    D.fill(0, (base >> 1) + words[header]!, (base >> 1) + words[header + 1]!);
    m.pc = entry;
    m.fuel -= words[header + 3]!;
    if (m.fuel < 0) return NO_FUEL;
    return words === C ? CONTINUE : RESTART;
  };

  const callHost = (m: MachineState, func: FuncInstance, base: number): number => {
    const cost = m.schedule.hostCall + func.fuel;
    if (m.fuel < cost) {
      m.need = cost;
      return NEED_FUEL;
    }
    m.fuel -= cost;
    return runHost(m, func, base);
  };

  const runHost = (m: MachineState, func: FuncInstance, base: number): number => {
    const { fuel } = m;
    m.top = base + func.borderWords;
    try {
      const promise = func.host!(I, base, m, R);
      if (promise !== undefined) {
        m.pending = { func, base, promise, fuel };
        return HOST_PAUSE;
      }
    } catch (error) {
      // Inside the call: behind it lies another run, and perhaps code that other handlers protect.
      m.pc -= 1;
      m.thrown = exceptionOf(error);
      if (m.thrown !== null) return THROWN;
      m.error = error;
      return HOST_ERROR;
    }
    return CONTINUE;
  };

  /** Pays for the run behind a call that is over, or that waits for the host where it will go on. */
  const goOn = (m: MachineState, status: number): number => {
    if (status !== CONTINUE && status !== HOST_PAUSE) return status;
    m.fuel -= C[m.pc - 1]!;
    if (status === HOST_PAUSE) return HOST_PAUSE;
    if (m.fuel < 0) return NO_FUEL;
    // What the host called in turn may have replaced the code array.
    return space.words === C ? CONTINUE : RESTART;
  };

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
    if (func.host !== null) return goOn(m, callHost(m, func, base));
    if (func.instance === m.instance) return enter(m, func.code!, base, false);
    const { pc, fp, sp } = m;
    if (sp >= m.callLimit) return EXHAUSTED;
    S[sp] = pc;
    S[sp + 1] = fp;
    m.sp += 2;
    const caller = m.instance;
    pushLeave(m);
    m.instance = func.instance!;
    const status = enter(m, func.code!, base, true);
    if (status === EXHAUSTED) {
      m.sp = sp;
      m.callLimit -= 2;
      m.instances.pop();
      m.instance = caller;
    }
    return status;
  };

  /** Replaces the frame. @spec exec-return-invoke-addr */
  const tailCall = (m: MachineState, func: FuncInstance, from: number): number => {
    const { fp } = m;
    if (func.host !== null) {
      const cost = m.schedule.hostCall + func.fuel;
      if (m.fuel < cost) {
        m.need = cost;
        return NEED_FUEL;
      }
      // The frame is gone before the host runs: this is a call by whoever called the current function.
      moveDown(func, from, fp);
      m.sp -= 2;
      m.pc = S[m.sp]!;
      m.fp = S[m.sp + 1]!;
      return goOn(m, callHost(m, func, fp));
    }
    const isForeign = func.instance !== m.instance;
    const isNested = isForeign && S[m.sp - 2] === LEAVE_PC;
    if (
      fp + space.words[(func.code!.entry === 0 ? translate(func.code!) : func.code!.entry) - 2]! >
      m.stackLimit
    )
      return EXHAUSTED;
    moveDown(func, from, fp);
    // When the frame below already returns to another instance, that return is the right one.
    if (isForeign && !isNested) pushLeave(m);
    m.instance = func.instance!;
    return enter(m, func.code!, fp, true);
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
    if (index >= elements.length) return trapStatus('trap.undefined-element');
    const func = elements[index] as FuncInstance | null;
    if (func === null) return trapStatus('trap.uninitialised-element');
    return func.typeId === typeId || isSubtype(func, typeId) ? func : trapStatus('trap.indirect-call-type');
  };

  // Sized operations

  /** An index, address or length at a word; 2^32, which is outside of everything, stands for all beyond it. */
  const addressAt = (k: number, { is64 }: Addressed): number =>
    is64 && I[k + 1] !== 0 ? TWO_32 : I[k]! >>> 0;
  /** Writes a size, or the -1 of a growth that failed. */
  const setAddress = (k: number, { is64 }: Addressed, value: number): void => {
    I[k] = value;
    if (is64) I[k + 1] = value >> 31;
  };

  const pay = (m: MachineState, cost: number): boolean => {
    if (m.fuel < cost) {
      m.need = cost;
      return false;
    }
    m.fuel -= cost;
    return true;
  };

  /** Ends a sized operation: pays for the run behind it. */
  const next = (m: MachineState): number => goOn(m, CONTINUE);

  const load = (
    m: MachineState,
    k: number,
    kind: number,
    address: number,
    offset: number,
    memoryIndex: number,
  ): number => {
    const memory = m.instance.memories[memoryIndex]!;
    const ea = (address >>> 0) + (offset >>> 0);
    if (ea + loadSizes[kind]! > memory.byteLength) return MEMORY_BOUNDS;
    const { view } = memory;
    const narrow = [
      () => view.getInt32(ea, true),
      () => view.getInt8(ea),
      () => view.getUint8(ea),
      () => view.getInt16(ea, true),
      () => view.getUint16(ea, true),
    ];
    if (kind < 5) I[k] = narrow[kind]!();
    else if (kind === 5) {
      I[k] = view.getInt32(ea, true);
      I[k + 1] = view.getInt32(ea + 4, true);
    } else {
      const low = kind >= 10 ? view.getInt32(ea, true) : narrow[kind - 5]!();
      I[k] = low;
      // Kinds with an even number read signed, but for the plain ones: 6 and 8 and 10.
      I[k + 1] = kind % 2 === 0 ? low >> 31 : 0;
    }
    return CONTINUE;
  };

  const store = (
    m: MachineState,
    k: number,
    kind: number,
    address: number,
    offset: number,
    memoryIndex: number,
  ): number => {
    const memory = m.instance.memories[memoryIndex]!;
    const ea = (address >>> 0) + (offset >>> 0);
    if (ea + storeSizes[kind]! > memory.byteLength) return MEMORY_BOUNDS;
    const { view } = memory;
    if (kind === 1) view.setInt8(ea, I[k]!);
    else if (kind === 2) view.setInt16(ea, I[k]!, true);
    else view.setInt32(ea, I[k]!, true);
    if (kind === 3) view.setInt32(ea + 4, I[k + 1]!, true);
    return CONTINUE;
  };

  const truncate = (m: MachineState, at: number, value: number, isSigned: boolean): number => {
    const inRange = isSigned ? value >= -TWO_63 && value < TWO_63 : value > -1 && value < TWO_64;
    if (!inRange) return Number.isNaN(value) ? NOT_A_NUMBER : OVERFLOW;
    storeTruncated(I, first(m, at), value);
    return CONTINUE;
  };
  const saturate = (m: MachineState, at: number, value: number, isSigned: boolean): number => {
    const k = first(m, at);
    const min = isSigned ? -TWO_63 : 0;
    const max = isSigned ? TWO_63 : TWO_64;
    if (Number.isNaN(value)) I.fill(0, k, k + 2);
    else if (value >= max) {
      I[k] = -1;
      I[k + 1] = isSigned ? 0x7fffffff : -1;
    } else storeTruncated(I, k, Math.max(value, min));
    return CONTINUE;
  };
  const truncate32 = (m: MachineState, at: number, isSigned: boolean): number => {
    const value = F[second(m, at)]!;
    const inRange = isSigned ? value > -2147483649 && value < 2147483648 : value > -1 && value < 4294967296;
    if (!inRange) return Number.isNaN(value) ? NOT_A_NUMBER : OVERFLOW;
    I[first(m, at)] = isSigned ? Math.trunc(value) : Math.trunc(value) | 0;
    if (!isSigned) I[first(m, at)] = Math.trunc(value) >>> 0;
    return CONTINUE;
  };
  const set = (m: MachineState, at: number, value: number): number => {
    I[first(m, at)] = value;
    return CONTINUE;
  };
  /** f64 operand: its index counts slots. */
  const double = (m: MachineState, at: number): number => D[(m.fp >> 1) + (C[at]! >>> 21)]!;

  const tools: ColdTools = { C, I, R, first, second, pay, next, callFunction, tailCall };
  const table: Record<ColdOp, Cold> = {
    call_lazy: (m, at) => {
      const code = m.instance.unit.funcs[C[at + 1]!]!;
      const entry = code.entry === 0 ? translate(code) : code.entry;
      // From now on the call goes straight there.
      const { words } = space;
      words[at] = (words[at]! & ~1023) | callCode;
      words[at + 1] = entry;
      return enter(m, code, first(m, at), false);
    },
    call_import: (m, at) => callFunction(m, m.instance.funcs[C[at + 1]!]!, first(m, at)),
    return_call: (m, at) => tailCall(m, m.instance.funcs[C[at + 2]!]!, m.fp + C[at + 1]!),
    return_call_import: (m, at) => tailCall(m, m.instance.funcs[C[at + 2]!]!, m.fp + C[at + 1]!),
    call_far: (m, at) => callFunction(m, m.instance.funcs[C[at + 2]!]!, m.fp + C[at + 1]!),
    call_indirect_far: (m, at) => {
      const func = checkElement(m, C[at + 4]!, m.fp + C[at + 1]!, C[at + 3]!);
      return typeof func === 'number' ? func : callFunction(m, func, m.fp + C[at + 2]!);
    },
    return_call_indirect: (m, at) => {
      const func = checkElement(m, C[at + 4]!, m.fp + C[at + 1]!, C[at + 3]!);
      return typeof func === 'number' ? func : tailCall(m, func, m.fp + C[at + 2]!);
    },
    leave_instance: (m) => {
      m.instance = m.instances.pop()!;
      m.callLimit -= 2;
      return returnFrom(m);
    },
    stash: (m) => {
      if (m.isArmed === 1) {
        m.reserve += m.fuel;
        m.fuel = 0;
      }
      return CONTINUE;
    },
    zero_refs: (m, at) => {
      const base = m.fp >> 1;
      const end = base + C[at + 2]!;
      while (R.length < end) R.push(null);
      R.fill(null, base + C[at + 1]!, end);
      return CONTINUE;
    },
    mov64_far: (m, at) => {
      const to = m.fp + C[at + 1]!;
      const from = m.fp + C[at + 2]!;
      I[to] = I[from]!;
      I[to + 1] = I[from + 1]!;
      return CONTINUE;
    },
    mov_ref_far: (m, at) => {
      const from = (m.fp + C[at + 2]!) >> 1;
      if (from < R.length) R[(m.fp + C[at + 1]!) >> 1] = R[from];
      return CONTINUE;
    },
    f32_convert_i64_s: (m, at) => convert(m, at, true),
    f32_convert_i64_u: (m, at) => convert(m, at, false),
    i32_trunc_f32_s: (m, at) => truncate32(m, at, true),
    i32_trunc_f32_u: (m, at) => truncate32(m, at, false),
    i32_trunc_sat_f32_s: (m, at) => set(m, at, truncSat32S(F[second(m, at)]!)),
    i32_trunc_sat_f32_u: (m, at) => set(m, at, truncSat32U(F[second(m, at)]!)),
    i64_trunc_f32_s: (m, at) => truncate(m, at, F[second(m, at)]!, true),
    i64_trunc_f32_u: (m, at) => truncate(m, at, F[second(m, at)]!, false),
    i64_trunc_sat_f32_s: (m, at) => saturate(m, at, F[second(m, at)]!, true),
    i64_trunc_sat_f32_u: (m, at) => saturate(m, at, F[second(m, at)]!, false),
    i64_trunc_f64_s: (m, at) => truncate(m, at, double(m, at), true),
    i64_trunc_f64_u: (m, at) => truncate(m, at, double(m, at), false),
    i64_trunc_sat_f64_s: (m, at) => saturate(m, at, double(m, at), true),
    i64_trunc_sat_f64_u: (m, at) => saturate(m, at, double(m, at), false),
    mov_ref: (m, at) => {
      R[first(m, at) >> 1] = R[second(m, at) >> 1];
      return CONTINUE;
    },
    select_ref: (m, at) => {
      const from = I[m.fp + C[at + 2]!]! !== 0 ? second(m, at) : m.fp + C[at + 1]!;
      R[first(m, at) >> 1] = R[from >> 1];
      return CONTINUE;
    },
    ref_null: (m, at) => setRef(m, at, null),
    ref_is_null: (m, at) => set(m, at, R[second(m, at) >> 1] === null ? 1 : 0),
    ref_func: (m, at) => setRef(m, at, m.instance.funcs[C[at + 1]!]!),
    global_get_far32: (m, at) => {
      const { words, offset } = m.instance.globals[C[at + 1]!]!;
      return set(m, at, words[offset]!);
    },
    global_get_far64: (m, at) => {
      const { words, offset } = m.instance.globals[C[at + 1]!]!;
      I[first(m, at) + 1] = words[offset + 1]!;
      return set(m, at, words[offset]!);
    },
    global_set_far32: (m, at) => {
      const { words, offset } = m.instance.globals[C[at + 1]!]!;
      words[offset] = I[first(m, at)]!;
      return CONTINUE;
    },
    global_set_far64: (m, at) => {
      const { words, offset } = m.instance.globals[C[at + 1]!]!;
      words[offset] = I[first(m, at)]!;
      words[offset + 1] = I[first(m, at) + 1]!;
      return CONTINUE;
    },
    global_get_ref: (m, at) => {
      const { refs, refIndex } = m.instance.globals[C[at + 1]!]!;
      return setRef(m, at, refs[refIndex] as Ref);
    },
    global_set_ref: (m, at) => {
      const { refs, refIndex } = m.instance.globals[C[at + 1]!]!;
      refs[refIndex] = R[first(m, at) >> 1];
      return CONTINUE;
    },
    memory_size: (m, at) => {
      const memory = m.instance.memories[C[at + 1]!]!;
      setAddress(first(m, at), memory, memory.pageCount);
      return CONTINUE;
    },
    memory_grow: (m, at) => {
      const k = m.fp + C[at + 1]!;
      const memory = m.instance.memories[C[at + 2]!]!;
      const count = addressAt(k, memory);
      const canGrow = memory.canGrow(count);
      if (canGrow && !pay(m, growMemoryCost(m.schedule, unitsOf(count * memory.pageSize)))) return NEED_FUEL;
      setAddress(k, memory, canGrow ? memory.grow(count) : -1);
      return next(m);
    },
    memory_fill: (m, at) => {
      const k = m.fp + C[at + 1]!;
      const memory = m.instance.memories[C[at + 2]!]!;
      const to = addressAt(k, memory);
      const count = addressAt(k + 4, memory);
      if (to + count > memory.byteLength) return MEMORY_BOUNDS;
      if (!pay(m, bulkMemoryCost(m.schedule, count))) return NEED_FUEL;
      memory.bytes.fill(I[k + 2]!, to, to + count);
      return next(m);
    },
    memory_copy: (m, at) => {
      const k = m.fp + C[at + 1]!;
      const target = m.instance.memories[C[at + 2]!]!;
      const source = m.instance.memories[C[at + 3]!]!;
      const to = addressAt(k, target);
      const from = addressAt(k + 2, source);
      const count = addressAt(k + 4, narrower(target, source));
      if (to + count > target.byteLength || from + count > source.byteLength) return MEMORY_BOUNDS;
      if (!pay(m, bulkMemoryCost(m.schedule, count))) return NEED_FUEL;
      if (target === source) target.bytes.copyWithin(to, from, from + count);
      else target.bytes.set(source.bytes.subarray(from, from + count), to);
      return next(m);
    },
    memory_init: (m, at) => {
      const k = m.fp + C[at + 1]!;
      const segment = m.instance.data[C[at + 2]!]!;
      const memory = m.instance.memories[C[at + 3]!]!;
      const to = addressAt(k, memory);
      const from = I[k + 2]! >>> 0;
      const count = I[k + 4]! >>> 0;
      if (to + count > memory.byteLength || from + count > segment.length) return MEMORY_BOUNDS;
      if (!pay(m, bulkMemoryCost(m.schedule, count))) return NEED_FUEL;
      memory.bytes.set(segment.subarray(from, from + count), to);
      return next(m);
    },
    data_drop: (m, at) => {
      m.instance.data[C[at + 1]!] = new Uint8Array(0);
      return CONTINUE;
    },
    load_far: (m, at) => load(m, first(m, at), C[at + 1]!, I[second(m, at)]!, C[at + 2]!, C[at + 3]!),
    store_far: (m, at) => store(m, second(m, at), C[at + 1]!, I[first(m, at)]!, C[at + 2]!, C[at + 3]!),
    table_get: (m, at) => {
      const target = m.instance.tables[C[at + 1]!]!;
      const { elements } = target;
      const index = addressAt(second(m, at), target);
      if (index >= elements.length) return TABLE_BOUNDS;
      return setRef(m, at, elements[index]!);
    },
    table_set: (m, at) => {
      const target = m.instance.tables[C[at + 1]!]!;
      const { elements } = target;
      const index = addressAt(first(m, at), target);
      if (index >= elements.length) return TABLE_BOUNDS;
      elements[index] = R[second(m, at) >> 1] as Ref;
      return CONTINUE;
    },
    table_size: (m, at) => {
      const target = m.instance.tables[C[at + 1]!]!;
      setAddress(first(m, at), target, target.elements.length);
      return CONTINUE;
    },
    table_grow: (m, at) => {
      const k = m.fp + C[at + 1]!;
      const target = m.instance.tables[C[at + 2]!]!;
      const count = addressAt(k + 2, target);
      const canGrow = target.canGrow(count);
      if (canGrow && !pay(m, growTableCost(m.schedule, count))) return NEED_FUEL;
      setAddress(k, target, canGrow ? target.grow(count, R[k >> 1] as Ref) : -1);
      return next(m);
    },
    table_fill: (m, at) => {
      const k = m.fp + C[at + 1]!;
      const target = m.instance.tables[C[at + 2]!]!;
      const { elements } = target;
      const to = addressAt(k, target);
      const count = addressAt(k + 4, target);
      if (to + count > elements.length) return TABLE_BOUNDS;
      if (!pay(m, bulkTableCost(m.schedule, count))) return NEED_FUEL;
      elements.fill(R[(k >> 1) + 1] as Ref, to, to + count);
      return next(m);
    },
    table_copy: (m, at) => {
      const k = m.fp + C[at + 1]!;
      const into = m.instance.tables[C[at + 2]!]!;
      const outOf = m.instance.tables[C[at + 3]!]!;
      const target = into.elements;
      const source = outOf.elements;
      const to = addressAt(k, into);
      const from = addressAt(k + 2, outOf);
      const count = addressAt(k + 4, narrower(into, outOf));
      if (to + count > target.length || from + count > source.length) return TABLE_BOUNDS;
      if (!pay(m, bulkTableCost(m.schedule, count))) return NEED_FUEL;
      if (target === source) target.copyWithin(to, from, from + count);
      else for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
      return next(m);
    },
    table_init: (m, at) => {
      const k = m.fp + C[at + 1]!;
      const segment = m.instance.elements[C[at + 2]!]!;
      const target = m.instance.tables[C[at + 3]!]!;
      const { elements } = target;
      const to = addressAt(k, target);
      const from = I[k + 2]! >>> 0;
      const count = I[k + 4]! >>> 0;
      if (to + count > elements.length || from + count > segment.length) return TABLE_BOUNDS;
      if (!pay(m, bulkTableCost(m.schedule, count))) return NEED_FUEL;
      for (let i = 0; i < count; i++) elements[to + i] = segment[from + i]!;
      return next(m);
    },
    // PERF: called from the main loop itself, the vector loops made all scalar code 8 % slower (14 micros).
    vector: (m, at) => {
      const run = C[at]! >>> 10 < firstWide ? vectors : wideVectors;
      const stopped = run(at, m.fp, m.instance);
      m.pc = stopped < 0 ? ~stopped : stopped;
      return stopped < 0 ? MEMORY_BOUNDS : CONTINUE;
    },
    elem_drop: (m, at) => {
      m.instance.elements[C[at + 1]!] = [];
      return CONTINUE;
    },
    return_ref: (m, at) => {
      R[m.fp >> 1] = R[first(m, at) >> 1];
      return returnFrom(m);
    },
    ...createExceptionOps(C, I, R),
    ...createReferenceOps(tools),
    ...createAggregateOps(tools),
    ...createWideOps(C, I),
    ...createAtomicOps(tools),
  };

  const convert = (m: MachineState, at: number, isSigned: boolean): number => {
    const k = second(m, at);
    F[first(m, at)] = f32_convert_i64(I[k]!, I[k + 1]!, isSigned);
    return CONTINUE;
  };
  const setRef = (m: MachineState, at: number, ref: Ref): number => {
    R[first(m, at) >> 1] = ref;
    return CONTINUE;
  };

  const callCode = opOf.call.code;
  const vectorCode = opOf.vector.code;
  const functions = Object.keys(coldOps).map((name) => table[name as ColdOp]);
  const cold = (m: MachineState, op: number): number => {
    const at = m.pc;
    m.pc = at + ops[op]!.length;
    const status = functions[op - firstColdOp]!(m, at);
    // An operation that trapped, or that waits for fuel, is where the machine stands.
    if ((status >= FIRST_TRAP && op !== vectorCode) || status === NEED_FUEL) m.pc = at;
    return status;
  };
  return { cold, callFunction, repeatHostCall: (m, func, base) => goOn(m, runHost(m, func, base)) };
};

const loadSizes = [4, 1, 1, 2, 2, 8, 1, 1, 2, 2, 4, 4];
const storeSizes = [4, 1, 2, 8];
