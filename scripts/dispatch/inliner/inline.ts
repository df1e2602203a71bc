/**
 * Inlines functions by their syntax trees: the result is statements over the variables of a target, such as the loop,
 * without calls of any function of the library.
 *
 * The functions are a small part of TypeScript: arrow functions that are constants; `const`, `let`, `if`, `for`,
 * assignments and calls; `return` only at the end. Functions may take and return functions, and are then composed
 * while they are inlined. Conditions and expressions of constants are computed, so that a constant parameter costs
 * nothing.
 *
 * Calls keep their meaning: every argument has the value that it had when the function was called. An argument
 * replaces its parameter if it still has that value there, and if it is not computed twice; otherwise it becomes a
 * variable. Variables have names that no source can have (`$1`); `temporaries.ts` renames them.
 */
import ts from 'typescript';
import { accessesOf, useOf } from './effects.ts';
import {
  code,
  Evaluator,
  type FunctionValue,
  type Pipe,
  type Scope,
  unwrap,
  type Value,
} from './evaluate.ts';
import { expandCalls } from './expand.ts';
import { DOUBLE, type Kind, kindOf } from './kinds.ts';
import { constantOf, isCheap, makeAssignment, neverEnds, substitute } from './nodes.ts';
import type { Argument, Residual } from './target.ts';

const { factory: make } = ts;

/** A call of a function of the library. */
export interface Call {
  readonly body: ts.Expression;
  readonly makeArguments: (parameters: readonly ts.ParameterDeclaration[]) => readonly Argument[];
  /** Called before it is inlined. */
  readonly begin?: () => void;
}

export class Inliner extends Evaluator {
  /**
   * Inlines a call of a function of the library.
   *
   * @param body an expression that is a function: a name, or a call that composes one
   * @param makeArguments returns the arguments for the function's parameters
   * @throws Error if the function is outside the part of TypeScript that can be inlined
   */
  apply(body: ts.Expression, makeArguments: Call['makeArguments']): Residual {
    return this.applyAll([{ body, makeArguments }]);
  }

  /**
   * Inlines calls one after the other.
   *
   * @param pipes results that are passed from one to the next: the replacements of their places, by name
   */
  applyAll(calls: readonly Call[], pipes: ReadonlyMap<string, Pipe> = new Map()): Residual {
    this.out = [];
    this.kinds = new Map();
    this.imports = new Set();
    this.names = 0;
    this.pipes = pipes;
    let result: Value | undefined;
    for (const { body, makeArguments, begin } of calls) {
      if (neverEnds(this.out)) throw new Error(`is never reached: ${body.getText()}`);
      begin?.();
      const callee = this.evaluate(body, new Map());
      if (callee?.kind !== 'function') throw new Error(`no function: ${body.getText()}`);
      const args = makeArguments(callee.node.parameters);
      const owned = new Set(args.flatMap(({ node, isOwned }) => (isOwned === true ? [node] : [])));
      result = this.call(
        callee,
        args.map(({ node }) => code(node)),
        owned,
      );
    }
    const { kinds, imports } = this;
    return {
      statements: this.out,
      result: result?.kind === 'code' ? result.node : undefined,
      kinds,
      imports,
    };
  }

  /** Statements with calls of primitives expanded. */
  lower(statements: readonly ts.Statement[]): readonly ts.Statement[] {
    return expandCalls(statements, (call) => this.apart(() => this.expand(call)));
  }

  /** The expansion of a call of a primitive: an expression, or statements. */
  private expand({ expression, arguments: args }: ts.CallExpression): ts.Expression | undefined {
    if (!ts.isIdentifier(expression) || !this.target.primitives.has(expression.text)) return undefined;
    const { text } = expression;
    const definition = this.target.definitions[text] ?? this.library.constants.get(text);
    if (definition === undefined || !ts.isArrowFunction(definition)) return undefined;
    const scope: Scope = new Map();
    for (const [i, { name }] of definition.parameters.entries()) scope.set(name.getText(), code(args[i]!));
    const value = this.body(definition.body, scope);
    return value?.kind === 'code' ? value.node : undefined;
  }

  private kindOf(node: ts.Expression, type: ts.TypeNode | undefined): Kind {
    const name = type?.getText();
    if (name === 'Float') return DOUBLE;
    if (name !== undefined && name !== 'number' && !this.target.numberTypes.has(name)) return name;
    return kindOf(node, this.kinds, this.target.kinds);
  }

  // Calls

  protected override call(
    { node, scope }: FunctionValue,
    args: readonly Value[],
    owned: ReadonlySet<ts.Expression> = new Set(),
  ): Value | undefined {
    const inner: Scope = new Map(scope);
    const delayed: { readonly name: string; readonly arg: ts.Expression; readonly kind: Kind }[] = [];
    for (const [i, { name, type, initializer }] of node.parameters.entries()) {
      const arg = args[i] ?? (initializer && this.evaluate(initializer, scope));
      if (!ts.isIdentifier(name) || arg === undefined) this.fail(node, 'arguments and parameters differ');
      if (arg.kind !== 'code' || this.isFixed(arg.node)) inner.set(name.text, arg);
      else {
        const kind = this.kindOf(arg.node, type);
        const stand = this.variable(kind);
        inner.set(name.text, code(stand));
        delayed.push({ name: stand.text, arg: arg.node, kind });
      }
    }
    const [result, emitted] = this.apart(() => this.body(node.body, inner));
    const replace = new Map<string, ts.Expression>();
    for (const { name, arg, kind } of delayed) {
      const { reads } = accessesOf([arg], this.target.effects);
      const residual = result?.kind === 'code' ? result.node : undefined;
      const use = useOf(name, reads, emitted, residual, this.target.effects);
      const isFree =
        !use.isLate && (use.isAssigned ? owned.has(arg) : use.count <= 1 || isCheap(arg) || owned.has(arg));
      if (use.count === 0 || isFree) replace.set(name, arg);
      else {
        this.kinds.set(name, kind);
        this.out.push(makeAssignment(make.createIdentifier(name), arg));
      }
    }
    this.out.push(...emitted.map((statement) => substitute(statement, replace)));
    if (result === undefined || result.kind === 'code')
      return result && code(substitute(result.node, replace));
    if (delayed.length > 0) this.fail(node, 'a function that is returned can refer to constants alone');
    return result;
  }

