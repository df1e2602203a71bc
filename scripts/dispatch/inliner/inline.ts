/**
 * Inlines functions by their syntax trees: what is left are statements over the variables of a target, such as the
 * loop, without calls of any function of the library.
 *
 * The functions are a small part of TypeScript: arrow functions that are constants; `const`, `let`, `if`, `for`,
 * assignments and calls; `return` at the end alone. Functions may take and return functions, and are then composed
 * while they are inlined. Conditions and expressions of constants are computed, so that a parameter that is a
 * constant costs nothing.
 *
 * Calls keep their meaning: every argument has the value that it had when the function was called. An argument is
 * put where its parameter stands if that is so there, too, and if it is not computed twice; otherwise it becomes a
 * variable. Variables have names that no source can have (`$1`); `temporaries.ts` gives them others.
 */
import ts from 'typescript';
import { accessesOf, isMath, meet, useOf } from './effects.ts';
import { expandCalls } from './expand.ts';
import { DOUBLE, type Kind, kindOf } from './kinds.ts';
import type { Library } from './library.ts';
import {
  constantOf,
  isCheap,
  joinOffsets,
  makeAssignment,
  makeBinary,
  makeConstant,
  makePrefix,
  neverEnds,
  substitute,
} from './nodes.ts';
import type { Argument, Residual, Target } from './target.ts';

const { factory: make } = ts;

type Scope = Map<string, Value>;
/** What an expression is: residual code, or something that exists only while inlining. */
type Value =
  | { readonly kind: 'code'; readonly node: ts.Expression }
  | { readonly kind: 'function'; readonly node: ts.ArrowFunction; readonly scope: Scope }
  | { readonly kind: 'object'; readonly node: ts.ObjectLiteralExpression; readonly scope: Scope };

const code = (node: ts.Expression): Value => ({ kind: 'code', node });
const unwrap = (node: ts.Expression): ts.Expression =>
  ts.isParenthesizedExpression(node) || ts.isSatisfiesExpression(node) ? unwrap(node.expression) : node;

export class Inliner {
  private readonly library: Library;
  private readonly target: Target;
  private out: ts.Statement[] = [];
  private kinds = new Map<string, Kind>();
  private imports = new Set<string>();
  private names = 0;

  constructor(library: Library, target: Target) {
    this.library = library;
    this.target = target;
  }

  /**
   * Inlines a call of a function of the library.
   *
   * @param body an expression that is a function: a name, or a call that composes one
   * @param makeArguments gives the arguments for the function's parameters
   * @throws Error where the function is not in the part of TypeScript that can be inlined
   */
  apply(
    body: ts.Expression,
    makeArguments: (parameters: readonly ts.ParameterDeclaration[]) => readonly Argument[],
  ): Residual {
    this.out = [];
    this.kinds = new Map();
    this.imports = new Set();
    this.names = 0;
    const callee = this.evaluate(body, new Map());
    if (callee?.kind !== 'function') throw new Error(`no function: ${body.getText()}`);
    const args = makeArguments(callee.node.parameters);
    const owned = new Set(args.flatMap(({ node, isOwned }) => (isOwned === true ? [node] : [])));
    const result = this.call(
      callee,
      args.map(({ node }) => code(node)),
      owned,
    );
    const { kinds, imports } = this;
    return {
      statements: this.out,
      result: result?.kind === 'code' ? result.node : undefined,
      kinds,
      imports,
    };
  }

  /** Statements with the calls of primitives replaced by what these do. */
  lower(statements: readonly ts.Statement[]): readonly ts.Statement[] {
    return expandCalls(statements, (call) => this.apart(() => this.expand(call)));
  }

  /** What a call of a primitive stands for: an expression, or statements. */
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

  private fail(node: ts.Node, reason: string): never {
    const text = node.getSourceFile() === undefined ? ts.SyntaxKind[node.kind] : node.getText();
    throw new Error(`${reason}: ${text}`);
  }

  private variable(kind: Kind): ts.Identifier {
    const name = `$${++this.names}`;
    this.kinds.set(name, kind);
    return make.createIdentifier(name);
  }

  /** Statements that something emits, apart from those so far. */
  private apart<T>(emit: () => T): [T, ts.Statement[]] {
    const outer = this.out;
    this.out = [];
    const result = emit();
    const emitted = this.out;
    this.out = outer;
    return [result, emitted];
  }

