/**
 * One instruction as text, in the spelling of the text format. @spec text-instr
 *
 * A record with an entry for each kind of immediate that is not an index does this, so a row of the table needs
 * nothing more to be printed; the few places where the text order differs from the binary order are listed here.
 */
import { masked } from '../errors/texts.ts';
import { defType } from '../syntax/canonical-types.ts';
import type { ImmediateKind } from '../syntax/immediates.ts';
import { type InstructionRow, instructions } from '../syntax/instructions.ts';
import { isVariant, keywords, variantRows } from '../syntax/mnemonics.ts';
import type { Module } from '../syntax/module.ts';
import { heapTypeName, valTypeName } from '../syntax/type-names.ts';
import {
  type FuncType,
  type HeapType,
  heapOf,
  isExactHeap,
  isNullable,
  isRef,
  refType,
  type ValType,
} from '../syntax/types.ts';
import type { Catch, InstructionReader } from './instruction-reader.ts';
import { decodeNames, type Names } from './name-section.ts';

/** The context for the text of an instruction. */
export interface InstructionTextContext {
  /** An index immediate. */
  index(kind: ImmediateKind, index: number): string;
  heapType(heap: HeapType): string;
  valType(type: ValType): string;
  /** `(keyword type …)`, or nothing for no types. */
  group(keyword: string, types: readonly ValType[]): string;
  /** A field of a structure. */
  field(type: number, index: number): string;
  /** The type of a block, or of an indirect callee, by its index. */
  typeUse(index: number): string;
}

/** For listings: indices as numbers. */
export class TextContext implements InstructionTextContext {
  readonly names: Names;
  private readonly typeIndices = new Map<number, number>();

  constructor(module: Module) {
    this.names = decodeNames(module);
    for (const [index, type] of module.types.entries()) {
      if (!this.typeIndices.has(type.id)) this.typeIndices.set(type.id, index);
    }
  }

  /** Concrete types are named by their index in this module, not by their canonical id. */
  heapType(heap: HeapType): string {
    if (heap < 0) return heapTypeName(heap);
    const index = `${this.typeIndices.get(defType(heap).id) ?? '?'}`;
    return isExactHeap(heap) ? `(exact ${index})` : index;
  }

  valType(type: ValType): string {
    if (!isRef(type) || heapOf(type) < 0) return valTypeName(type);
    return `(ref ${isNullable(type) ? 'null ' : ''}${this.heapType(heapOf(type))})`;
  }

  /** `(param i32) (result i64)`; empty if there are none. */
  signature(type: FuncType): string {
    return [this.group('param', type.params), this.group('result', type.results)].filter(Boolean).join(' ');
  }

  /** `(keyword type …)`, or nothing for no types. */
  group(keyword: string, types: readonly ValType[]): string {
    return types.length === 0 ? '' : `(${keyword} ${types.map((type) => this.valType(type)).join(' ')})`;
  }

  index(kind: ImmediateKind, index: number): string {
    return kind === 'funcidx' ? this.func(index) : `${index}`;
  }

  typeUse(index: number): string {
    return `(type ${index})`;
  }

  field(_type: number, index: number): string {
    return `${index}`;
  }

  /** An index with the name as a comment, if there is one. */
  func(index: number): string {
    const name = this.names.funcName(index);
    if (name === null) return `${index}`;
    // A name may contain anything; a comment must neither end early nor span lines.
    const safe = masked(name).replace(/[^\x21-\x7e\u00a1-\uffff]|;/gu, '_');
    return `${index} (;${safe};)`;
  }
}

const rows: readonly InstructionRow[] = instructions;

const hex32 = (word: number): string => `0x${(word >>> 0).toString(16).padStart(8, '0')}`;

const view = new DataView(new ArrayBuffer(8));
/** A float from its bits; NaNs keep sign and payload. */
const floatText = (value: number, bits: bigint, width: 32 | 64): string => {
  const fractionBits = width === 32 ? 23n : 52n;
  const sign = bits >> BigInt(width - 1) === 1n ? '-' : '';
  if (!Number.isNaN(value)) {
    if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
    return `${sign}inf`;
  }
  const payload = bits & ((1n << fractionBits) - 1n);
  return payload === 1n << (fractionBits - 1n) ? `${sign}nan` : `${sign}nan:0x${payload.toString(16)}`;
};
const f32Text = (r: InstructionReader): string => {
  view.setInt32(0, r.lo);
  return floatText(view.getFloat32(0), BigInt(r.lo >>> 0), 32);
};
const f64Text = (r: InstructionReader): string => {
  view.setInt32(0, r.hi);
  view.setInt32(4, r.lo);
  return floatText(view.getFloat64(0), r.bits64, 64);
};

const v128Text = (r: InstructionReader): string => {
  const { buffer, byteOffset } = r.bytes16;
  const lanes = new DataView(buffer, byteOffset, 16);
  return `i32x4 ${[0, 4, 8, 12].map((at) => hex32(lanes.getInt32(at, true))).join(' ')}`;
};

