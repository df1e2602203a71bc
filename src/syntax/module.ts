/**
 * The decoded module: every index space of the spec's chapter Structure/Modules, function bodies and
 * expressions as byte ranges of `bytes`.
 *
 * All value types are canonical (see `types.ts`). Arrays of an index space list the imports first.
 */
import type { DefType, GlobalType, MemoryType, TableType, TagType, ValType } from './types.ts';

/**
 * Kinds of imports and exports. @spec syntax-externtype
 *
 * Example: see `Module`.
 */
export type ExternKind = 'func' | 'table' | 'memory' | 'global' | 'tag';

/**
 * What an import requires, by `kind`.
 *
 * Example: see `ImportResolver`.
 */
export type ImportType =
  | {
      readonly kind: 'func';
      readonly type: DefType;
      readonly typeIndex: number;
      /** Whether a function of a subtype is not accepted. */
      readonly isExact: boolean;
    }
  | { readonly kind: 'table'; readonly type: TableType }
  | { readonly kind: 'memory'; readonly type: MemoryType }
  | { readonly kind: 'global'; readonly type: GlobalType }
  | { readonly kind: 'tag'; readonly type: TagType };

/**
 * An import of a module. @spec syntax-import
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const needs = ({ module, name, desc }: Import): string => `${desc.kind} ${module} ${name}`;
 * const { imports } = decodeModule(readFileSync('build/examples/counter.wasm'));
 * console.log(imports.map(needs).includes('func extism:host/user remark')); // → true
 * ```
 */
export interface Import {
  readonly module: string;
  readonly name: string;
  readonly desc: ImportType;
  /** Byte offset of the entry. */
  readonly offset: number;
}

/** Imports that the binary lists under one module name (compact import section proposal). */
export interface ImportList {
  /** Index of the first one. */
  readonly first: number;
  readonly count: number;
  /** Whether the type is written once for all of them. */
  readonly isOneType: boolean;
  readonly offset: number;
}

/**
 * An export of a module. @spec syntax-export
 *
 * Example: see `Module`.
 */
export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  /** Index in the index space of `kind`. */
  readonly index: number;
  readonly offset: number;
}

/** A constant expression: the byte range of its instructions, including the final `end`. */
export interface ConstExpr {
  readonly start: number;
  readonly end: number;
}

/** A function, imported or defined. */
export interface Func {
  readonly type: DefType;
  readonly typeIndex: number;
  /** Whether its type is known to be exactly `type`, not a subtype; false for most imports. */
  readonly isExact: boolean;
  /** The body; null for an import. */
  readonly body: FuncBody | null;
}

/** The body of a defined function. */
export interface FuncBody {
  /** Offset of the first local declaration. */
  readonly start: number;
  /** Offset of the first instruction. */
  readonly codeStart: number;
  /** Offset after the final `end`. */
  readonly end: number;
  /** Declared locals as runs, parameters not included. */
  readonly locals: readonly LocalRun[];
  /** Number of declared locals, parameters not included. */
  readonly localCount: number;
  /**
   * Highest operand stack, in slots, of any reachable point of the body. Set by the validator; part of the
   * counted frame size (docs/determinism.md).
   */
  maxStackSlots: number;
}
export interface LocalRun {
  readonly count: number;
  readonly type: ValType;
}

export interface Table {
  readonly type: TableType;
  /** Initialiser of the elements; null means null references. */
  readonly init: ConstExpr | null;
}
export interface Global {
  readonly type: GlobalType;
  /** Null for an import. */
  readonly init: ConstExpr | null;
}

export type SegmentMode = 'active' | 'passive' | 'declarative';

export interface ElementSegment {
  readonly mode: SegmentMode;
  readonly type: ValType;
  /** Function indices, or null when the segment has expressions. */
  readonly funcIndices: readonly number[] | null;
  readonly expressions: readonly ConstExpr[] | null;
  /** For active segments. */
  readonly tableIndex: number;
  readonly offset: ConstExpr | null;
  /** Byte offset of the segment. */
  readonly position: number;
}
export interface DataSegment {
  readonly mode: 'active' | 'passive';
  readonly memoryIndex: number;
  readonly offset: ConstExpr | null;
  /** Byte range of the contents. */
  readonly start: number;
  readonly end: number;
  readonly position: number;
}

export interface CustomSection {
  readonly name: string;
  /** Byte range of the contents after the name. */
  readonly start: number;
  readonly end: number;
}
/** A section as it is in the file; for `inspect`. */
export interface SectionRange {
  readonly id: number;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * A decoded module: every index space, function bodies as ranges of bytes. @spec syntax-module
 *
 * ```ts
 * const module: Module = decodeModule(doubleWasm);
 * const namesOf = (kind: ExternKind): string[] =>
 *   module.exports.filter((item: Export) => item.kind === kind).map(({ name }) => name);
 * console.log(namesOf('func'), namesOf('memory')); // → [ 'double' ] []
 * ```
 */
export interface Module {
  readonly bytes: Uint8Array;
  readonly types: readonly DefType[];
  readonly imports: readonly Import[];
  readonly importLists: readonly ImportList[];
  readonly exports: readonly Export[];
  readonly funcs: readonly Func[];
  readonly tables: readonly Table[];
  readonly memories: readonly MemoryType[];
  readonly tags: readonly TagType[];
  readonly globals: readonly Global[];
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  /** Value of the data count section, or null without one. */
  readonly dataCount: number | null;
  readonly start: number | null;
  readonly customs: readonly CustomSection[];
  readonly sections: readonly SectionRange[];
  readonly importedFuncCount: number;
  readonly importedTableCount: number;
  readonly importedMemoryCount: number;
  readonly importedGlobalCount: number;
  readonly importedTagCount: number;
}
