/**
 * The immediates of instructions, from text to bytes: one function for each kind, so that a row of the table
 * determines how its instruction is read. @spec text-plaininstr
 */

import type { ByteWriter } from '../syntax/byte-writer.ts';
import type { ImmediateKind } from '../syntax/immediates.ts';
import { type InstructionRow, instructions } from '../syntax/instructions.ts';
import { variantRows } from '../syntax/mnemonics.ts';
import type { Shape } from '../syntax/shapes.ts';
import { heapOf, isNullable } from '../syntax/types.ts';
import type { Cursor } from './cursor.ts';
import { F32_FORMAT, F64_FORMAT, floatBits } from './floats.ts';
import { KEY } from './keywords.ts';
import type { Labels } from './labels.ts';
import type { IndexSpace, Spaces } from './spaces.ts';
import { ALIGN, FLOAT, ID, INT, KEYWORD, NAT, OFFSET } from './tokens.ts';
import type { TypeSection } from './type-section.ts';
import {
  readFuncType,
  readHeapType,
  readRefType,
  writeHeapType,
  writeValType,
  writeValTypes,
} from './types.ts';

const rows: readonly InstructionRow[] = instructions;

/** The context for reading instructions. */
export interface InstructionContext {
  readonly cursor: Cursor;
  readonly spaces: Spaces;
  readonly types: TypeSection;
  readonly labels: Labels;
}

export const writeOpcode = (out: ByteWriter, row: number): void => {
  const { prefix, code } = rows[row]!;
  if (prefix === 0) out.byte(code);
  else {
    out.byte(prefix);
    out.u32(code);
  }
};

/** @spec binary-blocktype */
const copyBlockType = ({ cursor, spaces, types }: InstructionContext, out: ByteWriter): void => {
  const given = types.readTypeIndex(cursor);
  const { pos } = cursor;
  const type = readFuncType(cursor, spaces.type, null);
  if (given >= 0) {
    types.checkInline(cursor, pos, given, type);
    out.s33(given);
  } else if (type.params.length > 0 || type.results.length > 1) out.s33(types.indexOf(type));
  else if (type.results.length === 1) writeValType(out, type.results[0]!);
  else out.byte(0x40);
};

/** Clauses of `try_table`: keyword, whether they name a tag. */
const catchClauses = [
  [KEY.catch, true],
  [KEY.catch_ref, true],
  [KEY.catch_all, false],
  [KEY.catch_all_ref, false],
] as const;

/** @spec text-catch */
const copyCatches = (context: InstructionContext, out: ByteWriter): void => {
  const { cursor, spaces, labels } = context;
  const clauses: number[][] = [];
  for (;;) {
    const code = catchClauses.findIndex(([keyword]) => cursor.isLeft(keyword));
    if (code < 0) break;
    cursor.pos += 2;
    const clause = [code];
    if (catchClauses[code]![1]) clause.push(spaces.tag.index(cursor));
    clause.push(labels.index(cursor));
    cursor.leave();
    clauses.push(clause);
  }
  out.u32(clauses.length);
  for (const clause of clauses) for (const part of clause) out.u32(part);
};

const isIndexToken = (kind: number | undefined): boolean => kind === NAT || kind === ID;

/** @spec text-memarg */
const copyMemarg = ({ cursor, spaces }: InstructionContext, out: ByteWriter, row: number): void => {
  const { immediates, access } = rows[row]!;
  // A single number is the lane, if the instruction has one.
  const next = cursor.tokens.kinds[cursor.pos + 1];
  const hasLane = immediates.length > 1;
  const namesMemory =
    cursor.kind === ID ||
    (cursor.kind === NAT && (!hasLane || next === NAT || next === OFFSET || next === ALIGN));
  const memory = namesMemory ? spaces.memory.index(cursor) : 0;
  let lo = 0;
  let hi = 0;
  if (cursor.kind === OFFSET) ({ lo, hi } = cursor.numberOf(64));
  let align = 31 - Math.clz32(access);
  if (cursor.kind === ALIGN) align = readAlign(cursor);
  out.byte(align | (memory === 0 ? 0 : 0x40));
  if (memory !== 0) out.u32(memory);
  out.u64(lo, hi);
};

