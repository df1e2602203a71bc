/**
 * Element and data segments, including those of tables and memories with inline contents. @spec text-elem, text-data
 */

import { ByteWriter } from '../syntax/byte-writer.ts';
import { rowOf } from '../syntax/instructions.ts';
import { FUNCREF, I64, type ValType } from '../syntax/types.ts';
import type { BodyReader } from './body-reader.ts';
import type { Cursor } from './cursor.ts';
import { writeOpcode } from './immediates.ts';
import { KEY } from './keywords.ts';
import type { Spaces } from './spaces.ts';
import { ID, LEFT, NAT, RIGHT, STRING } from './tokens.ts';
import { isRefType, readRefType, writeValType } from './types.ts';

/** The context for reading segments. */
export interface SegmentContext {
  readonly cursor: Cursor;
  readonly spaces: Spaces;
  readonly body: BodyReader;
}

const END_CODE = 0x0b;
const IS_PASSIVE = 1;
const HAS_EXTRA = 2;
const HAS_EXPRESSIONS = 4;
/** The kind of elements that are indices. */
const FUNC_KIND = 0;

/** The elements of a segment: with a type if they are expressions. */
interface ElementList {
  readonly type: ValType | null;
  readonly count: number;
  readonly bytes: ByteWriter;
}

/** Reads `(keyword expression)`, or one folded instruction, and appends it. */
const copyExpression = ({ cursor, body }: SegmentContext, keyword: number, out: ByteWriter): void => {
  body.reset();
  if (cursor.enter(keyword)) {
    body.readExpression();
    cursor.leave();
  } else body.readFolded();
  out.take(body.out);
};

/** @spec text-elemlist */
const readExpressions = (context: SegmentContext, type: ValType): ElementList => {
  const bytes = new ByteWriter();
  let count = 0;
  for (; context.cursor.kind !== RIGHT; count++) copyExpression(context, KEY.item, bytes);
  return { type, count, bytes };
};

const readIndices = ({ cursor, spaces }: SegmentContext): ElementList => {
  const bytes = new ByteWriter();
  let count = 0;
  for (; cursor.kind !== RIGHT; count++) bytes.u32(spaces.func.index(cursor));
  return { type: null, count, bytes };
};

/** The same as expressions: only those can be of any type. */
const readIndicesOf = ({ cursor, spaces }: SegmentContext, type: ValType): ElementList => {
  const bytes = new ByteWriter();
  let count = 0;
  for (; cursor.kind !== RIGHT; count++) {
    writeOpcode(bytes, rowOf['ref.func']);
    bytes.u32(spaces.func.index(cursor));
    bytes.byte(END_CODE);
  }
  return { type, count, bytes };
};

const writeElements = (out: ByteWriter, { type, count, bytes }: ElementList, hasType: boolean): void => {
  if (hasType) {
    if (type === null) out.byte(FUNC_KIND);
    else writeValType(out, type);
  }
  out.u32(count);
  out.take(bytes);
};

/** @param table -1 if the text names none */
const writeActive = (out: ByteWriter, table: number, offset: ByteWriter, elements: ElementList): void => {
  const isPlain = table < 0 && (elements.type === null || elements.type === FUNCREF);
  out.u32((isPlain ? 0 : HAS_EXTRA) | (elements.type === null ? 0 : HAS_EXPRESSIONS));
  if (!isPlain) out.u32(Math.max(table, 0));
  out.take(offset);
  writeElements(out, elements, !isPlain);
};

/** @param isBare whether indices may be bare */
const readList = (context: SegmentContext, isBare: boolean): ElementList => {
  const { cursor, spaces } = context;
  if (cursor.take(KEY.func)) return readIndices(context);
  if (isRefType(cursor)) return readExpressions(context, readRefType(cursor, spaces.type));
  const { kind } = cursor;
  if (isBare && (kind === NAT || kind === ID || kind === RIGHT)) return readIndices(context);
  return cursor.fail('"func" or a reference type');
};

/** Reads an element segment, after its identifier. */
export const readElementSegment = (context: SegmentContext, out: ByteWriter): void => {
  const { cursor, spaces } = context;
  const isDeclarative = cursor.take(KEY.declare);
  const isActive = !isDeclarative && !isRefType(cursor) && (cursor.kind === LEFT || cursor.kind === NAT);
  const offset = new ByteWriter();
  let table = -1;
  let namesTable = false;
  if (isActive) {
    if (cursor.enter(KEY.table)) {
      namesTable = true;
      table = spaces.table.index(cursor);
      cursor.leave();
      // The form before reference types, which the suite of the threads proposal still has.
    } else if (cursor.kind === NAT) table = spaces.table.index(cursor);
    copyExpression(context, KEY.offset, offset);
  }
  const elements = readList(context, isActive && !namesTable);
  if (isActive) {
    writeActive(out, table, offset, elements);
    return;
  }
  out.u32(IS_PASSIVE | (isDeclarative ? HAS_EXTRA : 0) | (elements.type === null ? 0 : HAS_EXPRESSIONS));
  writeElements(out, elements, true);
};

/** The offset zero of a segment that fills its table or memory. */
const zeroOffset = (address: ValType): ByteWriter => {
  const out = new ByteWriter();
  writeOpcode(out, address === I64 ? rowOf['i64.const'] : rowOf['i32.const']);
  out.byte(0);
  out.byte(END_CODE);
  return out;
};

/** Reads the initial elements of a table, up to the parenthesis; returns how many. */
export const readInlineElements = (
  context: SegmentContext,
  table: { readonly index: number; readonly address: ValType; readonly type: ValType },
  out: ByteWriter,
): number => {
  const { cursor } = context;
  const elements =
    cursor.kind === LEFT
      ? readExpressions(context, table.type)
      : table.type === FUNCREF
        ? readIndices(context)
        : readIndicesOf(context, table.type);
  writeActive(out, table.index, zeroOffset(table.address), elements);
  return elements.count;
};

const copyStrings = (cursor: Cursor): ByteWriter => {
  const bytes = new ByteWriter();
  while (cursor.kind !== RIGHT) cursor.string(bytes);
  return bytes;
};

const writeActiveData = (out: ByteWriter, memory: number, offset: ByteWriter, bytes: ByteWriter): void => {
  out.u32(memory === 0 ? 0 : HAS_EXTRA);
  if (memory !== 0) out.u32(memory);
  out.take(offset);
  out.takeSized(bytes);
};

/** Reads a data segment, after its identifier. */
export const readDataSegment = (context: SegmentContext, out: ByteWriter): void => {
  const { cursor, spaces } = context;
  if (cursor.kind === STRING || cursor.kind === RIGHT) {
    out.u32(IS_PASSIVE);
    out.takeSized(copyStrings(cursor));
    return;
  }
  let memory = 0;
  if (cursor.enter(KEY.memory)) {
    memory = spaces.memory.index(cursor);
    cursor.leave();
    // As above.
  } else if (cursor.kind === NAT) memory = spaces.memory.index(cursor);
  const offset = new ByteWriter();
  copyExpression(context, KEY.offset, offset);
  writeActiveData(out, memory, offset, copyStrings(cursor));
};

/** Reads the initial bytes of a memory, up to the parenthesis; returns how many. */
export const readInlineData = (
  cursor: Cursor,
  memory: { readonly index: number; readonly address: ValType },
  out: ByteWriter,
): number => {
  const bytes = copyStrings(cursor);
  writeActiveData(out, memory.index, zeroOffset(memory.address), bytes);
  return bytes.length;
};
