/**
 * The state of translating one function body: the abstract operand stack, pending operands, fuel and boundaries.
 *
 * An operand is in its canonical slot, or pending: a read of a local, or a constant. Fast code folds pending
 * operands into the operation that uses them; careful code has none. At every boundary all are in their slots.
 */
import { InstructionReader } from '../decoder/instruction-reader.ts';
import { F32, type FuncType, I32, isRef, slotsOf, V128, type ValType } from '../syntax/types.ts';
import type { FuncCode } from './code.ts';
import { type Boundary, CodeWriter } from './code-writer.ts';
import { HandlerList } from './exception-handlers.ts';
import { MAX_PACKED_SLOT, type Op, opOf } from './isa.ts';
import { vectorOps } from './vector-isa.ts';

/** Where an operand of the abstract stack is. */
export const IN_SLOT = 0;
export const IN_LOCAL = 1;
export const CONSTANT = 2;

/** A structured construct that is open. @spec syntax-label */
export interface Control {
  readonly kind: 'func' | 'block' | 'loop' | 'if' | 'try' | 'try_table';
  /** Target of branches to this construct. */
  readonly label: number;
  /** Target when the condition of an `if` is false; -1 when used up. */
  elseLabel: number;
  /** Number of operands below the construct's own. */
  readonly base: number;
  readonly type: FuncType;
  isReferenced: boolean;
  /** Of `try` and `try_table`: the exception handlers, and whether code written now is protected by them. */
  readonly protection?: { readonly handler: number; isOpen: boolean };
}

/** A comparison that waits for the branch that follows it. */
export interface Pending {
  readonly set: Op;
  readonly setNot: Op | null;
  readonly branch: Op;
  readonly branchNot: Op;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly isNegated: boolean;
}

export const is32 = (type: ValType): boolean => type === I32 || type === F32;

export class Translation {
  readonly code: FuncCode;
  readonly isCareful: boolean;
  readonly fastBoundaries: ReadonlyMap<number, Boundary> | null;
  readonly writer: CodeWriter;
  readonly reader: InstructionReader;
  readonly localTypes: ValType[] = [];
  readonly localSlots: number[] = [];
  /** First slot of the operand stack. */
  stackBase = 0;
  zeroStart = 0;
  zeroEnd = 0;
  /** Whether references have been on the operand stack. */
  usesRefs = false;
  /** Whether there are vector operations. */
  usesVectors = false;
  /** Whether the code begins by clearing the slots of references. */
  clearsRefs = false;
  // The abstract operand stack, by height.
  readonly where: number[] = [];
  readonly valueA: number[] = [];
  readonly valueB: number[] = [];
  /** What an operand is known to be whichever way led here; more precise than the validator's in places. */
  readonly types: ValType[] = [];
  readonly slots: number[] = [];
  height = 0;
  pendingLocals = 0;
  pending: Pending | null = null;
  /** Position of the operation that wrote the top operand, while its destination may still change; else -1. */
  lastWrite = -1;
  readonly controls: Control[] = [];
  readonly handlers = new HandlerList();
  /** Where handlers go that return from the function; -1 while there are none. */
  returnLabel = -1;

  constructor(code: FuncCode, fastBoundaries: readonly Boundary[] | null, isRecording: boolean) {
    this.code = code;
    this.isCareful = fastBoundaries !== null;
    this.writer = new CodeWriter(isRecording, fastBoundaries !== null);
    this.reader = new InstructionReader(code.unit.module.bytes, code.unit.module.types);
    this.fastBoundaries = fastBoundaries === null ? null : new Map(fastBoundaries.map((b) => [b.offset, b]));
  }

  // Fuel and boundaries

  charge(cost: number): void {
    if (cost === 0) return;
    if (this.isCareful) this.writer.emit(opOf.charge, cost);
    else this.writer.cost += cost;
  }

  boundary(offset: number): void {
    if (this.isCareful) {
      const fast = this.fastBoundaries?.get(offset);
      if (fast !== undefined) this.writer.emit(opOf.resume_fast, fast.pc, fast.remaining);
    }
    this.writer.boundary(offset);
    this.lastWrite = -1;
  }

  bind(label: number): void {
    this.writer.separate();
    this.writer.bind(label);
    this.boundary(this.reader.pos);
  }

  // The abstract stack

  nextSlot(): number {
    return this.slotAt(this.height);
  }

  push(type: ValType, place: number, a: number, b: number): void {
    const h = this.height;
    this.slots[h] = this.nextSlot();
    this.types[h] = type;
    this.where[h] = place;
    this.valueA[h] = a;
    this.valueB[h] = b;
    this.height = h + 1;
  }

  /** Pushes an operand in its canonical slot, and tells the slot. */
  pushSlot(type: ValType): number {
    this.push(type, IN_SLOT, 0, 0);
    if (isRef(type)) this.usesRefs = true;
    return this.slots[this.height - 1]!;
  }

  pushConstant(type: ValType, lo: number, hi: number): void {
    this.push(type, CONSTANT, lo, hi);
    if (this.isCareful) this.settle(this.height - 1);
    this.lastWrite = -1;
  }

