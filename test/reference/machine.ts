/**
 * The reference executor: an abstract machine with an explicit stack of values, labels and frames, one Wasm
 * instruction a step.
 *
 * Frames live on the heap. Fuel is charged instruction by instruction, and the machine can pause before any of
 * them; this is the meaning of the engine's fuel contract that the fast tiers are compared with.
 */
import { ExhaustionError, type QuernError, ThrownException, TrapError } from '../../src/errors.ts';
import { entryCost, valuesCost } from '../../src/interpreter/fuel/schedules.ts';
import { slotsOf, type ValType } from '../../src/syntax/types.ts';
import { type Instruction, readBody } from './body.ts';
import { raise, throwCost } from './exceptions.ts';
import {
  defaultOptions,
  ExceptionInstance,
  type FunctionInstance,
  funcTypeOf,
  HostFunction,
  type ModuleInstance,
  type ReferenceOptions,
  type Waiting,
  type WasmFunction,
} from './instances.ts';
import { rules } from './rules.ts';
import { defaultValue, i32, type RawValue, type Value } from './values.ts';

/** @spec syntax-label */
export interface Label {
  /** Values that a branch takes along, and their slots. */
  readonly arity: number;
  readonly slots: number;
  /** Height of the value stack below them. */
  readonly height: number;
  /** Where execution continues; loops keep their label. */
  readonly continuation: number;
  readonly isLoop: boolean;
  /** Code under this label is protected by the handlers of this instruction. @spec syntax-handler */
  readonly handler?: Instruction;
  /** The label is that of a `try` which caught something: below its operands. */
  readonly hasCaught?: boolean;
}

/** A label for values of these types. */
export const labelOf = (types: readonly ValType[], rest: Omit<Label, 'arity' | 'slots'>): Label => ({
  ...rest,
  arity: types.length,
  slots: slotsOfAll(types),
});

/** @spec syntax-frame */
export interface Frame {
  readonly code: readonly Instruction[];
  readonly module: ModuleInstance;
  readonly locals: Value[];
  readonly labels: Label[];
  /** Height of the value stack below the frame. */
  readonly base: number;
  readonly resultCount: number;
  /** First slot of the frame on the counted stack: arguments overlap the caller's operands. */
  readonly start: number;
  /** Slots of parameters and locals. */
  readonly localSlots: number;
  /** Charged with the first instruction. */
  readonly entryCost: number;
  isEntered: boolean;
  pc: number;
}

/** One rule: what an instruction does, and what it costs beyond its class. */
export interface Rule {
  step(machine: Machine, instruction: Instruction): void;
  /** Size term, from the operands on the stack; 0 where the bounds check will fail. Changes nothing. */
  size?(machine: Machine, instruction: Instruction): number;
}

export type MachineStatus = 'done' | 'trap' | 'paused';

/** Frames beyond this many slots are large: see `pushFrame`. */
const LARGE_FRAME = 2047;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
export const slotsOfAll = (types: readonly ValType[]): number => sum(types.map(slotsOf));

/** Ends a wait whose time has ended. */
export const timeOut = (waiting: Waiting): void => {
  const { waiters } = waiting.memory;
  waiters.splice(waiters.indexOf(waiting), 1);
  waiting.answer = 2;
};

export class Machine {
  readonly options: ReferenceOptions;
  readonly stack: Value[] = [];
  readonly frames: Frame[] = [];
  fuelLeft: number;
  fuelConsumed = 0;
  error: QuernError | null = null;
  /** The wait of the machine; its answer is pushed when it continues. */
  waiting: Waiting | null = null;

  /** @param fuel units to start with; Infinity by default */
  constructor(options: ReferenceOptions = defaultOptions, fuel: number = Number.POSITIVE_INFINITY) {
    this.options = options;
    this.fuelLeft = fuel;
  }

  /** Prepares a call; `run` performs it. @spec exec-invocation */
  start(func: FunctionInstance, args: readonly RawValue[]): void {
    const { params } = funcTypeOf(func.type);
    for (const [i, type] of params.entries()) this.push({ type, bits: args[i] ?? null });
    try {
      this.enter(func);
    } catch (error) {
      this.stop(error);
    }
  }

  /** Runs until the end, a trap, a wait, or the first instruction that the fuel left does not cover. */
  run(): MachineStatus {
    try {
      if (this.waiting !== null) {
        if (this.waiting.answer === null) throw new Error('the machine waits');
        this.push(i32(this.waiting.answer));
        this.waiting = null;
      }
      while (this.frames.length > 0 && this.error === null) {
        if (!this.step() || this.waiting !== null) return 'paused';
      }
    } catch (error) {
      this.stop(error);
    }
    return this.error === null ? 'done' : 'trap';
  }

  /** Ends a wait that nobody else can end, as `Execution.endWait` does. */
  endWait(): void {
    const { waiting } = this;
    if (waiting === null || waiting.answer !== null) return;
    if (waiting.timeout < 0n) {
      this.error = new TrapError('trap.deadlock');
      this.waiting = null;
    } else timeOut(waiting);
  }

  addFuel(amount: number): void {
    this.fuelLeft += amount;
  }

  get results(): readonly RawValue[] {
    return this.stack.map((value) => value.bits);
  }

  /**
   * Performs one instruction. False: not enough fuel, nothing happened. The entry of a function is no step of its
   * own: its cost is part of the first instruction's.
   */
  private step(): boolean {
    const frame = this.frame;
    const instruction = frame.code[frame.pc]!;
    const rule = rules[instruction.name];
    if (rule === undefined) throw new Error(`the reference executor has no rule for ${instruction.name}`);
    const size = rule.size?.(this, instruction) ?? 0;
    const entry = frame.isEntered ? 0 : frame.entryCost;
    if (!this.charge(entry + this.options.schedule.cost[instruction.fuel] + size)) return false;
    frame.isEntered = true;
    frame.pc++;
    rule.step(this, instruction);
    return true;
  }

