/**
 * Sequences of instructions, plain and folded, to bytes. @spec text-instr, text-foldedinstr
 *
 * SAFETY: open constructs are in `frames`, not on the JavaScript stack, so that a text may nest to any depth. The
 * head of a folded instruction is written to `pending` until its operands have been read.
 */

import { ByteWriter } from '../syntax/byte-writer.ts';
import { instructions, rowOf } from '../syntax/instructions.ts';
import type { Cursor } from './cursor.ts';
import { copyInstruction, type InstructionContext, writeOpcode } from './immediates.ts';
import { KEY, rowOfKeyword } from './keywords.ts';
import { Labels } from './labels.ts';
import { idText, type Spaces } from './spaces.ts';
import { ID, KEYWORD, LEFT, RIGHT } from './tokens.ts';
import type { TypeSection } from './type-section.ts';

/** Open constructs, by what may follow. Plain blocks first: they contain instructions, and end at a keyword. */
const BLOCK = 0;
const IF = 1;
const ELSE = 2;
const TRY = 3;
const CATCH = 4;
const CATCH_ALL = 5;
const LAST_PLAIN = CATCH_ALL;
/** Folded ones that contain instructions: a block, an arm of `if` or `try`. */
const FOLDED_BLOCK = 6;
const ARM = 7;
const LAST_OPEN = ARM;
/** Folded ones that contain only parenthesised items: operands, then clauses. */
const OPERANDS = 8;
const CONDITION = 9;
const AFTER_THEN = 10;
const AFTER_ELSE = 11;
const BEFORE_DO = 12;
const AFTER_DO = 13;
const CLAUSES = 14;
const AFTER_CATCH_ALL = 15;
const DELEGATED = 16;

interface Frame {
  kind: number;
  /** Number of the label's identifier, or -1. */
  readonly id: number;
  /** The beginning of its head in `pending`. */
  readonly pending: number;
  readonly hint: Uint8Array | null;
  /** Of its keyword. */
  readonly token: number;
}

const END_CODE = 0x0b;
const flows = instructions.map(({ flow }) => flow);
const namesData = instructions.map(({ immediates }) => immediates.includes('dataidx'));
/** What each keyword that divides a block may follow, and what follows it. */
const divisions = [
  { keyword: KEY.else, from: [IF], to: ELSE },
  { keyword: KEY.catch, from: [TRY, CATCH], to: CATCH },
  { keyword: KEY.catch_all, from: [TRY, CATCH], to: CATCH_ALL },
] as const;

export class BodyReader {
  /** The result of the last read. */
  readonly out: ByteWriter = new ByteWriter();
  readonly labels: Labels = new Labels();
  /** Branch hints by the place of their instruction in `out`. */
  readonly hints: (readonly [at: number, value: Uint8Array])[] = [];
  /** Whether any of the instructions names a data segment. */
  namesData = false;
  /** Tokens of the instructions by their place in `out`; null where nobody asks for them. */
  marks: (readonly [at: number, token: number])[] | null = null;
  private readonly cursor: Cursor;
  private readonly context: InstructionContext;
  private readonly pending = new ByteWriter();
  private readonly frames: Frame[] = [];

  constructor(cursor: Cursor, spaces: Spaces, types: TypeSection) {
    this.cursor = cursor;
    this.context = { cursor, spaces, types, labels: this.labels };
  }

  /** Resets what was read. */
  reset(): void {
    this.out.length = 0;
    this.labels.reset();
    this.hints.length = 0;
    this.namesData = false;
    if (this.marks !== null) this.marks.length = 0;
  }

  /** Notes the token of the instruction that is written next. */
  private mark(token: number): void {
    this.marks?.push([this.out.length, token]);
  }

  /** Reads instructions up to a closing parenthesis, which is not consumed, and ends the expression. */
  readExpression(): void {
    this.sequence(false);
    this.mark(this.cursor.pos);
    this.out.byte(END_CODE);
  }

  /** Reads one folded instruction as an expression. */
  readFolded(): void {
    if (this.cursor.kind !== LEFT) this.cursor.fail('"(" and an instruction');
    this.sequence(true);
    this.out.byte(END_CODE);
  }

