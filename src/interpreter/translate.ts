/**
 * Translates the validated body of a function into internal code, in one pass.
 *
 * Fast code keeps `local.get`, constants and one comparison pending and folds them into the operation that
 * uses them; at every boundary (label, call, sized operation) all operands lie in their canonical slots.
 * Careful code is the same walk with nothing pending and a `charge` before each instruction, so both have the
 * same frame and may take over from each other at any boundary. Validation is trusted; nothing is checked here.
 */
import { InstructionReader } from '../decoder/instruction-reader.ts';
import { InternalError } from '../errors/errors.ts';
import { type InstructionRow, instructions, type Mnemonic, rowOf } from '../syntax/instructions.ts';
import { F32, F64, type FuncType, I32, I64, isRef, refType, slotsOf, type ValType } from '../syntax/types.ts';
import { CodeMap, type CodeRegion, type CodeSpace, type FuncCode, SCRATCH_SLOTS } from './code.ts';
import { type Boundary, CodeWriter, HEADER_WORDS } from './code-writer.ts';
import { entryCost } from './fuel.ts';
import { MAX_PACKED_SLOT, type Op, opOf } from './isa.ts';
import { type Binary, type Comparison, type Load, lowerings, type Store, type Unary } from './lowerings.ts';

/** Where an operand of the abstract stack is. */
const IN_SLOT = 0;
const IN_LOCAL = 1;
const CONSTANT = 2;

const BR_IF = instructions[rowOf['br_if']]!.code;
const IF = instructions[rowOf['if']]!.code;
const I32_EQZ = instructions[rowOf['i32.eqz']]!.code;

interface Control {
  readonly kind: 'func' | 'block' | 'loop' | 'if';
  /** Target of branches to this construct. */
  readonly label: number;
  /** Target when the condition of an `if` is false; -1 when used up. */
  elseLabel: number;
  /** Number of operands below the construct's own. */
  readonly base: number;
  readonly type: FuncType;
  isReferenced: boolean;
}

/** A comparison that waits for the branch that follows it. */
interface Pending {
  readonly set: Op;
  readonly setNot: Op | null;
  readonly branch: Op;
  readonly branchNot: Op;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  isNegated: boolean;
}

const MAX_I32 = 2147483647;

export class Translator {
  private readonly code: FuncCode;
  private readonly isCareful: boolean;
  private readonly fastBoundaries: ReadonlyMap<number, Boundary> | null;
  private readonly writer: CodeWriter;
  readonly reader: InstructionReader;
  private readonly localTypes: ValType[] = [];
  private readonly localSlots: number[] = [];
  /** First slot of the operand stack. */
  private stackBase = 0;
  private zeroStart = 0;
  private zeroEnd = 0;
  private usesRefs = false;
  // The abstract operand stack, by height.
  private readonly where: number[] = [];
  private readonly valueA: number[] = [];
  private readonly valueB: number[] = [];
  private readonly types: ValType[] = [];
  private readonly slots: number[] = [];
  private height = 0;
  private pendingLocals = 0;
  private pending: Pending | null = null;
  /** Position of the operation that wrote the top operand, while its destination may still change; else -1. */
  private lastWrite = -1;
  private readonly controls: Control[] = [];

  constructor(code: FuncCode, isCareful: boolean, isRecording: boolean, fastBoundaries: readonly Boundary[] | null) {
    this.code = code;
    this.isCareful = isCareful;
    this.writer = new CodeWriter(isRecording);
    this.reader = new InstructionReader(code.unit.module.bytes, code.unit.module.types);
    this.fastBoundaries = fastBoundaries === null ? null : new Map(fastBoundaries.map((b) => [b.offset, b]));
  }

  /** Translates the body; call `copyTo` afterwards. */
  translate(): void {
    const { module, schedule } = this.code.unit;
    const func = module.funcs[this.code.index]!;
    const body = func.body!;
    const type = func.type.comp as FuncType;
    this.layOutFrame(type);
    this.reader.reset(body.codeStart, body.end);
    this.writer.offset = body.codeStart;
    this.controls.push({ kind: 'func', label: this.writer.newLabel(), elseLabel: -1, base: 0, type, isReferenced: false });
    this.boundary(body.codeStart);
    this.charge(entryCost(schedule, body.localCount));
    if (this.needsRefs(type)) this.emitZeroRefs();
    while (this.controls.length > 0) {
      this.reader.read();
      this.writer.offset = this.reader.offset;
      this.instruction();
    }
  }