  private kindOf(node: ts.Expression, type: ts.TypeNode | undefined): Kind {
    const name = type?.getText();
    if (name === 'Float') return DOUBLE;
    if (name !== undefined && name !== 'number' && !this.target.numberTypes.has(name)) return name;
    return kindOf(node, this.kinds, this.target.kinds);
  }

  // Calls

  private call(
    { node, scope }: Extract<Value, { kind: 'function' }>,
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

  /** Whether an expression means the same everywhere. */
  private isFixed(node: ts.Expression): boolean {
    const { variables } = this.target;
    if (ts.isIdentifier(node)) return variables.has(node.text) || this.library.imports.has(node.text);
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
    // What follows a way out is never reached.
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

  /** Whether an expression is a variable that a call has left, and that nothing else knows. */
  private isNew(node: ts.Expression, before: number): boolean {
    return ts.isIdentifier(node) && node.text.startsWith('$') && Number(node.text.slice(1)) > before;
  }

  /** An expression for what it does. */
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

  // Expressions

  private residual(node: ts.Expression, scope: Scope): ts.Expression {
    const value = this.evaluate(node, scope);
    if (value?.kind !== 'code') this.fail(node, 'has no value in the end');
    return value.node;
  }

  /** Expressions that are evaluated one after another, and used together. */
  private residuals(nodes: readonly ts.Expression[], scope: Scope): ts.Expression[] {
    return this.values(nodes, scope).map((value, i) =>
      value.kind === 'code' ? value.node : this.fail(nodes[i]!, 'has no value in the end'),
    );
  }

  private values(nodes: readonly ts.Expression[], scope: Scope): Value[] {
    const values: Value[] = [];
    const { effects } = this.target;
    for (const node of nodes) {
      const [value, emitted] = this.apart(() => this.evaluate(node, scope));
      if (value === undefined) this.fail(node, 'is no value');
      const earlier = values.flatMap((other) => (other.kind === 'code' ? [other.node] : []));
      if (meet(accessesOf(earlier, effects).reads, accessesOf(emitted, effects).writes))
        this.fail(node, 'changes what an expression before it has read; give that a name');
      this.out.push(...emitted);
      values.push(value);
    }
    return values;
  }

  /** An expression that is not always evaluated: nothing may have to be done for it. */
  private conditional(node: ts.Expression, scope: Scope): ts.Expression {
    const [expression, emitted] = this.apart(() => this.residual(node, scope));
    if (emitted.length > 0) this.fail(node, 'needs statements, but stands in a condition');
    return expression;
  }

  private evaluate(node: ts.Expression, scope: Scope): Value | undefined {
    if (ts.isParenthesizedExpression(node) || ts.isSatisfiesExpression(node)) {
      return this.evaluate(node.expression, scope);
    }
    if (ts.isIdentifier(node)) return this.name(node, scope);
    if (ts.isArrowFunction(node)) return { kind: 'function', node, scope };
    if (ts.isObjectLiteralExpression(node)) return { kind: 'object', node, scope };
    if (ts.isCallExpression(node)) return this.invoke(node, scope);
    if (ts.isPropertyAccessExpression(node)) return this.property(node, scope);
    return code(this.operation(node, scope));
  }

  private operation(node: ts.Expression, scope: Scope): ts.Expression {
    const constant = constantOf(node);
    if (constant !== undefined) return makeConstant(constant) ?? this.fail(node, 'no such number');
    if (ts.isPrefixUnaryExpression(node))
      return makePrefix(node.operator, this.residual(node.operand, scope));
    if (ts.isBinaryExpression(node)) return this.binary(node, scope);
    if (ts.isConditionalExpression(node)) return this.conditionalExpression(node, scope);
    if (ts.isElementAccessExpression(node)) {
      const [array, index] = this.residuals([node.expression, node.argumentExpression], scope);
      return make.createElementAccessExpression(array!, joinOffsets(index!));
    }
    if (ts.isAsExpression(node)) {
      const inner = this.residual(node.expression, scope);
      const type = node.type.getText();
      if (this.target.numberTypes.has(type)) return inner;
      for (const word of type.match(/[A-Z]\w+/g) ?? []) this.imports.add(word);
      return make.createAsExpression(inner, make.createTypeReferenceNode(type));
    }
    if (ts.isNonNullExpression(node)) {
      return make.createNonNullExpression(this.residual(node.expression, scope));
    }
    if (node.kind === ts.SyntaxKind.NullKeyword) return make.createNull();
    return this.fail(node, 'cannot be inlined');
  }

  private binary(node: ts.BinaryExpression, scope: Scope): ts.Expression {
    const { kind } = node.operatorToken;
    if (kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken) {
      const left = this.residual(node.left, scope);
      const known = constantOf(left);
      const isAnd = kind === ts.SyntaxKind.AmpersandAmpersandToken;
      if (known !== undefined) return (known === true) === isAnd ? this.residual(node.right, scope) : left;
      return make.createBinaryExpression(left, kind, this.conditional(node.right, scope));
    }
    const [left, right] = this.residuals([node.left, node.right], scope);
    return makeBinary(left!, kind as ts.BinaryOperator, right!);
  }

  private conditionalExpression(node: ts.ConditionalExpression, scope: Scope): ts.Expression {
    const condition = this.residual(node.condition, scope);
    const known = constantOf(condition);
    if (known !== undefined) return this.residual(known === true ? node.whenTrue : node.whenFalse, scope);
    return make.createConditionalExpression(
      condition,
      undefined,
      this.conditional(node.whenTrue, scope),
      undefined,
      this.conditional(node.whenFalse, scope),
    );
  }

  private name(node: ts.Identifier, scope: Scope): Value {
    const { text } = node;
    const local = scope.get(text);
    if (local !== undefined) return local;
    const constant = this.target.constants[text];
    if (constant !== undefined) return code(makeConstant(constant)!);
    if (this.target.variables.has(text) || this.target.primitives.has(text)) {
      return code(make.createIdentifier(text));
    }
    const initializer = this.library.constants.get(text);
    if (initializer !== undefined) {
      return this.evaluate(initializer, new Map()) ?? this.fail(initializer, 'is no value');
    }
    if (!this.library.imports.has(text)) this.fail(node, 'unknown name');
    this.imports.add(text);
    return code(make.createIdentifier(text));
  }

  private property(node: ts.PropertyAccessExpression, scope: Scope): Value {
    const { expression, name } = node;
    if (ts.isIdentifier(expression) && !scope.has(expression.text)) {
      if (expression.text === 'loop') {
        const register = this.target.registers[name.text];
        return register === undefined ? this.fail(node, 'no register') : code(register);
      }
      if (isMath(node))
        return code(make.createPropertyAccessExpression(make.createIdentifier('Math'), name.text));
    }
    const owner = this.evaluate(expression, scope);
    if (owner?.kind === 'code') return code(make.createPropertyAccessExpression(owner.node, name.text));
    if (owner?.kind !== 'object') return this.fail(node, 'no property');
    for (const property of owner.node.properties) {
      if (property.name?.getText().replace(/^'|'$/g, '') !== name.text) continue;
      if (ts.isPropertyAssignment(property)) {
        return this.evaluate(property.initializer, owner.scope) ?? this.fail(node, 'is no value');
      }
      if (ts.isShorthandPropertyAssignment(property)) return this.name(property.name, owner.scope);
    }
    return this.fail(node, 'no property');
  }

  private invoke(node: ts.CallExpression, scope: Scope): Value | undefined {
    if (ts.isIdentifier(node.expression) && !scope.has(node.expression.text)) {
      const { text } = node.expression;
      if (this.target.omitted.has(text)) return undefined;
      const makeStatements = this.target.statements[text];
      if (makeStatements !== undefined) {
        this.out.push(...makeStatements(this.residuals(node.arguments, scope)));
        return undefined;
      }
    }
    const callee = this.evaluate(node.expression, scope);
    const args = this.values(node.arguments, scope);
    if (callee?.kind === 'function') return this.call(callee, args);
    if (callee?.kind !== 'code') return this.fail(node, 'no function');
    const nodes = args.map((arg, i) =>
      arg.kind === 'code' ? arg.node : this.fail(node.arguments[i]!, 'has no value in the end'),
    );
    const call = make.createCallExpression(callee.node, undefined, nodes);
    if (accessesOf([call], this.target.effects).writes.size === 0) return code(call);
    this.out.push(make.createExpressionStatement(call));
    return undefined;
  }
}
