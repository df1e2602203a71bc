/** The target of inlining, and its result. */
import type ts from 'typescript';
import type { Effects } from './effects.ts';
import type { Kind, Kinds } from './kinds.ts';
import type { Constant } from './nodes.ts';

/** What residual code runs on: the names that are not inlined, and their replacements. */
export interface Target {
  readonly effects: Effects;
  readonly kinds: Kinds;
  /** Variables that keep their names. */
  readonly variables: ReadonlySet<string>;
  /** Properties of the object `loop`: their replacements. */
  readonly registers: Readonly<Record<string, ts.Expression>>;
  /** Names of constants that the library imports. */
  readonly constants: Readonly<Record<string, Constant>>;
  /** Functions that stay calls until all is inlined (`lower`). */
  readonly primitives: ReadonlySet<string>;
  /** What primitives do on this target, if it differs from the library. */
  readonly definitions: Readonly<Record<string, ts.Expression>>;
  /** Functions that become statements of the target. */
  readonly statements: Readonly<Record<string, (args: readonly ts.Expression[]) => readonly ts.Statement[]>>;
  /** Functions whose calls are omitted. */
  readonly omitted: ReadonlySet<string>;
  /** Names of types that are numbers: casts to them are dropped. */
  readonly numberTypes: ReadonlySet<string>;
}

/** The result of inlining a function. */
export interface Residual {
  readonly statements: readonly ts.Statement[];
  /** What it returns. */
  readonly result: ts.Expression | undefined;
  /** Kinds of the variables in it. */
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Functions and types that it imports. */
  readonly imports: ReadonlySet<string>;
}

/** An argument for a function of the library. */
export interface Argument {
  readonly node: ts.Expression;
  /** Whether the function may assign to the variable. */
  readonly isOwned?: boolean;
}
