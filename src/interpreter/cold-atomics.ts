/**
 * Atomic operations of the threads proposal. One agent runs, so a plain read, a computation and a plain write
 * are atomic; what remains are the alignment rule and the answers of `wait`, which no one can end.
 */
import { instructions } from '../syntax/instructions.ts';
import type { MachineState } from './machine-state.ts';
import type { MemoryInstance } from './memory.ts';
import { CONTINUE, trapStatus } from './status.ts';

const UNALIGNED = trapStatus('trap.unaligned-atomic');
const NOT_SHARED = trapStatus('trap.expected-shared');
const DEADLOCK = trapStatus('trap.deadlock');
const MEMORY_BOUNDS = trapStatus('trap.memory-bounds');

/** Answers of `memory.atomic.wait`. */
const NOT_EQUAL = 1;
const TIMED_OUT = 2;

type Action =
  | 'load'
  | 'store'
  | 'add'
  | 'sub'
  | 'and'
  | 'or'
  | 'xor'
  | 'xchg'
  | 'cmpxchg'
  | 'wait'
  | 'notify';
interface Form {
  readonly action: Action;
  /** Bytes in memory. */
  readonly size: number;
  /** Whether the result is an i64. */
  readonly is64: boolean;
}

const prefix = 0xfe;
/** By opcode, from the names: `i32.atomic.rmw8.add_u`, `memory.atomic.wait64`. */
const forms: readonly (Form | undefined)[] = instructions.reduce<Form[]>((list, row) => {
  const match = /\b(load|store|add|sub|and|or|xor|xchg|cmpxchg|wait|notify)[0-9]*(_u)?$/.exec(row.name);
  if (row.prefix === prefix && match !== null)
    list[row.code] = { action: match[1] as Action, size: row.access, is64: row.name.startsWith('i64') };
  return list;
}, []);

/** @param C code @param I words of the frames */
export const createAtomicOps = (
  C: Int32Array,
  I: Int32Array,
): { readonly atomic: (m: MachineState, at: number) => number } => {
  /** Low words of what was read, and high words. */
  let low = 0;
  let high = 0;

  const read = ({ view }: MemoryInstance, ea: number, size: number): void => {
    high = 0;
    if (size === 1) low = view.getUint8(ea);
    else if (size === 2) low = view.getUint16(ea, true);
    else {
      low = view.getInt32(ea, true);
      if (size === 8) high = view.getInt32(ea + 4, true);
    }
  };
  const write = ({ view }: MemoryInstance, ea: number, size: number, lo: number, hi: number): void => {
    if (size === 1) view.setUint8(ea, lo);
    else if (size === 2) view.setUint16(ea, lo, true);
    else {
      view.setInt32(ea, lo, true);
      if (size === 8) view.setInt32(ea + 4, hi, true);
    }
  };

  /** Stores what the action makes of the value read and the operand at words k and k+1. */
  const modify = (memory: MemoryInstance, ea: number, { action, size }: Form, k: number): void => {
    let lo = I[k]!;
    let hi = I[k + 1]!;
    if (action === 'add') {
      hi += high + ((low >>> 0) + (lo >>> 0) > 0xffffffff ? 1 : 0);
      lo += low;
    } else if (action === 'sub') {
      hi = high - hi - (low >>> 0 < lo >>> 0 ? 1 : 0);
      lo = low - lo;
    } else if (action === 'and') {
      lo &= low;
      hi &= high;
    } else if (action === 'or') {
      lo |= low;
      hi |= high;
    } else if (action === 'xor') {
      lo ^= low;
      hi ^= high;
    }
    write(memory, ea, size, lo, hi);
  };

  /** Whether the value read is the operand at word k, of which only the width of the access counts. */
  const isExpected = (k: number, size: number): boolean => {
    const lo = size === 1 ? I[k]! & 0xff : size === 2 ? I[k]! & 0xffff : I[k]!;
    return lo === low && (size < 8 || I[k + 1] === high);
  };

  /** Nobody can wake the caller: a wait that could block ends at once, or never. @spec exec-atomic-wait */
  const wait = (k: number, size: number): number => {
    if (!isExpected(k + 2, size)) I[k] = NOT_EQUAL;
    else if (I[k + 5]! < 0) return DEADLOCK;
    else I[k] = TIMED_OUT;
    return CONTINUE;
  };

  const atomic = (m: MachineState, at: number): number => {
    const k = m.fp + C[at + 1]!;
    const form = forms[C[at + 2]!]!;
    const { action, size, is64 } = form;
    const memory = m.instance.memories[C[at + 5]!]!;
    // Alignment first, as in the reference interpreter. @spec exec-atomic-load
    if (((I[k]! + C[at + 3]!) & (size - 1)) !== 0) return UNALIGNED;
    if (action === 'wait' && !memory.isShared) return NOT_SHARED;
    // Beyond 2^53 the sum is not exact, but far out of bounds.
    const highWords = (memory.is64 ? I[k + 1]! >>> 0 : 0) + (C[at + 4]! >>> 0);
    const ea = (I[k]! >>> 0) + (C[at + 3]! >>> 0) + highWords * 2 ** 32;
    if (ea + size > memory.byteLength) return MEMORY_BOUNDS;
    if (action === 'store') {
      write(memory, ea, size, I[k + 2]!, I[k + 3]!);
      return CONTINUE;
    }
    if (action === 'notify') {
      I[k] = 0;
      return CONTINUE;
    }
    read(memory, ea, size);
    if (action === 'wait') return wait(k, size);
    if (action === 'cmpxchg') {
      if (isExpected(k + 2, size)) write(memory, ea, size, I[k + 4]!, I[k + 5]!);
    } else if (action !== 'load') modify(memory, ea, form, k + 2);
    I[k] = low;
    if (is64) I[k + 1] = high;
    return CONTINUE;
  };
  return { atomic };
};
