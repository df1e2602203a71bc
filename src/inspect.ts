/**
 * Entry point for tools: what a module is made of, its instructions as text, and the instruction table.
 *
 * Everything here reads a module; nothing runs it. Summaries are plain data that JSON can hold.
 */
import { decodeModule } from './decoder/decode-module.ts';
import { InstructionReader } from './decoder/instruction-reader.ts';
import { decodeNames, type Names } from './decoder/name-section.ts';
import { isQuernError, UsageError } from './errors/errors.ts';
import { type FeatureKey, type FeatureRow, featureTable } from './syntax/features.ts';
import type { ImmediateKind } from './syntax/immediates.ts';
import { type InstructionRow, instructions, rowOf } from './syntax/instructions.ts';
import type { ExternKind, Module } from './syntax/module.ts';
import {
  type FuncType,
  funcTypeName,
  type GlobalType,
  heapTypeName,
  I64,
  type Limits,
  type MemoryType,
  type TableType,
  valTypeName,
} from './syntax/types.ts';
import { validateModule } from './validator/validate-module.ts';

export { decodeModule, type FeatureKey, type FeatureRow, featureTable, type InstructionRow, instructions };

/** An import or export: its name, kind and type in text form. */
export interface ExternSummary {
  /** Module that an import comes from; absent on exports. */
  readonly module?: string;
  readonly name: string;
  readonly kind: ExternKind;
  /** Index in the index space of its kind. */
  readonly index: number;
  readonly type: string;
}
/** A feature that a module uses. */
export interface FeatureSummary {
  readonly key: FeatureKey;
  readonly summary: string;
  /** Whether this engine runs it. */
  readonly isExecuted: boolean;
}
/** A section as it lies in the file. */
export interface SectionSummary {
  readonly name: string;
  /** Name of a custom section. */
  readonly customName?: string;
  /** Offset of the contents. */
  readonly offset: number;
  readonly byteLength: number;
}
/** What a module is made of. */
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
 * The validator alone knows what belongs to which feature; it names one at a time, so it is asked until it is
 * content.
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
 * @throws MalformedError, InvalidError, LimitError
 */
