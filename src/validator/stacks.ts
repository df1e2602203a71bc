/**
 * Operand and control stacks of the validation algorithm (spec appendix "Validation Algorithm"), in integer
 * arrays: no object is allocated per instruction or per block.
 *
 * The operand stack is counted in slots: a `v128` takes two entries, its type and a filler, so that the height
 * is the number of frame slots in use and `peak` is the frame size that the engine counts. A control frame is
 * `STRIDE` integers plus its two type lists.
 */

import type { InstructionReader } from '../decoder/instruction-reader.ts';
import type { CodeOf } from '../errors/catalogue.ts';
import { type ErrorPosition, InvalidError, LimitError } from '../errors/errors.ts';
import type { FeatureKey } from '../syntax/features.ts';
import { instructions } from '../syntax/instructions.ts';
import { MAX_BLOCK_DEPTH } from '../syntax/limits.ts';
import { matchesHeapType } from '../syntax/matching.ts';
import { valTypeName } from '../syntax/type-names.ts';
import { BOT, heapOf, isNullable, isRef, refType, V128, type ValType } from '../syntax/types.ts';
import { type Context, unknownIndex } from './context.ts';
import { Locals } from './locals.ts';

/** The spec's `(ref bot)`: the result of a reference operator in unreachable code. Below every heap type. */
const HEAP_BOT = -63;
const BOT_REF: ValType = refType(HEAP_BOT, false);

/** Second entry of a `v128`; equal to no type, so that nothing matches half a vector. */
const FILLER = -63;

/**
 * Highest operand stack of one function, in slots. No call could run such a function, and 1,000 results per
 * call of two bytes would otherwise let a small body need gigabytes.
 */
const MAX_OPERAND_SLOTS = 1_000_000;
/** Entries that the main loop may write after its one capacity check per instruction. */
const RESERVE = 16;

/** What opened a control frame. */
const FRAME_FUNC = 0;
export const FRAME_BLOCK = 1;
export const FRAME_LOOP = 2;
export const FRAME_IF = 3;
export const FRAME_ELSE = 4;
export const FRAME_TRY_TABLE = 5;
export const FRAME_TRY = 6;
export const FRAME_CATCH = 7;
export const FRAME_CATCH_ALL = 8;

/** Fields of a control frame in `frames`. */
const KIND = 0;
const BASE = 1;
const WAS_LIVE = 2;
const SET_LENGTH = 3;
const IS_POLYMORPHIC = 4;
const CHECKED = 5;
const STRIDE = 6;

export type ValTypes = readonly ValType[];
const none: ValTypes = [];

/** `matchesValType`, extended by `(ref bot)`. @spec match-valtype */
const matches = (sub: ValType, sup: ValType): boolean => {
  if (sub === sup || sub === BOT) return true;
  if (!isRef(sub) || !isRef(sup)) return false;
  if (isNullable(sub) && !isNullable(sup)) return false;
  return heapOf(sub) === HEAP_BOT || matchesHeapType(heapOf(sub), heapOf(sup));
};

const nameOf = (type: ValType): string =>
  isRef(type) && heapOf(type) === HEAP_BOT ? '(ref bot)' : valTypeName(type);

/** State of the validation of one body or constant expression; reused from one to the next. */
export class BodyState {
  readonly context: Context;
  readonly reader: InstructionReader;
  readonly locals: Locals = new Locals();
  /** Index of the function, or -1 in a constant expression. */
  funcIndex = -1;
  /** Whether this is a constant expression. */
  isConstant = false;
  /** Result types of the function. */
  results: ValTypes = none;

  operands: Int32Array = new Int32Array(256);
  /** Operand slots in use. */
  height = 0;
  /** Slots below the current construct. */
  base = 0;
  /** Whether the rest of the current construct is unreachable: operands below `base` have type BOT. */
  isPolymorphic = false;
  /** Whether this point can be reached; false also in constructs nested in unreachable code. */
  isLive = true;
  /** Highest `height` at any live point so far. */
  peak = 0;
  /** Height above which the main loop calls `raise`. */
  watermark = 0;

  /** Number of open control frames. */
  depth = 0;
  private frames = new Int32Array(64 * STRIDE);
  private readonly startTypes: ValTypes[] = [];
  private readonly endTypes: ValTypes[] = [];
  private checkSerial = 0;

  constructor(context: Context, reader: InstructionReader) {
    this.context = context;
    this.reader = reader;
  }

  /** Starts a body whose bytes the reader has been set to. */
  begin(funcIndex: number, results: ValTypes): void {
    this.funcIndex = funcIndex;
    this.isConstant = funcIndex < 0;
    this.results = results;
    this.height = 0;
    this.base = 0;
    this.depth = 0;
    this.isPolymorphic = false;
    this.isLive = true;
    this.peak = 0;
    this.watermark = 0;
    this.checkSerial = 0;
    this.pushFrame(FRAME_FUNC, none, results);
  }

