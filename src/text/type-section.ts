/**
 * The types of a module: those that it declares, followed by those that type uses imply.
 * @spec text-typeuse, text-subtype
 */

import { ByteWriter } from '../syntax/byte-writer.ts';
import type { FuncType, ValType } from '../syntax/types.ts';
import type { Cursor } from './cursor.ts';
import { KEY } from './keywords.ts';
import { IndexSpace, type Spaces } from './spaces.ts';
import { ID, LEFT, NAT, RIGHT } from './tokens.ts';
import {
  type Binder,
  readFieldType,
  readFuncType,
  readValType,
  writeValType,
  writeValTypes,
} from './types.ts';

const REC = 0x4e;
const FINAL_SUB = 0x4f;
const OPEN_SUB = 0x50;
const DESCRIPTOR = 0x4d;
const DESCRIBES = 0x4c;
const FUNC = 0x60;
const STRUCT = 0x5f;
const ARRAY = 0x5e;

const isEqual = (a: readonly ValType[], b: readonly ValType[]): boolean =>
  a.length === b.length && a.every((type, i) => type === b[i]);

const keyOf = ({ params, results }: FuncType): string => `${params.join()}>${results.join()}`;

const writeFuncType = (out: ByteWriter, { params, results }: FuncType): void => {
  out.byte(FUNC);
  writeValTypes(out, params);
  writeValTypes(out, results);
};

export class TypeSection {
  private readonly spaces: Spaces;
  /** The groups in sequence. */
  readonly bytes: ByteWriter = new ByteWriter();
  /** How many groups there are. */
  count = 0;
  /** By type index; null if it is not a function type. */
  private readonly funcTypes: (FuncType | null)[] = [];
  /** Plain function types by structure. */
  private readonly plain = new Map<string, number>();

  constructor(spaces: Spaces) {
    this.spaces = spaces;
  }

  /** Reads a recursive group, at its parenthesis. */
  readGroup(cursor: Cursor): void {
    const { bytes } = this;
    this.count++;
    if (!cursor.enter(KEY.rec)) {
      this.readType(cursor, true);
      return;
    }
    let count = 0;
    const { kinds, values } = cursor.tokens;
    for (let pos = cursor.pos; kinds[pos] === LEFT; pos = values[pos]! + 1) count++;
    bytes.byte(REC);
    bytes.u32(count);
    while (cursor.kind !== RIGHT) this.readType(cursor, count === 1);
    cursor.pos++;
  }

  /** @param isAlone whether it is its whole group */
  private readType(cursor: Cursor, isAlone: boolean): void {
    const { bytes, spaces } = this;
    const index = this.funcTypes.length;
    cursor.expectEnter(KEY.type);
    cursor.takeId();
    const isSub = cursor.enter(KEY.sub);
    let isPlain = isAlone;
    if (isSub) {
      const isFinal = cursor.take(KEY.final);
      const supers: number[] = [];
      while (cursor.kind === ID || cursor.kind === NAT) supers.push(spaces.type.index(cursor));
      if (!isFinal || supers.length > 0) {
        isPlain = false;
        bytes.byte(isFinal ? FINAL_SUB : OPEN_SUB);
        bytes.u32(supers.length);
        for (const type of supers) bytes.u32(type);
      }
    }
    this.readClause(cursor, KEY.describes, DESCRIBES);
    this.readClause(cursor, KEY.descriptor, DESCRIPTOR);
    const type = this.readCompType(cursor, index);
    if (isSub) cursor.leave();
    cursor.leave();
    this.funcTypes.push(type);
    if (type !== null && isPlain) this.remember(type, index);
  }

  /** Receives the identifiers of parameters of types, which nothing refers to. */
  private parameters(): Binder {
    this.spaces.local.reset();
    return this.spaces.local;
  }

  private readClause(cursor: Cursor, keyword: number, code: number): void {
    if (!cursor.enter(keyword)) return;
    this.bytes.byte(code);
    this.bytes.u32(this.spaces.type.index(cursor));
    cursor.leave();
  }