  private layOutFrame(type: FuncType): void {
    const body = this.code.unit.module.funcs[this.code.index]!.body!;
    let slot = 0;
    const add = (t: ValType): void => {
      this.localTypes.push(t);
      this.localSlots.push(slot);
      slot += slotsOf(t);
    };
    for (const t of type.params) add(t);
    if (this.code.frameSlots > MAX_PACKED_SLOT) {
      this.writer.scratch = slot;
      slot += SCRATCH_SLOTS;
    }
    this.zeroStart = slot;
    for (const run of body.locals) for (let i = 0; i < run.count; i++) add(run.type);
    this.zeroEnd = slot;
    this.stackBase = slot;
  }

  private needsRefs(type: FuncType): boolean {
    const touches = (t: ValType): boolean => isRef(t);
    return this.localTypes.some(touches) || type.results.some(touches);
  }

  /** Slots of references are cleared at entry; also makes the reference stack long enough for the frame. */
  private emitZeroRefs(): void {
    this.usesRefs = true;
    this.writer.emit(opOf.zero_refs, this.zeroStart, this.stackBase + this.code.frameSlots);
  }

  /** Size of the finished code, header included. */
  get size(): number {
    return HEADER_WORDS + this.writer.size;
  }

  /** Copies the code to its place. */
  copyTo(space: CodeSpace, start: number): CodeRegion {
    const entry = start + HEADER_WORDS;
    this.writer.finish(space.words, entry);
    space.words[start] = this.zeroStart;
    space.words[start + 1] = this.zeroEnd;
    space.words[start + 2] = 2 * this.code.frameSlots;
    space.words[start + 3] = this.writer.boundaries(entry)[0]!.remaining;
    return { start, end: start + this.size, func: this.code, isCareful: this.isCareful };
  }

  /** Boundaries and sites, for code that lies at `start`. */
  map(start: number): CodeMap {
    const entry = start + HEADER_WORDS;
    return new CodeMap(this.writer.boundaries(entry), this.writer.sites(entry));
  }

  // Fuel and boundaries

  private charge(cost: number): void {
    if (cost === 0) return;
    if (this.isCareful) this.writer.emit(opOf.charge, cost);
    else this.writer.cost += cost;
  }

  private boundary(offset: number): void {
    if (this.isCareful) {
      const fast = this.fastBoundaries?.get(offset);
      if (fast !== undefined) this.writer.emit(opOf.resume_fast, fast.pc, fast.remaining);
    }
    this.writer.boundary(offset);
    this.lastWrite = -1;
  }

  private bind(label: number): void {
    this.writer.bind(label);
    this.boundary(this.reader.pos);
  }

  // The abstract stack

  private nextSlot(): number {
    const h = this.height;
    return h === 0 ? this.stackBase : this.slots[h - 1]! + slotsOf(this.types[h - 1]!);
  }

  private push(type: ValType, place: number, a: number, b: number): void {
    const h = this.height;
    this.slots[h] = this.nextSlot();
    this.types[h] = type;
    this.where[h] = place;
    this.valueA[h] = a;
    this.valueB[h] = b;
    this.height = h + 1;
  }

  /** Pushes an operand in its canonical slot, and tells the slot. */
  private pushSlot(type: ValType): number {
    this.push(type, IN_SLOT, 0, 0);
    if (isRef(type) && !this.usesRefs) this.usesRefs = true;
    return this.slots[this.height - 1]!;
  }

  private pushConstant(type: ValType, lo: number, hi: number): void {
    this.push(type, CONSTANT, lo, hi);
    if (this.isCareful) this.settle(this.height - 1);
    this.lastWrite = -1;
  }

  private pushLocal(index: number): void {
    this.push(this.localTypes[index]!, IN_LOCAL, index, 0);
    this.pendingLocals++;
    if (this.isCareful) this.settle(this.height - 1);
    this.lastWrite = -1;
  }

  private pop(): number {
    this.height--;
    if (this.where[this.height] === IN_LOCAL) this.pendingLocals--;
    return this.height;
  }