  /** Keeps `peak` and the capacity up to date; called when `height` is above `watermark`. */
  raise(): void {
    const { height } = this;
    if (this.isLive && height > this.peak) this.peak = height;
    if (height > MAX_OPERAND_SLOTS) this.failHeight();
    this.reserve(RESERVE);
    this.setWatermark();
  }

  private setWatermark(): void {
    const safe = this.operands.length - RESERVE;
    this.watermark = this.isLive ? Math.min(this.peak, safe) : safe;
  }

  private reserve(count: number): void {
    const needed = this.height + count;
    if (needed <= this.operands.length) return;
    if (needed > MAX_OPERAND_SLOTS + RESERVE) this.failHeight();
    const larger = new Int32Array(Math.min(2 * needed, MAX_OPERAND_SLOTS + RESERVE));
    larger.set(this.operands);
    this.operands = larger;
  }

  private failHeight(): never {
    const detail = `operand stack above ${MAX_OPERAND_SLOTS} slots`;
    throw new LimitError('limit.module', { ...this.position(), detail, limit: MAX_OPERAND_SLOTS });
  }

  push(type: ValType): void {
    this.reserve(2);
    this.operands[this.height++] = type;
    if (type === V128) this.operands[this.height++] = FILLER;
  }

  pushAll(types: ValTypes): void {
    for (let i = 0; i < types.length; i++) this.push(types[i]!);
  }

  /** Type of the highest operand below `height`, an absolute number of slots; BOT if there is none. */
  private peekBelow(height: number): ValType {
    if (height <= this.base) return BOT;
    const type = this.operands[height - 1]!;
    return type === FILLER ? V128 : type;
  }

  /** Pops an operand of type `expected` and returns its actual type. */
  pop(expected: ValType): ValType {
    const { height } = this;
    if (height === this.base && !this.isPolymorphic) this.mismatch([expected], 0);
    const actual = this.peekBelow(height);
    if (actual !== expected && !matches(actual, expected)) this.mismatch([expected], 1);
    if (height > this.base) this.height = height - (actual === V128 ? 2 : 1);
    return actual;
  }

  /** Pops an operand of any type; BOT if it comes from unreachable code. */
  popAny(): ValType {
    const { height } = this;
    if (height === this.base && !this.isPolymorphic)
      this.fail('invalid.type', 'instruction requires [any] but stack has []');
    const actual = this.peekBelow(height);
    if (height > this.base) this.height = height - (actual === V128 ? 2 : 1);
    return actual;
  }

  /** Pops a reference of any type; `(ref bot)` in unreachable code. */
  popRef(): ValType {
    const actual = this.popAny();
    if (actual === BOT) return BOT_REF;
    if (!isRef(actual))
      this.fail('invalid.type', `instruction requires a reference but stack has [${nameOf(actual)}]`);
    return actual;
  }

  popAll(types: ValTypes): void {
    for (let i = types.length - 1; i >= 0; i--) this.pop(types[i]!);
  }

  /** Checks that the operands on top have these types, and leaves them unchanged. */
  check(types: ValTypes): void {
    let { height } = this;
    for (let i = types.length - 1; i >= 0; i--) {
      if (height === this.base && !this.isPolymorphic) this.mismatch(types, types.length - 1 - i);
      const actual = this.peekBelow(height);
      if (!matches(actual, types[i]!)) this.mismatch(types, types.length - i);
      if (height > this.base) height -= actual === V128 ? 2 : 1;
    }
  }

  /** Whether the types of one list match those of another, one by one. @spec match-resulttype */
  checkMatch(sub: ValTypes, sup: ValTypes): void {
    if (sub === sup) return;
    let isMatch = sub.length === sup.length;
    for (let i = 0; isMatch && i < sub.length; i++) isMatch = matches(sub[i]!, sup[i]!);
    if (!isMatch)
      this.fail(
        'invalid.type',
        `[${sub.map(nameOf).join(' ')}] does not match [${sup.map(nameOf).join(' ')}]`,
      );
  }

  /** Whether a value of type `sub` can be used as `sup`. */
  matches(sub: ValType, sup: ValType): boolean {
    return matches(sub, sup);
  }

  /** The rest of the current construct is unreachable. @spec polymorphism */
  setPolymorphic(): void {
    this.height = this.base;
    this.isPolymorphic = true;
    this.isLive = false;
    this.setWatermark();
  }