  private charge(cost: number): boolean {
    if (cost > this.fuelLeft) return false;
    this.fuelLeft -= cost;
    this.fuelConsumed += cost;
    return true;
  }

  private stop(error: unknown): void {
    const isAnswer =
      error instanceof TrapError || error instanceof ExhaustionError || error instanceof ThrownException;
    if (!isAnswer) throw error;
    this.error = error;
  }

  get frame(): Frame {
    return this.frames[this.frames.length - 1]!;
  }

  push(value: Value): void {
    this.stack.push(value);
  }
  pop(): Value {
    const value = this.stack.pop();
    if (value === undefined) throw new Error('the value stack is empty: validation failed to see it');
    return value;
  }
  /** The bits of a number on top. */
  popBits(): bigint {
    return this.pop().bits as bigint;
  }
  popRef(): object | null {
    return this.pop().bits as object | null;
  }
  /** The bits of the operand `depth` values below the top, left in place. */
  peekBits(depth: number): bigint {
    return this.stack[this.stack.length - 1 - depth]!.bits as bigint;
  }
  popMany(count: number): Value[] {
    return count === 0 ? [] : this.stack.splice(-count);
  }

  /** Calls a function with the arguments on the stack. @spec exec-invoke */
  enter(func: FunctionInstance): void {
    if (func instanceof HostFunction) this.callHost(func);
    else this.pushFrame(func);
  }

  private callHost(func: HostFunction): void {
    const { params, results } = funcTypeOf(func.type);
    const args = this.popMany(params.length).map((value) => value.bits);
    try {
      const returned = func.call(args);
      for (const [i, type] of results.entries()) this.push({ type, bits: returned[i] ?? null });
    } catch (error) {
      if (!(error instanceof ExceptionInstance)) throw error;
      // The call has ended and cannot wait: what is not there is owed.
      const cost = throwCost(this, error.tag);
      this.fuelLeft -= cost;
      this.fuelConsumed += cost;
      raise(this, error);
    }
  }

  private pushFrame(func: WasmFunction): void {
    const { params, results } = funcTypeOf(func.type);
    const { body, module } = func;
    const declared = slotsOfAll(params) + sum(body.locals.map((run) => run.count * slotsOf(run.type)));
    // Large frames count two slots more, which the engine needs for moves (docs/determinism.md).
    const localSlots = declared + (declared + body.maxStackSlots > LARGE_FRAME ? 2 : 0);
    const start = this.nextFrameStart(params.length);
    if (
      this.frames.length >= this.options.maxCallDepth ||
      start + localSlots + body.maxStackSlots > this.options.maxStackSlots
    ) {
      throw new ExhaustionError('exhaustion.call-stack');
    }
    func.code ??= readBody(module.module, body.codeStart, body.end);
    const locals = this.popMany(params.length);
    for (const run of body.locals) for (let i = 0; i < run.count; i++) locals.push(defaultValue(run.type));
    const cost = entryCost(this.options.schedule, body.localCount, slotsOfAll(results));
    this.pushCode(module, func.code, locals, results, start, localSlots, cost);
  }

  /** Where a callee's frame begins: at its first argument among the caller's operands. */
  private nextFrameStart(paramCount: number): number {
    const caller = this.frames[this.frames.length - 1];
    if (caller === undefined) return 0;
    const operands = this.stack.slice(caller.base, this.stack.length - paramCount);
    return caller.start + caller.localSlots + slotsOfAll(operands.map((value) => value.type));
  }

  /** Pushes a frame over code; constant expressions come here directly. */
  pushCode(
    module: ModuleInstance,
    code: readonly Instruction[],
    locals: Value[],
    results: readonly ValType[],
    start: number,
    localSlots: number,
    cost: number,
  ): void {
    const base = this.stack.length;
    // The body is itself a block: its label is the target of the outermost branch.
    const label = labelOf(results, { height: base, continuation: code.length, isLoop: false });
    this.frames.push({
      code,
      module,
      locals,
      base,
      resultCount: results.length,
      start,
      localSlots,
      labels: [label],
      entryCost: cost,
      isEntered: false,
      pc: 0,
    });
  }

  /** Size term of a branch to a label, taken or not. */
  branchSize(depth: number): number {
    const { labels } = this.frame;
    return valuesCost(this.options.schedule, labels[labels.length - 1 - depth]!.slots);
  }

  /** Drops the frame on top with everything above its base. */
  popFrame(): void {
    const frame = this.frames.pop()!;
    this.stack.length = frame.base;
  }

  /** @spec exec-return */
  returnFromFrame(): void {
    const results = this.popMany(this.frame.resultCount);
    this.popFrame();
    this.stack.push(...results);
  }

  /** @spec exec-br */
  branch(depth: number): void {
    const { frame } = this;
    const position = frame.labels.length - 1 - depth;
    if (position === 0) {
      this.returnFromFrame();
      return;
    }
    const label = frame.labels[position]!;
    const values = this.popMany(label.arity);
    this.stack.length = label.height;
    this.stack.push(...values);
    frame.labels.length = label.isLoop ? position + 1 : position;
    frame.pc = label.continuation;
  }

  /** Replaces the frame on top by a call of `func`. @spec exec-return_call */
  tailCall(func: FunctionInstance): void {
    const args = this.popMany(funcTypeOf(func.type).params.length);
    this.popFrame();
    this.stack.push(...args);
    this.enter(func);
  }
}
