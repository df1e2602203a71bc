/**
 * Where generated code asks for fuel.
 *
 * PERF: only where a region begins: at the entry, on the way back to a loop, and after a call and a sized operation. There it asks for
 * the dearest way to the next such place, and what lies between is paid without a test (8 to 10 % of SQLite).
 * Leaving too early is always allowed.
 */
import { type Label, type Pay, remaining, type Statement } from './tree.ts';

/** What a payment takes; negative when it gives back. */
export const priceOf = ({ from, to }: Pay): number =>
  (to === null ? 0 : remaining(to)) - (from === null ? 0 : remaining(from));

/** Works out the needs of all tests of a function. */
export const placeTests = (body: readonly Statement[]): void => {
  new Needs().walk(body, 0);
};

class Needs {
  /** The dearest way on from behind a block. */
  private readonly behind = new Map<Label, number>();
  private readonly backs = new Map<Label, Pay[]>();

  /** The dearest way to the next test from the start of a list, when that from its end is known. */
  walk(list: readonly Statement[], atEnd: number): number {
    let need = atEnd;
    for (let i = list.length - 1; i >= 0; i--) need = this.step(list[i]!, need);
    return need;
  }

  private step(node: Statement, need: number): number {
    switch (node.kind) {
      case 'pay':
        return this.pay(node, need);
      case 'jump':
        return node.label.isLoop ? 0 : this.behind.get(node.label)!;
      case 'return':
      case 'leave':
        return 0;
      case 'block':
        this.behind.set(node.label, need);
        return this.walk(node.body, need);
      case 'loop': {
        const atHead = this.walk(node.body, need);
        for (const back of this.backs.get(node.label) ?? []) back.need = atHead;
        return atHead;
      }
      case 'if': {
        if (node.label !== null) this.behind.set(node.label, need);
        const otherwise = node.otherwise === null ? need : this.walk(node.otherwise, need);
        return Math.max(this.walk(node.body, need), otherwise);
      }
      case 'switch':
        return Math.max(...[...new Set(node.cases)].map((body) => this.walk(body, 0)));
      default:
        return need;
    }
  }

  private pay(node: Pay, need: number): number {
    if (node.at === 'edge') return Math.max(0, priceOf(node) + need);
    if (node.at === 'back') {
      const backs = this.backs.get(node.label!);
      if (backs === undefined) this.backs.set(node.label!, [node]);
      else backs.push(node);
      return 0;
    }
    node.need = need;
    return 0;
  }
}
