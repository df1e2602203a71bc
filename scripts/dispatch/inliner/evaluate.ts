/**
 * Evaluates expressions of the library: to residual code, or to a function or an object that exists only while
 * inlining. Conditions and operations of constants are computed. The inliner handles calls.
 */
import ts from 'typescript';
import { accessesOf, isMath, meet } from './effects.ts';
import { DOUBLE, INT, type Kind } from './kinds.ts';
import type { Library } from './library.ts';
import { constantOf, joinOffsets, makeAssignment, makeBinary, makeConstant, makePrefix } from './nodes.ts';
import type { Target } from './target.ts';

const { factory: make } = ts;

export type Scope = Map<string, Value>;
export interface FunctionValue {
  readonly kind: 'function';
  readonly node: ts.ArrowFunction;
  readonly scope: Scope;
}
/** The value of an expression: residual code, or something that exists only while inlining. */
export type Value =
  | { readonly kind: 'code'; readonly node: ts.Expression }
  | FunctionValue
  | { readonly kind: 'object'; readonly node: ts.ObjectLiteralExpression; readonly scope: Scope };

export const code = (node: ts.Expression): Value => ({ kind: 'code', node });
export const unwrap = (node: ts.Expression): ts.Expression =>
  ts.isParenthesizedExpression(node) || ts.isSatisfiesExpression(node) ? unwrap(node.expression) : node;

/** A result that is passed from one body to the next, in variables that are made when it is written. */
export interface Pipe {
  low?: ts.Identifier;
  high?: ts.Identifier;
  double?: ts.Identifier;
  /** Where it is also written; undefined if nowhere. */
  readonly place?: ts.Expression;
}
/** Which variable of a pipe the primitives write and read. */
const pipeWriters: Readonly<Record<string, 'low' | 'high' | 'double'>> = {
  setLo: 'low',
  setHi: 'high',
  putF64: 'double',
  // Code that takes a double from a pipe does not read its bits, so a NaN need not be canonical there.
  setF64: 'double',
};
const pipeReaders: Readonly<Record<string, 'low' | 'high' | 'double'>> = {
  lo: 'low',
  hi: 'high',
  f64: 'double',
};

export abstract class Evaluator {
  protected readonly library: Library;
  protected readonly target: Target;
  protected out: ts.Statement[] = [];
  protected kinds = new Map<string, Kind>();
  protected imports = new Set<string>();
  protected names = 0;
  /** Pipes by the identifiers that represent them as places. */
  protected pipes: ReadonlyMap<string, Pipe> = new Map();

  constructor(library: Library, target: Target) {
    this.library = library;
    this.target = target;
  }

  /** Inlines a call; returns what the function returns. */
  protected abstract call(callee: FunctionValue, args: readonly Value[]): Value | undefined;

  protected fail(node: ts.Node, reason: string): never {
    const text = node.getSourceFile() === undefined ? ts.SyntaxKind[node.kind] : node.getText();
    throw new Error(`${reason}: ${text}`);
  }

  protected variable(kind: Kind): ts.Identifier {
    const name = `$${++this.names}`;
    this.kinds.set(name, kind);
    return make.createIdentifier(name);
  }

  /** Statements that something emits, apart from those so far. */
  protected apart<T>(emit: () => T): [T, ts.Statement[]] {
    const outer = this.out;
    this.out = [];
    const result = emit();
    const emitted = this.out;
    this.out = outer;
    return [result, emitted];
  }

  // Expressions

  protected residual(node: ts.Expression, scope: Scope): ts.Expression {
    const value = this.evaluate(node, scope);
    if (value?.kind !== 'code') this.fail(node, 'has no value at the end');
    return value.node;
  }

  /** Expressions that are evaluated one after another, and used together. */
  protected residuals(nodes: readonly ts.Expression[], scope: Scope): ts.Expression[] {
    return this.values(nodes, scope).map((value, i) =>
      value.kind === 'code' ? value.node : this.fail(nodes[i]!, 'has no value at the end'),
    );
  }

