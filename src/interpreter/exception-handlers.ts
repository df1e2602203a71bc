/**
 * Which code of a function is protected by which exception handlers.
 *
 * Entering or leaving a protected stretch costs nothing: the handlers lie in a table beside the code, which is
 * searched by program counter when something is thrown. Constructs nest; the stretches do not. A construct has one
 * in front of each construct inside it and one behind the last, and the search finds the innermost at once.
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
  /** Where the search goes on when no clause matches: the construct around, unless this one delegates. */
  readonly next: number;
  readonly clauses: readonly PlacedClause[];
}

type Draft = { -readonly [K in keyof PlacedClause]: PlacedClause[K] };
/** A stretch; those of a construct have the same clauses, and the first one says where the search goes on. */
interface Stretch {
  start: number;
  end: number;
  next: number;
  /** Index of the first stretch of the construct. */
  readonly first: number;
  clauses: Draft[];
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

/** The handlers of a function while it is translated. */
export class HandlerList {
  /** In order of the code; the last one is that of the innermost construct that is open. */
  private readonly stretches: Stretch[] = [];
  /** Open constructs, outermost first: index of the first stretch, and position on the control stack. */
  private readonly open: { readonly handler: number; readonly position: number }[] = [];

  /** Starts a protected stretch inside those that are open, and tells its index. */
  begin(start: number, position: number, clauses: Draft[]): number {
    const outer = this.open[this.open.length - 1];
    if (outer !== undefined) this.stretches[this.stretches.length - 1]!.end = start;
    const handler = this.stretches.length;
    this.stretches.push({ start, end: -1, next: outer?.handler ?? -1, first: handler, clauses });
    this.open.push({ handler, position });
    return handler;
  }

  /** Adds a clause to a construct. */
  add(handler: number, clause: Draft): void {
    this.stretches[handler]!.clauses.push(clause);
  }

  /** Ends the innermost construct; the one around goes on. */
  end(end: number): void {
    this.open.pop();
    this.stretches[this.stretches.length - 1]!.end = end;
    const outer = this.open[this.open.length - 1];
    if (outer === undefined) return;
    const { first, next, clauses } = this.stretches[outer.handler]!;
    this.stretches.push({ start: end, end: -1, next, first, clauses });
  }

  /** What the innermost construct does not catch goes to the one that the construct at `position` is in. */
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

  /** The handlers of code that lies at `start`; once, since what is here becomes them. */
  place(start: number, placeOf: (label: number) => { pc: number; remaining: number }): readonly Handler[] {
    this.stretches.forEach((stretch, index) => {
      stretch.start += start;
      stretch.end += start;
      stretch.next = this.stretches[stretch.first]!.next;
      if (stretch.first !== index) return;
      for (const clause of stretch.clauses) {
        const { pc, remaining } = placeOf(clause.label);
        clause.pc = start + pc;
        clause.remaining = remaining;
      }
    });
    return this.stretches;
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
  return low > 0 && handlers[low - 1]!.end > pc ? low - 1 : -1;
};