  /** Opens a construct; its parameters have been popped. */
  pushFrame(kind: number, start: ValTypes, end: ValTypes): void {
    const at = this.depth * STRIDE;
    if (this.depth === MAX_BLOCK_DEPTH) {
      throw new LimitError('limit.module', {
        ...this.position(),
        detail: 'blocks nested too deeply',
        limit: MAX_BLOCK_DEPTH,
      });
    }
    if (at + STRIDE > this.frames.length) {
      const larger = new Int32Array(2 * this.frames.length);
      larger.set(this.frames);
      this.frames = larger;
    }
    const { frames } = this;
    if (this.depth > 0) {
      frames[at - STRIDE + IS_POLYMORPHIC] = this.isPolymorphic ? 1 : 0;
    }
    frames[at + KIND] = kind;
    frames[at + BASE] = this.height;
    frames[at + WAS_LIVE] = this.isLive ? 1 : 0;
    frames[at + SET_LENGTH] = this.locals.setOrder.length;
    frames[at + CHECKED] = 0;
    this.startTypes[this.depth] = start;
    this.endTypes[this.depth] = end;
    this.depth++;
    this.base = this.height;
    this.isPolymorphic = false;
    this.pushAll(start);
  }

  /** Closes the current construct; its results are checked and popped. Returns the result types. */
  popFrame(): ValTypes {
    const top = this.depth - 1;
    const results = this.endTypes[top]!;
    this.popAll(results);
    if (this.height !== this.base) this.leftOver(results);
    const at = top * STRIDE;
    const { frames, locals } = this;
    if (locals.tracksInit) locals.unsetDownTo(frames[at + SET_LENGTH]!);
    this.depth = top;
    const wasLive = frames[at + WAS_LIVE] === 1;
    if (wasLive !== this.isLive) {
      this.isLive = wasLive;
      this.setWatermark();
    }
    if (top > 0) {
      this.base = frames[at - STRIDE + BASE]!;
      this.isPolymorphic = frames[at - STRIDE + IS_POLYMORPHIC] === 1;
    }
    return results;
  }

  /** What opened the construct `label` levels up; 0 is the current one. */
  frameKind(label: number): number {
    return this.frames[(this.depth - 1 - label) * STRIDE + KIND]!;
  }

  /** Types of the parameters of the current construct. */
  get frameParams(): ValTypes {
    return this.startTypes[this.depth - 1]!;
  }

  /** Operand types that a branch to `label` takes. */
  labelTypes(label: number): ValTypes {
    if (label >= this.depth) unknownIndex('invalid.unknown-label', label, this.position());
    const at = this.depth - 1 - label;
    return this.frames[at * STRIDE + KIND] === FRAME_LOOP ? this.startTypes[at]! : this.endTypes[at]!;
  }

  /** Starts a series of `isChecked` queries, one per `br_table`. */
  beginChecks(): void {
    this.checkSerial++;
  }

  /** Whether the label was checked since `beginChecks`; keeps long `br_table`s linear. */
  isChecked(label: number): boolean {
    const at = (this.depth - 1 - label) * STRIDE + CHECKED;
    if (label >= this.depth) return false;
    if (this.frames[at] === this.checkSerial) return true;
    this.frames[at] = this.checkSerial;
    return false;
  }

  /** The position of the current instruction. */
  position(): ErrorPosition {
    const { reader } = this;
    const instruction = instructions[reader.row]?.name;
    return {
      offset: reader.offset,
      ...(this.funcIndex >= 0 ? { section: 'code', funcIndex: this.funcIndex } : {}),
      ...(instruction === undefined ? {} : { instruction }),
    };
  }

  /** Records the use of a feature by the current instruction. */
  use(feature: FeatureKey): void {
    if (!this.context.features.has(feature)) this.context.use(feature, this.position());
  }

  /** Records the features of a type that the current instruction names. */
  useType(type: ValType): void {
    if (type === V128 || isRef(type)) this.context.useType(type, this.position());
  }

  /** Throws an `InvalidError` at the current instruction. */
  fail(code: CodeOf<'InvalidError'>, detail?: string): never {
    throw new InvalidError(code, { ...this.position(), ...(detail === undefined ? {} : { detail }) });
  }

  private mismatch(required: ValTypes, available: number): never {
    const has: string[] = [];
    for (let height = this.height, i = 0; i < available && height > this.base; i++) {
      const type = this.peekBelow(height);
      has.unshift(nameOf(type));
      height -= type === V128 ? 2 : 1;
    }
    return this.fail(
      'invalid.type',
      `instruction requires [${required.map(nameOf).join(' ')}] but stack has [${has.join(' ')}]`,
    );
  }

  private leftOver(results: ValTypes): never {
    const has: string[] = [];
    // Enough to see what is wrong; a hostile body may have a million of them.
    for (let height = this.height; height > this.base && has.length < 10; ) {
      const type = this.peekBelow(height);
      has.unshift(nameOf(type));
      height -= type === V128 ? 2 : 1;
    }
    const all = [...has, ...results.map(nameOf)].join(' ');
    return this.fail(
      'invalid.type',
      `block requires [${results.map(nameOf).join(' ')}] but stack has [${all}]`,
    );
  }
}