  protected values(nodes: readonly ts.Expression[], scope: Scope): Value[] {
    const values: Value[] = [];
    const { effects } = this.target;
    for (const node of nodes) {
      const [value, emitted] = this.apart(() => this.evaluate(node, scope));
      if (value === undefined) this.fail(node, 'is not a value');
      const earlier = values.flatMap((other) => (other.kind === 'code' ? [other.node] : []));
      if (meet(accessesOf(earlier, effects).reads, accessesOf(emitted, effects).writes))
        this.fail(node, 'changes what an expression before it has read; give that a name');
      this.out.push(...emitted);
      values.push(value);
    }
    return values;
  }

  /** An expression that is not always evaluated: it must not need statements. */
  protected conditional(node: ts.Expression, scope: Scope): ts.Expression {
    const [expression, emitted] = this.apart(() => this.residual(node, scope));
    if (emitted.length > 0) this.fail(node, 'needs statements, but is in a condition');
    return expression;
  }

  protected evaluate(node: ts.Expression, scope: Scope): Value | undefined {
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
      return this.evaluate(initializer, new Map()) ?? this.fail(initializer, 'is not a value');
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
        return code(make.createPropertyAccessExpression(make.createIdentifier(expression.text), name.text));
    }
    const owner = this.evaluate(expression, scope);
    if (owner?.kind === 'code') return code(make.createPropertyAccessExpression(owner.node, name.text));
    if (owner?.kind !== 'object') return this.fail(node, 'no property');
    for (const property of owner.node.properties) {
      if (property.name?.getText().replace(/^'|'$/g, '') !== name.text) continue;
      if (ts.isPropertyAssignment(property)) {
        return this.evaluate(property.initializer, owner.scope) ?? this.fail(node, 'is not a value');
      }
      if (ts.isShorthandPropertyAssignment(property)) return this.name(property.name, owner.scope);
    }
    return this.fail(node, 'no property');
  }

  private writePipe(pipe: Pipe, primitive: string, value: Value): undefined {
    if (value.kind !== 'code') throw new Error('a pipe takes values');
    const field = pipeWriters[primitive]!;
    // The same in every branch of the body.
    const variable = pipe[field] ?? this.variable(field === 'double' ? DOUBLE : INT);
    pipe[field] = variable;
    this.out.push(makeAssignment(variable, value.node));
    if (pipe.place === undefined) return;
    const writer = this.name(make.createIdentifier(primitive), new Map());
    const args = [code(pipe.place), code(variable)];
    if (writer.kind === 'function') this.call(writer, args);
    else {
      const call = make.createCallExpression(make.createIdentifier(primitive), undefined, [
        pipe.place,
        variable,
      ]);
      this.out.push(make.createExpressionStatement(call));
    }
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
    const place = args[0]?.kind === 'code' && ts.isIdentifier(args[0].node) ? args[0].node.text : '';
    const pipe = this.pipes.get(place);
    if (pipe !== undefined && ts.isIdentifier(node.expression)) {
      const { text } = node.expression;
      if (text in pipeWriters) return this.writePipe(pipe, text, args[1]!);
      const reader = pipeReaders[text];
      if (reader !== undefined) return code(pipe[reader] ?? this.fail(node, 'is not in the pipe'));
    }
    if (callee?.kind === 'function') return this.call(callee, args);
    if (callee?.kind !== 'code') return this.fail(node, 'not a function');
    const nodes = args.map((arg, i) =>
      arg.kind === 'code' ? arg.node : this.fail(node.arguments[i]!, 'has no value at the end'),
    );
    const call = make.createCallExpression(callee.node, undefined, nodes);
    if (accessesOf([call], this.target.effects).writes.size === 0) return code(call);
    this.out.push(make.createExpressionStatement(call));
    return undefined;
  }
}
