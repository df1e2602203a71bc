/** What code is inlined for, and what inlining leaves. */
import type ts from 'typescript';
import type { Effects } from './effects.ts';
import type { Kind, Kinds } from './kinds.ts';
import type { Constant } from './nodes.ts';

/** What residual code runs on: the names that are not inlined, and what becomes of them. */
export interface Target {
  readonly effects: Effects;
  readonly kinds: Kinds;
  /** Variables that keep their names. */
  readonly variables: ReadonlySet<string>;
  /** Properties of the object `loop`: what stands for them. */
  readonly registers: Readonly<Record<string, ts.Expression>>;
  /** Names of constants that the library imports. */
  readonly constants: Readonly<Record<string, Constant>>;
  /** Functions that stay calls until all is inlined (`lower`). */
  readonly primitives: ReadonlySet<string>;
  /** What primitives do on this target, where that is not what they do in the library. */
  readonly definitions: Readonly<Record<string, ts.Expression>>;
  /** Functions that become statements of the target. */
  readonly statements: Readonly<Record<string, (args: readonly ts.Expression[]) => readonly ts.Statement[]>>;
  /** Functions whose calls are left out. */
  readonly omitted: ReadonlySet<string>;
  /** Names of types that are numbers: casts to them say nothing. */
  readonly numberTypes: ReadonlySet<string>;
}

/** What an inlined function leaves. */
export interface Residual {
  readonly statements: readonly ts.Statement[];
  /** What it returns. */
  readonly result: ts.Expression | undefined;
  /** Kinds of the variables in it. */
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Functions and types that it needs from elsewhere. */
  readonly imports: ReadonlySet<string>;
}

/** An argument for a function of the library. */
export interface Argument {
  readonly node: ts.Expression;
  /** Whether the function may assign the variable that it is. */
  readonly isOwned?: boolean;
}
