/** Folded instructions that wait to be operands, or to be printed. */
import type { TextWriter } from './text-writer.ts';

/** Longest folded instruction that is printed in one line. */
const MAX_LINE = 72;

interface Node {
  /** The instruction, without parentheses. */
  readonly head: string;
  /** All of it in one line, or null if that would be too long. */
  readonly line: string | null;
  readonly operands: readonly Node[];
  /** The annotation before it. */
  readonly hint: string;
}

const lineOf = (head: string, hint: string, operands: readonly Node[]): string | null => {
  let line = `${hint === '' ? '' : `${hint} `}(${head}`;
  for (const operand of operands) {
    if (operand.line === null || line.length + operand.line.length > MAX_LINE) return null;
    line += ` ${operand.line}`;
  }
  return `${line})`;
};

export class FoldedNodes {
  private readonly out: TextWriter;
  /** Instructions with one result that were not printed yet, in order. */
  private waiting: Node[] = [];

  constructor(out: TextWriter) {
    this.out = out;
  }

  /**
   * Adds an instruction, with waiting ones as its operands if there are enough; otherwise all waiting ones are
   * printed.
   */
  add(head: string, hint: string, operandCount: number, resultCount: number): void {
    const operands = this.take(operandCount);
    const node: Node = { head, hint, operands, line: lineOf(head, hint, operands) };
    this.waiting.push(node);
    if (resultCount !== 1) this.flush();
  }

  /** The last instructions that wait, as operands. */
  private take(count: number): Node[] {
    const { waiting } = this;
    if (waiting.length < count) {
      this.flush();
      return [];
    }
    return waiting.splice(waiting.length - count, count);
  }

  /**
   * Prints all that wait except for the last one, which is returned in the form of `print`, on separate lines; null
   * if there is none.
   */
  takeOperand(): (() => void) | null {
    const [node] = this.take(1);
    this.flush();
    return node === undefined ? null : () => this.print(node);
  }

  flush(): void {
    for (const node of this.waiting) this.print(node);
    this.waiting = [];
  }

  /** Prints a tree without recursion: it may be as deep as the code is long. */
  private print(root: Node): void {
    const { out } = this;
    const stack: (Node | null)[] = [root];
    while (stack.length > 0) {
      const node = stack.pop()!;
      if (node === null) {
        out.outdent();
        out.line(')');
      } else if (node.line !== null) out.line(node.line);
      else {
        if (node.hint !== '') out.line(node.hint);
        out.line(`(${node.head}`);
        out.indent();
        stack.push(null);
        for (let i = node.operands.length - 1; i >= 0; i--) stack.push(node.operands[i]!);
      }
    }
  }
}
