/**
 * One instruction as text, in the spelling of the text format. @spec text-instr
 *
 * A record with an entry for each kind of immediate does it, so a row of the table needs nothing more to be
 * printed; the few places where the text order is not the binary order are named here.
 */
import { masked } from '../errors/texts.ts';
import { defType } from '../syntax/canonical-types.ts';
import type { ImmediateKind } from '../syntax/immediates.ts';
import { type InstructionRow, instructions } from '../syntax/instructions.ts';
import { keywords } from '../syntax/mnemonics.ts';
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

/** What the text of an instruction is made from besides itself. */
export class TextContext {
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

  /** `(param i32) (result i64)`; empty where there is nothing to say. */
  signature(type: FuncType): string {
    return [this.group('param', type.params), this.group('result', type.results)].filter(Boolean).join(' ');
  }

  /** `(keyword type …)`, or nothing for no types. */
  group(keyword: string, types: readonly ValType[]): string {
    return types.length === 0 ? '' : `(${keyword} ${types.map((type) => this.valType(type)).join(' ')})`;
  }

  /** An index with the name as a comment, where there is one. */
  func(index: number): string {
    const name = this.names.funcName(index);
    if (name === null) return `${index}`;
    // A name may hold anything; a comment must not end early nor span lines.
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

const memargText = (r: InstructionReader): string => {
  const parts = r.memory === 0 ? [] : [`${r.memory}`];
  if (r.lo !== 0 || r.hi !== 0) parts.push(`offset=${r.bits64}`);
  const natural = 31 - Math.clz32(rows[r.row]!.access);
  if (r.align !== natural) parts.push(`align=${2n ** BigInt(r.align)}`);
  return parts.join(' ');
};

const catchText = ({ tag, withRef, label }: Catch): string =>
  `(catch${tag === null ? '_all' : ''}${withRef ? '_ref' : ''} ${tag === null ? '' : `${tag} `}${label})`;

const blockTypeText = (r: InstructionReader, context: TextContext): string =>
  r.blockTypeIndex >= 0
    ? `(type ${r.blockTypeIndex})`
    : context.group('result', r.valType === 0 ? [] : [r.valType]);

/** `index` is the index immediate of the kind, where it has one. */
type ImmediateText = (r: InstructionReader, context: TextContext, index: number) => string;
const plain: ImmediateText = (_r, _context, index) => `${index}`;

const immediateTexts: Readonly<Record<ImmediateKind, ImmediateText>> = {
  blocktype: blockTypeText,
  labelidx: plain,
  labels: (r) => [...r.labels.subarray(0, r.labelCount)].join(' '),
  funcidx: (_r, context, index) => context.func(index),
  typeidx: plain,
  tableidx: plain,
  memidx: plain,
  localidx: plain,
  globalidx: plain,
  tagidx: plain,
  elemidx: plain,
  dataidx: plain,
  fieldidx: plain,
  count: plain,
  memarg: memargText,
  laneidx: (r) => `${r.lane}`,
  lanes16: (r) => [...r.bytes16].join(' '),
  i32: (r) => `${r.lo}`,
  i64: (r) => `${BigInt.asIntN(64, r.bits64)}`,
  f32: f32Text,
  f64: f64Text,
  v128: v128Text,
  heaptype: (r, context) => context.heapType(r.heapType),
  valtypes: (r, context) => context.group('result', r.valTypes),
  catches: (r) => r.catches.map(catchText).join(' '),
  cast: (r, context) =>
    [
      `${r.index}`,
      context.valType(refType(r.heapType, r.isNullable)),
      context.valType(refType(r.heapType2, r.isNullable2)),
    ].join(' '),
  zero: () => '',
};

/** Memories and tables come first in the text, and are left out where they are all the first one. */
const isSpace = (kind: ImmediateKind): boolean => kind === 'memidx' || kind === 'tableidx';

const plainImmediates = (r: InstructionReader, context: TextContext, row: InstructionRow): string[] => {
  const spaces: number[] = [];
  const others: string[] = [];
  for (const [at, kind] of row.immediates.entries()) {
    const index = at === 0 ? r.index : r.index2;
    if (isSpace(kind)) spaces.push(index);
    else others.push(immediateTexts[kind](r, context, index));
  }
  return [...(spaces.some((index) => index !== 0) ? spaces.map(String) : []), ...others];
};

/** The text of the instruction that `r` has just read. */
export const instructionText = (r: InstructionReader, context: TextContext): string => {
  const row = rows[r.row]!;
  const parts = plainImmediates(r, context, row);
  switch (row.name) {
    case 'call_indirect':
    case 'return_call_indirect':
      parts[parts.length - 1] = `(type ${r.index})`;
      break;
    case 'ref.test':
    case 'ref.cast':
    case 'ref.test null':
    case 'ref.cast null':
    case 'ref.cast_desc_eq':
    case 'ref.cast_desc_eq null':
      parts[0] = context.valType(refType(r.heapType, row.name.endsWith('null')));
      break;
    default:
  }
  return [keywords[r.row], ...parts.filter((part) => part !== '')].join(' ');
};
