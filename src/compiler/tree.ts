/**
 * A function before it is printed: statements as a tree.
 *
 * Fuel. A stretch is code that control leaves early only by a taken branch; it ends at a call and at every
 * unconditional transfer. `f` in generated code is the fuel left once the current stretch has been paid to its end,
 * as in the interpreter's fast code: falling through costs nothing, a taken branch pays or refunds the difference.
 */

export interface Stretch {
  total: number;
}
/** A point in a stretch. */
export interface Mark {
  readonly stretch: Stretch;
  /** The fuel paid before the point. */
  readonly cost: number;
}
/** The fuel paid ahead at a point. */
export const remaining = ({ stretch, cost }: Mark): number => stretch.total - cost;

/** A target of branches: the end of a block, or the head of a loop. */
export interface Label {
  readonly name: string;
  readonly isLoop: boolean;
  /** Branches that lead here. */
  uses: number;
}

/** Statements that stay together. Variables are identified by number: see `Names`. */
interface Text {
  readonly kind: 'text';
  readonly text: string;
  readonly reads: readonly number[];
  /** The variables that it always sets. */
  readonly writes: readonly number[];
}
/** A float from memory that goes to a local; whether its NaN matters is known at the end of the function. */
interface SetFloat {
  readonly kind: 'set-float';
  readonly local: number;
  readonly name: string;
  readonly text: string;
  readonly checked: string;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}
/** Pays for the path from one point to another, and requests more fuel at the beginning of a region. */
export interface Pay {
  readonly kind: 'pay';
  readonly at: 'entry' | 'call' | 'sized' | 'back' | 'edge';
  /** Null if nothing is paid ahead. */
  readonly from: Mark | null;
  to: Mark | null;
  /** For a back edge: the loop. */
  readonly label: Label | null;
  /** The exit if the fuel does not suffice. */
  exit: number;
  /** The cost of the most expensive path from here to the next test. */
  need: number;
}
interface Jump {
  readonly kind: 'jump';
  readonly label: Label;
}
interface Return {
  readonly kind: 'return';
  /** Saves what the text does not. */
  readonly before: string;
  readonly text: string;
  readonly reads: readonly number[];
}
/** Leaves permanently. */
interface Leave {
  readonly kind: 'leave';
  readonly exit: number;
  /** What the interpreter may need. */
  readonly reads: readonly number[];
}
export interface Block {
  readonly kind: 'block';
  readonly label: Label;
  readonly body: Statement[];
}
export interface Loop {
  readonly kind: 'loop';
  readonly label: Label;
  readonly body: Statement[];
  /** Whether control reaches the end of the body. */
  falls: boolean;
}
export interface If {
  readonly kind: 'if';
  /** Null for a conditional branch. */
  readonly label: Label | null;
  readonly condition: string;
  readonly reads: readonly number[];
  readonly body: Statement[];
  otherwise: Statement[] | null;
}
export interface Switch {
  readonly kind: 'switch';
  readonly text: string;
  readonly reads: readonly number[];
  /** Bodies by index, the default last; several may share a body. */
  readonly cases: readonly Statement[][];
}
/** A way out of a sequence of statements: a label outside it, a return, or its end. */
export type Way = Label | 'return' | 'end';
/** A way out of a piece. */
export interface WayOut {
  readonly way: Way;
  /** What the piece sets and the code that follows reads. */
  sets: readonly number[];
}
/** A sequence of statements that becomes a separate function. */
export interface Piece {
  readonly kind: 'piece';
  /** Its number among the pieces of the function. */
  readonly number: number;
  readonly body: Statement[];
  readonly waysOut: readonly WayOut[];
  /** Variables that it is called with. */
  takes: readonly number[];
  /** Variables that it has in addition to these. */
  has: readonly number[];
  /** Characters of its call. */
  size: number;
}
export type Statement = Text | SetFloat | Pay | Jump | Return | Leave | Block | Loop | If | Switch | Piece;

/** The lists inside a statement. */
export const bodiesOf = (node: Statement): readonly Statement[][] => {
  switch (node.kind) {
    case 'block':
    case 'loop':
    case 'piece':
      return [node.body];
    case 'if':
      return node.otherwise === null ? [node.body] : [node.body, node.otherwise];
    case 'switch':
      return [...new Set(node.cases)];
    default:
      return [];
  }
};
