/** Index spaces: the number of items of a kind, and the index of each identifier. @spec text-context */
import type { Cursor } from './cursor.ts';
import { ID, NAT } from './tokens.ts';

export class IndexSpace {
  /** The kind of its items, for messages. */
  readonly what: string;
  count = 0;
  private readonly byId = new Map<number, number>();
  /** Names in the order of their indices: identifiers by their numbers, and names from annotations instead. */
  readonly names: (readonly [index: number, name: number | string])[] = [];

  constructor(what: string) {
    this.what = what;
  }

  /** Forgets all. */
  reset(): void {
    this.count = 0;
    this.byId.clear();
    this.names.length = 0;
  }

  /** Adds one, with the identifier at the cursor, if any; returns its index. */
  declare(cursor: Cursor): number {
    const index = this.count++;
    const id = cursor.takeId();
    const name = cursor.annotations.name(cursor.pos);
    if (name !== null || id >= 0) this.names.push([index, name ?? id]);
    if (id < 0) return index;
    if (this.byId.has(id)) {
      cursor.failAt(cursor.pos - 1, `duplicate ${this.what} ${idText(cursor, id)}`);
    }
    this.byId.set(id, index);
    return index;
  }

  /** The index at the cursor, as a number or an identifier. */
  index(cursor: Cursor): number {
    const { kind } = cursor;
    if (kind === NAT) return cursor.nat32();
    if (kind !== ID) cursor.fail(`the index of a ${this.what}`);
    const id = cursor.value;
    const index = this.byId.get(id);
    if (index === undefined) return cursor.failAt(cursor.pos, `unknown ${this.what} ${idText(cursor, id)}`);
    cursor.pos++;
    return index;
  }
}

/** An identifier for a message. */
export const idText = (cursor: Cursor, id: number): string => {
  const text = cursor.tokens.ids.text(id);
  return `$${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
};

/** All index spaces of a module. */
export class Spaces {
  readonly type: IndexSpace = new IndexSpace('type');
  readonly func: IndexSpace = new IndexSpace('function');
  readonly table: IndexSpace = new IndexSpace('table');
  readonly memory: IndexSpace = new IndexSpace('memory');
  readonly global: IndexSpace = new IndexSpace('global');
  readonly tag: IndexSpace = new IndexSpace('tag');
  readonly elem: IndexSpace = new IndexSpace('elem segment');
  readonly data: IndexSpace = new IndexSpace('data segment');
  readonly local: IndexSpace = new IndexSpace('local');
  /** Fields, by the index of their structure. */
  readonly fields: Map<number, IndexSpace> = new Map();
  /** Those of a structure whose fields have no identifiers. */
  readonly noFields: IndexSpace = new IndexSpace('field');
}
