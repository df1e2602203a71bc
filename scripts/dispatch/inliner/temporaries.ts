/**
 * Gives the variables of residual code the names of a target's temporaries.
 *
 * Variables that are not needed at the same time share one. The lifetime of a variable is from its first to its last
 * place in the text, and to the end of a loop before which it was made: control goes back nowhere else.
 */
import ts from 'typescript';
import type { Kind } from './kinds.ts';
import { assignmentOf, substitute } from './nodes.ts';

interface Interval {
  readonly name: string;
  first: number;
  last: number;
}

const findIntervals = (
  statements: readonly ts.Statement[],
  isVariable: (name: string) => boolean,
): Interval[] => {
  const intervals = new Map<string, Interval>();
  let now = 0;
  const touch = (name: string): void => {
    if (!isVariable(name)) return;
    const interval = intervals.get(name);
    if (interval === undefined) intervals.set(name, { name, first: now, last: now });
    else interval.last = now;
  };
  const read = (node: ts.Node | undefined): void => {
    if (node === undefined) return;
    if (ts.isIdentifier(node)) touch(node.text);
    else ts.forEachChild(node, read);
  };
  const visit = (statement: ts.Statement): void => {
    now++;
    if (ts.isBlock(statement)) statement.statements.forEach(visit);
    else if (ts.isIfStatement(statement)) {
      read(statement.expression);
      visit(statement.thenStatement);
      if (statement.elseStatement !== undefined) visit(statement.elseStatement);
    } else if (ts.isForStatement(statement)) {
      const before = new Set(intervals.keys());
      const start = now;
      for (const part of [statement.initializer, statement.condition, statement.incrementor]) read(part);
      visit(statement.statement);
      now++;
      for (const interval of intervals.values()) {
        const isHead = interval.first === start && !before.has(interval.name);
        if (interval.last >= start && (isHead || before.has(interval.name))) interval.last = now;
      }
    } else {
      const assignment = assignmentOf(statement);
      if (assignment !== undefined && ts.isIdentifier(assignment.left)) {
        read(assignment.right);
        now++;
        touch(assignment.left.text);
      } else read(statement);
    }
  };
  statements.forEach(visit);
  return [...intervals.values()].sort((a, b) => a.first - b.first);
};

/**
 * @param nameOf the name of a target's temporary, by kind and number
 * @returns statements over temporaries
 */
export const nameTemporaries = (
  statements: readonly ts.Statement[],
  kinds: ReadonlyMap<string, Kind>,
  nameOf: (kind: Kind, number: number) => string,
): readonly ts.Statement[] => {
  const busy = new Map<Kind, number[]>();
  const names = new Map<string, ts.Expression>();
  for (const { name, first, last } of findIntervals(statements, (text) => kinds.has(text))) {
    const kind = kinds.get(name)!;
    const ends = busy.get(kind) ?? [];
    busy.set(kind, ends);
    const free = ends.findIndex((end) => end < first);
    const number = free === -1 ? ends.length : free;
    ends[number] = last;
    names.set(name, ts.factory.createIdentifier(nameOf(kind, number)));
  }
  return statements.map((statement) => substitute(statement, names));
};
