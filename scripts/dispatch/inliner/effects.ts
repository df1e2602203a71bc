/**
 * What residual code reads and writes: from this the inliner decides whether an expression may be evaluated later
 * than where it was written.
 *
 * A resource is a variable, by name, or one of the stores that a machine names (`frame`, `memory`, …).
 */
import ts from 'typescript';
import { isAssignment } from './nodes.ts';

interface Effect {
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
}

/** What the inliner knows about the names that it does not inline. */
export interface Effects {
  /** Functions by name; one that is not listed reads only its arguments. */
  readonly functions: Readonly<Record<string, Effect>>;
  /** Arrays by name: the resources of their elements. */
  readonly arrays: Readonly<Record<string, readonly string[]>>;
  /** The resource that methods of objects read, or write if their names begin with `set`. */
  readonly methods: string;
}

interface Accesses {
  readonly reads: Set<string>;
  readonly writes: Set<string>;
}

/** The contents of any object. */
const OBJECTS = 'objects';

const effectOfCall = (call: ts.CallExpression, effects: Effects): Effect => {
  const { expression } = call;
  if (ts.isIdentifier(expression)) return effects.functions[expression.text] ?? {};
  if (!ts.isPropertyAccessExpression(expression) || isMath(expression)) return {};
  const resources = [effects.methods];
  return expression.name.text.startsWith('set') ? { writes: resources } : { reads: resources };
};
/** Whether a property is a function of the language without effects. */
export const isMath = (node: ts.PropertyAccessExpression): boolean =>
  ts.isIdentifier(node.expression) && ['Math', 'BigInt'].includes(node.expression.text);

const resourcesOf = (node: ts.ElementAccessExpression, effects: Effects): readonly string[] =>
  (ts.isIdentifier(node.expression) ? effects.arrays[node.expression.text] : undefined) ?? [OBJECTS];

/** Adds what a node and its children read and write. */
const collect = (node: ts.Node, effects: Effects, { reads, writes }: Accesses): void => {
  const all = (names: readonly string[] | undefined, into: Set<string>): void =>
    names?.forEach((name) => {
      into.add(name);
    });
  const visit = (child: ts.Node): void => {
    if (ts.isIdentifier(child)) reads.add(child.text);
    else if (ts.isBinaryExpression(child) && isAssignment(child)) {
      const { left } = child;
      if (ts.isIdentifier(left)) writes.add(left.text);
      else if (ts.isElementAccessExpression(left)) {
        all(resourcesOf(left, effects), writes);
        visit(left.argumentExpression);
      } else {
        writes.add(OBJECTS);
        ts.forEachChild(left, visit);
      }
      visit(child.right);
    } else {
      if (ts.isCallExpression(child)) {
        const effect = effectOfCall(child, effects);
        all(effect.reads, reads);
        all(effect.writes, writes);
      } else if (ts.isElementAccessExpression(child)) all(resourcesOf(child, effects), reads);
      else if (ts.isPropertyAccessExpression(child)) reads.add(OBJECTS);
      ts.forEachChild(child, visit);
    }
  };
  visit(node);
};

export const accessesOf = (nodes: readonly ts.Node[], effects: Effects): Accesses => {
  const accesses = { reads: new Set<string>(), writes: new Set<string>() };
  for (const node of nodes) collect(node, effects, accesses);
  return accesses;
};

export const meet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  [...a].some((name) => b.has(name));

/** How residual code uses a name. */
interface Use {
  /** Occurrences; one in a loop counts as many. */
  count: number;
  isAssigned: boolean;
  /** Whether something that `reads` names is written before an occurrence. */
  isLate: boolean;
}

/** How statements, and an expression after them, use a name whose value would be an expression that reads `reads`. */
export const useOf = (
  name: string,
  reads: ReadonlySet<string>,
  statements: readonly ts.Statement[],
  result: ts.Expression | undefined,
  effects: Effects,
): Use => {
  const use: Use = { count: 0, isAssigned: false, isLate: false };
  let isChanged = false;
  let weight = 1;
  const note = (node: ts.Node | undefined): void => {
    if (node === undefined) return;
    if (ts.isIdentifier(node) && node.text === name) {
      use.count += weight;
      if (isChanged) use.isLate = true;
    }
    ts.forEachChild(node, note);
  };
  const visit = (statement: ts.Statement): void => {
    if (ts.isBlock(statement)) statement.statements.forEach(visit);
    else if (ts.isIfStatement(statement)) {
      note(statement.expression);
      const before = isChanged;
      visit(statement.thenStatement);
      const after = isChanged;
      isChanged = before;
      if (statement.elseStatement !== undefined) visit(statement.elseStatement);
      isChanged ||= after;
    } else if (ts.isForStatement(statement)) {
      note(statement.initializer);
      // An iteration's writes precede the next iteration.
      const outer = weight;
      weight = 2;
      const { writes } = accessesOf([statement], effects);
      if (writes.has(name)) use.isAssigned = true;
      if (meet(writes, reads)) isChanged = true;
      note(statement.condition);
      note(statement.incrementor);
      visit(statement.statement);
      weight = outer;
    } else {
      note(statement);
      const { writes } = accessesOf([statement], effects);
      if (writes.has(name)) use.isAssigned = true;
      if (meet(writes, reads)) isChanged = true;
    }
  };
  statements.forEach(visit);
  note(result);
  return use;
};
