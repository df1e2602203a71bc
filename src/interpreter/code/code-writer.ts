/**
 * Writes internal code: operations, labels, and the fuel that branches, calls and returns carry.
 *
 * Fuel. A *stretch* is code that control leaves early only by a taken branch: it ends at a call, a sized operation or
 * an unconditional transfer. In fast code the machine keeps F, the fuel that is left once the current stretch has
 * been paid to its end; so falling through costs nothing, and a taken branch adds one word: what remains of the
 * stretch it leaves minus what remains of the stretch it enters. A negative F means that the stretch ahead cannot be
 * paid in full; then careful code takes over, with one charge per instruction.
 *
 * Targets are relative to the first word until `finish` places the code.
 */
import { InternalError } from '../../errors/errors.ts';
import { CodeMap, Places } from './code-map.ts';
import { MAX_PACKED_SLOT, opcodeOf, packSlots, withFirstSlot } from './encoding.ts';
import { findFusion } from './fuser.ts';
import { type Op, type Operand, opOf, type WrittenOperands } from './isa.ts';

/** Entries for which a row keeps room between translations. */
const KEPT = 1 << 16;

/**
 * Numbers in records of a fixed width, appended one record at a time.
 *
 * PERF: there is one translation at a time, so the rows are made once. As objects, the places of a body took a
 * hundred bytes for each of its bytes.
 */
class Rows {
  values = new Int32Array(256);
  length = 0;

  push(a: number, b: number, c: number, d: number, width: number): void {
    if (this.length + 4 > this.values.length) this.grow();
    const { values, length } = this;
    values[length] = a;
    values[length + 1] = b;
    values[length + 2] = c;
    values[length + 3] = d;
    this.length = length + width;
  }

  private grow(): void {
    const larger = new Int32Array(2 * this.values.length);
    larger.set(this.values);
    this.values = larger;
  }

  /** Drops the records, and releases room that few bodies need. */
  clear(): void {
    this.length = 0;
    if (this.values.length > KEPT) this.values = new Int32Array(256);
  }

  /** Makes room. Hosts allocate memory when it is written, so unused room costs nothing. */
  reserve(length: number): void {
    if (length > this.values.length) this.values = new Int32Array(length);
  }

  /** One field of every record. */
  column(field: number, width: number): Int32Array {
    const column = new Int32Array(this.length / width);
    for (let i = 0; i < column.length; i++) column[i] = this.values[i * width + field]!;
    return column;
  }
}

const LABEL = 3;
const BRANCH = 3;
const REMAINDER = 3;
const POINT = 4;
/** Records: pc, stretch and cost. */
const labels = new Rows();
/** Records: position of the target word, stretch and cost of the branch. The word itself contains the label for now. */
const branches = new Rows();
/** Records: position of a word that gets the rest at a point of a stretch, stretch and cost. */
const remainders = new Rows();
/** Records: pc, offset, stretch and cost. */
const points = new Rows();
const siteRows = new Rows();
const stretchTotals = new Rows();
const allRows = [labels, branches, remainders, points, siteRows, stretchTotals];

let buffer = new Int32Array(4096);

/** Prepares for the next translation: everything about the last one is dropped. */
export const clearWriter = (): void => {
  for (const rows of allRows) rows.clear();
  if (buffer.length > KEPT) buffer = new Int32Array(4096);
};

export class CodeWriter {
  /** Words written. */
  size = 0;
  /** Cost of the current stretch so far; stays 0 in careful code. */
  cost = 0;
  /** Byte offset of the instruction being translated; for sites. */
  offset = 0;
  /** First slot of scratch for operands that no packed field can name; -1 when the frame is small. */
  scratch = -1;
  /** Number of operations written; fused ones count once for each part. */
  count = 0;
  private stretch = 0;
  /** Position of the last operation, and its end; the end is -1 if nothing may be fused with it. */
  private lastAt = 0;
  private lastEnd = -1;
  private lastOp: Op = opOf.mov32;
  /** Cost and pc of the last boundary, and its stretch. */
  private lastPc = -1;
  private lastStretch = 0;
  private lastCost = 0;
  private readonly isRecording: boolean;
  /** Fields of boundaries and sites: in careful code nothing is paid in advance. */
  private readonly siteWidth: number;
  private readonly isCareful: boolean;
  /** Whether operations are fused: not in careful code. */
  fuses: boolean;
  /** The first slot above the operand stack: nothing reads it, or those that follow, any more. */
  firstDead: () => number = () => 0;

