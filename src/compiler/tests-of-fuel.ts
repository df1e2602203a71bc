/**
 * The places where generated code requests fuel.
 *
 * PERF: only at the beginning of a region: at the entry, on the back edge of a loop, and after a call or a sized
 * operation. There it requests the cost of the most expensive path to the next such place, and everything between is
 * paid without a test (8 to 10 % of SQLite). Leaving too early is always allowed.
 */
import { type Label, type Pay, remaining, type Statement } from './tree.ts';

/** The amount of a payment; negative for a refund. */
export const priceOf = ({ from, to }: Pay): number =>
  (to === null ? 0 : remaining(to)) - (from === null ? 0 : remaining(from));

/** Computes the needs of all tests of a function. */
export const placeTests = (body: readonly Statement[]): void => {
  new Needs().walk(body, 0);
};

class Needs {
  /** The cost of the most expensive path from the end of a block. */
  private readonly behind = new Map<Label, number>();
  private readonly backs = new Map<Label, Pay[]>();

  /** The cost of the most expensive path to the next test from the start of a list, given that from its end. */
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
