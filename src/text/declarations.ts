/** The first pass over the fields of a module: identifiers, and the order of fields. */
import type { ExternKind } from '../syntax/module.ts';
import type { Cursor } from './cursor.ts';
import { KEY } from './keywords.ts';
import type { Spaces } from './spaces.ts';
import { LEFT, STRING } from './tokens.ts';
import { isRefType, readAddressType } from './types.ts';

/** Keywords of the kinds of imports and exports, as fields and in type uses. */
export const externKinds: readonly (readonly [keyword: number, kind: ExternKind, name: string])[] = [
  [KEY.func, 'func', 'function'],
  [KEY.table, 'table', 'table'],
  [KEY.memory, 'memory', 'memory'],
  [KEY.global, 'global', 'global'],
  [KEY.tag, 'tag', 'tag'],
];

/** Kinds of imports and exports, by their code. */
export const kindCodes: Readonly<Record<ExternKind, number>> = {
  func: 0,
  table: 1,
  memory: 2,
  global: 3,
  tag: 4,
};

/** The token after the parenthesis that closes the one at `pos`. */
const behind = (cursor: Cursor, pos: number): number => cursor.tokens.values[pos]! + 1;

/** The parenthesis of an item's own type, `(item "name" (func …))`; -1 if it has none. */
const typeOfItem = (cursor: Cursor, pos: number): number =>
  cursor.tokens.kinds[pos + 2] === STRING && cursor.tokens.kinds[pos + 3] === LEFT ? pos + 3 : -1;

class Declarations {
  private readonly cursor: Cursor;
  private readonly spaces: Spaces;
  /** The last definition, for imports that come too late. */
  private defined = '';

  constructor(cursor: Cursor, spaces: Spaces) {
    this.cursor = cursor;
    this.spaces = spaces;
  }

  /** Visits the fields from `from` to `to`; the reader of fields reports what is not a field. */
  read(from: number, to: number): void {
    const { cursor } = this;
    for (let pos = from; pos < to && cursor.tokens.kinds[pos] === LEFT; pos = behind(cursor, pos)) {
      cursor.pos = pos;
      this.field(pos, to);
    }
  }

  private field(pos: number, to: number): void {
    const { cursor, spaces } = this;
    if (cursor.enter(KEY.type)) spaces.type.declare(cursor);
    else if (cursor.isLeft(KEY.rec)) {
      for (let at = pos + 2; at < to && cursor.isLeft(KEY.type, at); at = behind(cursor, at)) {
        cursor.pos = at + 2;
        spaces.type.declare(cursor);
      }
    } else if (cursor.isLeft(KEY.import)) this.import(pos);
    else if (cursor.enter(KEY.elem)) spaces.elem.declare(cursor);
    else if (cursor.enter(KEY.data)) spaces.data.declare(cursor);
    else {
      const extern = externKinds.find(([keyword]) => cursor.isLeft(keyword));
      if (extern !== undefined) this.definition(pos, extern);
    }
  }

  private definition(pos: number, [, kind, name]: (typeof externKinds)[number]): void {
    const { cursor, spaces } = this;
    cursor.pos = pos + 2;
    spaces[kind].declare(cursor);
    while (cursor.isLeft(KEY.export)) cursor.pos = behind(cursor, cursor.pos);
    if (cursor.isLeft(KEY.import)) {
      this.checkOrder(pos);
      return;
    }
    this.defined = name;
    if (kind === 'memory') {
      readAddressType(cursor);
      if (cursor.isLeft(KEY.pagesize)) cursor.pos = behind(cursor, cursor.pos);
      if (cursor.isLeft(KEY.data)) spaces.data.count++;
    } else if (kind === 'table') {
      readAddressType(cursor);
      if (isRefType(cursor)) spaces.elem.count++;
    }
  }

  private checkOrder(pos: number): void {
    if (this.defined !== '') this.cursor.failAt(pos, `import after ${this.defined} definition`);
  }

  /** An import, or a list of imports of one module. */
  private import(pos: number): void {
    const { cursor } = this;
    this.checkOrder(pos);
    const { kinds } = cursor.tokens;
    if (kinds[pos + 2] !== STRING) return;
    if (kinds[pos + 3] === STRING) {
      this.externType(pos + 4);
      return;
    }
    let at = pos + 3;
    let untyped = 0;
    for (; cursor.isLeft(KEY.item, at); at = behind(cursor, at)) {
      const type = typeOfItem(cursor, at);
      if (type < 0) untyped++;
      else this.externType(type);
    }
    for (; untyped > 0; untyped--) this.externType(at);
  }

  private externType(pos: number): void {
    const { cursor, spaces } = this;
    cursor.pos = pos;
    const extern = externKinds.find(([keyword]) => cursor.isLeft(keyword));
    if (extern === undefined) return;
    cursor.pos = pos + 2;
    spaces[extern[1]].declare(cursor);
  }
}

/** Declares everything that the fields between two tokens define. */
export const declareFields = (cursor: Cursor, spaces: Spaces, from: number, to: number): void =>
  new Declarations(cursor, spaces).read(from, to);
