/**
 * The plan of a generated module: what its index spaces hold. Bodies are written against it, so a module may
 * import what another one's plan exports.
 */
import type { LimitsSource, Type } from '../assembler.ts';

/** The value types that generated code uses. */
export type Value = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref' | 'externref';

export interface Signature {
  readonly params: readonly Value[];
  readonly results: readonly Value[];
}

/** What generated code may hold. */
export interface Profile {
  /** `canonical`: each operator that may produce a NaN is followed by code that makes it the positive canonical one. */
  readonly floats: 'none' | 'plain' | 'canonical';
  readonly hasVectors: boolean;
  readonly hasReferences: boolean;
  /** More than one memory, some with 64-bit addresses. */
  readonly hasManyMemories: boolean;
  /** Functions with more locals than packed operands can name. */
  readonly hasWideFrames: boolean;
}

export interface PlannedGlobal {
  readonly type: Value;
  readonly isMutable: boolean;
}

export interface Plan {
  readonly profile: Profile;
  /** Function and block types; grows while bodies are written. */
  readonly types: Signature[];
  /** By function index, imports first. */
  readonly funcs: readonly Signature[];
  readonly importedFuncCount: number;
  readonly globals: readonly PlannedGlobal[];
  readonly importedGlobalCount: number;
  readonly memories: readonly LimitsSource[];
  readonly tables: readonly (LimitsSource & { readonly element: Type })[];
  /** Lengths of data segments. */
  readonly data: readonly number[];
  /** Lengths of the passive element segments, which hold functions. */
  readonly elements: readonly number[];
  /** Where the functions lie in table 0, in order of their index. */
  readonly tableBase: number;
  /** Index of the global that counts down calls, so that every program ends. */
  readonly budget: number;
}

/** The types that a profile allows. */
export const valuesOf = ({ floats, hasVectors, hasReferences }: Profile): readonly Value[] => [
  'i32',
  'i64',
  ...(floats === 'none' ? [] : (['f32', 'f64'] as const)),
  ...(hasVectors ? (['v128'] as const) : []),
  ...(hasReferences ? (['funcref', 'externref'] as const) : []),
];

export const isReference = (type: Value): type is 'funcref' | 'externref' =>
  type === 'funcref' || type === 'externref';

const same = (a: readonly Value[], b: readonly Value[]): boolean => a.join() === b.join();
export const sameSignature = (a: Signature, b: Signature): boolean =>
  same(a.params, b.params) && same(a.results, b.results);

/** Index of a type, added where it is new. */
export const typeIndex = (plan: Plan, signature: Signature): number => {
  const found = plan.types.findIndex((type) => sameSignature(type, signature));
  return found >= 0 ? found : plan.types.push(signature) - 1;
};
