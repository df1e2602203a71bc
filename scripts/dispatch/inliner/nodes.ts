/**
 * Makes syntax: the nodes that the inliner builds, and the constants that it computes.
 *
 * Every node is new, none is taken from a source file, so that nodes of several files can be in one expression and
 * are printed from their contents.
 */
import ts from 'typescript';

const { factory: make } = ts;

/** The type of a constant expression. */
export type Constant = number | boolean | string;

/** The constant that a node is; undefined for all others. */
export const constantOf = (node: ts.Expression): Constant | undefined => {
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isStringLiteral(node)) return node.text;
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    const value = constantOf(node.operand);
    return typeof value === 'number' ? -value : undefined;
  }
  return undefined;
};

/** The node of a constant; undefined for numbers that have no literal. */
export const makeConstant = (value: Constant): ts.Expression | undefined => {
  if (typeof value === 'boolean') return value ? make.createTrue() : make.createFalse();
  if (typeof value === 'string') return make.createStringLiteral(value, true);
  if (!Number.isFinite(value) || Object.is(value, -0)) return undefined;
  const literal = make.createNumericLiteral(Math.abs(value));
  return value < 0 ? make.createPrefixUnaryExpression(ts.SyntaxKind.MinusToken, literal) : literal;
};

type Operator = (a: never, b: never) => Constant;
const operators: Readonly<Record<string, Operator>> = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
  '%': (a: number, b: number) => a % b,
  '|': (a: number, b: number) => a | b,
  '&': (a: number, b: number) => a & b,
  '^': (a: number, b: number) => a ^ b,
  '<<': (a: number, b: number) => a << b,
  '>>': (a: number, b: number) => a >> b,
  '>>>': (a: number, b: number) => a >>> b,
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '===': (a: Constant, b: Constant) => a === b,
  '!==': (a: Constant, b: Constant) => a !== b,
};

/** Whether a node is `… <operator> constant`; returns both sides. */
const withConstant = (side: ts.Expression, operator: ts.SyntaxKind): [ts.Expression, number] | undefined => {
  const node = ts.isParenthesizedExpression(side) ? side.expression : side;
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== operator) return undefined;
  const value = constantOf(node.right);
  return typeof value === 'number' ? [node.left, value] : undefined;
};

/** `(i + 2 | 0) + 1` as `i + 3`: for indices, and values that become 32 bits wide at the end. */
export const joinOffsets = (sum: ts.Expression): ts.Expression => {
  const outer = withConstant(sum, ts.SyntaxKind.PlusToken);
  if (outer === undefined) return sum;
  const whole = withConstant(outer[0], ts.SyntaxKind.BarToken);
  const inner = withConstant(whole?.[1] === 0 ? whole[0] : outer[0], ts.SyntaxKind.PlusToken);
  if (inner === undefined) return sum;
  return make.createBinaryExpression(
    inner[0],
    ts.SyntaxKind.PlusToken,
    makeConstant(inner[1] + outer[1]) as ts.NumericLiteral,
  );
};

/** A binary expression, computed if both sides are constants. */
export const makeBinary = (
  left: ts.Expression,
  token: ts.BinaryOperator,
  right: ts.Expression,
): ts.Expression => {
  const operator = operators[ts.tokenToString(token)!];
  const [a, b] = [constantOf(left), constantOf(right)];
  if (operator !== undefined && a !== undefined && b !== undefined) {
    const result = makeConstant(operator(a as never, b as never));
    if (result !== undefined) return result;
  }
  const isWhole = token === ts.SyntaxKind.BarToken && b === 0;
  // Multiplication of doubles is not associative, though the factory assumes it.
  const isProduct = token === ts.SyntaxKind.AsteriskToken && withToken(right, ts.SyntaxKind.AsteriskToken);
  return make.createBinaryExpression(
    isWhole ? joinOffsets(left) : left,
    token,
    isProduct ? make.createParenthesizedExpression(right) : right,
  );
};
const withToken = (node: ts.Expression, token: ts.SyntaxKind): boolean =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === token;

const UNEQUAL = ts.SyntaxKind.ExclamationEqualsEqualsToken;

/** `!`, `~`, `-` of an expression. */
export const makePrefix = (operator: ts.PrefixUnaryOperator, operand: ts.Expression): ts.Expression => {
  const value = constantOf(operand);
  const result =
    operator === ts.SyntaxKind.ExclamationToken && typeof value === 'boolean'
      ? !value
      : operator === ts.SyntaxKind.TildeToken && typeof value === 'number'
        ? ~value
        : operator === ts.SyntaxKind.MinusToken && typeof value === 'number'
          ? -value
          : undefined;
  const constant = result === undefined ? undefined : makeConstant(result);
  if (operator === ts.SyntaxKind.ExclamationToken && withToken(operand, UNEQUAL)) {
    const { left, right } = operand as ts.BinaryExpression;
    return make.createBinaryExpression(left, ts.SyntaxKind.EqualsEqualsEqualsToken, right);
  }
  return constant ?? make.createPrefixUnaryExpression(operator, operand);
};

export const makeAssignment = (target: ts.Expression, value: ts.Expression): ts.Statement =>
  make.createExpressionStatement(make.createAssignment(target, value));

/** A syntax tree with identifiers replaced by expressions. */
export const substitute = <T extends ts.Node>(node: T, replace: ReadonlyMap<string, ts.Expression>): T => {
  if (replace.size === 0) return node;
  const visit = (child: ts.Node): ts.Node => {
    if (ts.isIdentifier(child)) return replace.get(child.text) ?? child;
    const changed = ts.visitEachChild(child, visit, undefined);
    if (changed === child || !ts.isBinaryExpression(changed)) return changed;
    return makeBinary(changed.left, changed.operatorToken.kind as ts.BinaryOperator, changed.right);
  };
  return visit(node) as T;
};

/** The assignment in a statement: target and value. */
export const assignmentOf = (statement: ts.Statement): ts.BinaryExpression | undefined => {
  if (!ts.isExpressionStatement(statement)) return undefined;
  const { expression } = statement;
  return ts.isBinaryExpression(expression) && isAssignment(expression) ? expression : undefined;
};
export const isAssignment = (node: ts.BinaryExpression): boolean =>
  node.operatorToken.kind === ts.SyntaxKind.EqualsToken;

/** Whether an expression may be computed twice: a variable, a constant, or their sum. */
export const isCheap = (node: ts.Expression): boolean =>
  ts.isIdentifier(node) ||
  constantOf(node) !== undefined ||
  (ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.PlusToken &&
    ts.isIdentifier(node.left) &&
    constantOf(node.right) !== undefined);

/** Whether control never reaches the end of statements. */
export const neverEnds = (statements: readonly ts.Statement[]): boolean => {
  const last = statements.at(-1);
  if (last === undefined) return false;
  if (ts.isBlock(last)) return neverEnds(last.statements);
  if (ts.isIfStatement(last)) {
    return (
      last.elseStatement !== undefined && neverEnds([last.thenStatement]) && neverEnds([last.elseStatement])
    );
  }
  return ts.isBreakStatement(last) || ts.isContinueStatement(last) || ts.isReturnStatement(last);
};
