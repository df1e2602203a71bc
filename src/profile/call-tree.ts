/**
 * Who called whom, and how much fuel each used: a tree of functions, whose root is the host.
 *
 * Nodes are numbers, their columns arrays: a program that recurses has a node for each depth and each path to it.
 */

/** Most nodes. Beyond that, a call counts for its caller. */
const MAX_NODES = 1 << 20;

export const ROOT = 0;

export class CallTree {
  /** By node: the node of the caller, the function, how often it was called, and the fuel that it used itself. */
  readonly parents: number[] = [ROOT];
  readonly functions: number[] = [-1];
  readonly calls: number[] = [0];
  readonly self: number[] = [0];
  private readonly children: (Map<number, number> | null)[] = [null];
  /** By node: the function that it called last, and its node. PERF: most calls repeat it. */
  private readonly lastFunctions: number[] = [-1];
  private readonly lastChildren: number[] = [ROOT];

  get size(): number {
    return this.parents.length;
  }

  /** Records a call by a node; returns the node of the callee. */
  call(node: number, func: number): number {
    const child = this.lastFunctions[node] === func ? this.lastChildren[node]! : this.childOf(node, func);
    this.calls[child]!++;
    return child;
  }

  private childOf(node: number, func: number): number {
    let children = this.children[node]!;
    if (children === null) this.children[node] = children = new Map();
    let child = children.get(func);
    if (child === undefined) {
      if (this.size >= MAX_NODES) {
        this.calls[node]!--;
        return node;
      }
      child = this.size;
      children.set(func, child);
      this.parents.push(node);
      this.functions.push(func);
      this.calls.push(0);
      this.self.push(0);
      this.children.push(null);
      this.lastFunctions.push(-1);
      this.lastChildren.push(ROOT);
    }
    this.lastFunctions[node] = func;
    this.lastChildren[node] = child;
    return child;
  }

  /** Fuel of each node and all below it. Callers have lower numbers than their callees. */
  totals(): Float64Array {
    const totals = Float64Array.from(this.self);
    for (let node = this.size - 1; node > ROOT; node--) totals[this.parents[node]!]! += totals[node]!;
    return totals;
  }

  /** By node: 1 if no caller at any distance is the same function. */
  outermost(): Uint8Array {
    const { size, parents, functions } = this;
    const first = new Int32Array(size).fill(-1);
    const next = new Int32Array(size).fill(-1);
    for (let node = size - 1; node > ROOT; node--) {
      next[node] = first[parents[node]!]!;
      first[parents[node]!] = node;
    }
    const flags = new Uint8Array(size);
    const open = new Map<number, number>();
    const count = (node: number, by: number): number => {
      const before = open.get(functions[node]!) ?? 0;
      open.set(functions[node]!, before + by);
      return before;
    };
    // Down to a first child, on to the next sibling, or up; it ends at ROOT.
    for (let node = first[ROOT]!; node > ROOT; ) {
      flags[node] = count(node, 1) === 0 ? 1 : 0;
      if (first[node]! >= 0) {
        node = first[node]!;
        continue;
      }
      for (;;) {
        count(node, -1);
        if (next[node]! >= 0) {
          node = next[node]!;
          break;
        }
        node = parents[node]!;
        if (node === ROOT) break;
      }
    }
    return flags;
  }
}
