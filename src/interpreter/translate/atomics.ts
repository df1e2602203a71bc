/** Translates wide arithmetic and atomics: cold operations on operands in their canonical slots. */
import { instructions } from '../../syntax/instructions.ts';
import { signatures } from '../../syntax/signatures.ts';
import { I32, I64 } from '../../syntax/types.ts';
import { type Op, opOf } from '../code/isa.ts';
import type { Translation } from './body.ts';

/** Two i64 from `count` of them. */
export const wide = (t: Translation, op: Op, count: number): void => {
  t.writer.emit(op, t.popSettled(count) * 2);
  t.pushSlot(I64);
  t.pushSlot(I64);
};

/** A wait may have to pause: operands in their canonical slots, a boundary before and after. */
export const wait = (t: Translation): void => {
  const { access } = instructions[t.reader.row]!;
  const { lo, hi, memory } = t.reader;
  t.writer.emit(opOf.atomic_wait, t.popSettled(3) * 2, access, lo, hi, memory);
  t.endStop([I32]);
};

/** One operation for all others: atomics are rare, and slow everywhere. */
export const atomic = (t: Translation): void => {
  const { code, access } = instructions[t.reader.row]!;
  // Without operands, and reading none of the fields of an access.
  if (access === 0) {
    t.writer.emit(opOf.atomic, 0, code, 0, 0, 0);
    return;
  }
  const { lo, hi, memory } = t.reader;
  const { params, results } = signatures[t.reader.row]!;
  const base = t.popSettled(params.length);
  t.writer.emit(opOf.atomic, base * 2, code, lo, hi, memory);
  t.pushSlots(results);
};
