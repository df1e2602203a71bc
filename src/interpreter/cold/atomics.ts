/**
 * Atomic operations of the threads proposal. Between the calls of one JavaScript thread, a plain read, a
 * computation and a plain write are atomic, since no call is interrupted inside an instruction; if workers share the
 * memory, `cold/shared-atomics.ts` does the same with JavaScript's `Atomics`.
 */
import { payAhead, standInside } from '../code/encoding.ts';
import type { MemoryInstance } from '../instances/memory.ts';
import { waitShared } from '../instances/shared-memory.ts';
import { NOT_EQUAL, Waiter } from '../instances/waiters.ts';
import type { MachineState } from '../loop/machine-state.ts';
import { CONTINUE, HOST_ERROR, LAY_FRAMES, trapStatus, WAIT_PAUSE } from '../loop/status.ts';
import { type AtomicForm, forms } from './atomic-forms.ts';
import { createSharedAtomics } from './shared-atomics.ts';
import type { Cold, ColdTools } from './tools.ts';

const UNALIGNED = trapStatus('trap.unaligned-atomic');
const NOT_SHARED = trapStatus('trap.expected-shared');
const MEMORY_BOUNDS = trapStatus('trap.memory-bounds');

export const createAtomicOps = ({
  C,
  I,
  operand,
  slot,
  next,
}: ColdTools): { readonly atomic: Cold; readonly atomic_wait: Cold } => {
  const shared = createSharedAtomics(I);
  /** Low and high words of the read value. */
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

  /** Stores the result of the action on the value read and the operand at words k and k+1. */
  const modify = (memory: MemoryInstance, ea: number, { action, size }: AtomicForm, k: number): void => {
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

  /** Whether the value read equals the operand at word k, of which only the width of the access counts. */
  const isExpected = (k: number, size: number): boolean => {
    const lo = size === 1 ? I[k]! & 0xff : size === 2 ? I[k]! & 0xffff : I[k]!;
    return lo === low && (size < 8 || I[k + 1] === high);
  };

  /** Performs an action on a memory that is not shared with workers. */
  const perform = (memory: MemoryInstance, ea: number, form: AtomicForm, k: number): void => {
    const { action, size, is64 } = form;
    if (action === 'store') {
      write(memory, ea, size, I[k + 2]!, I[k + 3]!);
      return;
    }
    read(memory, ea, size);
    if (action === 'cmpxchg') {
      if (isExpected(k + 2, size)) write(memory, ea, size, I[k + 4]!, I[k + 5]!);
    } else if (action !== 'load') modify(memory, ea, form, k + 2);
    I[k] = low;
    if (is64) I[k + 1] = high;
  };

  /** The effective address of an access of `size` bytes, from its address at word k and its offset at `at`, checked. */
  let ea = 0;
  const place = (memory: MemoryInstance, k: number, at: number, size: number, mustShare: boolean): number => {
    // Alignment first, as in the reference interpreter. @spec exec-atomic.load
    if (((I[k]! + operand(at, 3)) & (size - 1)) !== 0) return UNALIGNED;
    if (mustShare && !memory.isShared) return NOT_SHARED;
    // Beyond 2^53 the sum is not exact, but far out of bounds.
    const highWords = (memory.is64 ? I[k + 1]! >>> 0 : 0) + (operand(at, 4) >>> 0);
    ea = (I[k]! >>> 0) + (operand(at, 3) >>> 0) + highWords * 2 ** 32;
    return ea + size > memory.byteLength ? MEMORY_BOUNDS : CONTINUE;
  };

  const notify = (memory: MemoryInstance, k: number): void => {
    const count = I[k + 2]! >>> 0;
    I[k] = memory.cells === null ? memory.waiters.notify(ea, count) : shared.notify(memory.cells, ea, count);
  };

  const atomic: Cold = (m, at) => {
    const form = forms[operand(at, 2)]!;
    if (form.action === 'fence') {
      for (const { cells } of m.instance.memories) cells?.fence();
      return CONTINUE;
    }
    const k = slot(m, at, 1);
    const memory = m.instance.memories[operand(at, 5)]!;
    const status = place(memory, k, at, form.size, false);
    if (status !== CONTINUE) return status;
    if (form.action === 'notify') notify(memory, k);
    else if (memory.cells !== null) shared.perform(memory.cells, ea, form, k);
    else perform(memory, ea, form, k);
    return CONTINUE;
  };

  /** Ends an instruction that waits: pays for the stretch after it, where the call resumes. */
  const pauseWith = (m: MachineState, waiter: Waiter): number => {
    m.waiter = waiter;
    payAhead(C, m);
    return WAIT_PAUSE;
  };

  /** @spec exec-memory.atomic.waitn */
  const atomic_wait: Cold = (m, at) => {
    const k = slot(m, at, 1);
    const size = operand(at, 2);
    const memory = m.instance.memories[operand(at, 5)]!;
    const status = place(memory, k, at, size, true);
    if (status !== CONTINUE) return status;
    if (m.isInside) return LAY_FRAMES;
    // Operands take a slot each: address, expected value, timeout. A negative timeout is endless.
    const timeout = I[k + 5]! < 0 ? null : (BigInt(I[k + 5]!) << 32n) | BigInt(I[k + 4]! >>> 0);
    if (memory.cells !== null) return waitForWorkers(m, memory, k, size, timeout);
    read(memory, ea, size);
    if (!isExpected(k + 2, size)) {
      I[k] = NOT_EQUAL;
      return next(m);
    }
    const waiter = new Waiter(ea, timeout, k, memory.waiters);
    memory.waiters.add(waiter);
    return pauseWith(m, waiter);
  };

  const waitForWorkers = (
    m: MachineState,
    { cells }: MemoryInstance,
    k: number,
    size: number,
    timeout: bigint | null,
  ): number => {
    try {
      const high = size === 8 ? I[k + 3]! : null;
      const end = waitShared(cells!, ea, I[k + 2]!, high, timeout, m.instance.store.canBlock);
      if (typeof end !== 'number') return pauseWith(m, new Waiter(ea, timeout, k, end));
      I[k] = end;
      m.isLookDue = m.isWatched;
      return next(m);
    } catch (error) {
      standInside(m);
      m.error = error;
      return HOST_ERROR;
    }
  };
  return { atomic, atomic_wait };
};
