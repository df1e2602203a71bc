/** Translates operators, comparisons and memory accesses, folding pending operands into them. */

import { instructions, rowOf } from '../../syntax/instructions.ts';
import type { ValType } from '../../syntax/types.ts';
import { I32, I64 } from '../../syntax/types.ts';
import { opOf } from '../code/isa.ts';
import type { Pending, Translation } from './body.ts';
import type { Binary, Comparison, Load, Store, Unary } from './lowerings.ts';
import { CONSTANT, IN_SLOT } from './operand-stack.ts';

const BR_IF = instructions[rowOf['br_if']]!.code;
const IF = instructions[rowOf['if']]!.code;
const I32_EQZ = instructions[rowOf['i32.eqz']]!.code;
const MAX_I32 = 2147483647;

export const unary = (t: Translation, lowering: Unary, type: ValType): void => {
  const a = t.slotOf(t.pop());
  t.result(lowering.op, type, a);
};

export const binary = (t: Translation, lowering: Binary, type: ValType): void => {
  let right = t.pop();
  let left = t.pop();
  if (lowering.commutes && t.where[left] === CONSTANT && t.where[right] !== CONSTANT) {
    [left, right] = [right, left];
  }
  if (t.where[right] === CONSTANT && binaryImmediate(t, lowering, type, left, right)) return;
  const a = t.slotOf(left);
  const b = t.slotOf(right);
  t.result(lowering.rr, type, a, b);
};

const binaryImmediate = (
  t: Translation,
  lowering: Binary,
  type: ValType,
  left: number,
  right: number,
): boolean => {
  const lo = t.valueA[right]!;
  const hi = t.valueB[right]!;
  let op = lowering.ri;
  let b = lo;
  let c = hi;
  switch (lowering.rr) {
    case opOf.i32_sub_rr:
      op = opOf.i32_add_ri;
      b = -lo | 0;
      break;
    case opOf.i64_sub_rr:
      op = opOf.i64_add_ri;
      b = -lo | 0;
      c = b === 0 ? -hi | 0 : ~hi;
      break;
    case opOf.i32_rotr_rr:
      op = opOf.i32_rotl_ri;
      b = -lo & 31;
      break;
    case opOf.i64_rotr_rr:
      op = opOf.i64_rotl_ri;
      b = -lo & 63;
      break;
    case opOf.i32_shl_rr:
    case opOf.i32_shr_s_rr:
    case opOf.i32_shr_u_rr:
    case opOf.i32_rotl_rr:
      b = lo & 31;
      break;
    case opOf.i64_shl_rr:
    case opOf.i64_shr_s_rr:
    case opOf.i64_shr_u_rr:
    case opOf.i64_rotl_rr:
      b = lo & 63;
      break;
    case opOf.i32_div_s_rr:
    case opOf.i32_div_u_rr:
    case opOf.i32_rem_s_rr:
    case opOf.i32_rem_u_rr:
      if (lo === 0 || lo === -1) return false;
      break;
  }
  if (op === null) return false;
  t.result(op, type, t.slotOf(left), b, c);
  return true;
};

export const comparison = (t: Translation, lowering: Comparison): void => {
  const right = t.pop();
  const left = t.pop();
  const immediate =
    t.where[right] === CONSTANT
      ? comparisonImmediate(t, lowering.immediate, lowering.is64, left, right)
      : t.where[left] === CONSTANT
        ? comparisonImmediate(t, lowering.flipped, lowering.is64, right, left)
        : null;
  if (immediate !== null) {
    wait(t, immediate);
    return;
  }
  const a = t.slotOf(left);
  const b = t.slotOf(right);
  const { set, setNot, branch, branchNot, swaps } = lowering;
  wait(t, { set, setNot, branch, branchNot, a: swaps ? b : a, b: swaps ? a : b, c: 0, isNegated: false });
};

const comparisonImmediate = (
  t: Translation,
  form: Comparison['immediate'],
  is64: boolean,
  variable: number,
  constant: number,
): Pending | null => {
  if (form === null) return null;
  let lo = t.valueA[constant]!;
  let hi = t.valueB[constant]!;
  if (form.adjust === 1) {
    const isMaxLow = lo === (is64 || !form.isSigned ? -1 : MAX_I32);
    const isMax = isMaxLow && (!is64 || hi === (form.isSigned ? MAX_I32 : -1));
    if (isMax) return null;
    lo = (lo + 1) | 0;
    if (is64 && lo === 0) hi = (hi + 1) | 0;
  }
  const { set, setNot, branch, branchNot } = form;
  return { set, setNot, branch, branchNot, a: t.slotOf(variable), b: lo, c: hi, isNegated: false };
};

