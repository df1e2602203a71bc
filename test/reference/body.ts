/**
 * Reads the instructions of a body or constant expression into objects, with the partner of every block.
 *
 * The bytes were validated before, so a block without end cannot occur.
 */
import { type Catch, InstructionReader } from '../../src/decoder/instruction-reader.ts';
import { instructions } from '../../src/inspect.ts';
import type { FuncType, HeapType, ValType } from '../../src/syntax/types.ts';
import type { FuelClass, Module } from '../../src/wasm.ts';
import { funcTypeOf } from './instances.ts';

export interface Instruction {
  readonly name: string;
  readonly fuel: FuelClass;
  /** Byte offset in the module. */
  readonly offset: number;
  readonly index: number;
  readonly index2: number;
  /** Immediate of a constant. */
  readonly lo: number;
  readonly hi: number;
  readonly memory: number;
  /** Offset of a memory access. */
  readonly memoryOffset: bigint;
  /** Lane of a vector instruction. */
  readonly lane: number;
  /** A vector constant, or the lanes of a shuffle. */
  readonly bytes: readonly number[];
  readonly heapType: HeapType;
  /** Target of a branch on a cast. */
  readonly heapType2: HeapType;
  readonly isNullable2: boolean;
  readonly block: FuncType | null;
  readonly labels: readonly number[];
  /** Clauses of a `try_table`. */
  readonly catches: readonly Catch[];
  /** Handlers of a `try` with the index of their first instruction; a null tag catches all. */
  readonly handlers: { readonly tag: number | null; readonly start: number }[];
  /** Label that a `try` delegates to. */
  delegate: number | null;
  /** Index of the matching `end`; of blocks and `else`. */
  end: number;
  /** Index of the matching `else`, or of `end` if there is none. */
  otherwise: number;
}

const blockType = (reader: InstructionReader, module: Module): FuncType => {
  if (reader.blockTypeIndex >= 0) return funcTypeOf(module.types[reader.blockTypeIndex]!);
  const results: ValType[] = reader.valType === 0 ? [] : [reader.valType];
  return { kind: 'func', params: [], results };
};

/** Instructions of a byte range, the final `end` included. */
export const readBody = (module: Module, start: number, end: number): readonly Instruction[] => {
  const reader = new InstructionReader(module.bytes, module.types);
  reader.reset(start, end);
  const body: Instruction[] = [];
  const open: number[] = [];
  while (reader.pos < end) {
    reader.read();
    const row = instructions[reader.row]!;
    const isBlock = row.flow === 'opens';
    const position = body.length;
    body.push({
      name: row.name,
      fuel: row.fuel,
      offset: reader.offset,
      index: reader.index,
      index2: reader.index2,
      lo: reader.lo,
      hi: reader.hi,
      memory: reader.memory,
      memoryOffset: (BigInt(reader.hi >>> 0) << 32n) | BigInt(reader.lo >>> 0),
      lane: reader.lane,
      bytes: row.prefix === 0xfd ? [...reader.bytes16] : [],
      heapType: reader.heapType,
      heapType2: reader.heapType2,
      isNullable2: reader.isNullable2,
      block: isBlock ? blockType(reader, module) : null,
      labels: row.name === 'br_table' ? [...reader.labels.subarray(0, reader.labelCount)] : [],
      catches: row.name === 'try_table' ? reader.catches : [],
      handlers: [],
      delegate: null,
      end: -1,
      otherwise: -1,
    });
    if (isBlock) open.push(position);
    else if (row.name === 'else') body[open[open.length - 1]!]!.otherwise = position;
    else if (row.name === 'catch' || row.name === 'catch_all') {
      const tag = row.name === 'catch' ? reader.index : null;
      body[open[open.length - 1]!]!.handlers.push({ tag, start: position + 1 });
    } else if (row.name === 'delegate') {
      body[open[open.length - 1]!]!.delegate = reader.index;
      closeBlock(body, open.pop(), position);
    } else if (row.name === 'end') closeBlock(body, open.pop(), position);
  }
  return body;
};

const closeBlock = (body: readonly Instruction[], opener: number | undefined, end: number): void => {
  if (opener === undefined) return;
  const block = body[opener]!;
  block.end = end;
  if (block.otherwise === -1) block.otherwise = end;
  else body[block.otherwise]!.end = end;
  for (const { start } of block.handlers) body[start - 1]!.end = end;
};
