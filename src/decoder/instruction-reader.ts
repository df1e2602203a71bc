/**
 * Reads instructions one by one: opcode to row of the instruction table, immediates into fields. Nothing is
 * allocated per instruction; validator, translator, disassembler and reference executor share it.
 *
 * PERF: a 14 MB module has six million instructions. One-byte LEBs and prefix-less opcodes are inline.
 */
import { catalogue } from '../errors/catalogue.ts';
import { MalformedError } from '../errors/errors.ts';
import { build } from '../syntax/build.ts';
import { unsupportedFeature } from '../syntax/features.ts';
import type { ImmediateKind } from '../syntax/immediates.ts';
import { type InstructionRow, instructions } from '../syntax/instructions.ts';
import { MAX_BR_TABLE } from '../syntax/limits.ts';
import type { DefType, HeapType, ValType } from '../syntax/types.ts';
import { ByteReader } from './byte-reader.ts';
import { readHeapType, readValType, resolverOf, type TypeResolver } from './types.ts';

/** One clause of `try_table`. @spec binary-catch */
export interface Catch {
  /** The tag caught; null for all. */
  readonly tag: number | null;
  /** Whether the exception itself is passed on. */
  readonly withRef: boolean;
  readonly label: number;
}

/** For each prefix a page from opcode to row, -1 for none. */
const pages = new Map<number, Int16Array>();
for (const [index, row] of (instructions as readonly InstructionRow[]).entries()) {
  let page = pages.get(row.prefix);
  if (page === undefined) pages.set(row.prefix, (page = new Int16Array(512).fill(-1)));
  page[row.code] = index;
}
const mainPage = pages.get(0)!;

/** The immediates of a row as one number, which `read` switches on. */
const forms: readonly (readonly ImmediateKind[])[] = [
  [],
  ['labelidx'],
  ['i32'],
  ['memarg'],
  ['i64'],
  ['f32'],
  ['f64'],
  ['blocktype'],
  ['labels'],
  ['typeidx', 'tableidx'],
  ['valtypes'],
  ['heaptype'],
  ['blocktype', 'catches'],
  ['v128'],
  ['lanes16'],
  ['laneidx'],
  ['memarg', 'laneidx'],
  ['cast'],
  ['zero'],
];
const SINGLE_INDEX = 1;
const TWO_INDICES = 9;
const isIndex = (kind: ImmediateKind): boolean => kind.endsWith('idx') && kind !== 'laneidx';
const formOf = (row: InstructionRow): number => {
  const { immediates } = row;
  if (immediates.length === 1 && (isIndex(immediates[0]!) || immediates[0] === 'count')) return SINGLE_INDEX;
  if (immediates.length === 2 && isIndex(immediates[0]!)) return TWO_INDICES;
  return forms.findIndex((form) => form.join() === immediates.join());
};
/** Form of each row: its place in `forms`. The numbers are the literals of `read` and `readImmediates`. */
const rowForms = Uint8Array.from(instructions, formOf);

/** By row of the table: whether an instruction opens (+1) or closes (-1) a block. */
export const nesting: Int8Array = Int8Array.from(instructions, ({ flow }) =>
  flow === 'opens' ? 1 : flow === 'closes' ? -1 : 0,
);

export class InstructionReader {
  private readonly bytes: Uint8Array;
  private readonly cursor: ByteReader;
  private readonly resolve: TypeResolver;
  /** Offset after the last instruction. */
  pos = 0;
  /** Offset after the last byte that may be read. */
  end = 0;
  /** Offset of the last instruction. */
  offset = 0;
  /** Its row in the instruction table. */
  row = 0;
  /** First index immediate. */
  index = 0;
  /** Second index immediate. */
  index2 = 0;
  /** Low word of a constant or of the offset of a memory access. */
  lo = 0;
  /** High word, likewise. */
  hi = 0;
  /** Alignment exponent of a memory access. */
  align = 0;
  /** Memory of a memory access. */
  memory = 0;
  /** Whether a memory access names its memory, even the first one. */
  namesMemory = false;
  /** Inline value type of a block type, 0 for none. */
  valType: ValType = 0;
  /** Type index of a block type, -1 when it is inline. */
  blockTypeIndex = -1;
  heapType: HeapType = 0;
  heapType2: HeapType = 0;
  isNullable = false;
  isNullable2 = false;
  lane = 0;
  readonly bytes16: Uint8Array = new Uint8Array(16);
  /** Labels of `br_table`, the default last. */
  labels: Int32Array = new Int32Array(64);
  labelCount = 0;
  valTypes: readonly ValType[] = [];
  catches: readonly Catch[] = [];

