/**
 * Writes internal code: operations, labels, and the fuel that branches, calls and returns carry.
 *
 * Fuel. A *run* is a stretch of code that control leaves early only by a taken branch: it ends at a call, a
 * sized operation or an unconditional transfer. In fast code the machine holds F, the fuel that is left once
 * the current run has been paid to its end; so falling through costs nothing, and a taken branch adds one
 * word: what remains of the run it leaves minus what remains of the run it enters. A negative F means the run
 * ahead cannot be paid in full, and careful code takes over, one charge per instruction.
 *
 * Targets are relative to the first word until `finish` places the code.
 */
import { InternalError } from '../errors/errors.ts';
import { MAX_PACKED_SLOT, type Op, opOf, touchesRefs } from './isa.ts';

/** Words before an entry point: first and last slot to zero, frame size in words, cost of the first run. */
export const HEADER_WORDS = 4;

/** A place where fast and careful code have the same state: all operands in their canonical slots. */
export interface Boundary {
  /** Byte offset in the module of the next instruction. */
  readonly offset: number;
  readonly pc: number;
  /** What remains of the run from here. */
  readonly remaining: number;
}
/** Where an operation came from. */
export interface Site {
  readonly pc: number;
  /** Byte offset of the Wasm instruction. */
  readonly offset: number;
  /** What remains of the run behind that instruction. */
  readonly remaining: number;
}

interface Point {
  readonly pc: number;
  readonly offset: number;
  readonly run: number;
  readonly cost: number;
}

let buffer = new Int32Array(4096);

export class CodeWriter {
  /** Words written. */
  size = 0;
  /** Cost of the current run so far; stays 0 in careful code. */
  cost = 0;
  /** Byte offset of the instruction being translated; for sites. */
  offset = 0;
  /** Slots 0 … 2 of scratch for operands that no packed field can name; -1 when the frame is small. */
  scratch = -1;
  private run = 0;
  private runTotals: number[] = [];
  private labelPc: number[] = [];
  private labelRun: number[] = [];
  private labelCost: number[] = [];
  /** Triples: position of the target word, label, run and cost of the branch. */
  private branches: number[] = [];
  /** Pairs: position of a word that holds what remains at a point of a run. */
  private remainders: number[] = [];
  private points: Point[] = [];
  private siteList: Point[] | null;

  private readonly isCareful: boolean;

  constructor(isRecording: boolean, isCareful: boolean) {
    this.isCareful = isCareful;
    this.siteList = isRecording ? [] : null;
  }

  word(value: number): void {
    if (this.size === buffer.length) {
      const larger = new Int32Array(buffer.length * 2);
      larger.set(buffer);
      buffer = larger;
    }
    buffer[this.size++] = value;
  }

  /** Emits an operation; operands in table order, slots as slot numbers. Branch operands are left out. */
  emit(op: Op, a = 0, b = 0, c = 0, d = 0, e = 0): number {
    if (this.scratch >= 0 && op.packed > 0) return this.emitFar(op, a, b, c, d, e);
    return this.put(op, a, b, c, d, e);
  }

  private put(op: Op, a: number, b: number, c: number, d: number, e: number): number {
    const at = this.size;
    this.siteList?.push({ pc: at, offset: this.offset, run: this.run, cost: this.cost });
    let first = op.code;
    if (op.packed > 0) first |= a << 10;
    if (op.packed > 1) first |= b << 21;
    this.word(first);
    const { layout } = op;
    for (let i = op.packed; i < layout.length; i++) {
      const value = i === 0 ? a : i === 1 ? b : i === 2 ? c : i === 3 ? d : e;
      const kind = layout[i];
      if (kind === 'p') {
        this.word(0);
        this.word(0);
      } else this.word(kind === 's' || kind === 'd' ? value * 2 : value);
    }
    return at;
  }

  /** Packed operands that are too far go through scratch slots, moved before and after. */
  private emitFar(op: Op, a: number, b: number, c: number, d: number, e: number): number {
    const operands = [a, b];
    const results: number[] = [];
    for (let i = 0; i < op.packed; i++) {
      const slot = operands[i]!;
      if (slot <= MAX_PACKED_SLOT) continue;
      const near = this.scratch + i;
      if (op.layout[i] === 'd' || op.layout[i] === 'D') results.push(slot, near);
      else this.moveFar(op, near, slot);
      operands[i] = near;
    }
    const at = this.put(op, operands[0]!, operands[1]!, c, d, e);
    for (let i = 0; i < results.length; i += 2) this.moveFar(op, results[i]!, results[i + 1]!);
    return at;
  }

