/** The labels of one function, innermost last, and the names of its blocks. @spec text-label */
import type { Cursor } from './cursor.ts';
import { idText } from './spaces.ts';
import { ID, NAT } from './tokens.ts';

export class Labels {
  private readonly ids: number[] = [];
  /** Positions in `ids`, by identifier. */
  private readonly places = new Map<number, number[]>();
  /** Blocks so far. */
  private blocks = 0;
  /** Names of blocks, numbered in the order in which they open. */
  readonly names: (readonly [block: number, id: number])[] = [];

  reset(): void {
    this.ids.length = 0;
    this.places.clear();
    this.blocks = 0;
    this.names.length = 0;
  }

  /** @param id number of the identifier, or -1 */
  push(id: number): void {
    const block = this.blocks++;
    if (id >= 0) {
      this.names.push([block, id]);
      const places = this.places.get(id);
      if (places === undefined) this.places.set(id, [this.ids.length]);
      else places.push(this.ids.length);
    }
    this.ids.push(id);
  }

  pop(): void {
    const id = this.ids.pop()!;
    if (id >= 0) this.places.get(id)!.pop();
  }

  /** The index at the cursor. */
  index(cursor: Cursor): number {
    if (cursor.kind === NAT) return cursor.nat32();
    if (cursor.kind !== ID) cursor.fail('a label');
    const places = this.places.get(cursor.value);
    if (places === undefined || places.length === 0)
      return cursor.failAt(cursor.pos, `unknown label ${idText(cursor, cursor.value)}`);
    cursor.pos++;
    return this.ids.length - 1 - places[places.length - 1]!;
  }
}
