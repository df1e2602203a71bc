/**
 * Which code of a function is protected by which exception handlers.
 *
 * Entering or leaving a protected range costs nothing: the handlers are in a table beside the code, which is searched
 * by program counter when something is thrown. Ranges nest; they are numbered in order of their start.
 */
import { lastAtMost } from './code-map.ts';

/** One way to catch: values and reference go to slots, execution to a label. @spec syntax-catch */
interface Clause {
  /** Index of the tag; -1 catches all. */
  readonly tag: number;
  /** Slot of the first value. */
  readonly slot: number;
  /** Slot of the exception itself; -1 when the handler does not take it. */
  readonly refSlot: number;
  readonly label: number;
}
/** The target of a clause. */
interface Place {
  readonly pc: number;
  /** What remains of the stretch that the label is in; see `code-writer.ts`. */
  readonly remaining: number;
}
/** A clause whose label has its place. */
export interface PlacedClause extends Clause, Place {}

type Draft = { -readonly [K in keyof PlacedClause]: PlacedClause[K] };
/** The handlers of one protected range. */
interface Stretch {
  /** Index of the enclosing range; -1 if there is none. */
  readonly parent: number;
  /** Where the search continues if no clause matches: `parent`, unless the range delegates. */
  next: number;
  readonly clauses: Draft[];
}

/** A clause whose label has no place yet. PERF: a module may have a clause in every three bytes. */
export const clauseOf = (tag: number, slot: number, refSlot: number, label: number): Draft => ({
  tag,
  slot,
  refSlot,
  label,
  pc: -1,
  remaining: 0,
});

/** The handlers of a function, whose code has its place. */
export class HandlerTable {
  /** Where another range becomes the innermost one, in order of the code; and its index, -1 for none. */
  private readonly changes: Int32Array;
  private readonly innermost: Int32Array;
  /** By range; the clauses of the range `i` are from `first[i]` up to `first[i + 1]`. */
  readonly next: Int32Array;
  readonly first: Int32Array;
  /** PERF: separate from the clauses, since a search reads nothing else of those that do not match. */
  readonly tags: Int32Array;
  readonly clauses: readonly PlacedClause[];

  constructor(
    changes: readonly (readonly [at: number, handler: number])[],
    stretches: readonly Stretch[],
    start: number,
    placeOf: (label: number) => Place,
  ) {
    this.changes = Int32Array.from(changes, ([at]) => start + at);
    this.innermost = Int32Array.from(changes, ([, handler]) => handler);
    this.next = Int32Array.from(stretches, ({ next }) => next);
    this.first = new Int32Array(stretches.length + 1);
    const placed: Draft[] = [];
    for (const [i, { clauses }] of stretches.entries()) {
      for (const clause of clauses) {
        const { pc, remaining } = placeOf(clause.label);
        clause.pc = start + pc;
        clause.remaining = remaining;
        placed.push(clause);
      }
      this.first[i + 1] = placed.length;
    }
    this.clauses = placed;
    this.tags = Int32Array.from(placed, ({ tag }) => tag);
  }

  /** Index of the innermost range that contains a program counter; -1 if there is none. */
  handlerAt(pc: number): number {
    return this.innermost[lastAtMost(this.changes, pc)] ?? -1;
  }
}

/** The handlers of a function during its translation. */
export class HandlerList {
  private readonly stretches: Stretch[] = [];
  /** Open ranges, outermost first: index, and position of the construct on the control stack. */
  private readonly open: { readonly handler: number; readonly position: number }[] = [];
  private readonly changes: [at: number, handler: number][] = [];

  /** Whether anything was protected so far. */
  get hasAny(): boolean {
    return this.stretches.length > 0;
  }

  /** Starts a protected range inside the open ones; returns its index. */
  begin(start: number, position: number, clauses: Draft[]): number {
    const parent = this.open[this.open.length - 1]?.handler ?? -1;
    const handler = this.stretches.length;
    this.stretches.push({ parent, next: parent, clauses });
    this.open.push({ handler, position });
    this.changes.push([start, handler]);
    return handler;
  }

  /** Adds a clause to a range. */
  add(handler: number, clause: Draft): void {
    this.stretches[handler]!.clauses.push(clause);
  }

  /** Ends the innermost range; the enclosing one continues. */
  end(end: number): void {
    this.changes.push([end, this.stretches[this.open.pop()!.handler]!.parent]);
  }

  /** What the innermost range does not catch goes to the range that the construct at `position` is in. */
  delegate(position: number): void {
    let low = 0;
    let high = this.open.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.open[middle]!.position <= position) low = middle + 1;
      else high = middle;
    }
    const { handler } = this.open[this.open.length - 1]!;
    this.stretches[handler]!.next = this.open[low - 1]?.handler ?? -1;
  }

  /** The handlers of code at `start`; null if there are none. Call once: the contents move into the result. */
  place(start: number, placeOf: (label: number) => Place): HandlerTable | null {
    return this.stretches.length === 0
      ? null
      : new HandlerTable(this.changes, this.stretches, start, placeOf);
  }
}
