/**
 * The state of translating one function body: the abstract operand stack, the emitted code, fuel and boundaries.
 *
 * Fast code folds pending operands into the operation that uses them; careful code has none. At every boundary, all
 * operands are in their slots.
 */
import { InstructionReader } from '../../decoder/instruction-reader.ts';
import { F32, type FuncType, I32, isRef, V128, type ValType } from '../../syntax/types.ts';
import type { CodeMap } from '../code/code-map.ts';
import { CodeWriter } from '../code/code-writer.ts';
import type { FuncCode } from '../code/compiled-module.ts';
import { MAX_PACKED_SLOT } from '../code/encoding.ts';
import { HandlerList } from '../code/handlers.ts';
import { type Op, opOf, type StopOp } from '../code/isa.ts';
import { type ObservedEvent, observedEvents } from '../code/observer.ts';
import { layoutOf } from '../code/types-layout.ts';
import { vectorOps } from '../code/vector-isa.ts';
import { FrameLayout } from './frame-layout.ts';
import { CONSTANT, FEW, IN_LOCAL, IN_SLOT, OperandStack } from './operand-stack.ts';

/** A structured construct that is open. @spec syntax-label */
export interface Control {
  readonly kind: 'func' | 'block' | 'loop' | 'if' | 'try' | 'try_table';
  /** Target of branches to this construct. */
  readonly label: number;
  /** Target if the condition of an `if` is false; -1 once used. */
  elseLabel: number;
  /** Number of operands below the construct's own. */
  readonly base: number;
  readonly type: FuncType;
  isReferenced: boolean;
  /** Of `try` and `try_table`: the exception handlers, and whether code written now is protected by them. */
  readonly protection?: { readonly handler: number; isOpen: boolean };
  /** Stubs of branches to this construct, by the slot that they move from. */
  stubs?: Map<number, Stub>;
}

/** Code at the end of the function that moves many operands for conditional branches, then branches. */
interface Stub {
  readonly label: number;
  readonly types: readonly ValType[];
  readonly from: number;
  readonly to: number;
  /** Its target; null returns from the function. */
  readonly target: number | null;
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

/** The fast code of the function that careful code is made for. */
export interface FastCode {
  readonly map: CodeMap;
  readonly entry: number;
  /** Whether there is a charge before every instruction, even if it costs nothing. */
  readonly chargesAll: boolean;
}

export class Translation extends OperandStack {
  readonly code: FuncCode;
  readonly isCareful: boolean;
  /** For careful code: where fast code can take over. */
  private readonly fast: FastCode | null;
  readonly writer: CodeWriter;
  readonly reader: InstructionReader;
  readonly frame: FrameLayout;
  /** Whether references have been on the operand stack. */
  usesRefs = false;
  /** Whether there are vector operations. */
  usesVectors = false;
  /** Whether the code begins by clearing the locals that are references. */
  clearsRefs = false;
  pending: Pending | null = null;
  /** The beginning of the last `producer`'s code, the writer's count at its end, and the height of the operand. */
  private producerStart = 0;
  private producerCount = 0;
  private producedHeight = -1;
  readonly controls: Control[] = [];
  readonly stubs: Stub[] = [];
  readonly handlers = new HandlerList();
  /** The target of handlers that return from the function; -1 while there are none. */
  returnLabel = -1;

  /** @param fuses whether operations are fused where they may be */
  constructor(code: FuncCode, fast: FastCode | null, isRecording: boolean, fuses: boolean) {
    super();
    this.code = code;
    this.fast = fast;
    this.isCareful = fast !== null;
    const { module } = code.unit;
    const { body, type } = module.funcs[code.index]!;
    this.writer = new CodeWriter(isRecording, fast !== null, body!.end - body!.start);
    this.reader = new InstructionReader(module.bytes, module.types);
    this.frame = new FrameLayout(code, type.comp as FuncType);
    this.stackBase = this.frame.stackBase;
    this.writer.scratch = this.frame.scratch;
    this.writer.firstDead = () => this.nextSlot();
    // If another worker grows a shared memory, an access that trapped is repeated, so it cannot be part of a fused
    // operation.
    if (!fuses || this.frame.scratch >= 0 || module.memories.some(({ isShared }) => isShared))
      this.writer.fuses = false;
  }

  // Fuel and boundaries

  charge(cost: number): void {
    if (cost === 0) return;
    if (this.isCareful) this.writer.emit(opOf.charge, cost);
    else this.writer.cost += cost;
  }

  /** Charges for an instruction, before it. */
  chargeInstruction(cost: number): void {
    if (cost === 0 && this.fast?.chargesAll === true) this.writer.emit(opOf.charge, 0);
    else this.charge(cost);
  }

  /** Ends a stretch whose cost would exceed 32 bits; called before an instruction. */
  splitStretch(): void {
    if (this.isCareful || this.pending !== null) return;
    this.settleAll();
    const next = this.writer.newLabel();
    this.writer.branch(opOf.br, next);
    this.writer.endStretch();
    this.writer.separate();
    this.writer.bind(next);
    this.boundary(this.reader.offset);
  }

  boundary(offset: number): void {
    const fast = this.fast?.map.boundaryAt(offset);
    if (fast !== undefined) this.writer.emit(opOf.resume_fast, this.fast!.entry + fast.pc, fast.remaining);
    this.writer.boundary(offset);
    this.producer = this.producedHeight = -1;
    this.count();
  }

  /** Counts, in observed code, how often the stretch that begins here runs. */
  count(): void {
    if (this.code.unit.observer !== null) this.writer.emit(opOf.count, 0, 0);
  }