  private sequence(isSingle: boolean): void {
    const { cursor, frames } = this;
    for (;;) {
      switch (cursor.kind) {
        case KEYWORD:
          this.plain();
          break;
        case LEFT:
          this.open();
          break;
        case RIGHT:
          if (frames.length === 0) return;
          this.close();
          if (isSingle && frames.length === 0) return;
          break;
        default:
          this.failHere();
      }
    }
  }

  private get top(): Frame | undefined {
    return this.frames[this.frames.length - 1];
  }

  private failHere(): never {
    const kind = this.top?.kind ?? ARM;
    return this.cursor.fail(
      kind <= LAST_PLAIN
        ? 'an instruction or "end"'
        : kind <= LAST_OPEN
          ? 'an instruction or ")"'
          : kind === CONDITION
            ? 'an operand in parentheses or "(then …)"'
            : 'an operand in parentheses or ")"',
    );
  }

  /** The hint before the current token, if any. */
  private takeHint(): Uint8Array | null {
    const { annotations, pos } = this.cursor;
    return annotations.isEmpty ? null : annotations.branchHint(pos);
  }

  private addHint(hint: Uint8Array | null): void {
    if (hint !== null) this.hints.push([this.out.length, hint]);
  }

  /** The row of the keyword at the cursor, which is read. */
  private row(): number {
    const row = rowOfKeyword[this.cursor.value]!;
    if (row < 0) this.failHere();
    this.cursor.pos++;
    if (namesData[row]) this.namesData = true;
    return row;
  }

  private plain(): void {
    const { cursor } = this;
    if (this.top !== undefined && this.top.kind > LAST_OPEN) this.failHere();
    const hint = this.takeHint();
    const row = rowOfKeyword[cursor.value]!;
    const flow = row < 0 ? 'plain' : flows[row]!;
    if (flow === 'divides') this.divide();
    else if (flow !== 'closes') this.plainInstruction(row, flow === 'opens', hint);
    else if (cursor.isKeyword(KEY.delegate)) this.delegate();
    else this.end();
  }

  private plainInstruction(row: number, opens: boolean, hint: Uint8Array | null): void {
    const { cursor, out } = this;
    this.mark(cursor.pos);
    this.row();
    this.addHint(hint);
    if (!opens) {
      copyInstruction(this.context, out, row);
      return;
    }
    const id = cursor.takeId();
    copyInstruction(this.context, out, row);
    this.labels.push(id);
    const kind = row === rowOf.if ? IF : row === rowOf.try ? TRY : BLOCK;
    this.frames.push({ kind, id, pending: 0, hint: null, token: 0 });
  }

  /** `else` and the clauses of `try`. */
  private divide(): void {
    const { cursor, top } = this;
    const division = divisions.find(({ keyword }) => cursor.isKeyword(keyword))!;
    if (top === undefined || !(division.from as readonly number[]).includes(top.kind)) this.failHere();
    this.mark(cursor.pos);
    const row = this.row();
    if (division.to === ELSE) this.checkLabel(top);
    copyInstruction(this.context, this.out, row);
    top.kind = division.to;
  }

  private end(): void {
    const { cursor, frames, top } = this;
    if (top === undefined || top.kind > LAST_PLAIN) this.failHere();
    this.mark(cursor.pos);
    cursor.pos++;
    this.checkLabel(top);
    this.out.byte(END_CODE);
    this.labels.pop();
    frames.pop();
  }

  private delegate(): void {
    const { frames, top } = this;
    if (top?.kind !== TRY) this.failHere();
    this.labels.pop();
    frames.pop();
    this.mark(this.cursor.pos);
    copyInstruction(this.context, this.out, this.row());
  }

  /** The label after `end` and `else`, which must be that of the block. */
  private checkLabel({ id }: Frame): void {
    const { cursor } = this;
    if (cursor.kind !== ID) return;
    if (cursor.value !== id) {
      cursor.failAt(cursor.pos, 'mismatching label', id < 0 ? 'none' : idText(cursor, id));
    }
    cursor.pos++;
  }

