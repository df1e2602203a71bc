/**
 * Which code of a function is protected by which exception handlers.
 *
 * Entering or leaving a protected stretch costs nothing: the handlers lie in a table beside the code, which is
 * searched by program counter when something is thrown. Stretches nest; they are listed in order of their start.
 */

/** One way to catch: values and reference go to slots, execution to a label. @spec syntax-catch */
export interface Clause {
  /** Index of the tag; -1 catches all. */
  readonly tag: number;
  /** Slot of the first value. */
  readonly slot: number;
  /** Slot of the exception itself; -1 when the handler does not take it. */
  readonly refSlot: number;
  readonly label: number;
}
/** A clause whose label has its place. */
export interface PlacedClause extends Clause {
  readonly pc: number;
  /** What remains of the run that the label is in; see `code-writer.ts`. */
  readonly remaining: number;
}

/** The handlers of one protected stretch. */
export interface Handler {
  readonly start: number;
  /** Behind the last word. */
  readonly end: number;
  /** Index of the stretch around this one; -1 if there is none. */
  readonly parent: number;
  /** Where the search goes on when no clause matches: `parent`, unless the stretch delegates. */
  readonly next: number;
  readonly clauses: readonly PlacedClause[];
}

interface Draft {
  readonly start: number;
  end: number;
  readonly parent: number;
  next: number;
  readonly clauses: Clause[];
}

/** The handlers of a function while it is translated. */
export class HandlerList {
  private readonly drafts: Draft[] = [];
  /** Open stretches, outermost first: index, and position of the construct on the control stack. */
  private readonly open: { readonly handler: number; readonly position: number }[] = [];

  /** Starts a protected stretch inside those that are open, and tells its index. */
  begin(start: number, position: number): number {
    const parent = this.open[this.open.length - 1]?.handler ?? -1;
    const handler = this.drafts.length;
    this.drafts.push({ start, end: -1, parent, next: parent, clauses: [] });
    this.open.push({ handler, position });
    return handler;
  }

  add(handler: number, clause: Clause): void {
    this.drafts[handler]!.clauses.push(clause);
  }

  /** Ends the innermost stretch. */
  end(end: number): void {
    this.drafts[this.open.pop()!.handler]!.end = end;
  }

  /** What the innermost stretch does not catch goes to the stretch that the construct at `position` is in. */
  delegate(position: number): void {
    let low = 0;
    let high = this.open.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.open[middle]!.position <= position) low = middle + 1;
      else high = middle;
    }
    this.drafts[this.open[this.open.length - 1]!.handler]!.next = this.open[low - 1]?.handler ?? -1;
  }

  /** The handlers of code that lies at `start`. */
  place(start: number, placeOf: (label: number) => { pc: number; remaining: number }): readonly Handler[] {
    return this.drafts.map(({ start: first, end, parent, next, clauses }) => ({
      start: start + first,
      end: start + end,
      parent,
      next,
      clauses: clauses.map((clause) => {
        const { pc, remaining } = placeOf(clause.label);
        return { ...clause, pc: start + pc, remaining };
      }),
    }));
  }
}

/** Index of the innermost stretch that holds a program counter; -1 if there is none. */
export const handlerAt = (handlers: readonly Handler[], pc: number): number => {
  let low = 0;
  let high = handlers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (handlers[middle]!.start <= pc) low = middle + 1;
    else high = middle;
  }
  let index = low - 1;
  while (index >= 0 && handlers[index]!.end <= pc) index = handlers[index]!.parent;
  return index;
};