/** The exponent of an alignment. */
const readAlign = (cursor: Cursor): number => {
  const { pos } = cursor;
  const { lo, hi } = cursor.numberOf(64);
  const isPower = hi === 0 ? lo !== 0 && (lo & (lo - 1)) === 0 : lo === 0 && (hi & (hi - 1)) === 0;
  if (!isPower) cursor.failAt(pos, 'alignment must be a power of two');
  return hi === 0 ? 31 - Math.clz32(lo) : 63 - Math.clz32(hi);
};

/** Whether a token is a number. */
export const isNumber = (kind: number): boolean => kind === NAT || kind === INT || kind === FLOAT;

/** Appends an integer of this many bits as in memory. */
const copyIntegerLane = (cursor: Cursor, out: ByteWriter, bits: number): void => {
  if (cursor.kind === FLOAT) cursor.failAt(cursor.pos, 'constant out of range');
  const integer = readInteger(cursor, bits);
  out.word(integer.lo, Math.min(bits, 32) / 8);
  if (bits === 64) out.word(integer.hi);
};

/** An integer of this many bits, with or without a sign. */
const readInteger = (cursor: Cursor, bits: number): { readonly lo: number; readonly hi: number } => {
  if (cursor.kind !== NAT && cursor.kind !== INT) cursor.fail('an integer');
  const integer = cursor.numberOf(bits, 'constant out of range');
  integer.applySign();
  return integer;
};

const copyFloat = (cursor: Cursor, out: ByteWriter, format: typeof F32_FORMAT): void => {
  if (!isNumber(cursor.kind)) cursor.fail('a number');
  const bits = floatBits(cursor.tokens.bytes, cursor.start, cursor.end, format);
  const known = bits ?? cursor.failAt(cursor.pos, 'constant out of range');
  cursor.pos++;
  out.word(Number(known & 0xffff_ffffn));
  if (format.width === 64) out.word(Number(known >> 32n));
};

/** Lanes of a shape: their number, and how each is read. */
const shapes: Readonly<
  Record<Shape, readonly [count: number, copy: (cursor: Cursor, out: ByteWriter) => void]>
> = {
  i8x16: [16, (cursor, out) => copyIntegerLane(cursor, out, 8)],
  i16x8: [8, (cursor, out) => copyIntegerLane(cursor, out, 16)],
  i32x4: [4, (cursor, out) => copyIntegerLane(cursor, out, 32)],
  i64x2: [2, (cursor, out) => copyIntegerLane(cursor, out, 64)],
  f32x4: [4, (cursor, out) => copyFloat(cursor, out, F32_FORMAT)],
  f64x2: [2, (cursor, out) => copyFloat(cursor, out, F64_FORMAT)],
};
const shapeNames = Object.keys(shapes) as Shape[];

/** Bits of the lanes of a shape. */
export const laneBitsOf = (shape: Shape): number => 128 / shapes[shape][0];
/** Appends one lane of a shape. */
export const copyLane = (cursor: Cursor, out: ByteWriter, shape: Shape): void =>
  shapes[shape][1](cursor, out);

/** The shape at the cursor, if any. */
export const takeShape = (cursor: Cursor): Shape => {
  const shape = cursor.kind === KEYWORD ? shapeNames.find((name) => cursor.value === KEY[name]) : undefined;
  if (shape === undefined) return cursor.fail('a shape of vectors');
  cursor.pos++;
  return shape;
};

/** Fails unless there are this many numbers at the cursor. */
const expectNumbers = (cursor: Cursor, count: number, problem: string): void => {
  const { pos } = cursor;
  while (isNumber(cursor.kind)) cursor.pos++;
  if (cursor.pos - pos !== count) cursor.failAt(pos, problem, `${count} numbers`);
  cursor.pos = pos;
};