  /** A parenthesis opens: a clause of the open construct, or a folded instruction. */
  private open(): void {
    const { cursor, frames, out, pending, top } = this;
    if (top !== undefined && top.kind >= CONDITION && this.clause(top)) return;
    const hint = this.takeHint();
    cursor.pos++;
    const inner = this.takeHint();
    if (cursor.kind !== KEYWORD) this.failHere();
    const token = cursor.pos;
    const row = this.row();
    const flow = flows[row]!;
    if (flow === 'divides' || flow === 'closes') {
      cursor.pos--;
      this.failHere();
    }
    const at = pending.length;
    if (flow !== 'opens') {
      copyInstruction(this.context, pending, row);
      frames.push({ kind: OPERANDS, id: -1, pending: at, hint: hint ?? inner, token });
      return;
    }
    const id = cursor.takeId();
    if (row === rowOf.if) {
      copyInstruction(this.context, pending, row);
      frames.push({ kind: CONDITION, id, pending: at, hint: hint ?? inner, token });
      return;
    }
    this.mark(token);
    this.addHint(hint ?? inner);
    copyInstruction(this.context, out, row);
    this.labels.push(id);
    frames.push({ kind: row === rowOf.try ? BEFORE_DO : FOLDED_BLOCK, id, pending: at, hint: null, token });
  }

  /** Moves the head of a folded instruction after its operands. */
  private writeHead({ pending: at, hint, token }: Frame): void {
    const { out, pending } = this;
    this.mark(token);
    this.addHint(hint);
    out.append(pending.bytes, at, pending.length);
    pending.length = at;
  }

  private openArm(): void {
    this.frames.push({ kind: ARM, id: -1, pending: this.pending.length, hint: null, token: 0 });
  }

  /** A clause of a folded `if` or `try`, at its parenthesis; whether it is one. */
  private clause(top: Frame): boolean {
    const { cursor, out } = this;
    switch (top.kind) {
      case CONDITION:
        if (!cursor.enter(KEY.then)) return false;
        this.writeHead(top);
        this.labels.push(top.id);
        top.kind = AFTER_THEN;
        break;
      case AFTER_THEN:
        if (!cursor.enter(KEY.else)) cursor.fail('"(else …)" or ")"');
        this.mark(cursor.pos - 1);
        writeOpcode(out, rowOf.else);
        top.kind = AFTER_ELSE;
        break;
      case BEFORE_DO:
        if (!cursor.enter(KEY.do)) cursor.fail('"(do …)"');
        top.kind = AFTER_DO;
        break;
      case AFTER_DO:
      case CLAUSES:
        return this.tryClause(top);
      default:
        cursor.fail('")"');
    }
    this.openArm();
    return true;
  }

  private tryClause(top: Frame): boolean {
    const { context, cursor, out } = this;
    if (cursor.enter(KEY.catch)) {
      this.mark(cursor.pos - 1);
      copyInstruction(context, out, rowOf.catch);
      top.kind = CLAUSES;
      this.openArm();
    } else if (cursor.enter(KEY.catch_all)) {
      this.mark(cursor.pos - 1);
      writeOpcode(out, rowOf.catch_all);
      top.kind = AFTER_CATCH_ALL;
      this.openArm();
    } else if (top.kind === AFTER_DO && cursor.enter(KEY.delegate)) {
      this.labels.pop();
      this.mark(cursor.pos - 1);
      copyInstruction(context, out, rowOf.delegate);
      cursor.leave();
      top.kind = DELEGATED;
    } else cursor.fail('"(catch …)", "(catch_all …)" or ")"');
    return true;
  }

  /** A parenthesis closes the open construct. */
  private close(): void {
    const { frames } = this;
    const top = this.top!;
    switch (top.kind) {
      case OPERANDS:
        this.writeHead(top);
        break;
      case ARM:
      case DELEGATED:
        break;
      case FOLDED_BLOCK:
      case AFTER_THEN:
      case AFTER_ELSE:
      case AFTER_DO:
      case CLAUSES:
      case AFTER_CATCH_ALL:
        this.mark(this.cursor.pos);
        this.out.byte(END_CODE);
        this.labels.pop();
        break;
      case BEFORE_DO:
        this.cursor.fail('"(do …)"');
        break;
      default:
        this.failHere();
    }
    this.cursor.pos++;
    frames.pop();
  }
}