  constructor(isRecording: boolean, isCareful: boolean, byteLength: number) {
    this.isCareful = isCareful;
    this.fuses = !isCareful;
    this.isRecording = isRecording;
    this.siteWidth = isCareful ? 2 : POINT;
    clearWriter();
    // PERF: growing leaves copies that are not collected immediately.
    if (byteLength < KEPT) return;
    buffer = new Int32Array((isCareful ? 4 : 1) * byteLength);
    if (isRecording) siteRows.reserve(2 * byteLength);
  }

  word(value: number): void {
    if (this.size === buffer.length) {
      const larger = new Int32Array(buffer.length * 2);
      larger.set(buffer);
      buffer = larger;
    }
    buffer[this.size++] = value;
  }

  /**
   * Emits an operation; operands in table order, slots as slot numbers. Branch operands and costs are omitted. Packed
   * operands that are too far go through scratch slots, with moves before and after.
   *
   * @returns its position
   */
  emit<L extends string>(op: Op<L>, ...operands: WrittenOperands<L>): number;
  emit(op: Op, a = 0, b = 0, c = 0, d = 0, e = 0): number {
    const { operands, packed } = op;
    this.count++;
    if (this.lastEnd === this.size && this.fuses) {
      const at = this.fuse(op, [a, b, c, d, e]);
      if (at >= 0) return at;
    }
    const isFar = this.scratch >= 0 && packed > 0;
    const first = isFar ? this.bringNear(op, 0, a) : a;
    const second = isFar ? this.bringNear(op, 1, b) : b;
    const at = this.size;
    if (this.isRecording) siteRows.push(at, this.offset, this.stretch, this.cost, this.siteWidth);
    this.word(packSlots(op.code, packed > 0 ? first : 0, packed > 1 ? second : 0));
    for (let i = packed; i < operands.length; i++) {
      const value = i === 0 ? a : i === 1 ? b : i === 2 ? c : i === 3 ? d : e;
      const { role, holds } = operands[i]!;
      if (role === 'branch') {
        this.word(0);
        this.word(0);
      } else if (role === 'cost') {
        this.endStretch();
        this.remainderWord();
      } else if (role === 'ahead') this.remainderWord();
      else this.word(holds === undefined ? value : 2 * value);
    }
    this.lastAt = at;
    this.lastEnd = this.size;
    this.lastOp = op;
    if (first !== a && operands[0]!.role === 'written') this.moveFar(operands[0]!, a, first);
    if (second !== b && operands[1]!.role === 'written') this.moveFar(operands[1]!, b, second);
    return at;
  }

  /** Fuses the last operation with this one, if the table has the fusion; returns its position, or -1. */
  private fuse(op: Op, operands: number[]): number {
    const at = this.lastAt;
    const fusion = findFusion(this.lastOp, op, buffer, at, operands, this.firstDead);
    if (fusion === null) return -1;
    const { op: fused, values } = fusion;
    // A part that traps has its own program counter.
    const place = at + fused.parts.length - 1;
    this.size = at;
    this.word(packSlots(fused.code, fused.packed > 0 ? values[0]! : 0, fused.packed > 1 ? values[1]! : 0));
    for (let i = fused.packed; i < fused.operands.length; i++) {
      const { role, holds } = fused.operands[i]!;
      if (role === 'branch') {
        this.word(0);
        this.word(0);
      } else this.word(holds === undefined ? values[i]! : 2 * values[i]!);
    }
    if (this.isRecording && place < this.size)
      siteRows.push(place, this.offset, this.stretch, this.cost, this.siteWidth);
    this.lastEnd = this.size;
    this.lastOp = fused;
    return at;
  }

  /** The slot for a packed operand: its own, or a scratch slot, to which the operand is moved before it is read. */
  private bringNear(op: Op, index: number, slot: number): number {
    if (index >= op.packed || slot <= MAX_PACKED_SLOT) return slot;
    const near = this.scratch + index;
    const operand = op.operands[index]!;
    if (operand.role === 'read') this.moveFar(operand, near, slot);
    return near;
  }

  private moveFar({ holds }: Operand, to: number, from: number): void {
    this.emit(holds === 'reference' ? opOf.mov_any_far : opOf.mov64_far, to * 2, from * 2);
  }

  /** Changes the destination of an operation emitted before: packed, or the first word of a vector operation. */
  retarget(at: number, slot: number): void {
    const opcode = opcodeOf(buffer[at]!);
    if (opcode === opOf.vector.code || opcode === opOf.vector_far.code) {
      buffer[at + 1] = 2 * slot;
      return;
    }
    buffer[at] = withFirstSlot(buffer[at]!, slot);
  }

