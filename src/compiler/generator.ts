/**
 * The state of generating one function: abstract stack, variables, statements, fuel and exits.
 *
 * A statement is a transaction: it has at most one effect, at its end. A statement that traps or lacks fuel leaves at
 * the last boundary, an instruction at which all operands were names or constants; the interpreter repeats the pure
 * part from there, and traps itself. So before an effect all other operands go to variables, and a variable that a
 * boundary names is not reused before the next one.
 */
import { InstructionReader } from '../decoder/instruction-reader.ts';
import type { CodeUnit } from '../interpreter/code/compiled-module.ts';
import { slotCountOf } from '../interpreter/code/types-layout.ts';
import type { FuncBody, Module } from '../syntax/module.ts';
import { F32, F64, type FuncType, I32, I64, slotsOf, type ValType } from '../syntax/types.ts';
import { Names } from './names.ts';
import { condition, exact, isFloat, Operand } from './operand.ts';
import type { Target } from './target.ts';
import type { Block, If, Label, Loop, Mark, Pay, Statement, Stretch } from './tree.ts';

/** A function that the compiler leaves to the interpreter. */
export class NotCompiled extends Error {}

/** A place where generated code can be left. */
interface Exit {
  /** Offset of the instruction to continue at; -1 at the entry of the function. */
  readonly offset: number;
  /** The fuel paid ahead here. */
  readonly mark: Mark;
  readonly operands: readonly Operand[];
  /** At a call: the exit before it, for a callee that could not begin. 0 elsewhere. */
  readonly front: number;
}

interface Boundary {
  readonly offset: number;
  readonly mark: Mark;
  readonly operands: readonly Operand[];
  exit: number;
  /** The list that contains a statement naming the exit. */
  named: Statement[] | null;
  /** What statements after it read: the interpreter reads it again when one of them leaves. */
  reads: readonly number[];
}

/** A structured construct that is open. @spec syntax-label */
export interface Control {
  readonly kind: 'func' | 'block' | 'loop' | 'if' | 'try_table';
  /** For a loop that is compiled separately: whether the construct is around it. Branches to it leave. */
  readonly isOutside: boolean;
  /** Whether generation ends with it. */
  readonly isRoot: boolean;
  readonly label: Label;
  readonly type: FuncType;
  /** Variables for the operands of branches. */
  readonly values: readonly Operand[];
  /** Number of operands below the construct's own. */
  readonly height: number;
  readonly outside: Statement[];
  readonly node: Block | Loop | If | null;
  /** Operands at the start, for `else`. */
  readonly params: readonly Operand[];
  /** For a loop and an `if`: the point at its start, and the loop's exit. */
  mark: Mark | null;
  exit: number;
  /** Branches that lead to its end, where their payments end. */
  readonly edges: Pay[];
}

/** Most fuel of one stretch. */
const MAX_STRETCH = 2 ** 26;

/**
 * Most characters of an expression that is an operand: longer ones go to variables. JavaScript engines parse nested
 * expressions by recursion (Hermes 1,024 levels).
 */
const MAX_TEXT = 200;

/**
 * Operands that may be read for a function, and additionally for each byte of its body. A function that moves
 * hundreds of values at each branch would make text of any length; it stays with the interpreter.
 */
const LOOKS = 2 ** 20;
const LOOKS_PER_BYTE = 64;

const nothing: readonly number[] = [];