  /** The slot an operand can be read from; a constant is written to its canonical slot first. */
  private slotOf(h: number): number {
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

  private writeConstant(type: ValType, slot: number, lo: number, hi: number): number {
    if (isRef(type)) return this.writer.emit(opOf.ref_null, slot);
    if (type === I32 || type === F32) return this.writer.emit(opOf.const32, slot, lo);
    return this.writer.emit(opOf.const64, slot, lo, hi);
  }

  private move(type: ValType, to: number, from: number): void {
    if (to === from) return;
    this.writer.emit(isRef(type) ? opOf.mov_ref : type === I32 || type === F32 ? opOf.mov32 : opOf.mov64, to, from);
  }

  /** Brings an operand into its canonical slot. */
  private settle(h: number): void {
    const where = this.where[h];
    if (where === IN_SLOT) return;
    if (where === IN_LOCAL) {
      this.move(this.types[h]!, this.slots[h]!, this.localSlots[this.valueA[h]!]!);
      this.pendingLocals--;
    } else this.writeConstant(this.types[h]!, this.slots[h]!, this.valueA[h]!, this.valueB[h]!);
    this.where[h] = IN_SLOT;
  }

  private settleAll(): void {
    const base = this.controls[this.controls.length - 1]!.base;
    for (let h = base; h < this.height; h++) this.settle(h);
    this.lastWrite = -1;
  }

  /** Brings pending reads of a local that is about to change into their slots. */
  private settleLocal(index: number): void {
    if (this.pendingLocals === 0) return;
    for (let h = this.controls[this.controls.length - 1]!.base; h < this.height; h++) {
      if (this.where[h] === IN_LOCAL && this.valueA[h] === index) this.settle(h);
    }
  }

  private result(op: Op, type: ValType, b = 0, c = 0, d = 0, e = 0): void {
    const slot = this.pushSlot(type);
    this.lastWrite = this.writer.emit(op, slot, b, c, d, e);
    if (this.writer.scratch >= 0) this.lastWrite = -1;
  }

  // Instructions

  private instruction(): void {
    const row = instructions[this.reader.row]!;
    if (this.isStop(row.name)) {
      this.settleAll();
      this.writer.boundary(this.reader.offset);
    }
    this.charge(this.code.unit.schedule.cost[row.fuel]);
    const lowering = lowerings[this.reader.row]!;
    if (lowering === null) {
      const special = specials[row.name];
      if (special === undefined) throw new InternalError('internal.bug', { detail: `no lowering for ${row.name}` });
      special(this);
      return;
    }
    switch (lowering.kind) {
      case 'binary':
        return this.binary(lowering, resultOf(row));
      case 'comparison':
        return this.comparison(lowering);
      case 'unary':
        return this.unary(lowering, resultOf(row));
      case 'load':
        return this.load(lowering, resultOf(row));
      case 'store':
        return this.store(lowering);
      default:
        // Only the type changes: the bits stay where they are, pending or not.
        this.types[this.height - 1] = resultOf(row);
    }
  }

  private unary(lowering: Unary, type: ValType): void {
    const a = this.slotOf(this.pop());
    this.result(lowering.op, type, a);
  }

  private binary(lowering: Binary, type: ValType): void {
    let right = this.pop();
    let left = this.pop();
    if (lowering.commutes && this.where[left] === CONSTANT && this.where[right] !== CONSTANT) {
      [left, right] = [right, left];
    }
    if (this.where[right] === CONSTANT && this.binaryImmediate(lowering, type, left, right)) return;
    const a = this.slotOf(left);
    const b = this.slotOf(right);
    this.result(lowering.rr, type, a, b);
  }

  private binaryImmediate(lowering: Binary, type: ValType, left: number, right: number): boolean {
    const lo = this.valueA[right]!;
    const hi = this.valueB[right]!;
    let op = lowering.ri;
    let b = lo;
    let c = hi;
    switch (lowering.rr) {
      case opOf.i32_sub_rr:
        op = opOf.i32_add_ri;
        b = -lo | 0;
        break;
      case opOf.i64_sub_rr:
        op = opOf.i64_add_ri;
        b = -lo | 0;
        c = b === 0 ? -hi | 0 : ~hi;
        break;
      case opOf.i32_rotr_rr:
        op = opOf.i32_rotl_ri;
        b = -lo & 31;
        break;
      case opOf.i64_rotr_rr:
        op = opOf.i64_rotl_ri;
        b = -lo & 63;
        break;
      case opOf.i32_shl_rr:
      case opOf.i32_shr_s_rr:
      case opOf.i32_shr_u_rr:
      case opOf.i32_rotl_rr:
        b = lo & 31;
        break;
      case opOf.i64_shl_rr:
      case opOf.i64_shr_s_rr:
      case opOf.i64_shr_u_rr:
      case opOf.i64_rotl_rr:
        b = lo & 63;
        break;
      case opOf.i32_div_s_rr:
      case opOf.i32_div_u_rr:
      case opOf.i32_rem_s_rr:
      case opOf.i32_rem_u_rr:
        if (lo === 0 || lo === -1) return false;
        break;
    }
    if (op === null) return false;
    this.result(op, type, this.slotOf(left), b, c);
    return true;
  }

  private comparison(lowering: Comparison): void {
    const right = this.pop();
    const left = this.pop();
    const immediate =
      this.where[right] === CONSTANT
        ? this.comparisonImmediate(lowering.immediate, lowering.is64, left, right)
        : this.where[left] === CONSTANT
          ? this.comparisonImmediate(lowering.flipped, lowering.is64, right, left)
          : null;
    if (immediate !== null) {
      this.wait(immediate);
      return;
    }
    const a = this.slotOf(left);
    const b = this.slotOf(right);
    const { set, setNot, branch, branchNot, swaps } = lowering;
    this.wait({ set, setNot, branch, branchNot, a: swaps ? b : a, b: swaps ? a : b, c: 0, isNegated: false });
  }

  private comparisonImmediate(form: Comparison['immediate'], is64: boolean, variable: number, constant: number): Pending | null {
    if (form === null) return null;
    let lo = this.valueA[constant]!;
    let hi = this.valueB[constant]!;
    if (form.adjust === 1) {
      const isMaxLow = lo === (is64 || !form.isSigned ? -1 : MAX_I32);
      const isMax = isMaxLow && (!is64 || hi === (form.isSigned ? MAX_I32 : -1));
      if (isMax) return null;
      lo = (lo + 1) | 0;
      if (is64 && lo === 0) hi = (hi + 1) | 0;
    }
    const { set, setNot, branch, branchNot } = form;
    return { set, setNot, branch, branchNot, a: this.slotOf(variable), b: lo, c: hi, isNegated: false };
  }

  /** Keeps a comparison pending if the next instruction is the branch (or negation) that uses it. */
  private wait(pending: Pending): void {
    const next = this.isCareful ? 0 : this.code.unit.module.bytes[this.reader.pos];
    this.push(I32, IN_SLOT, 0, 0);
    this.lastWrite = -1;
    if (next === BR_IF || next === IF || next === I32_EQZ) {
      this.pending = pending;
      return;
    }
    this.height--;
    this.emitPending(pending);
  }

  private emitPending(pending: Pending): void {
    if (!pending.isNegated) this.result(pending.set, I32, pending.a, pending.b, pending.c);
    else if (pending.setNot !== null) this.result(pending.setNot, I32, pending.a, pending.b, pending.c);
    else {
      this.result(pending.set, I32, pending.a, pending.b, pending.c);
      const slot = this.slots[this.height - 1]!;
      this.lastWrite = this.writer.emit(opOf.i32_eqz, slot, slot);
      if (this.writer.scratch >= 0) this.lastWrite = -1;
    }
  }

  /** i32.eqz and i64.eqz. */
  testZero(is64: boolean): void {
    const waiting = this.pending;
    this.pending = null;
    const h = this.pop();
    if (waiting !== null) {
      this.wait({ ...waiting, isNegated: !waiting.isNegated });
      return;
    }
    const a = this.slotOf(h);
    this.wait(
      is64
        ? { set: opOf.i64_eqz, setNot: null, branch: opOf.br_i64_z, branchNot: opOf.br_i64_nz, a, b: 0, c: 0, isNegated: false }
        : { set: opOf.i32_eqz, setNot: null, branch: opOf.br_i32_z, branchNot: opOf.br_i32_nz, a, b: 0, c: 0, isNegated: false },
    );
  }

  /** Pops a condition and tells how to branch on it. */
  private popCondition(): Pending {
    const waiting = this.pending;
    this.pending = null;
    const h = this.pop();
    this.lastWrite = -1;
    if (waiting !== null) return waiting;
    const a = this.slotOf(h);
    return { set: opOf.mov32, setNot: null, branch: opOf.br_i32_nz, branchNot: opOf.br_i32_z, a, b: 0, c: 0, isNegated: false };
  }

  private branchOn(condition: Pending, label: number, isWhenTrue: boolean): void {
    const op = isWhenTrue !== condition.isNegated ? condition.branch : condition.branchNot;
    this.writer.branch(op, label, condition.a, condition.b, condition.c);
  }

  private load(lowering: Load, type: ValType): void {
    const { memory, lo } = this.reader;
    const a = this.slotOf(this.pop());
    if (memory !== 0 || lo < 0) this.result(opOf.load_far, type, a, lowering.far, lo, memory);
    else this.result(lowering.op, type, a, lo);
  }

  private store(lowering: Store): void {
    const { memory, lo } = this.reader;
    const value = this.pop();
    const address = this.pop();
    this.lastWrite = -1;
    if (memory !== 0 || lo < 0) {
      const v = this.slotOf(value);
      this.writer.emit(opOf.store_far, this.slotOf(address), v, lowering.far, lo, memory);
    } else if (lowering.immediate !== null && this.where[value] === CONSTANT) {
      this.writer.emit(lowering.immediate, this.slotOf(address), lo, this.valueA[value]!);
    } else {
      const v = this.slotOf(value);
      this.writer.emit(lowering.op, this.slotOf(address), v, lo);
    }
  }

  // Locals and globals

  getLocal(): void {
    this.pushLocal(this.reader.index);
  }

  setLocal(keeps: boolean): void {
    const { index } = this.reader;
    const type = this.localTypes[index]!;
    const to = this.localSlots[index]!;
    const producer = this.lastWrite;
    const size = this.writer.size;
    const h = this.pop();
    this.settleLocal(index);
    if (this.where[h] === CONSTANT) this.writeConstant(type, to, this.valueA[h]!, this.valueB[h]!);
    else if (this.where[h] === IN_SLOT && producer >= 0 && size === this.writer.size) this.writer.retarget(producer, to);
    else this.move(type, to, this.slotOf(h));
    this.lastWrite = -1;
    if (keeps) this.pushLocal(index);
  }

  getGlobal(): void {
    const { index } = this.reader;
    const { type } = this.code.unit.module.globals[index]!.type;
    const isFar = index < this.code.unit.module.importedGlobalCount;
    if (isRef(type)) this.result(opOf.global_get_ref, type, index);
    else if (isFar) this.result(is32(type) ? opOf.global_get_far32 : opOf.global_get_far64, type, index);
    else this.result(is32(type) ? opOf.global_get32 : opOf.global_get64, type, this.code.unit.globalOffsets[index]!);
  }

  setGlobal(): void {
    const { index } = this.reader;
    const { type } = this.code.unit.module.globals[index]!.type;
    const from = this.slotOf(this.pop());
    this.lastWrite = -1;
    const isFar = index < this.code.unit.module.importedGlobalCount;
    if (isRef(type)) this.writer.emit(opOf.global_set_ref, from, index);
    else if (isFar) this.writer.emit(is32(type) ? opOf.global_set_far32 : opOf.global_set_far64, from, index);
    else this.writer.emit(is32(type) ? opOf.global_set32 : opOf.global_set64, from, this.code.unit.globalOffsets[index]!);
  }

  // Parametric

  drop(): void {
    this.pop();
    this.lastWrite = -1;
  }

  select(): void {
    const condition = this.pop();
    const second = this.pop();
    const first = this.pop();
    const c = this.slotOf(condition);
    const b = this.slotOf(second);
    const a = this.slotOf(first);
    const type = this.types[first]!;
    this.result(isRef(type) ? opOf.select_ref : is32(type) ? opOf.select32 : opOf.select64, type, a, b, c);
  }

  nullReference(): void {
    this.pushConstant(refType(this.reader.heapType, true), 0, 0);
  }

  functionReference(): void {
    const { index } = this.reader;
    this.simple(opOf.ref_func, 0, refType(this.code.unit.module.funcs[index]!.type.id, false), index);
  }

  getElement(): void {
    const { index } = this.reader;
    this.simple(opOf.table_get, 1, this.code.unit.module.tables[index]!.type.element, index);
  }

  constant(type: ValType): void {
    this.pushConstant(type, this.reader.lo, this.reader.hi);
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

  /**
   * Whether an instruction may have to wait for fuel beyond its own cost, or for the host: everything is in
   * canonical slots before it, and a boundary lies there.
   */
  private isStop(name: Mnemonic): boolean {
    if (name === 'call' || name === 'return_call') return this.reader.index < this.code.unit.module.importedFuncCount;
    return stops.has(name);
  }

  /** The word that says what remains behind the instruction, and the boundary there. */
  private endStop(results: readonly ValType[]): void {
    this.writer.endRun();
    this.writer.remainderWord();
    for (const type of results) this.pushSlot(type);
    this.boundary(this.reader.pos);
  }

  // Calls

  call(): void {
    const { index } = this.reader;
    const { module } = this.code.unit;
    const type = module.funcs[index]!.type.comp as FuncType;
    const isImport = index < module.importedFuncCount;
    this.settleAll();
    if (this.isCareful) this.writer.emit(opOf.stash);
    for (let i = type.params.length; i > 0; i--) this.pop();
    const base = this.nextSlot();
    const entry = isImport ? 0 : this.code.unit.funcs[index]!.entry;
    this.emitCall(isImport ? opOf.call_import : entry === 0 ? opOf.call_lazy : opOf.call, base, entry === 0 ? index : entry);
    this.endStop(type.results);
  }

  /** Calls end in the word that says what remains behind them, which `endStop` writes. */
  private emitCall(op: Op, base: number, target: number): void {
    this.writer.emit(op, base, target);
    this.writer.size -= 1;
  }

  callIndirect(): void {
    const { index, index2 } = this.reader;
    const defType = this.code.unit.module.types[index]!;
    const type = defType.comp as FuncType;
    this.settleAll();
    if (this.isCareful) this.writer.emit(opOf.stash);
    const callee = this.slots[this.pop()]!;
    for (let i = type.params.length; i > 0; i--) this.pop();
    this.writer.emit(opOf.call_indirect, callee, this.nextSlot(), defType.id, index2);
    this.writer.size -= 1;
    this.endStop(type.results);
  }

  /** Tail calls: operands in canonical slots; the operation moves the arguments to the start of the frame. */
  returnCall(isIndirect: boolean): void {
    const { index, index2 } = this.reader;
    const { module } = this.code.unit;
    const defType = isIndirect ? module.types[index]! : module.funcs[index]!.type;
    const type = defType.comp as FuncType;
    this.settleAll();
    if (this.isCareful) this.writer.emit(opOf.stash);
    const callee = isIndirect ? this.slots[this.pop()]! : 0;
    for (let i = type.params.length; i > 0; i--) this.pop();
    const base = this.nextSlot() * 2;
    if (isIndirect) this.writer.emit(opOf.return_call_indirect, callee, base, defType.id, index2);
    else this.writer.emit(index < module.importedFuncCount ? opOf.return_call_import : opOf.return_call, base, index);
    this.writer.endRun();
    this.skipUnreachable();
  }

  // Control

  private blockType(): FuncType {
    const { blockTypeIndex, valType } = this.reader;
    if (blockTypeIndex >= 0) return this.code.unit.module.types[blockTypeIndex]!.comp as FuncType;
    return { kind: 'func', params: [], results: valType === 0 ? [] : [valType] };
  }

  block(kind: 'block' | 'loop'): void {
    const type = this.blockType();
    this.settleAll();
    const label = this.writer.newLabel();
    if (kind === 'loop') this.bind(label);
    this.controls.push({ kind, label, elseLabel: -1, base: this.height - type.params.length, type, isReferenced: false });
  }

  ifElse(): void {
    const type = this.blockType();
    const condition = this.popCondition();
    this.settleAll();
    const elseLabel = this.writer.newLabel();
    this.branchOn(condition, elseLabel, false);
    const label = this.writer.newLabel();
    this.controls.push({ kind: 'if', label, elseLabel, base: this.height - type.params.length, type, isReferenced: false });
  }

  else_(): void {
    const control = this.controls[this.controls.length - 1]!;
    this.settleAll();
    control.isReferenced = true;
    this.writer.branch(opOf.br, control.label);
    this.writer.endRun();
    this.enterElse(control);
  }

  private enterElse(control: Control): void {
    this.height = control.base;
    this.pendingLocals = 0;
    for (const type of control.type.params) this.pushSlot(type);
    this.bind(control.elseLabel);
    control.elseLabel = -1;
  }

  end(): void {
    const control = this.controls[this.controls.length - 1]!;
    if (control.kind === 'func') {
      this.emitReturn();
      this.controls.pop();
      return;
    }
    this.settleAll();
    this.leave(control);
  }

  /** Behind the end of a construct, in reachable code. */
  private leave(control: Control): void {
    this.controls.pop();
    this.height = control.base;
    this.pendingLocals = 0;
    for (const type of control.type.results) this.pushSlot(type);
    if (control.elseLabel >= 0) {
      this.writer.bind(control.elseLabel);
      control.isReferenced = true;
    }
    if (control.kind !== 'loop' && control.isReferenced) this.bind(control.label);
    else if (control.elseLabel >= 0) this.boundary(this.reader.pos);
    this.lastWrite = -1;
  }

  private target(depth: number): Control {
    return this.controls[this.controls.length - 1 - depth]!;
  }

  private labelTypes(control: Control): readonly ValType[] {
    return control.kind === 'loop' ? control.type.params : control.type.results;
  }

  private slotAt(h: number): number {
    return h === 0 ? this.stackBase : this.slots[h - 1]! + slotsOf(this.types[h - 1]!);
  }

  /** Whether operands must move when this branch is taken; they are in canonical slots if not. */
  private movesFor(control: Control): boolean {
    return control.kind === 'func' || (this.labelTypes(control).length > 0 && this.height - this.labelTypes(control).length !== control.base);
  }

  /** The code of a taken branch: moves operands where the target expects them, and goes. */
  private emitTaken(control: Control): void {
    if (control.kind === 'func') {
      this.emitReturn();
      return;
    }
    const types = this.labelTypes(control);
    let to = this.slotAt(control.base);
    for (let i = 0; i < types.length; i++) {
      const h = this.height - types.length + i;
      if (this.where[h] === CONSTANT) this.writeConstant(types[i]!, to, this.valueA[h]!, this.valueB[h]!);
      else this.move(types[i]!, to, this.slotOf(h));
      to += slotsOf(types[i]!);
    }
    control.isReferenced = true;
    this.writer.branch(opOf.br, control.label);
  }

  br(): void {
    this.emitTaken(this.target(this.reader.index));
    this.writer.endRun();
    this.skipUnreachable();
  }

  brIf(): void {
    const control = this.target(this.reader.index);
    const condition = this.popCondition();
    const arity = this.labelTypes(control).length;
    for (let h = this.height - arity; h < this.height; h++) this.settle(h);
    if (this.movesFor(control)) {
      this.settleAll();
      const over = this.writer.newLabel();
      this.branchOn(condition, over, false);
      this.emitTaken(control);
      this.writer.endRun();
      this.bind(over);
    } else {
      control.isReferenced = true;
      this.branchOn(condition, control.label, true);
    }
    this.lastWrite = -1;
  }

  brTable(): void {
    const { labels, labelCount } = this.reader;
    const index = this.pop();
    const a = this.slotOf(index);
    const arity = this.labelTypes(this.target(labels[0]!)).length;
    for (let h = this.height - arity; h < this.height; h++) this.settle(h);
    this.writer.emit(opOf.br_table, a, labelCount - 1);
    const stubs: [Control, number][] = [];
    for (let i = 0; i < labelCount; i++) {
      const control = this.target(labels[i]!);
      if (!this.movesFor(control)) {
        control.isReferenced = true;
        this.writer.tableEntry(control.label);
        continue;
      }
      let stub = stubs.find(([c]) => c === control);
      if (stub === undefined) {
        stub = [control, this.writer.newLabel()];
        stubs.push(stub);
      }
      this.writer.tableEntry(stub[1]);
    }
    this.writer.endRun();
    for (const [control, label] of stubs) {
      // Nothing is charged here, so fuel cannot run out at a stub and it needs no boundary.
      this.writer.bind(label);
      this.emitTaken(control);
      this.writer.endRun();
    }
    this.skipUnreachable();
  }

  return_(): void {
    this.emitReturn();
    this.skipUnreachable();
  }

  private emitReturn(): void {
    const { results } = this.controls[0]!.type;
    const first = this.height - results.length;
    if (results.length === 0) this.writer.emit(opOf.return_none);
    else if (results.length === 1) {
      const type = results[0]!;
      this.writer.emit(isRef(type) ? opOf.return_ref : is32(type) ? opOf.return32 : opOf.return64, this.slotOf(first));
    } else {
      for (let h = first; h < this.height; h++) this.settle(h);
      let to = 0;
      for (let i = 0; i < results.length; i++) {
        this.move(results[i]!, to, this.slots[first + i]!);
        to += slotsOf(results[i]!);
      }
      this.writer.emit(opOf.return_none);
    }
    this.writer.endRun();
  }

  unreachable(): void {
    this.writer.emit(opOf.unreachable);
    this.writer.endRun();
    this.skipUnreachable();
  }

  /** Reads on to where code can be reached again: an `else`, or an `end` that a branch leads to. */
  private skipUnreachable(): void {
    let depth = 0;
    for (;;) {
      this.reader.read();
      this.writer.offset = this.reader.offset;
      const { name } = instructions[this.reader.row]!;
      if (openers.has(name)) depth++;
      else if (depth > 0) {
        if (name === 'end') depth--;
      } else if (name === 'else') {
        const control = this.controls[this.controls.length - 1]!;
        this.enterElse(control);
        return;
      } else if (name === 'end') {
        const control = this.controls[this.controls.length - 1]!;
        if (control.kind === 'func') {
          this.controls.pop();
          return;
        }
        if (control.elseLabel >= 0 || (control.kind !== 'loop' && control.isReferenced)) {
          this.leave(control);
          return;
        }
        this.controls.pop();
      }
    }
  }
}

const openers: ReadonlySet<string> = new Set(['block', 'loop', 'if', 'try', 'try_table']);

const is32 = (type: ValType): boolean => type === I32 || type === F32;

const resultTypes = new Map<string, ValType>([
  ['i32', I32],
  ['i64', I64],
  ['f32', F32],
  ['f64', F64],
]);
const resultCache = new Map<string, ValType>();
/** The result type of a row with a fixed signature. */
const resultOf = (row: InstructionRow): ValType => {
  let type = resultCache.get(row.type);
  if (type === undefined) {
    type = resultTypes.get(row.type.slice(row.type.indexOf('->') + 2).trim())!;
    resultCache.set(row.type, type);
  }
  return type;
};

/** Instructions that may stop in the middle: sized operations and calls that can reach the host. */
const stops: ReadonlySet<Mnemonic> = new Set<Mnemonic>([
  'call_indirect',
  'return_call_indirect',
  'memory.grow',
  'memory.fill',
  'memory.copy',
  'memory.init',
  'table.grow',
  'table.fill',
  'table.copy',
  'table.init',
]);

type Special = (t: Translator) => void;
/** The instructions whose translation is not a matter of the tables. */
const specials: Partial<Record<Mnemonic, Special>> = {
  nop: () => {},
  unreachable: (t) => t.unreachable(),
  block: (t) => t.block('block'),
  loop: (t) => t.block('loop'),
  if: (t) => t.ifElse(),
  else: (t) => t.else_(),
  end: (t) => t.end(),
  br: (t) => t.br(),
  br_if: (t) => t.brIf(),
  br_table: (t) => t.brTable(),
  return: (t) => t.return_(),
  call: (t) => t.call(),
  call_indirect: (t) => t.callIndirect(),
  return_call: (t) => t.returnCall(false),
  return_call_indirect: (t) => t.returnCall(true),
  drop: (t) => t.drop(),
  select: (t) => t.select(),
  'select t': (t) => t.select(),
  'local.get': (t) => t.getLocal(),
  'local.set': (t) => t.setLocal(false),
  'local.tee': (t) => t.setLocal(true),
  'global.get': (t) => t.getGlobal(),
  'global.set': (t) => t.setGlobal(),
  'i32.const': (t) => t.constant(I32),
  'i64.const': (t) => t.constant(I64),
  'f32.const': (t) => t.constant(F32),
  'f64.const': (t) => t.constant(F64),
  'i32.eqz': (t) => t.testZero(false),
  'i64.eqz': (t) => t.testZero(true),
  'ref.null': (t) => t.nullReference(),
  'ref.is_null': (t) => t.simple(opOf.ref_is_null, 1, I32),
  'ref.func': (t) => t.functionReference(),
  'memory.size': (t) => t.simple(opOf.memory_size, 0, I32, t.reader.index),
  'memory.grow': (t) => t.sized(opOf.memory_grow, 1, I32, t.reader.index),
  'memory.fill': (t) => t.sized(opOf.memory_fill, 3, null, t.reader.index),
  'memory.copy': (t) => t.sized(opOf.memory_copy, 3, null, t.reader.index, t.reader.index2),
  'memory.init': (t) => t.sized(opOf.memory_init, 3, null, t.reader.index, t.reader.index2),
  'data.drop': (t) => t.simple(opOf.data_drop, 0, null, t.reader.index),
  'table.get': (t) => t.getElement(),
  'table.set': (t) => t.simple(opOf.table_set, 2, null, t.reader.index),
  'table.size': (t) => t.simple(opOf.table_size, 0, I32, t.reader.index),
  'table.grow': (t) => t.sized(opOf.table_grow, 2, I32, t.reader.index),
  'table.fill': (t) => t.sized(opOf.table_fill, 3, null, t.reader.index),
  'table.copy': (t) => t.sized(opOf.table_copy, 3, null, t.reader.index, t.reader.index2),
  'table.init': (t) => t.sized(opOf.table_init, 3, null, t.reader.index, t.reader.index2),
  'elem.drop': (t) => t.simple(opOf.elem_drop, 0, null, t.reader.index),
};

/** Whether tier 0 can execute an instruction; the feature gate of the validator keeps others out. */
export const isExecutable = (row: number): boolean => lowerings[row] !== null || instructions[row]!.name in specials;
