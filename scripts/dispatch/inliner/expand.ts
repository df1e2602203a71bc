/** Replaces calls in residual code by their expansions, the last step of inlining. */
import ts from 'typescript';

/** The expansion of a call: an expression, or statements; nothing if it stays. */
type Expand = (call: ts.CallExpression) => readonly [ts.Expression | undefined, readonly ts.Statement[]];

export const expandCalls = (statements: readonly ts.Statement[], expand: Expand): readonly ts.Statement[] =>
  statements.flatMap((statement) => {
    if (ts.isExpressionStatement(statement) && ts.isCallExpression(statement.expression)) {
      const [, instead] = expand(statement.expression);
      if (instead.length > 0) return expandCalls(instead, expand);
    }
    return expandIn(statement, expand);
  });

const expandIn = <T extends ts.Node>(node: T, expand: Expand): T => {
  const visit = (child: ts.Node): ts.Node => {
    if (ts.isBlock(child)) return ts.factory.createBlock(expandCalls(child.statements, expand), true);
    if (ts.isCallExpression(child)) {
      const [instead] = expand(child);
      if (instead !== undefined) return expandIn(instead, expand);
    }
    return ts.visitEachChild(child, visit, undefined);
  };
  return visit(node) as T;
};
