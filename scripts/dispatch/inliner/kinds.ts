/**
 * What kind of variable an expression needs: a whole number of 32 bits, a double, or an object. PERF: a variable of
 * the loop that holds both kinds of numbers makes V8 compile the loop again for the second one.
 */
import ts from 'typescript';

/** `int`, `double`, or the type of an object. */
export type Kind = string;
export const INT: Kind = 'int';
export const DOUBLE: Kind = 'double';

export interface Kinds {
  /** Arrays of doubles. */
  readonly doubleArrays: readonly string[];
  /** Functions with double results. */
  readonly doubleFunctions: readonly string[];
}

const wholeOperators: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.BarToken,
  ts.SyntaxKind.AmpersandToken,
  ts.SyntaxKind.CaretToken,
  ts.SyntaxKind.LessThanLessThanToken,
  ts.SyntaxKind.GreaterThanGreaterThanToken,
  ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken,
]);
const wholeMath: ReadonlySet<string> = new Set(['imul', 'clz32']);

/** The kind of an expression, given the kinds of its variables. */
export const kindOf = (node: ts.Expression, known: ReadonlyMap<string, Kind>, kinds: Kinds): Kind => {
  const both = (a: ts.Expression, b: ts.Expression): Kind =>
    [a, b].some((side) => kindOf(side, known, kinds) === DOUBLE) ? DOUBLE : INT;
  if (ts.isNumericLiteral(node)) return Number.isInteger(Number(node.text)) ? INT : DOUBLE;
  if (ts.isIdentifier(node)) return known.get(node.text) ?? INT;
  if (ts.isParenthesizedExpression(node)) return kindOf(node.expression, known, kinds);
  if (ts.isPrefixUnaryExpression(node)) {
    return node.operator === ts.SyntaxKind.TildeToken ? INT : kindOf(node.operand, known, kinds);
  }
  if (ts.isConditionalExpression(node)) return both(node.whenTrue, node.whenFalse);
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    if (wholeOperators.has(kind)) return INT;
    return kind === ts.SyntaxKind.SlashToken ? DOUBLE : both(node.left, node.right);
  }
  if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression))
    return kinds.doubleArrays.includes(node.expression.text) ? DOUBLE : INT;
  if (ts.isCallExpression(node)) {
    const { expression } = node;
    if (ts.isIdentifier(expression)) return kinds.doubleFunctions.includes(expression.text) ? DOUBLE : INT;
    if (ts.isPropertyAccessExpression(expression)) {
      const { text } = expression.name;
      if (ts.isIdentifier(expression.expression) && expression.expression.text === 'Math')
        return wholeMath.has(text) ? INT : DOUBLE;
      return text.includes('Float') ? DOUBLE : INT;
    }
  }
  return INT;
};
