/**
 * Entry point for tools: the contents of a module, its instructions as text, and the instruction table.
 *
 * Everything here reads a module; nothing runs it. Summaries are plain data that can be written as JSON.
 */

import { decodeModule } from './decoder/decode-module.ts';
import { disassembleFunction, formatLine, type ListingLine } from './decoder/disassemble.ts';
import { decodeNames, type Names } from './decoder/name-section.ts';
import type { BytesLike } from './errors/bytes.ts';
import { isQuernError } from './errors/errors.ts';
import { type SourceLine, sourceLines } from './symbols/dwarf/source-lines.ts';
import { type FeatureKey, type FeatureRow, featureTable } from './syntax/features.ts';
import { type InstructionRow, instructions } from './syntax/instructions.ts';
import type { ExternKind, Module } from './syntax/module.ts';
import { funcTypeName, valTypeName } from './syntax/type-names.ts';
import {
  type FuncType,
  type GlobalType,
  I64,
  type Limits,
  type MemoryType,
  type TableType,
} from './syntax/types.ts';
import { validateModule } from './validator/validate-module.ts';

export {
  decodeModule,
  decodeNames,
  disassembleFunction,
  type ExternKind,
  type FeatureKey,
  type FeatureRow,
  featureTable,
  formatLine,
  type InstructionRow,
  instructions,
  type ListingLine,
  type Module,
  type Names,
  type SourceLine,
  sourceLines,
};

/**
 * An import or export: its name, kind and type in text form.
 *
 * Example: see `ModuleSummary`.
 */
export interface ExternSummary {
  /** Module that an import comes from; absent on exports. */
  readonly module?: string;
  readonly name: string;
  readonly kind: ExternKind;
  /** Index in the index space of its kind. */
  readonly index: number;
  readonly type: string;
}
/**
 * A feature that a module uses.
 *
 * Example: see `ModuleSummary`.
 */
export interface FeatureSummary {
  readonly key: FeatureKey;
  readonly summary: string;
  /** Whether this engine runs it. */
  readonly isExecuted: boolean;
}
/**
 * A section as it is in the file.
 *
 * Example: see `ModuleSummary`.
 */
export interface SectionSummary {
  readonly name: string;
  /** Name of a custom section. */
  readonly customName?: string;
  /** Offset of the contents. */
  readonly offset: number;
  readonly byteLength: number;
}
/**
 * The contents of a module.
 *
 * ```ts
 * const summary: ModuleSummary = summariseModule(doubleWasm);
 * const typeOf = ({ kind, name, type }: ExternSummary): string => `${kind} ${name} ${type}`;
 * const sizeOf = ({ name, byteLength }: SectionSummary): string => `${name} ${byteLength}`;
 * const features: readonly FeatureSummary[] = summary.features;
 * console.log(summary.exports.map(typeOf), features); // → [ 'func double (i32) -> i32' ] []
 * console.log(summary.sections.map(sizeOf).join(', ')); // → type 6, function 2, export 10, code 9
 * ```
 */
export interface ModuleSummary {
  readonly name: string | null;
  readonly byteLength: number;
  readonly imports: readonly ExternSummary[];
  readonly exports: readonly ExternSummary[];
  readonly memories: readonly string[];
  readonly tables: readonly string[];
  readonly globals: readonly string[];
  /** Functions that the module defines. */
  readonly functionCount: number;
  readonly dataByteLength: number;
  /** Index of the start function, or null. */
  readonly start: number | null;
  /** The features that a host must have, `mvp` aside, in the order of the feature table. */
  readonly features: readonly FeatureSummary[];
  readonly sections: readonly SectionSummary[];
}

const limitsText = ({ min, max, address }: Limits, unit: string): string =>
  `${min}${max === null ? ' or more' : max === min ? '' : ` to ${max}`} ${unit}${address === I64 ? ', 64-bit addresses' : ''}`;
const memoryText = ({ limits, isShared, pageSizeLog2 }: MemoryType): string =>
  `${limitsText(limits, 'pages')}${pageSizeLog2 === 16 ? '' : ` of ${2 ** pageSizeLog2} bytes`}${isShared ? ', shared' : ''}`;