/** Keeps a comparison pending if the next instruction is the branch (or negation) that uses it. */
const wait = (t: Translation, pending: Pending): void => {
  const next = t.isCareful ? 0 : t.code.unit.module.bytes[t.reader.pos];
  t.push(I32, IN_SLOT, 0, 0);
  if (next === BR_IF || next === IF || next === I32_EQZ) {
    t.pending = pending;
    return;
  }
  t.height--;
  emitPending(t, pending);
};

const emitPending = (t: Translation, pending: Pending): void => {
  if (!pending.isNegated) t.result(pending.set, I32, pending.a, pending.b, pending.c);
  else if (pending.setNot !== null) t.result(pending.setNot, I32, pending.a, pending.b, pending.c);
  else {
    t.result(pending.set, I32, pending.a, pending.b, pending.c);
    t.result(opOf.i32_eqz, I32, t.slots[t.pop()]!);
  }
};

/** i32.eqz and i64.eqz. */
export const testZero = (t: Translation, is64: boolean): void => {
  const waiting = t.pending;
  t.pending = null;
  const h = t.pop();
  if (waiting !== null) {
    wait(t, { ...waiting, isNegated: !waiting.isNegated });
    return;
  }
  const a = t.slotOf(h);
  wait(
    t,
    is64
      ? {
          set: opOf.i64_eqz,
          setNot: null,
          branch: opOf.br_i64_z,
          branchNot: opOf.br_i64_nz,
          a,
          b: 0,
          c: 0,
          isNegated: false,
        }
      : {
          set: opOf.i32_eqz,
          setNot: null,
          branch: opOf.br_i32_z,
          branchNot: opOf.br_i32_nz,
          a,
          b: 0,
          c: 0,
          isNegated: false,
        },
  );
};

/** Pops a condition and returns how to branch on it. */
export const popCondition = (t: Translation): Pending => {
  const waiting = t.pending;
  t.pending = null;
  const h = t.pop();
  if (waiting !== null) return waiting;
  const a = t.slotOf(h);
  return {
    set: opOf.mov32,
    setNot: null,
    branch: opOf.br_i32_nz,
    branchNot: opOf.br_i32_z,
    a,
    b: 0,
    c: 0,
    isNegated: false,
  };
};

export const branchOn = (t: Translation, condition: Pending, label: number, isWhenTrue: boolean): void => {
  const op = isWhenTrue !== condition.isNegated ? condition.branch : condition.branchNot;
  t.writer.branch(op, label, condition.a, condition.b, condition.c);
};

/**
 * The slot of an address whose low word is the whole address: one beyond 2^32 becomes 2^32 - 1 before the access,
 * which is also out of bounds.
 */
export const addressSlot = (t: Translation, h: number): number => {
  const slot = t.slotOf(h);
  if (t.types[h] !== I64) return slot;
  t.writer.emit(opOf.narrow_address, t.slots[h]!, slot);
  return t.slots[h]!;
};

/** The offset of a memory access; one beyond 2^32 is out of bounds, as 2^32 - 1 is. */
export const memoryOffset = (t: Translation): number => (t.reader.hi !== 0 ? -1 : t.reader.lo);

export const load = (t: Translation, lowering: Load, type: ValType): void => {
  const { memory } = t.reader;
  const lo = memoryOffset(t);
  const a = addressSlot(t, t.pop());
  if (memory !== 0 || lo < 0) t.result(opOf.load_far, type, a, lowering.far, lo, memory);
  else t.result(lowering.op, type, a, lo);
};

export const store = (t: Translation, lowering: Store): void => {
  const { memory } = t.reader;
  const lo = memoryOffset(t);
  const value = t.pop();
  const address = t.pop();
  if (memory !== 0 || lo < 0) {
    const v = t.slotOf(value);
    t.writer.emit(opOf.store_far, addressSlot(t, address), v, lowering.far, lo, memory);
  } else if (lowering.immediate !== null && t.where[value] === CONSTANT) {
    t.writer.emit(lowering.immediate, addressSlot(t, address), lo, t.valueA[value]!);
  } else {
    const v = t.slotOf(value);
    t.writer.emit(lowering.op, addressSlot(t, address), v, lo);
  }
};