  /** `section` is for messages. */
  constructor(
    bytes: Uint8Array,
    types: readonly DefType[],
    section = 'code',
    resolve: TypeResolver = resolverOf(types),
  ) {
    this.bytes = bytes;
    this.cursor = new ByteReader(bytes);
    this.cursor.section = section;
    this.resolve = resolve;
  }

  /** Both words of a constant, without a sign. */
  get bits64(): bigint {
    return (BigInt(this.hi >>> 0) << 32n) | BigInt(this.lo >>> 0);
  }

  /** Starts over at a byte range. */
  reset(start: number, end: number): void {
    this.pos = start;
    this.end = end;
    this.cursor.end = end;
  }

  /**
   * Reads the next instruction.
   * @throws MalformedError; InvalidError for a type index that does not exist; UnsupportedError
   */
  read(): void {
    const { bytes, pos } = this;
    this.offset = pos;
    if (pos >= this.end) this.failEnd();
    const opcode = bytes[pos]!;
    this.pos = pos + 1;
    const row = opcode < 0xfb ? mainPage[opcode]! : this.prefixed(opcode);
    if (row < 0) this.failOpcode();
    this.row = row;
    const form = rowForms[row]!;
    if (form === 0) return;
    if (form === 1) {
      const b = this.pos < this.end ? bytes[this.pos]! : 0x80;
      if (b < 0x80) {
        this.pos++;
        this.index = b;
      } else this.index = this.u32();
      return;
    }
    this.readImmediates(form);
  }

  private failEnd(): never {
    return this.cursor.fail('malformed.section-overrun', this.pos);
  }

  private failOpcode(): never {
    const { bytes, offset } = this;
    const code = [...bytes.subarray(offset, this.pos)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
    const { section } = this.cursor;
    const leftOut = build.prefixes.get(bytes[offset]!);
    if (leftOut !== undefined) throw unsupportedFeature(leftOut, { offset, section });
    throw new MalformedError(
      'malformed.opcode',
      { offset, section },
      `${catalogue['malformed.opcode'].text} ${code}`,
    );
  }

  private prefixed(prefix: number): number {
    const page = pages.get(prefix);
    if (page === undefined) return -1;
    const code = this.u32();
    return code < page.length ? page[code]! : -1;
  }

  private readImmediates(form: number): void {
    switch (form) {
      case 2:
        this.lo = this.s32();
        break;
      case 3:
        this.memarg();
        break;
      case 4:
        this.leb64(true);
        break;
      case 5:
        this.lo = this.word();
        break;
      case 6:
        this.lo = this.word();
        this.hi = this.word();
        break;
      case 7:
        this.blockType();
        break;
      case 8:
        this.labelVector();
        break;
      case 9:
        this.index = this.u32();
        this.index2 = this.u32();
        break;
      case 12:
        this.blockType();
        this.catches = this.slow((r) => r.list(() => this.catchClause(r)));
        break;
      default:
        this.readRareImmediates(form);
    }
  }

  private readRareImmediates(form: number): void {
    switch (form) {
      case 10:
        this.valTypes = this.slow((r) => r.list(() => readValType(r, this.resolve)));
        break;
      case 11:
        this.heapType = this.slow((r) => readHeapType(r, this.resolve));
        break;
      case 13:
      case 14:
        for (let i = 0; i < 16; i++) this.bytes16[i] = this.byte();
        break;
      case 15:
        this.lane = this.byte();
        break;
      case 16:
        this.memarg();
        this.lane = this.byte();
        break;
      case 17:
        this.cast();
        break;
      default:
        if (this.byte() !== 0) this.cursor.fail('malformed.zero-byte', this.pos - 1);
    }
  }

  /** Reads with the general reader, if speed does not matter. */
  private slow<T>(read: (r: ByteReader) => T): T {
    this.cursor.pos = this.pos;
    const value = read(this.cursor);
    this.pos = this.cursor.pos;
    return value;
  }

  private byte(): number {
    if (this.pos >= this.end) this.failEnd();
    return this.bytes[this.pos++]!;
  }

  private word(): number {
    const { pos, bytes } = this;
    if (pos + 4 > this.end) {
      this.pos = this.end;
      this.failEnd();
    }
    this.pos = pos + 4;
    return bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24);
  }