const memargText = (r: InstructionReader, context: InstructionTextContext): string => {
  const parts = r.memory === 0 ? [] : [context.index('memidx', r.memory)];
  if (r.lo !== 0 || r.hi !== 0) parts.push(`offset=${r.bits64}`);
  const natural = 31 - Math.clz32(rows[r.row]!.access);
  if (r.align !== natural) parts.push(`align=${2n ** BigInt(r.align)}`);
  return parts.join(' ');
};

const catchText = ({ tag, withRef, label }: Catch, context: InstructionTextContext): string => {
  const caught = tag === null ? '' : `${context.index('tagidx', tag)} `;
  return `(catch${tag === null ? '_all' : ''}${withRef ? '_ref' : ''} ${caught}${context.index('labelidx', label)})`;
};

const blockTypeText = (r: InstructionReader, context: InstructionTextContext): string =>
  r.blockTypeIndex >= 0
    ? context.typeUse(r.blockTypeIndex)
    : context.group('result', r.valType === 0 ? [] : [r.valType]);

/** An immediate that is not an index of an index space. */
type ImmediateText = (r: InstructionReader, context: InstructionTextContext) => string;

/** Others are one index each. */
const immediateTexts: Readonly<Partial<Record<ImmediateKind, ImmediateText>>> = {
  blocktype: blockTypeText,
  labels: (r, context) => {
    let text = '';
    for (let i = 0; i < r.labelCount; i++)
      text += `${i === 0 ? '' : ' '}${context.index('labelidx', r.labels[i]!)}`;
    return text;
  },
  memarg: memargText,
  laneidx: (r) => `${r.lane}`,
  lanes16: (r) => [...r.bytes16].join(' '),
  i32: (r) => `${r.lo}`,
  i64: (r) => (r.hi === r.lo >> 31 ? `${r.lo}` : `${BigInt.asIntN(64, r.bits64)}`),
  f32: f32Text,
  f64: f64Text,
  v128: v128Text,
  heaptype: (r, context) => context.heapType(r.heapType),
  valtypes: (r, context) => context.group('result', r.valTypes) || '(result)',
  catches: (r, context) => r.catches.map((clause) => catchText(clause, context)).join(' '),
  cast: (r, context) =>
    [
      context.index('labelidx', r.index),
      context.valType(refType(r.heapType, r.isNullable)),
      context.valType(refType(r.heapType2, r.isNullable2)),
    ].join(' '),
  zero: () => '',
};

/** Memories and tables come first in the text, and are omitted if they are all the first one. */
const isSpace = (kind: ImmediateKind): boolean => kind === 'memidx' || kind === 'tableidx';

/** A cast that has a second form for types that include null: the heap type is printed with it. */
const hasRefType = (row: number): boolean => variantRows[row]! >= 0 || isVariant[row] !== 0;

const appendIndices = (
  text: string,
  r: InstructionReader,
  context: InstructionTextContext,
  kinds: readonly ImmediateKind[],
): string => {
  let line = text;
  const isTypeUse = kinds.length === 2 && kinds[0] === 'typeidx' && kinds[1] === 'tableidx';
  let hasSpaces = false;
  for (let at = 0; at < kinds.length; at++)
    if (isSpace(kinds[at]!) && (at === 0 ? r.index : r.index2) !== 0) hasSpaces = true;
  if (hasSpaces)
    for (let at = 0; at < kinds.length; at++)
      if (isSpace(kinds[at]!)) line += ` ${context.index(kinds[at]!, at === 0 ? r.index : r.index2)}`;
  if (isTypeUse) return `${line} ${context.typeUse(r.index)}`;
  for (let at = 0; at < kinds.length; at++) {
    const kind = kinds[at]!;
    if (isSpace(kind)) continue;
    const index = at === 0 ? r.index : r.index2;
    line += ` ${kind === 'fieldidx' ? context.field(r.index, index) : context.index(kind, index)}`;
  }
  return line;
};

/** By row: whether all immediates are indices. */
const isAllIndices: readonly boolean[] = rows.map(({ immediates }) =>
  immediates.every((kind) => immediateTexts[kind] === undefined),
);

/** The text of the instruction that `r` has just read. */
export const instructionText = (r: InstructionReader, context: InstructionTextContext): string => {
  const { row } = r;
  const { immediates } = rows[row]!;
  const keyword = keywords[row]!;
  if (immediates.length === 0) return keyword;
  if (isAllIndices[row]) return appendIndices(keyword, r, context, immediates);
  if (immediates[0] === 'heaptype' && hasRefType(row))
    return `${keyword} ${context.valType(refType(r.heapType, isVariant[row] !== 0))}`;
  let line = keyword;
  for (const kind of immediates) {
    const part = immediateTexts[kind]!(r, context);
    if (part !== '') line += ` ${part}`;
  }
  return line;
};