/** A name, and an argument list. */
const callPattern = /\w\(/;

export class Generator {
  readonly unit: CodeUnit;
  readonly module: Module;
  readonly index: number;
  readonly type: FuncType;
  readonly body: FuncBody;
  readonly target: Target;
  readonly reader: InstructionReader;
  /** Types of parameters and locals. */
  readonly locals: readonly ValType[];
  readonly names: Names;
  /** Slots below the generated operand stack: those of locals, and of operands below a loop. */
  baseSlots: number;
  /** Whether only a loop is generated. */
  readonly isRegion: boolean;
  stack: Operand[] = [];
  readonly controls: Control[] = [];
  readonly root: Statement[] = [];
  /** The list that statements go to. */
  list: Statement[] = this.root;
  readonly exits: Exit[] = [];
  /** Functions of the module that are called by name. */
  readonly callees = new Set<number>();
  /** Variables of operands that were used. */
  readonly variables = new Set<number>();
  /** Names for use inside one statement. */
  readonly scratch = new Set<string>();
  /** Whether a handler may be entered, which only the interpreter does: then it is unknown here what is live. */
  hasHandlers = false;
  /** Whether parts of it become separate functions. */
  isCut = false;
  /** Float locals whose bits are read. */
  readonly rawLocals = new Set<number>();
  private stretch: Stretch = { total: 0 };
  private cost = 0;
  private boundary: Boundary | null = null;
  private labels = 0;
  /** Operands that were read. */
  private looks = 0;
  /** Variables that must not be reused. */
  private readonly taken = new Set<number>();

  constructor(unit: CodeUnit, index: number, target: Target, isRegion: boolean) {
    this.isRegion = isRegion;
    this.unit = unit;
    this.module = unit.module;
    this.index = index;
    this.target = target;
    const { type, body } = this.module.funcs[index]!;
    this.type = type.comp as FuncType;
    this.body = body!;
    this.reader = new InstructionReader(this.module.bytes, this.module.types);
    this.locals = [
      ...this.type.params,
      ...this.body.locals.flatMap((run) => Array.from({ length: run.count }, () => run.type)),
    ];
    this.names = new Names(this.locals);
    this.baseSlots = slotCountOf(this.locals);
    if (!this.locals.every(isNumeric) || !(isRegion || this.type.results.every(isNumeric)))
      throw new NotCompiled();
    // Code that reads the bits of a local may be outside the loop.
    if (isRegion)
      for (let i = 0; i < this.locals.length; i++) if (isFloat(this.locals[i]!)) this.rawLocals.add(i);
  }

  // Statements

  /** Adds text; it may read the old values of variables that it writes only if they are among those that it reads. */
  text(text: string, reads: readonly number[] = nothing, writes: readonly number[] = nothing): void {
    this.list.push({ kind: 'text', text, reads: this.reading(reads, text), writes });
  }

  /**
   * What a statement reads, if it may leave at the last boundary: including what the statements between the two read.
   * A statement whose text calls anything is left if the JavaScript stack has no room for the call.
   */
  reading(own: readonly number[], text: string): readonly number[] {
    const { boundary } = this;
    if (boundary === null) return own;
    const isCalling = callPattern.test(text);
    if (isCalling) this.nameExit();
    const reads = isCalling ? [...own, this.names.exit] : own;
    const earlier = boundary.reads;
    if (earlier.length === 0) boundary.reads = reads;
    else if (reads.length > 0) boundary.reads = [...new Set([...earlier, ...reads])];
    return boundary.reads;
  }

  /** Sets a variable (for an i64, its low word) to a text that is made from operands. */
  set(to: Operand, text: string, ...from: readonly Operand[]): void {
    this.text(`${to.text}=${text}`, readsOf(from), [to.reads[0]!]);
  }

  /** Sets the high word of a variable. */
  setHigh(to: Operand, text: string, ...from: readonly Operand[]): void {
    this.text(`${to.high}=${text}`, readsOf(from), [to.reads[1]!]);
  }

  /** Leaves permanently: the interpreter continues with all values of the function. */
  leave(exit: number): void {
    const operands = readsOf(this.exits[exit - 1]!.operands);
    this.text(`$=${exit}`, nothing, [this.names.exit]);
    const { allLocals, exit: named, fuel } = this.names;
    this.list.push({ kind: 'leave', exit, reads: [...allLocals, fuel, named, ...operands] });
  }

  newLabel(isLoop: boolean): Label {
    return { name: `L${++this.labels}`, isLoop, uses: 0 };
  }

  // Fuel

  charge(cost: number): void {
    this.cost += cost;
    // Sums of a few stretches stay in 32 bits.
    if (this.cost > MAX_STRETCH) throw new NotCompiled();
  }

  mark(): Mark {
    return { stretch: this.stretch, cost: this.cost };
  }

  endStretch(): void {
    this.stretch.total = this.cost;
    this.stretch = { total: 0 };
    this.cost = 0;
  }

  pay(at: Pay['at'], from: Mark | null, to: Mark | null, exit: number, label: Label | null = null): Pay {
    const pay: Pay = { kind: 'pay', at, from, to, label, exit, need: 0 };
    this.list.push(pay);
    return pay;
  }

  // Exits

  /** Before an instruction: records the boundary, if it is one. */
  begin(offset: number): void {
    for (const { isSimple } of this.stack) if (!isSimple) return;
    this.boundary = {
      offset,
      mark: this.mark(),
      operands: this.stack.slice(),
      exit: 0,
      named: null,
      reads: nothing,
    };
  }

  /** Whether the reader's current instruction is a boundary. */
  get isAtBoundary(): boolean {
    return this.boundary?.offset === this.reader.offset;
  }

  /** Number of the exit at the last boundary. */
  get exit(): number {
    const boundary = this.boundary!;
    if (boundary.exit === 0) boundary.exit = this.newExit(boundary.offset, boundary.mark, boundary.operands);
    return boundary.exit;
  }

  newExit(offset: number, mark: Mark, operands: readonly Operand[], front = 0): number {
    this.exits.push({ offset, mark, operands, front });
    return this.exits.length;
  }

  /** Names the exit for expressions that throw themselves: accesses out of bounds. */
  nameExit(): void {
    const boundary = this.boundary!;
    if (boundary.named === this.list) return;
    this.text(`$=${this.exit}`, nothing, [this.names.exit]);
    boundary.named = this.list;
  }

  // Variables

  local(index: number): Operand {
    const type = this.locals[index]!;
    return new Operand(type, `l${index}`, {
      high: type === I64 ? `h${index}` : '',
      isSimple: true,
      reads: this.names.ofLocal(index),
      local: isFloat(type) ? index : -1,
    });
  }

  /** A variable that nothing on the stack, no open label and no exit of the boundary needs. */
  freshVariable(type: ValType, ...others: readonly Operand[]): Operand {
    this.taken.clear();
    this.take(this.stack);
    this.take(others);
    if (this.boundary !== null) this.take(this.boundary.operands);
    for (const { values, params } of this.controls) {
      this.take(values);
      this.take(params);
    }
    const isTaken = (number: number): boolean => this.taken.has(number);
    let height = this.stack.length;
    while (this.names.ofOperand(type, height).some(isTaken)) height++;
    const reads = this.names.ofOperand(type, height);
    for (const number of reads) this.variables.add(number);
    const [name, high] = reads.map((number) => this.names.nameOf(number));
    return new Operand(type, name!, { high: high ?? '', isSimple: true, reads });
  }

  /** Excludes variables that operands read from the choice of a new one. */
  private take(operands: readonly Operand[]): void {
    this.look(operands.length);
    for (const { reads } of operands) for (const number of reads) this.taken.add(number);
  }

  /** Counts operands that are read. @throws NotCompiled for too many */
  look(count: number): void {
    this.looks += count;
    if (this.looks > LOOKS + LOOKS_PER_BYTE * (this.reader.pos - this.body.codeStart))
      throw new NotCompiled();
  }

  /** A name for use inside one statement. */
  temporary(name: string): string {
    this.scratch.add(name);
    return name;
  }

  /** Assigns an operand to a variable of its type. */
  assign(to: Operand, value: Operand): void {
    const a = this.checked(value);
    if (to.type !== I64) {
      if (a.text !== to.text) this.set(to, exact(a), a);
      return;
    }
    if (a.text === to.text && a.high === to.high) return;
    if (!a.reads.includes(to.reads[0]!)) {
      this.set(to, a.text, a);
      this.setHigh(to, a.high, a);
      return;
    }
    const x = this.temporary('x');
    this.text(`${x}=${a.text};${to.high}=${a.high};${to.text}=${x}`, a.reads, to.reads);
  }

  /** The value in a variable, or unchanged if it is already one or a constant. */
  simple(a: Operand, ...others: readonly Operand[]): Operand {
    if (a.isSimple) return a;
    const to = this.freshVariable(a.type, a, ...others);
    this.assign(to, a);
    return a.constantHigh === null && !a.isNatural
      ? to
      : new Operand(to.type, to.text, {
          ...to,
          high: a.constantHigh === null ? to.high : a.high,
          constantHigh: a.constantHigh,
          isNatural: a.isNatural,
        });
  }

  /** Both as names or constants. */
  simple2(a: Operand, b: Operand): [Operand, Operand] {
    const first = this.simple(a, b);
    return [first, this.simple(b, first)];
  }

  // The abstract stack

  push(operand: Operand): void {
    const isLong = operand.text.length > MAX_TEXT && !operand.isSimple;
    this.stack.push(isLong ? this.simple(operand) : operand);
  }

  /** An operand whose bits may be read. */
  pop(): Operand {
    return this.checked(this.stack.pop()!);
  }

  /** An operand of arithmetic, which does not show the payload of a NaN. */
  popArithmetic(): Operand {
    return this.stack.pop()!;
  }

  /** A float that came from memory and goes anywhere except into arithmetic must not be a NaN. */
  checked(a: Operand): Operand {
    if (a.local >= 0) this.rawLocals.add(a.local);
    if (a.nanExit === 0) return a;
    return new Operand(a.type, this.nanCheck(a), { ...a, nanExit: 0, mayTrap: true });
  }

  nanCheck({ text, nanExit }: Operand): string {
    const g = this.temporary('g');
    return `((${g}=${text})===${g}?${g}:X(${nanExit}))`;
  }

  /** Before an effect: every operand goes to a variable. `kept` stay on the stack for now and are not touched. */
  settleAll(...hand: readonly Operand[]): void {
    for (let i = 0; i < this.stack.length; i++) {
      const operand = this.stack[i]!;
      if (!operand.isSimple) this.stack[i] = this.simple(operand, ...hand);
    }
  }

  /** Before a branch or a block: operands that are locals also go to variables, since the locals may change. */
  settleForBlock(...hand: readonly Operand[]): void {
    for (let i = 0; i < this.stack.length; i++) {
      const operand = this.stack[i]!;
      const isLocal = operand.reads.some((number) => this.names.isLocal(number));
      if (!operand.isSimple) this.stack[i] = this.simple(operand, ...hand);
      else if (isLocal) this.stack[i] = this.copy(operand, hand);
    }
  }

  /** Before a local changes: operands that read it go to variables. */
  settleLocal(index: number, ...hand: readonly Operand[]): void {
    const low = this.names.ofLocal(index)[0]!;
    for (let i = 0; i < this.stack.length; i++) {
      const operand = this.stack[i]!;
      if (operand.reads.includes(low)) this.stack[i] = this.copy(operand, hand);
    }
  }

  private copy(operand: Operand, hand: readonly Operand[]): Operand {
    const to = this.freshVariable(operand.type, ...hand);
    this.assign(to, operand);
    return to;
  }

  condition(): string {
    return condition(this.pop());
  }

  /** Slots of the operands that are on the stack. */
  get stackSlots(): number {
    let slots = 0;
    for (const { type } of this.stack) slots += slotsOf(type);
    return slots;
  }
}

export const isNumeric = (type: ValType): boolean =>
  type === I32 || type === I64 || type === F32 || type === F64;

/** What operands read. */
export const readsOf = (operands: readonly Operand[]): readonly number[] =>
  operands.length === 1 ? operands[0]!.reads : operands.flatMap(({ reads }) => reads);