  /** Whether an expression has the same value everywhere. */
  private isFixed(node: ts.Expression): boolean {
    const { variables } = this.target;
    if (ts.isIdentifier(node))
      return variables.has(node.text) || this.pipes.has(node.text) || this.library.imports.has(node.text);
    return constantOf(node) !== undefined;
  }

  private body(body: ts.ConciseBody, scope: Scope): Value | undefined {
    if (!ts.isBlock(body)) return this.evaluate(body, scope);
    for (const statement of body.statements) {
      if (ts.isReturnStatement(statement)) {
        return statement.expression && this.evaluate(statement.expression, scope);
      }
      this.statement(statement, scope);
    }
    return undefined;
  }

  // Statements

  private statement(statement: ts.Statement, scope: Scope): void {
    // Code after a way out is never reached.
    if (neverEnds(this.out)) return;
    if (ts.isBlock(statement)) {
      const inner: Scope = new Map(scope);
      for (const part of statement.statements) this.statement(part, inner);
    } else if (ts.isVariableStatement(statement)) this.declare(statement.declarationList, scope);
    else if (ts.isExpressionStatement(statement)) this.effect(statement.expression, scope);
    else if (ts.isIfStatement(statement)) this.choose(statement, scope);
    else if (ts.isForStatement(statement)) this.repeat(statement, scope);
    else this.fail(statement, 'cannot be inlined');
  }

  private declare({ declarations }: ts.VariableDeclarationList, scope: Scope): void {
    for (const { name, type, initializer } of declarations) {
      if (!ts.isIdentifier(name) || initializer === undefined) this.fail(name, 'needs a name and a value');
      const before = this.names;
      const value = this.evaluate(initializer, scope);
      const isConst = ts.getCombinedNodeFlags(name.parent) & ts.NodeFlags.Const;
      if (value === undefined) this.fail(initializer, 'is no value');
      if (
        value.kind !== 'code' ||
        (isConst && constantOf(value.node) !== undefined) ||
        this.isNew(value.node, before)
      ) {
        scope.set(name.text, value);
        continue;
      }
      const variable = this.variable(this.kindOf(value.node, type));
      scope.set(name.text, code(variable));
      this.out.push(makeAssignment(variable, value.node));
    }
  }

  /** Whether an expression is a variable that a call has made, and that nothing else uses. */
  private isNew(node: ts.Expression, before: number): boolean {
    return ts.isIdentifier(node) && node.text.startsWith('$') && Number(node.text.slice(1)) > before;
  }

  /** An expression for its effects. */
  private effect(node: ts.Expression, scope: Scope): void {
    const expression = unwrap(node);
    if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.EqualsToken)
      this.out.push(make.createExpressionStatement(this.assignment(expression, scope)));
    else if (ts.isCallExpression(expression)) this.evaluate(expression, scope);
    else this.fail(node, 'does nothing');
  }

  private assignment({ left, right }: ts.BinaryExpression, scope: Scope): ts.Expression {
    const [target, value] = this.residuals([left, right], scope);
    return make.createAssignment(target!, value!);
  }

  private choose({ expression, thenStatement, elseStatement }: ts.IfStatement, scope: Scope): void {
    const condition = this.residual(expression, scope);
    const known = constantOf(condition);
    if (known !== undefined) {
      const taken = known === true ? thenStatement : elseStatement;
      if (taken !== undefined) this.statement(taken, scope);
      return;
    }
    const block = (part: ts.Statement | undefined): ts.Block =>
      make.createBlock(this.apart(() => part && this.statement(part, new Map(scope)))[1], true);
    const yes = block(thenStatement);
    const no = block(elseStatement);
    if (yes.statements.length === 0 && no.statements.length === 0) return;
    this.out.push(make.createIfStatement(condition, yes, no.statements.length === 0 ? undefined : no));
  }

  private repeat({ initializer, condition, incrementor, statement }: ts.ForStatement, scope: Scope): void {
    const inner: Scope = new Map(scope);
    if (initializer === undefined || !ts.isVariableDeclarationList(initializer) || !condition || !incrementor)
      this.fail(statement, 'a loop needs all its parts');
    this.declare(initializer, inner);
    // The last assignment, the counter's, belongs to the loop.
    const first = (this.out.pop() as ts.ExpressionStatement).expression;
    const [parts, emitted] = this.apart(
      () => [this.residual(condition, inner), this.steps(incrementor, inner)] as const,
    );
    if (emitted.length > 0) this.fail(condition, 'a loop cannot have statements in its head');
    const [, turn] = this.apart(() => this.statement(statement, inner));
    this.out.push(make.createForStatement(first, ...parts, make.createBlock(turn, true)));
  }

  /** Assignments with commas between. */
  private steps(node: ts.Expression, scope: Scope): ts.Expression {
    const expression = unwrap(node);
    if (!ts.isBinaryExpression(expression)) this.fail(node, 'no assignment');
    if (expression.operatorToken.kind === ts.SyntaxKind.EqualsToken)
      return this.assignment(expression, scope);
    return make.createComma(this.steps(expression.left, scope), this.steps(expression.right, scope));
  }
}