  /** @spec text-comptype */
  private readCompType(cursor: Cursor, index: number): FuncType | null {
    const { bytes, spaces } = this;
    if (cursor.enter(KEY.func)) {
      const type = readFuncType(cursor, spaces.type, this.parameters());
      writeFuncType(bytes, type);
      cursor.leave();
      return type;
    }
    if (cursor.enter(KEY.array)) {
      bytes.byte(ARRAY);
      this.copyField(cursor);
      cursor.leave();
      return null;
    }
    if (!cursor.enter(KEY.struct)) return cursor.fail('a function, structure or array type');
    this.copyFields(cursor, index);
    return null;
  }

  private copyField(cursor: Cursor): void {
    const { storage, isMutable } = readFieldType(cursor, this.spaces.type);
    writeValType(this.bytes, storage);
    this.bytes.byte(isMutable ? 1 : 0);
  }

  private copyFields(cursor: Cursor, index: number): void {
    const fields = new IndexSpace('field');
    const types = new ByteWriter();
    while (cursor.enter(KEY.field)) {
      const hasId = cursor.kind === ID;
      while (cursor.kind !== RIGHT) {
        fields.declare(cursor);
        const { storage, isMutable } = readFieldType(cursor, this.spaces.type);
        writeValType(types, storage);
        types.byte(isMutable ? 1 : 0);
        if (hasId) break;
      }
      cursor.leave();
    }
    cursor.leave();
    this.bytes.byte(STRUCT);
    this.bytes.u32(fields.count);
    this.bytes.take(types);
    if (fields.names.length > 0) this.spaces.fields.set(index, fields);
  }

  private remember(type: FuncType, index: number): void {
    const key = keyOf(type);
    if (!this.plain.has(key)) this.plain.set(key, index);
  }

  /** The index of a plain function type, which is added if it does not exist. */
  indexOf(type: FuncType): number {
    const key = keyOf(type);
    const known = this.plain.get(key);
    if (known !== undefined) return known;
    const index = this.spaces.type.count++;
    this.plain.set(key, index);
    this.funcTypes.push(type);
    this.count++;
    writeFuncType(this.bytes, type);
    return index;
  }

  /** Reads a type use; returns the index of the type. `binder` has the identifiers of parameters. */
  readTypeUse(cursor: Cursor, binder: Binder | null): number {
    const given = this.readTypeIndex(cursor);
    const { pos } = cursor;
    const type = readFuncType(cursor, this.spaces.type, binder);
    if (given < 0) return this.indexOf(type);
    this.checkInline(cursor, pos, given, type);
    return given;
  }

  /** The index in `(type …)`, or -1. */
  readTypeIndex(cursor: Cursor): number {
    if (!cursor.enter(KEY.type)) return -1;
    const index = this.spaces.type.index(cursor);
    cursor.leave();
    return index;
  }

  /** Checks the type that is written out after `(type …)`, if any. */
  checkInline(cursor: Cursor, pos: number, index: number, inline: FuncType): void {
    if (inline.params.length === 0 && inline.results.length === 0) return;
    const type = this.funcTypes[index];
    if (type === undefined) cursor.failAt(pos, `unknown type ${index}`);
    if (!type || !isEqual(type.params, inline.params) || !isEqual(type.results, inline.results)) {
      cursor.failAt(pos, 'inline function type does not match the type that is named');
    }
  }

  /** The function type of an index; null if it is another type, undefined if it does not exist. */
  funcType(index: number): FuncType | null | undefined {
    return this.funcTypes[index];
  }

  /** Reads only results. */
  readResults(cursor: Cursor): ValType[] | null {
    if (!cursor.isLeft(KEY.result)) return null;
    const results: ValType[] = [];
    while (cursor.enter(KEY.result)) {
      while (cursor.kind !== RIGHT) results.push(readValType(cursor, this.spaces.type));
      cursor.pos++;
    }
    return results;
  }
}