  private u32(): number {
    const b = this.pos < this.end ? this.bytes[this.pos]! : 0x80;
    if (b < 0x80) {
      this.pos++;
      return b;
    }
    return this.slow((r) => r.u32());
  }

  /** @spec binary-sint */
  private s32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      value |= (b & 0x7f) << shift;
      if (shift === 28) {
        if (b >= 0x80) this.cursor.fail('malformed.integer-long', this.pos - 1);
        // Bit 3 is the sign; the bits above must repeat it.
        const high = b & 0x78;
        if (high !== 0 && high !== 0x78) this.cursor.fail('malformed.integer-large', this.pos - 1);
        return value;
      }
      if (b < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
  }

  /**
   * A 64-bit integer into `lo` and `hi`, which need no bigint. @spec binary-sint
   *
   * PERF: through a bigint this was the most expensive function on Go modules, one constant in five of which
   * takes five bytes.
   */
  private leb64(isSigned: boolean): void {
    let lo = 0;
    let hi = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      const bits = b & 0x7f;
      if (shift < 32) lo |= bits << shift;
      if (shift === 28) hi = bits >> 4;
      else if (shift > 28) hi |= bits << (shift - 32);
      if (shift === 63) {
        if (b >= 0x80) this.cursor.fail('malformed.integer-long', this.pos - 1);
        const isLarge = isSigned ? b !== 0 && b !== 0x7f : b > 1;
        if (isLarge) this.cursor.fail('malformed.integer-large', this.pos - 1);
      }
      if (b >= 0x80) continue;
      if (isSigned && b & 0x40) {
        if (shift < 25) lo |= -1 << (shift + 7);
        // Shift counts are taken modulo 32; the tenth byte has no bit left to extend.
        if (shift < 57) hi |= shift < 28 ? -1 : -1 << (shift - 25);
      }
      this.lo = lo;
      this.hi = hi;
      return;
    }
  }

  /** @spec binary-memarg */
  private memarg(): void {
    const { bytes, pos, end } = this;
    if (pos + 1 < end && bytes[pos]! < 0x40 && bytes[pos + 1]! < 0x80) {
      this.align = bytes[pos]!;
      this.memory = 0;
      this.namesMemory = false;
      this.lo = bytes[pos + 1]!;
      this.hi = 0;
      this.pos = pos + 2;
      return;
    }
    const flags = this.u32();
    if (flags >= 0x80) this.cursor.fail('malformed.memop', pos);
    this.align = flags & 0x3f;
    this.namesMemory = (flags & 0x40) !== 0;
    this.memory = this.namesMemory ? this.u32() : 0;
    this.leb64(false);
  }

  /** @spec binary-blocktype */
  private blockType(): void {
    const b = this.pos < this.end ? this.bytes[this.pos]! : 0x80;
    this.valType = 0;
    this.blockTypeIndex = -1;
    if (b === 0x40) {
      this.pos++;
      return;
    }
    // A one-byte negative number is a value type; everything else is a type index.
    if (b > 0x40 && b < 0x80) {
      this.valType = this.slow((r) => readValType(r, this.resolve));
      return;
    }
    const index = this.slow((r) => r.s33());
    if (index < 0) this.cursor.fail('malformed.type', this.pos - 1);
    this.blockTypeIndex = index;
  }

  private labelVector(): void {
    const count = this.u32();
    // Each label takes at least a byte.
    if (count >= this.end - this.pos) {
      this.pos = this.end;
      this.failEnd();
    }
    if (count > MAX_BR_TABLE) this.cursor.failLimit(MAX_BR_TABLE, count, this.offset, 'labels');
    if (this.labels.length <= count) this.labels = new Int32Array(count + 64);
    for (let i = 0; i <= count; i++) this.labels[i] = this.u32();
    this.labelCount = count + 1;
  }

  private catchClause(r: ByteReader): Catch {
    const kind = r.byte();
    if (kind > 3) r.fail('malformed.catch', r.pos - 1);
    const tag = kind < 2 ? r.u32() : null;
    return { tag, withRef: (kind & 1) === 1, label: r.u32() };
  }

  private cast(): void {
    const flags = this.byte();
    if (flags > 3) this.cursor.fail('malformed.cast', this.pos - 1);
    this.isNullable = (flags & 1) !== 0;
    this.isNullable2 = (flags & 2) !== 0;
    this.index = this.u32();
    this.heapType = this.slow((r) => readHeapType(r, this.resolve));
    this.heapType2 = this.slow((r) => readHeapType(r, this.resolve));
  }
}