/** @spec text-instr-vec */
const copyV128 = ({ cursor }: InstructionContext, out: ByteWriter): void => {
  const [count, copy] = shapes[takeShape(cursor)];
  expectNumbers(cursor, count, 'wrong number of lane literals');
  for (let i = 0; i < count; i++) copy(cursor, out);
};

const copyShuffle = ({ cursor }: InstructionContext, out: ByteWriter): void => {
  expectNumbers(cursor, 16, 'invalid lane length');
  for (let i = 0; i < 16; i++) {
    if (cursor.kind !== NAT) cursor.failAt(cursor.pos, 'i8 constant out of range');
    out.byte(cursor.nat8('the index of a lane'));
  }
};

const copyLabels = ({ cursor, labels }: InstructionContext, out: ByteWriter): void => {
  const targets: number[] = [];
  do targets.push(labels.index(cursor));
  while (isIndexToken(cursor.kind));
  out.u32(targets.length - 1);
  for (const label of targets) out.u32(label);
};

/** @spec text-instr-control */
const copyCast = ({ cursor, spaces, labels }: InstructionContext, out: ByteWriter): void => {
  const label = labels.index(cursor);
  const from = readRefType(cursor, spaces.type);
  const to = readRefType(cursor, spaces.type);
  out.byte((isNullable(from) ? 1 : 0) | (isNullable(to) ? 2 : 0));
  out.u32(label);
  writeHeapType(out, heapOf(from));
  writeHeapType(out, heapOf(to));
};

/** Kinds that are one index each. */
type IndexKind =
  | 'labelidx'
  | 'funcidx'
  | 'typeidx'
  | 'tableidx'
  | 'memidx'
  | 'localidx'
  | 'globalidx'
  | 'tagidx'
  | 'elemidx'
  | 'dataidx'
  | 'fieldidx'
  | 'count';

const inSpace =
  (space: (spaces: Spaces) => IndexSpace): ReadIndex =>
  ({ cursor, spaces }) =>
    space(spaces).index(cursor);

/** `first` is the index before it, of the same instruction. */
type ReadIndex = (context: InstructionContext, first: number) => number;
const readIndex: Readonly<Record<IndexKind, ReadIndex>> = {
  labelidx: ({ cursor, labels }) => labels.index(cursor),
  funcidx: inSpace((spaces) => spaces.func),
  typeidx: inSpace((spaces) => spaces.type),
  tableidx: inSpace((spaces) => spaces.table),
  memidx: inSpace((spaces) => spaces.memory),
  localidx: inSpace((spaces) => spaces.local),
  globalidx: inSpace((spaces) => spaces.global),
  tagidx: inSpace((spaces) => spaces.tag),
  elemidx: inSpace((spaces) => spaces.elem),
  dataidx: inSpace((spaces) => spaces.data),
  fieldidx: ({ cursor, spaces }, first) => (spaces.fields.get(first) ?? spaces.noFields).index(cursor),
  count: ({ cursor }) => cursor.nat32('a number of elements'),
};

type Copy = (context: InstructionContext, out: ByteWriter, row: number) => void;
const copies: Readonly<Record<Exclude<ImmediateKind, IndexKind>, Copy>> = {
  blocktype: copyBlockType,
  labels: copyLabels,
  memarg: copyMemarg,
  laneidx: ({ cursor }, out) => out.byte(cursor.nat8('the index of a lane')),
  lanes16: copyShuffle,
  i32: ({ cursor }, out) => out.s33(readInteger(cursor, 32).lo | 0),
  i64: ({ cursor }, out) => {
    const { lo, hi } = readInteger(cursor, 64);
    out.s64(lo, hi);
  },
  f32: ({ cursor }, out) => copyFloat(cursor, out, F32_FORMAT),
  f64: ({ cursor }, out) => copyFloat(cursor, out, F64_FORMAT),
  v128: copyV128,
  heaptype: ({ cursor, spaces }, out) => writeHeapType(out, readHeapType(cursor, spaces.type)),
  valtypes: ({ cursor, types }, out) => writeValTypes(out, types.readResults(cursor) ?? []),
  catches: copyCatches,
  cast: copyCast,
  zero: (_context, out) => out.byte(0),
};

