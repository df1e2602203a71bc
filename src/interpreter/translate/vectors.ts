/**
 * Translates vector instructions. Their operations have slots in separate words, so that frames of any size can use
 * them, and every operation with a result can be retargeted.
 */
import type { InstructionRow } from '../../syntax/instructions.ts';
import { laneCountOf } from '../../syntax/shapes.ts';
import { signatures } from '../../syntax/signatures.ts';
import { I32, V128, type ValType } from '../../syntax/types.ts';
import { opcodeOf, secondSlotOf } from '../code/encoding.ts';
import { type Op, opOf } from '../code/isa.ts';
import { farAccess, type VectorLowering, vectorLowerings, vectorOps } from '../code/vector-isa.ts';
import type { Translation } from './body.ts';
import { addressSlot, memoryOffset } from './numeric.ts';

/** Emits an operation whose result goes to the next slot. */
const emitResult = (t: Translation, op: Op, type: ValType, ...words: readonly number[]): void => {
  const slot = t.pushSlot(type);
  t.produced(t.vector(op, 2 * slot, ...words));
};

/** Pops operands and returns their slots, in order. */
const popSlots = (t: Translation, count: number): number[] => {
  const slots: number[] = [];
  for (let i = 0; i < count; i++) slots.unshift(t.slotOf(t.pop()));
  return slots;
};

/** Any vector instruction except constants. */
export const instruction = (
  t: Translation,
  lowering: VectorLowering,
  row: InstructionRow,
  type: ValType,
): void => {
  if (row.access > 0) access(t, lowering.op!, row);
  else if (row.immediates.includes('lanes16')) shuffle(t, lowering.op!);
  else if (row.name === 'f32x4.add' && multiplyAdd(t)) return;
  else if (!row.immediates.includes('laneidx')) compute(t, lowering, type);
  else if (type === V128) replaceLane(t, lowering.op!);
  else extractLane(t, lowering.op, row, type);
};

/** Operators: their type says everything. */
const compute = (t: Translation, { op, swaps }: VectorLowering, type: ValType): void => {
  const slots = popSlots(t, signatures[t.reader.row]!.params.length);
  if (swaps) slots.reverse();
  emitResult(t, op!, type, ...slots.map((slot) => 2 * slot));
};

/**
 * A sum with the product that was just computed, on either side, as one operation. Returns whether it applies. The
 * other side is in a slot, or nothing was written for it.
 */
const multiplyAdd = (t: Translation): boolean => {
  const { writer } = t;
  const top = t.height - 1;
  const h = t.producerOf(top) >= 0 ? top : top - 1;
  const at = t.producerOf(h);
  if (at < 0 || writer.wordAt(at) !== vectorLowerings['f32x4.mul'].op!.code) return false;
  const [first, second] = [writer.wordAt(at + 2), writer.wordAt(at + 3)];
  const slots = popSlots(t, 2);
  writer.takeBack(at);
  emitResult(t, vectorOps.f32x4_mul_add, V128, first, second, 2 * slots[h === top ? 0 : 1]!);
  return true;
};

/** Loads and stores: address, vector (where there is one), offset, memory if it is far, lane. */
const access = (t: Translation, near: Op, row: InstructionRow): void => {
  const { memory, lane } = t.reader;
  if (row.name === 'v128.load' && loadAt(t)) return;
  const { params, results } = signatures[t.reader.row]!;
  const vector = params.length > 1 ? t.slotOf(t.pop()) : 0;
  const address = addressSlot(t, t.pop());
  const offset = memoryOffset(t);
  const isFar = memory !== 0 || offset < 0;
  const op = isFar ? farAccess(row.name) : near;
  const words = [2 * address, 2 * vector, offset];
  if (isFar) words.push(memory);
  if (row.immediates.includes('laneidx')) words.push(lane);
  if (results.length > 0) emitResult(t, op, V128, ...words);
  else t.vector(op, 0, ...words);
};

/** A load from the sum with a constant that was just computed, as one operation. Returns whether it applies. */
const loadAt = (t: Translation): boolean => {
  const { writer } = t;
  const h = t.height - 1;
  const at = t.producerOf(h);
  const offset = memoryOffset(t);
  if (at < 0 || t.types[h] !== I32 || t.reader.memory !== 0 || offset < 0) return false;
  const word = writer.wordAt(at);
  if (opcodeOf(word) !== opOf.i32_add_ri.code) return false;
  const summand = writer.wordAt(at + 1);
  t.pop();
  writer.takeBack(at);
  emitResult(t, vectorOps.load_at, V128, 2 * secondSlotOf(word), summand, offset);
  return true;
};

const replaceLane = (t: Translation, op: Op): void => {
  const slots = popSlots(t, 2);
  emitResult(t, op, V128, ...slots.map((slot) => 2 * slot), t.reader.lane);
};

/** The operation reads from a place in the frame; a lane of 64 bits is a slot. */
const extractLane = (t: Translation, op: Op | null, row: InstructionRow, type: ValType): void => {
  const { lane } = t.reader;
  const slot = t.slotOf(t.pop());
  if (op === null) {
    t.result(opOf.mov64, type, slot + lane);
    return;
  }
  // Lanes per slot, by shape.
  emitResult(t, op, type, (laneCountOf(row) / 2) * slot + lane);
};

/** Indices become places in the frame, and bytes that stay together become words or halves. @spec exec-vshuffle */
const shuffle = (t: Translation, bytes: Op): void => {
  const lanes = t.reader.bytes16;
  const [first, second] = popSlots(t, 2) as [number, number];
  const places = Array.from(lanes, (lane) => (lane < 16 ? 8 * first + lane : 8 * second + lane - 16));
  /** The places of pieces, if all of them stay together. */
  const piecesOf = (size: number): number[] | null => {
    const pieces = places.filter((_, n) => n % size === 0);
    const isWhole = places.every((place, n) => place === pieces[Math.floor(n / size)]! + (n % size));
    return isWhole && pieces.every((place) => place % size === 0)
      ? pieces.map((place) => place / size)
      : null;
  };
  const words = piecesOf(4);
  const halves = piecesOf(2);
  if (words !== null) emitResult(t, vectorOps.shuffle32, V128, ...words);
  else if (halves !== null) emitResult(t, vectorOps.shuffle16, V128, ...halves);
  else emitResult(t, bytes, V128, ...places);
};

/** @spec exec-vconst */
export const constant = (t: Translation): void => {
  const { bytes16 } = t.reader;
  const view = new DataView(bytes16.buffer, bytes16.byteOffset, 16);
  emitResult(t, vectorOps.const, V128, ...[0, 4, 8, 12].map((n) => view.getInt32(n, true)));
};

export const select = (t: Translation, first: number, second: number, condition: number): void =>
  emitResult(t, vectorOps.select, V128, 2 * first, 2 * second, 2 * condition);

export const getGlobal = (t: Translation, index: number, isFar: boolean): void => {
  if (isFar) emitResult(t, vectorOps.global_get_far, V128, index);
  else emitResult(t, vectorOps.global_get, V128, t.code.unit.globalOffsets[index]!);
};

export const setGlobal = (t: Translation, from: number, index: number, isFar: boolean): void => {
  if (isFar) t.vector(vectorOps.global_set_far, 0, 2 * from, index);
  else t.vector(vectorOps.global_set, 0, 2 * from, t.code.unit.globalOffsets[index]!);
};