  /** Reports to the observer of the code. */
  observe(event: ObservedEvent, what: number): void {
    if (this.code.unit.observer !== null) this.writer.emit(opOf.observe, event, what);
  }

  bind(label: number): void {
    this.writer.separate();
    this.writer.bind(label);
    this.boundary(this.reader.pos);
    // An exception may lead here from functions that it has ended.
    if (this.code.unit.module.tags.length > 0 || this.handlers.hasAny) this.observe(observedEvents.back, -1);
  }

  // The abstract stack

  /** Pushes an operand in its canonical slot; the slot. */
  pushSlot(type: ValType): number {
    this.push(type, IN_SLOT, 0, 0);
    if (isRef(type)) this.usesRefs = true;
    return this.slots[this.height - 1]!;
  }

  /** Pushes operands in their canonical slots. */
  pushSlots(types: readonly ValType[]): void {
    if (types.length <= FEW) for (const type of types) this.pushSlot(type);
    else {
      this.pushLayout(types);
      if (layoutOf(types).hasRefs) this.usesRefs = true;
    }
  }

  pushConstant(type: ValType, lo: number, hi: number): void {
    if (this.isCareful) this.writeConstant(type, this.pushSlot(type), lo, hi);
    else this.push(type, CONSTANT, lo, hi);
  }

  pushLocal(index: number): void {
    const type = this.frame.typeOf(index);
    if (this.isCareful) this.move(type, this.pushSlot(type), this.frame.slotOf(index));
    else this.pushRead(type, index);
  }

  /** The slot an operand can be read from; a constant is written to its canonical slot first. */
  slotOf(h: number): number {
    switch (this.where[h]) {
      case IN_SLOT:
        return this.slots[h]!;
      case IN_LOCAL:
        return this.frame.slotOf(this.valueA[h]!);
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
      this.writer.emit(isRef(type) ? opOf.mov_any_far : opOf.mov64_far, to * 2, from * 2);
      return;
    }
    this.writer.emit(
      isRef(type) ? opOf.mov_ref : type === I32 || type === F32 ? opOf.mov32 : opOf.mov64,
      to,
      from,
    );
  }

  /** Moves consecutive values down in the frame. */
  moveBlock(types: readonly ValType[], to: number, from: number): void {
    if (to === from) return;
    const { slotCount, hasRefs } = layoutOf(types);
    this.writer.emit(hasRefs ? opOf.mov_any_block : opOf.mov_block, 2 * to, 2 * from, 2 * slotCount);
  }

  protected bring(h: number): void {
    if (this.where[h] === IN_LOCAL)
      this.move(this.types[h]!, this.slots[h]!, this.frame.slotOf(this.valueA[h]!));
    else this.writeConstant(this.types[h]!, this.slots[h]!, this.valueA[h]!, this.valueB[h]!);
  }

  settleAll(): void {
    this.bringAll();
    this.producer = -1;
  }

  /** Pops operands, moved to their canonical slots; returns the slot of the first. */
  popSettled(count: number): number {
    this.settleTop(count);
    this.height -= count;
    this.producer = -1;
    return this.nextSlot();
  }

  result(op: Op, type: ValType, b = 0, c = 0, d = 0, e = 0): void {
    const slot = this.pushSlot(type);
    const at = this.writer.emit<string>(op, slot, b, c, d, e);
    // With scratch slots, the result may have been moved.
    if (this.writer.scratch < 0) this.produced(at);
  }

  /** Records that the last operation, at a position, wrote the operand on top of the stack. */
  produced(at: number): void {
    this.producer = this.producerStart = at;
    this.producerCount = this.writer.count;
    this.producedHeight = this.height - 1;
  }

  /** Position of the last operation if it only wrote the operand at this height; otherwise -1. */
  producerOf(h: number): number {
    const isLast = this.producerCount === this.writer.count && this.producedHeight === h;
    return isLast && !this.isCareful && this.where[h] === IN_SLOT ? this.producerStart : -1;
  }

  /** Position of the operation that wrote the top operand if its destination can still change; else -1. */
  get retargetable(): number {
    // In careful code a call may stop before the next instruction: changes by that instruction must not have happened
    // by then.
    return !this.isCareful && this.producerCount === this.writer.count ? this.producer : -1;
  }

  /** Emits a vector operation with its words, and returns its position. */
  vector(op: Op, ...words: readonly number[]): number {
    this.usesVectors = true;
    const at = this.writer.emit(op);
    for (const word of words) this.writer.word(word);
    return at;
  }

  /** An operation whose operands are read from any slot and whose result goes to a slot. */
  simple(op: Op, operandCount: number, type: ValType | null, immediate = 0): void {
    const operands = [0, 0, 0];
    for (let i = operandCount - 1; i >= 0; i--) operands[i] = this.slotOf(this.pop());
    const rest = [...operands.slice(0, operandCount), immediate];
    if (type === null) this.writer.emit(op, rest[0], rest[1], rest[2], rest[3]);
    else this.result(op, type, rest[0], rest[1], rest[2]);
  }

  /**
   * A sized operation: operands in their canonical slots, a boundary before and after, since it may have to wait for
   * fuel. Its first immediate is the slot of the first operand.
   */
  sized(op: StopOp, operandCount: number, type: ValType | null, ...immediates: readonly number[]): void {
    this.writer.emit<string>(op, this.popSettled(operandCount) * 2, ...immediates);
    this.endStop(type === null ? [] : [type]);
  }

  /** Pushes the results of an operation that may have stopped; a boundary follows it. */
  endStop(
    results: readonly ValType[],
    event: ObservedEvent = observedEvents.sized,
    what: number = this.reader.offset,
  ): void {
    this.pushSlots(results);
    this.boundary(this.reader.pos);
    this.observe(event, what);
  }
}