const isIndexKind = (kind: ImmediateKind): kind is IndexKind => kind in readIndex;
/** Memories and tables come first in the text, and can be omitted if all of them are the first one. */
const isSpaceKind = (kind: ImmediateKind): boolean => kind === 'memidx' || kind === 'tableidx';

/** How a row with indices is read: the kinds in the order of the text, and the place of each in the binary. */
interface IndexPlan {
  readonly kinds: readonly IndexKind[];
  readonly places: readonly number[];
  /** How many of the first ones can be omitted. */
  readonly optional: number;
  /** Whether the first one is a type use. */
  readonly isTypeUse: boolean;
}
const planOf = ({ immediates }: InstructionRow): IndexPlan | null => {
  if (immediates.length === 0 || !immediates.every(isIndexKind)) return null;
  const order = immediates.map((kind, place) => ({ kind: kind as IndexKind, place }));
  order.sort((a, b) => Number(isSpaceKind(b.kind)) - Number(isSpaceKind(a.kind)) || a.place - b.place);
  return {
    kinds: order.map(({ kind }) => kind),
    places: order.map(({ place }) => place),
    optional: order.filter(({ kind }) => isSpaceKind(kind)).length,
    isTypeUse: immediates.includes('typeidx') && immediates.includes('tableidx'),
  };
};
const plans = rows.map(planOf);

const copyIndices = (context: InstructionContext, out: ByteWriter, plan: IndexPlan): void => {
  const { kinds, places, optional } = plan;
  const { cursor } = context;
  if (plan.isTypeUse) {
    const table = isIndexToken(cursor.kind) ? context.spaces.table.index(cursor) : 0;
    out.u32(context.types.readTypeUse(cursor, null));
    out.u32(table);
    return;
  }
  if (kinds.length === 1 && optional === 0) {
    out.u32(readIndex[kinds[0]!](context, 0));
    return;
  }
  let given = 0;
  while (given < kinds.length && isIndexToken(cursor.tokens.kinds[cursor.pos + given])) given++;
  const skipped = given === kinds.length - optional ? optional : 0;
  const indices = [0, 0];
  for (let i = skipped; i < kinds.length; i++)
    indices[places[i]!] = readIndex[kinds[i]!](context, indices[0]!);
  for (let i = 0; i < kinds.length; i++) out.u32(indices[i]!);
};

/** Writes an instruction whose keyword was read. Returns its row, which may be the second one of the keyword. */
export const copyInstruction = (context: InstructionContext, out: ByteWriter, row: number): number => {
  const variant = variantRows[row]!;
  if (variant >= 0) return copyVariant(context, out, row, variant);
  writeOpcode(out, row);
  const plan = plans[row]!;
  if (plan !== null) copyIndices(context, out, plan);
  else for (const kind of rows[row]!.immediates) if (!isIndexKind(kind)) copies[kind](context, out, row);
  return row;
};

/** A keyword with two encodings: what follows decides which. */
const copyVariant = (context: InstructionContext, out: ByteWriter, row: number, variant: number): number => {
  const { cursor, spaces, types } = context;
  if (rows[row]!.immediates.length > 0) {
    const type = readRefType(cursor, spaces.type);
    const chosen = isNullable(type) ? variant : row;
    writeOpcode(out, chosen);
    writeHeapType(out, heapOf(type));
    return chosen;
  }
  const results = types.readResults(cursor);
  writeOpcode(out, results === null ? row : variant);
  if (results !== null) writeValTypes(out, results);
  return results === null ? row : variant;
};
