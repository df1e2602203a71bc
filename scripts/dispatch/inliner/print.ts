/** Prints statements, one a line. */
import ts from 'typescript';

/** Longest line of generated code. */
const MAX_LINE = 160;

const printer = ts.createPrinter();
const file = ts.createSourceFile('generated.ts', '', ts.ScriptTarget.ES2023);
const text = (node: ts.Node): string => printer.printNode(ts.EmitHint.Unspecified, node, file);

const comments = new WeakMap<ts.Node, string>();
/** Adds a comment that is printed after a statement. */
export const comment = <T extends ts.Statement>(statement: T, words: string): T => {
  comments.set(statement, words);
  return statement;
};

const block = (statement: ts.Statement): readonly ts.Statement[] =>
  ts.isBlock(statement) ? statement.statements : [statement];

const lines = (statement: ts.Statement): string[] => {
  if (ts.isBlock(statement)) return statement.statements.flatMap(lines);
  if (ts.isIfStatement(statement)) {
    const { expression, thenStatement, elseStatement } = statement;
    const head = [`if (${text(expression)}) {`, ...indent(block(thenStatement))];
    if (elseStatement === undefined) return [...head, '}'];
    if (!ts.isBlock(elseStatement) || elseStatement.statements.length !== 1)
      return [...head, '} else {', ...indent(block(elseStatement)), '}'];
    const [only] = elseStatement.statements;
    if (!ts.isIfStatement(only)) return [...head, '} else {', ...indent([only]), '}'];
    const [first, ...rest] = lines(only);
    return [...head, `} else ${first}`, ...rest];
  }
  if (ts.isForStatement(statement)) {
    const [first, condition, step] = [
      statement.initializer!,
      statement.condition!,
      statement.incrementor!,
    ].map(text);
    return [`for (${first}; ${condition}; ${step}) {`, ...indent(block(statement.statement)), '}'];
  }
  const words = comments.get(statement);
  return [words === undefined ? text(statement) : `${text(statement)} // ${words}`];
};
const indent = (statements: readonly ts.Statement[]): string[] =>
  statements.flatMap(lines).map((line) => `  ${line}`);

/**
 * Statements as lines.
 *
 * @throws Error if a line is too long to be read: its body should use two statements
 */
export const print = (statements: readonly ts.Statement[], indentation: string): string => {
  const printed = statements.flatMap(lines).map((line) => indentation + line);
  const long = printed.find((line) => line.length > MAX_LINE);
  if (long !== undefined) throw new Error(`a line of ${long.length} characters:\n${long}`);
  return printed.join('\n');
};
