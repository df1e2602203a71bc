/**
 * Atomic operations on memories that workers share, by JavaScript's `Atomics`: sequentially consistent, like those of
 * Wasm. @spec exec-atomic.rmw
 */

import { bits64, type SharedCells } from '../instances/shared-memory.ts';
import type { AtomicForm } from './atomic-forms.ts';

type Narrow = Uint8Array | Uint16Array | Int32Array;

/** Performs an action on an element; returns the old value. `operand` is the first, `other` the second one. */
const act = (
  cells: Narrow,
  index: number,
  action: AtomicForm['action'],
  operand: number,
  other: number,
): number => {
  switch (action) {
    case 'load':
      return Atomics.load(cells, index);
    case 'store':
      return Atomics.store(cells, index, operand);
    case 'add':
      return Atomics.add(cells, index, operand);
    case 'sub':
      return Atomics.sub(cells, index, operand);
    case 'and':
      return Atomics.and(cells, index, operand);
    case 'or':
      return Atomics.or(cells, index, operand);
    case 'xor':
      return Atomics.xor(cells, index, operand);
    case 'xchg':
      return Atomics.exchange(cells, index, operand);
    default:
      return Atomics.compareExchange(cells, index, operand, other);
  }
};

/** The same on 64 bits. */
const act64 = (
  cells: BigInt64Array,
  index: number,
  action: AtomicForm['action'],
  operand: bigint,
  other: bigint,
): bigint => {
  switch (action) {
    case 'load':
      return Atomics.load(cells, index);
    case 'store':
      return Atomics.store(cells, index, operand);
    case 'add':
      return Atomics.add(cells, index, operand);
    case 'sub':
      return Atomics.sub(cells, index, operand);
    case 'and':
      return Atomics.and(cells, index, operand);
    case 'or':
      return Atomics.or(cells, index, operand);
    case 'xor':
      return Atomics.xor(cells, index, operand);
    case 'xchg':
      return Atomics.exchange(cells, index, operand);
    default:
      return Atomics.compareExchange(cells, index, operand, other);
  }
};

/** @param I words of the frames */
export const createSharedAtomics = (
  I: Int32Array,
): {
  /** Operands lie in slots from word k on; the result replaces the address there. */
  readonly perform: (cells: SharedCells, ea: number, form: AtomicForm, k: number) => void;
  readonly notify: (cells: SharedCells, ea: number, count: number) => number;
} => ({
  perform: (cells, ea, { action, size, is64 }, k) => {
    if (size === 8) {
      const first = bits64(I[k + 2]!, I[k + 3]!);
      const second = bits64(I[k + 4]!, I[k + 5]!);
      const old = act64(cells.doublewords, ea / 8, action, first, second);
      if (action === 'store') return;
      I[k] = Number(BigInt.asIntN(32, old));
      I[k + 1] = Number(old >> 32n);
      return;
    }
    const narrow = size === 1 ? cells.bytes : size === 2 ? cells.halves : cells.words;
    // Only the width of the access counts, also for operands; elements wrap them.
    const old = act(narrow, ea / size, action, I[k + 2]!, I[k + 4]!);
    if (action === 'store') return;
    I[k] = old;
    if (is64) I[k + 1] = 0;
  },
  notify: (cells, ea, count) => Atomics.notify(cells.words, ea >>> 2, count),
});