  /** A word that was written before. */
  wordAt(at: number): number {
    return buffer[at]!;
  }

  /** Removes the last operation, which begins at a position: another one replaces it. */
  takeBack(at: number): void {
    this.size = at;
    this.lastEnd = -1;
    if (this.isRecording) siteRows.length -= this.siteWidth;
  }

  newLabel(): number {
    labels.push(-1, 0, 0, 0, LABEL);
    return labels.length / LABEL - 1;
  }

  bind(label: number): void {
    const at = label * LABEL;
    labels.values[at] = this.size;
    labels.values[at + 1] = this.stretch;
    labels.values[at + 2] = this.cost;
    this.lastEnd = -1;
  }

  /** Emits a branching operation to a label. */
  branch<L extends string>(op: Op<L>, label: number, ...operands: WrittenOperands<L>): void;
  branch(op: Op, label: number, a = 0, b = 0, c = 0): void {
    this.emit(op, a, b, c);
    this.target(this.size - 2, label);
  }

  /** Two words of a branch table. */
  tableEntry(label: number): void {
    this.word(0);
    this.word(0);
    this.target(this.size - 2, label);
  }

  private target(position: number, label: number): void {
    buffer[position] = label;
    branches.push(position, this.stretch, this.cost, 0, BRANCH);
  }

  /** A word for the rest of the stretch from the current point on. */
  private remainderWord(): void {
    remainders.push(this.size, this.stretch, this.cost, 0, REMAINDER);
    this.word(0);
  }

  /** Ends the current stretch: the next operation begins another one. */
  endStretch(): void {
    this.lastEnd = -1;
    stretchTotals.push(this.cost, 0, 0, 0, 1);
    this.stretch++;
    this.cost = 0;
  }

  /**
   * Makes sure that a boundary here would not share its program counter with one that has a different amount left to
   * pay: the machine identifies its position by the counter alone. Call before binding a label here.
   */
  separate(): void {
    if (this.isCareful) return;
    if (this.lastPc === this.size && (this.lastStretch !== this.stretch || this.lastCost !== this.cost))
      this.emit(opOf.charge, 0);
  }

  /** Marks a boundary before the next operation. */
  boundary(offset: number): void {
    this.separate();
    this.lastPc = this.size;
    this.lastEnd = -1;
    this.lastStretch = this.stretch;
    this.lastCost = this.cost;
    if (this.isRecording) points.push(this.size, offset, this.stretch, this.cost, this.siteWidth);
  }

  private remaining(stretch: number, cost: number): number {
    return stretchTotals.values[stretch]! - cost;
  }

  /**
   * Resolves everything for code at `start`, and copies it there.
   */
  finish(target: Int32Array, start: number): void {
    const { values } = branches;
    for (let i = 0; i < branches.length; i += BRANCH) {
      const position = values[i]!;
      const { pc, remaining } = this.placeOf(buffer[position]!);
      if (pc < 0) throw new InternalError('internal.bug', { detail: 'unbound label' });
      buffer[position] = start + pc;
      buffer[position + 1] = this.remaining(values[i + 1]!, values[i + 2]!) - remaining;
    }
    for (let i = 0; i < remainders.length; i += REMAINDER) {
      const [position, stretch, cost] = [
        remainders.values[i]!,
        remainders.values[i + 1]!,
        remainders.values[i + 2]!,
      ];
      buffer[position] = this.remaining(stretch, cost);
    }
    target.set(buffer.subarray(0, this.size), start);
  }

  /** Where a label was bound, relative to the first word, and what remains of the stretch there. */
  placeOf(label: number): { readonly pc: number; readonly remaining: number } {
    const { values } = labels;
    const at = label * LABEL;
    return { pc: values[at]!, remaining: this.remaining(values[at + 1]!, values[at + 2]!) };
  }

  /** The cost of entering the code up to the end of its first stretch. */
  get firstStretchCost(): number {
    return stretchTotals.length === 0 ? 0 : stretchTotals.values[0]!;
  }

  /** Boundaries and sites, relative to the first word; only of a writer that records. */
  map(): CodeMap {
    return new CodeMap(this.placesOf(points), this.placesOf(siteRows));
  }

  private placesOf(rows: Rows): Places {
    const { values, length } = rows;
    const width = this.siteWidth;
    const remaining = this.isCareful ? null : new Int32Array(length / POINT);
    if (remaining !== null)
      for (let i = 0; i < remaining.length; i++)
        remaining[i] = this.remaining(values[i * POINT + 2]!, values[i * POINT + 3]!);
    return new Places(rows.column(0, width), rows.column(1, width), remaining);
  }
}