  pushLocal(index: number): void {
    this.push(this.localTypes[index]!, IN_LOCAL, index, 0);
    this.pendingLocals++;
    if (this.isCareful) this.settle(this.height - 1);
    this.lastWrite = -1;
  }

  pop(): number {
    this.height--;
    if (this.where[this.height] === IN_LOCAL) this.pendingLocals--;
    return this.height;
  }

  /** The slot an operand can be read from; a constant is written to its canonical slot first. */
  slotOf(h: number): number {
    switch (this.where[h]) {
      case IN_SLOT:
        return this.slots[h]!;
      case IN_LOCAL:
        return this.localSlots[this.valueA[h]!]!;
      default:
        this.writeConstant(this.types[h]!, this.slots[h]!, this.valueA[h]!, this.valueB[h]!);
        return this.slots[h]!;
    }
  }

  writeConstant(type: ValType, slot: number, lo: number, hi: number): number {
    if (isRef(type)) {
      this.usesRefs = true;
      return this.writer.emit(opOf.ref_null, slot);
    }
    if (type === I32 || type === F32) return this.writer.emit(opOf.const32, slot, lo);
    return this.writer.emit(opOf.const64, slot, lo, hi);
  }

  move(type: ValType, to: number, from: number): void {
    if (to === from) return;
    if (type === V128) {
      this.vector(vectorOps.mov, 2 * to, 2 * from);
      return;
    }
    // Never through scratch slots: several results overwrite them on their way to the start of the frame.
    if (to > MAX_PACKED_SLOT || from > MAX_PACKED_SLOT) {
      this.writer.emit(isRef(type) ? opOf.mov_ref_far : opOf.mov64_far, to * 2, from * 2);
      return;
    }
    this.writer.emit(
      isRef(type) ? opOf.mov_ref : type === I32 || type === F32 ? opOf.mov32 : opOf.mov64,
      to,
      from,
    );
  }

  /** Brings an operand into its canonical slot. */
  settle(h: number): void {
    const where = this.where[h];
    if (where === IN_SLOT) return;
    if (where === IN_LOCAL) {
      this.move(this.types[h]!, this.slots[h]!, this.localSlots[this.valueA[h]!]!);
      this.pendingLocals--;
    } else this.writeConstant(this.types[h]!, this.slots[h]!, this.valueA[h]!, this.valueB[h]!);
    this.where[h] = IN_SLOT;
  }

  settleAll(): void {
    const base = this.controls[this.controls.length - 1]!.base;
    for (let h = base; h < this.height; h++) this.settle(h);
    this.lastWrite = -1;
  }

  /** Brings pending reads of a local that is about to change into their slots. */
  settleLocal(index: number): void {
    if (this.pendingLocals === 0) return;
    for (let h = this.controls[this.controls.length - 1]!.base; h < this.height; h++) {
      if (this.where[h] === IN_LOCAL && this.valueA[h] === index) this.settle(h);
    }
  }

  result(op: Op, type: ValType, b = 0, c = 0, d = 0, e = 0): void {
    const slot = this.pushSlot(type);
    this.lastWrite = this.writer.emit(op, slot, b, c, d, e);
    if (this.writer.scratch >= 0) this.lastWrite = -1;
  }

  /** Emits a vector operation with its words, and tells where it lies. */
  vector(op: Op, ...words: readonly number[]): number {
    this.usesVectors = true;
    const at = this.writer.emit(op);
    for (const word of words) this.writer.word(word);
    return at;
  }

  /** An operation whose operands are read from anywhere and whose result goes to a slot. */
  simple(op: Op, operandCount: number, type: ValType | null, immediate = 0): void {
    const operands = [0, 0, 0];
    for (let i = operandCount - 1; i >= 0; i--) operands[i] = this.slotOf(this.pop());
    this.lastWrite = -1;
    const rest = [...operands.slice(0, operandCount), immediate];
    if (type === null) this.writer.emit(op, rest[0], rest[1], rest[2], rest[3]);
    else this.result(op, type, rest[0], rest[1], rest[2]);
  }

  /**
   * A sized operation: operands in their canonical slots, a boundary before and behind, since it may have to
   * wait for fuel. Its first immediate is the slot of the first operand.
   */
  sized(op: Op, operandCount: number, type: ValType | null, a = 0, b = 0): void {
    for (let i = 0; i < operandCount; i++) this.pop();
    const first = this.nextSlot();
    this.writer.emit(op, first * 2, a, b);
    this.writer.size -= 1;
    this.endStop(type === null ? [] : [type]);
  }

  /** The word that says what remains behind the instruction, and the boundary there. */
  endStop(results: readonly ValType[]): void {
    this.writer.endRun();
    this.writer.remainderWord();
    for (const type of results) this.pushSlot(type);
    this.boundary(this.reader.pos);
  }

  /** The canonical slot of the operand at a height. */
  slotAt(h: number): number {
    return h === 0 ? this.stackBase : this.slots[h - 1]! + slotsOf(this.types[h - 1]!);
  }
}