const tableText = ({ limits, element }: TableType): string => `${limitsText(limits, valTypeName(element))}`;
const globalText = ({ type, isMutable }: GlobalType): string =>
  `${isMutable ? 'mutable ' : ''}${valTypeName(type)}`;

const typeText = (module: Module, kind: ExternKind, index: number): string => {
  switch (kind) {
    case 'func':
      return funcTypeName(module.funcs[index]!.type.comp as FuncType);
    case 'table':
      return tableText(module.tables[index]!.type);
    case 'memory':
      return memoryText(module.memories[index]!);
    case 'global':
      return globalText(module.globals[index]!.type);
    default:
      return funcTypeName(module.tags[index]!.type.comp as FuncType);
  }
};

/**
 * The features that a module needs, `mvp` aside.
 *
 * Only the validator knows what belongs to which feature. It names one feature at a time, so it is called until it
 * accepts the module.
 *
 * ```js
 * console.log(findFeatures(decodeModule(doubleWasm))); // → []
 * ```
 *
 * @throws MalformedError, InvalidError, LimitError
 */
export const findFeatures = (module: Module): FeatureKey[] => {
  const found = new Set<FeatureKey>(['mvp']);
  for (;;) {
    try {
      validateModule(module, found);
      break;
    } catch (error) {
      const feature = isQuernError(error, 'unsupported.feature') ? error.details.feature : undefined;
      if (feature === undefined || found.has(feature as FeatureKey)) throw error;
      found.add(feature as FeatureKey);
    }
  }
  return (Object.keys(featureTable) as FeatureKey[]).filter((key) => key !== 'mvp' && found.has(key));
};

const summariseExterns = (module: Module): { imports: ExternSummary[]; exports: ExternSummary[] } => {
  const next: Record<ExternKind, number> = { func: 0, table: 0, memory: 0, global: 0, tag: 0 };
  const imports = module.imports.map(({ module: from, name, desc }) => {
    const index = next[desc.kind]++;
    return { module: from, name, kind: desc.kind, index, type: typeText(module, desc.kind, index) };
  });
  const exports = module.exports.map(({ name, kind, index }) => ({
    ...{ name, kind, index, type: typeText(module, kind, index) },
  }));
  return { imports, exports };
};

const summariseSections = (module: Module): SectionSummary[] => {
  let custom = 0;
  return module.sections.map(({ id, name, start, end }) => ({
    name,
    ...(id === 0 ? { customName: module.customs[custom++]!.name } : {}),
    offset: start,
    byteLength: end - start,
  }));
};

/**
 * Summarises a module, after validating it.
 *
 * ```js
 * const { exports, functionCount } = summariseModule(doubleWasm);
 * console.log(exports[0].name, exports[0].type, functionCount); // → double (i32) -> i32 1
 * ```
 *
 * @throws MalformedError, InvalidError, LimitError
 */
export const summariseModule = (bytes: BytesLike): ModuleSummary => {
  const module = decodeModule(bytes);
  const features = findFeatures(module);
  return {
    name: decodeNames(module).moduleName,
    byteLength: module.bytes.length,
    ...summariseExterns(module),
    memories: module.memories.map(memoryText),
    tables: module.tables.map(({ type }) => tableText(type)),
    globals: module.globals.map(({ type }) => globalText(type)),
    functionCount: module.funcs.length - module.importedFuncCount,
    dataByteLength: module.data.reduce((sum, { start, end }) => sum + end - start, 0),
    start: module.start,
    features: features.map((key) => {
      const { summary, isExecuted } = featureTable[key];
      return { key, summary, isExecuted };
    }),
    sections: summariseSections(module),
  };
};

/**
 * Index of a function, by name or by number as text; null if it does not exist.
 *
 * ```js
 * console.log(findFunction(decodeModule(doubleWasm), 'double')); // → 0
 * ```
 */
export const findFunction = (module: Module, text: string): number | null => {
  if (/^\d+$/.test(text)) return Number(text) < module.funcs.length ? Number(text) : null;
  const exported = module.exports.find(({ kind, name }) => kind === 'func' && name === text);
  if (exported !== undefined) return exported.index;
  const names = decodeNames(module);
  const index = module.funcs.findIndex((_, i) => names.funcName(i) === text);
  return index < 0 ? null : index;
};
