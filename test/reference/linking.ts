/** Import matching of the reference executor (spec, Validation/Matching, external types). */
import { UnlinkableError } from '../../src/errors.ts';
import { matchesDefType, matchesValType } from '../../src/syntax/matching.ts';
import type { Import, ImportType, Limits, Module } from '../../src/wasm.ts';
import type { ExternInstance } from './instances.ts';

/** Finds what a module imports; undefined = there is none. */
export type ImportResolver = (module: string, name: string) => ExternInstance | undefined;

/** The current size counts as the minimum. @spec match-limits */
const matchesLimits = (size: number, actual: Limits, wanted: Limits): boolean =>
  actual.address === wanted.address &&
  BigInt(size) >= wanted.min &&
  (wanted.max === null || (actual.max !== null && actual.max <= wanted.max));

/** @spec match-externtype */
const matchesImport = (actual: ExternInstance, wanted: ImportType): boolean => {
  switch (wanted.kind) {
    case 'func':
      if (actual.kind !== 'func') return false;
      return wanted.isExact ? actual.type === wanted.type : matchesDefType(actual.type, wanted.type);
    case 'table':
      return (
        actual.kind === 'table' &&
        actual.type.element === wanted.type.element &&
        matchesLimits(actual.elements.length, actual.type.limits, wanted.type.limits)
      );
    case 'memory':
      return (
        actual.kind === 'memory' &&
        actual.type.isShared === wanted.type.isShared &&
        actual.type.pageSizeLog2 === wanted.type.pageSizeLog2 &&
        matchesLimits(actual.pageCount, actual.type.limits, wanted.type.limits)
      );
    case 'global':
      if (actual.kind !== 'global' || actual.type.isMutable !== wanted.type.isMutable) return false;
      return wanted.type.isMutable
        ? actual.type.type === wanted.type.type
        : matchesValType(actual.type.type, wanted.type.type);
    case 'tag':
      return actual.kind === 'tag' && actual.type.type === wanted.type.type;
    default:
      return false;
  }
};

/** The import's instance. @throws UnlinkableError */
const resolveImport = (wanted: Import, resolve: ImportResolver): ExternInstance => {
  const { module, name } = wanted;
  const actual = resolve(module, name);
  if (actual === undefined) throw new UnlinkableError('unlinkable.unknown-import', { module, name });
  if (!matchesImport(actual, wanted.desc)) {
    throw new UnlinkableError('unlinkable.incompatible-import', { module, name });
  }
  return actual;
};

/** All imports in order. @throws UnlinkableError before anything was allocated */
export const resolveImports = (module: Module, resolve: ImportResolver): readonly ExternInstance[] =>
  module.imports.map((wanted) => resolveImport(wanted, resolve));