export const summariseModule = (bytes: Uint8Array): ModuleSummary => {
  const module = decodeModule(bytes);
  const features = findFeatures(module);
  return {
    name: decodeNames(module).moduleName,
    byteLength: bytes.length,
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

const bits = new DataView(new ArrayBuffer(8));
const floatText = (value: number, words: readonly number[]): string =>
  // Only the bits tell one NaN from another.
  Number.isNaN(value)
    ? `nan:0x${words.map((w) => (w >>> 0).toString(16).padStart(8, '0')).join('')}`
    : Object.is(value, -0)
      ? '-0'
      : String(value);
const f32Text = (lo: number): string => {
  bits.setInt32(0, lo);
  return floatText(bits.getFloat32(0), [lo]);
};
const f64Text = (lo: number, hi: number): string => {
  bits.setInt32(0, hi);
  bits.setInt32(4, lo);
  return floatText(bits.getFloat64(0), [hi, lo]);
};
const wide = (lo: number, hi: number): bigint => (BigInt(hi) << 32n) | BigInt(lo >>> 0);
const refText = (heap: number, isNullable: boolean): string =>
  `(ref ${isNullable ? 'null ' : ''}${heapTypeName(heap)})`;

const memargText = (r: InstructionReader, access: number): string => {
  const offset = BigInt.asUintN(64, wide(r.lo, r.hi));
  const parts = [
    ...(r.memory === 0 ? [] : [`${r.memory}`]),
    ...(offset === 0n ? [] : [`offset=${offset}`]),
    ...(2 ** r.align === access ? [] : [`align=${2 ** r.align}`]),
  ];
  return parts.join(' ');
};

/** Text of the immediates of the instruction that was read last; the reader's fields are described there. */
const immediatesText = (module: Module, names: Names, r: InstructionReader, row: InstructionRow): string => {
  const indices = [r.index, r.index2];
  const text = (kind: ImmediateKind): string => {
    switch (kind) {
      case 'funcidx':
        return [`${r.index}`, names.funcName(r.index)].filter((part) => part !== null).join(' ;; ');
      case 'blocktype':
        if (r.blockTypeIndex < 0) return r.valType === 0 ? '' : `(result ${valTypeName(r.valType)})`;
        return `(type ${r.blockTypeIndex})`;
      case 'labels':
        return r.labels.subarray(0, r.labelCount).join(' ');
      case 'memarg':
        return memargText(r, row.access);
      case 'laneidx':
        return `${r.lane}`;
      case 'i32':
        return `${r.lo}`;
      case 'i64':
        return `${wide(r.lo, r.hi)}`;
      case 'f32':
        return f32Text(r.lo);
      case 'f64':
        return f64Text(r.lo, r.hi);
      case 'v128':
      case 'lanes16':
        return r.bytes16.join(' ');
      case 'heaptype':
        return heapTypeName(r.heapType);
      case 'valtypes':
        return r.valTypes.map(valTypeName).join(' ');
      case 'catches':
        return r.catches
          .map(
            (c) =>
              `(catch${c.tag === null ? '_all' : ''}${c.withRef ? '_ref' : ''}${c.tag === null ? '' : ` ${c.tag}`} ${c.label})`,
          )
          .join(' ');
      case 'cast':
        return `${r.index} ${refText(r.heapType, r.isNullable)} ${refText(r.heapType2, r.isNullable2)}`;
      case 'zero':
        return '';
      default: {
        const index = indices.shift()!;
        // Memory and table 0 are what nearly every module means; the text format leaves them out, too.
        return index === 0 &&
          (kind === 'memidx' || kind === 'tableidx') &&
          module.memories.length < 2 &&
          module.tables.length < 2
          ? ''
          : `${index}`;
      }
    }
  };
  return row.immediates
    .map(text)
    .filter((part) => part !== '')
    .join(' ');
};

const opens: ReadonlySet<number> = new Set([
  rowOf['block'],
  rowOf['loop'],
  rowOf['if'],
  rowOf['try'],
  rowOf['try_table'],
]);
const middles: ReadonlySet<number> = new Set([rowOf['else'], rowOf['catch'], rowOf['catch_all']]);
const closes: ReadonlySet<number> = new Set([rowOf['end'], rowOf['delegate']]);
/** Deeper nesting is not indented further, so that lines stay readable and the text linear in the code. */
const MAX_INDENT = 24;

/**
 * The instructions of one function as text lines: byte offset, mnemonic, immediates; blocks are indented.
 *
 * @param index index in the function index space
 * @throws UsageError when there is no such function or it is imported; MalformedError for damaged code
 */
export const disassembleFunction = (module: Module, index: number): string[] => {
  const func = module.funcs[index];
  if (func === undefined || func.body === null) {
    const detail = func === undefined ? `there is no function ${index}` : `function ${index} is imported`;
    throw new UsageError('usage.argument', { detail, funcIndex: index });
  }
  const names = decodeNames(module);
  const name = names.funcName(index);
  const lines = [
    `func ${index}${name === null ? '' : ` ${name}`} ${funcTypeName(func.type.comp as FuncType)}`,
  ];
  for (const { count, type } of func.body.locals) lines.push(`  local ${valTypeName(type)} × ${count}`);
  const reader = new InstructionReader(module.bytes, module.types);
  reader.reset(func.body.codeStart, func.body.end);
  for (let depth = 1; depth > 0; ) {
    reader.read();
    const row = instructions[reader.row]!;
    if (closes.has(reader.row)) depth--;
    const indent = Math.min(depth - (middles.has(reader.row) ? 1 : 0), MAX_INDENT);
    const text = [row.name, immediatesText(module, names, reader, row)]
      .filter((part) => part !== '')
      .join(' ');
    lines.push(
      `  ${reader.offset.toString(16).padStart(6, '0')}  ${'  '.repeat(Math.max(indent, 0))}${text}`,
    );
    if (opens.has(reader.row)) depth++;
  }
  return lines;
};

/** Index of a function by name or by number in text; null if there is none. */
export const findFunction = (module: Module, text: string): number | null => {
  if (/^\d+$/.test(text)) return Number(text) < module.funcs.length ? Number(text) : null;
  const exported = module.exports.find(({ kind, name }) => kind === 'func' && name === text);
  if (exported !== undefined) return exported.index;
  const names = decodeNames(module);
  const index = module.funcs.findIndex((_, i) => names.funcName(i) === text);
  return index < 0 ? null : index;
};