  private moveFar(op: Op, to: number, from: number): void {
    this.put(opOf.mov64_far, to * 2, from * 2, 0, 0, 0);
    if (touchesRefs(op)) this.put(opOf.mov_ref_far, to * 2, from * 2, 0, 0, 0);
  }

  /** Changes the destination of an operation emitted before: packed, or the first word of a vector operation. */
  retarget(at: number, slot: number): void {
    if ((buffer[at]! & 1023) === opOf.vector.code) {
      buffer[at + 1] = 2 * slot;
      return;
    }
    buffer[at] = (buffer[at]! & ~(MAX_PACKED_SLOT << 10)) | (slot << 10);
  }

  newLabel(): number {
    this.labelPc.push(-1);
    this.labelRun.push(0);
    this.labelCost.push(0);
    return this.labelPc.length - 1;
  }

  bind(label: number): void {
    this.labelPc[label] = this.size;
    this.labelRun[label] = this.run;
    this.labelCost[label] = this.cost;
  }

  /** Emits a branching operation to a label. */
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
    this.branches.push(position, label, this.run, this.cost);
  }

  /** A word that holds what remains of the run from the current point on. */
  remainderWord(): void {
    this.remainders.push(this.size, this.run, this.cost);
    this.word(0);
  }

  /** The word before a return point, and the start of the run behind it. */
  endRun(): void {
    this.runTotals[this.run] = this.cost;
    this.run++;
    this.cost = 0;
  }

  /**
   * Makes sure that a boundary here would not share its program counter with one that has another amount left
   * to pay: the counter alone tells the machine where it stands. Call before binding a label here.
   */
  separate(): void {
    if (this.isCareful) return;
    const last = this.points[this.points.length - 1];
    if (last?.pc === this.size && (last.run !== this.run || last.cost !== this.cost))
      this.emit(opOf.charge, 0);
  }

  /** Marks a boundary in front of the next operation. */
  boundary(offset: number): void {
    this.separate();
    this.points.push({ pc: this.size, offset, run: this.run, cost: this.cost });
  }

  private remaining(run: number, cost: number): number {
    return this.runTotals[run]! - cost;
  }

  /**
   * Resolves everything for code that will lie at `start` and copies it there.
   */
  finish(target: Int32Array, start: number): void {
    for (let i = 0; i < this.branches.length; i += 4) {
      const position = this.branches[i]!;
      const label = this.branches[i + 1]!;
      if (this.labelPc[label]! < 0) throw new InternalError('internal.bug', { detail: 'unbound label' });
      buffer[position] = start + this.labelPc[label]!;
      buffer[position + 1] =
        this.remaining(this.branches[i + 2]!, this.branches[i + 3]!) -
        this.remaining(this.labelRun[label]!, this.labelCost[label]!);
    }
    for (let i = 0; i < this.remainders.length; i += 3) {
      buffer[this.remainders[i]!] = this.remaining(this.remainders[i + 1]!, this.remainders[i + 2]!);
    }
    target.set(buffer.subarray(0, this.size), start);
  }

  /** Where a label was bound, relative to the first word, and what remains of the run there. */
  placeOf(label: number): { readonly pc: number; readonly remaining: number } {
    return {
      pc: this.labelPc[label]!,
      remaining: this.remaining(this.labelRun[label]!, this.labelCost[label]!),
    };
  }

  /** What entering the code costs up to the end of its first run. */
  get firstRunCost(): number {
    return this.runTotals[0] ?? 0;
  }

  boundaries(start: number): Boundary[] {
    return this.points.map((p) => ({
      pc: start + p.pc,
      offset: p.offset,
      remaining: this.remaining(p.run, p.cost),
    }));
  }

  sites(start: number): Site[] {
    return (this.siteList ?? []).map((p) => ({
      pc: start + p.pc,
      offset: p.offset,
      remaining: this.remaining(p.run, p.cost),
    }));
  }
}
