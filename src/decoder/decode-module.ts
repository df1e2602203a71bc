/**
 * Decodes a binary into a `Module`. @spec binary-module
 *
 * Checks everything that the binary format requires except for the instructions of function bodies, which the
 * validator reads in a single pass.
 */

import { checkBytes } from '../errors/arguments.ts';
import type { BytesLike } from '../errors/bytes.ts';
import { isQuernError, MalformedError } from '../errors/errors.ts';
import { MAX_MEMORIES, MAX_MODULE_BYTES, MAX_TABLES } from '../syntax/limits.ts';
import type {
  CustomSection,
  ExternKind,
  Func,
  FuncBody,
  ImportList,
  Module,
  SectionRange,
} from '../syntax/module.ts';
import { CUSTOM_SECTION, sectionTable } from '../syntax/section-table.ts';
import { releaseTypes } from '../syntax/type-registry.ts';
import type { DefType, MemoryType, TagType } from '../syntax/types.ts';
import { ByteReader } from './byte-reader.ts';
import * as sections from './sections.ts';

/** Section ids in the order in which they must appear. */
const sectionOrder: readonly number[] = sectionTable.map(({ id }) => id);
/** Names of sections by id. */
const sectionNames: Readonly<Record<number, string>> = Object.fromEntries([
  [CUSTOM_SECTION, 'custom'],
  ...sectionTable.map(({ id, name }) => [id, name] as const),
]);

/** Everything read so far. */
interface Parts {
  types: DefType[];
  imports: ReturnType<typeof sections.readImports>;
  importLists: ImportList[];
  functions: sections.FuncDeclaration[];
  tables: ReturnType<typeof sections.readTables>;
  memories: MemoryType[];
  tags: TagType[];
  globals: ReturnType<typeof sections.readGlobals>;
  exports: ReturnType<typeof sections.readExports>;
  start: number | null;
  elements: ReturnType<typeof sections.readElements>;
  dataCount: number | null;
  bodies: FuncBody[];
  data: ReturnType<typeof sections.readData>;
  customs: CustomSection[];
  ranges: SectionRange[];
  groups: sections.TypeText['groups'][number][] | null;
}

/**
 * Decodes a module.
 *
 * ```js
 * const module = decodeModule(doubleWasm);
 * console.log(module.funcs.length, module.exports[0].kind); // → 1 func
 * ```
 *
 * @throws MalformedError with the offset; InvalidError for a type index that does not exist; LimitError;
 * UnsupportedError for a proposal with an unknown encoding
 */
export const decodeModule = (source: BytesLike): Module => decode(checkBytes(source, 'a module'), null);

/** A module whose types have their indices as ids, and its type section as written. */
export interface ModuleText {
  readonly module: Module;
  readonly groups: sections.TypeText['groups'];
}

/** Decodes a well-formed module for printing: types are not canonical. */
export const decodeModuleText = (bytes: Uint8Array): ModuleText => {
  const groups: sections.TypeText['groups'][number][] = [];
  return { module: decode(bytes, groups), groups };
};

/** @param groups receives the groups of types, if they should not be canonical; otherwise null */
const decode = (bytes: Uint8Array, groups: sections.TypeText['groups'][number][] | null): Module => {
  const r = new ByteReader(bytes);
  readHeader(r);
  const parts: Parts = {
    types: [],
    imports: [],
    importLists: [],
    functions: [],
    tables: [],
    memories: [],
    tags: [],
    globals: [],
    exports: [],
    start: null,
    elements: [],
    dataCount: null,
    bodies: [],
    data: [],
    customs: [],
    ranges: [],
    groups,
  };
  try {
    let last = -1;
    while (r.pos < bytes.length) last = readSection(r, parts, last);
    if (parts.functions.length !== parts.bodies.length) r.fail('malformed.code-count');
    if (parts.dataCount !== null && parts.dataCount !== parts.data.length) r.fail('malformed.data-count');
    checkTotals(r, parts);
  } catch (error) {
    releaseTypes(parts.types);
    throw error;
  }
  return assemble(bytes, parts);
};

/** The limits on tables and memories include imported ones. */
const checkTotals = (r: ByteReader, { imports, tables, memories }: Parts): void => {
  const check = (kind: ExternKind, defined: number, limit: number, what: string): void => {
    const total = imports.reduce((sum, { desc }) => sum + (desc.kind === kind ? 1 : 0), defined);
    if (total > limit) r.failLimit(limit, total, 0, what);
  };
  check('table', tables.length, MAX_TABLES, 'tables');
  check('memory', memories.length, MAX_MEMORIES, 'memories');
};

const startsWith = (bytes: Uint8Array, at: number, wanted: readonly number[]): boolean =>
  wanted.every((b, i) => bytes[at + i] === b);

/** @spec binary-magic, binary-version */
const readHeader = (r: ByteReader): void => {
  if (r.bytes.length > MAX_MODULE_BYTES)
    r.failLimit(MAX_MODULE_BYTES, r.bytes.length, 0, 'bytes of the module');
  if (r.bytes.length < 4) throw new MalformedError('malformed.end', { offset: r.bytes.length });
  if (!startsWith(r.bytes, 0, [0x00, 0x61, 0x73, 0x6d])) r.fail('malformed.magic', 0);
  if (r.bytes.length < 8) throw new MalformedError('malformed.end', { offset: r.bytes.length });
  // The field holds a version and a layer, of 16 bits each; layer 1 is the component model.
  if (startsWith(r.bytes, 6, [1, 0]))
    r.fail('malformed.component', 4, 'this is a component; only core modules can be executed');
  if (!startsWith(r.bytes, 4, [1, 0, 0, 0])) r.fail('malformed.version', 4);
  r.pos = 8;
};

/** Reads one section; returns its place in the order, or `last` for a custom one. */
const readSection = (r: ByteReader, parts: Parts, last: number): number => {
  const offset = r.pos;
  const id = r.byte();
  const name = sectionNames[id];
  r.section = name ?? '';
  if (name === undefined) r.fail('malformed.section-id', offset, `${id}`);
  const size = r.u32();
  const start = r.pos;
  const isOverlong = size > r.bytes.length - start;
  if (isOverlong && (id === CUSTOM_SECTION || size > r.bytes.length)) r.fail('malformed.length', start);
  const order = sectionOrder.indexOf(id);
  if (id !== 0 && order <= last) r.fail('malformed.section-order', offset, name);
  const end = start + size;
  parts.ranges.push({ id, name, start, end });
  if (id === 0) {
    const custom = r.name();
    if (r.pos > end) r.fail('malformed.section-overrun', end);
    parts.customs.push({ name: custom, start: r.pos, end });
    r.pos = end;
  } else {
    // Like the reference interpreter, contents may be read past the section's end; its size is compared then.
    if (isOverlong) failOverlong(r, id, parts);
    readContents(r, id, parts);
    if (r.pos !== end) r.fail('malformed.section-size');
  }
  r.section = '';
  return id === 0 ? last : order;
};

/**
 * A section that is longer than the file. Like in the reference interpreter, an error in its contents is reported
 * first, unless the error is their end.
 */
const failOverlong = (r: ByteReader, id: number, parts: Parts): never => {
  const start = r.pos;
  try {
    readContents(r, id, parts);
  } catch (error) {
    if (!isQuernError(error, 'malformed.section-overrun')) throw error;
  }
  return r.fail('malformed.length', start);
};

const readTypes = (r: ByteReader, parts: Parts): void => {
  if (parts.groups === null) {
    parts.types = sections.readTypes(r);
    return;
  }
  const { types, groups } = sections.readTypeText(r);
  parts.types = [...types];
  parts.groups.push(...groups);
};

const readContents = (r: ByteReader, id: number, parts: Parts): void => {
  const { types } = parts;
  switch (sectionNames[id]) {
    case 'type':
      readTypes(r, parts);
      break;
    case 'import':
      parts.imports = sections.readImports(r, types, parts.importLists);
      break;
    case 'function':
      parts.functions = sections.readFunctions(r, types);
      break;
    case 'table':
      parts.tables = sections.readTables(r, types);
      break;
    case 'memory':
      parts.memories = sections.readMemories(r);
      break;
    case 'tag':
      parts.tags = sections.readTags(r, types);
      break;
    case 'global':
      parts.globals = sections.readGlobals(r, types);
      break;
    case 'export':
      parts.exports = sections.readExports(r);
      break;
    case 'start':
      parts.start = r.u32();
      break;
    case 'element':
      parts.elements = sections.readElements(r, types);
      break;
    case 'data count':
      parts.dataCount = r.u32();
      break;
    case 'code':
      parts.bodies = sections.readBodies(r, types);
      break;
    default:
      parts.data = sections.readData(r, types);
  }
};

const assemble = (bytes: Uint8Array, parts: Parts): Module => {
  const { imports } = parts;
  const funcs: Func[] = [];
  const tables: Module['tables'][number][] = [];
  const memories: MemoryType[] = [];
  const globals: Module['globals'][number][] = [];
  const tags: TagType[] = [];
  for (const { desc } of imports) {
    if (desc.kind === 'func') {
      const { type, typeIndex, isExact } = desc;
      funcs.push({ type, typeIndex, isExact, body: null });
    } else if (desc.kind === 'table') tables.push({ type: desc.type, init: null });
    else if (desc.kind === 'memory') memories.push(desc.type);
    else if (desc.kind === 'global') globals.push({ type: desc.type, init: null });
    else tags.push(desc.type);
  }
  const counts = {
    importedFuncCount: funcs.length,
    importedTableCount: tables.length,
    importedMemoryCount: memories.length,
    importedGlobalCount: globals.length,
    importedTagCount: tags.length,
  };
  parts.functions.forEach((declaration, i) => {
    // PERF: written out, since spreading an object is slower.
    const { type, typeIndex } = declaration;
    funcs.push({ type, typeIndex, isExact: true, body: parts.bodies[i]! });
  });
  for (const table of parts.tables) tables.push(table);
  for (const memory of parts.memories) memories.push(memory);
  for (const global of parts.globals) globals.push(global);
  for (const tag of parts.tags) tags.push(tag);
  const { types, importLists, exports, elements, data, dataCount, start, customs, ranges } = parts;
  return {
    bytes,
    types,
    imports,
    importLists,
    exports,
    funcs,
    tables,
    memories,
    tags,
    globals,
    elements,
    data,
    dataCount,
    start,
    customs,
    sections: ranges,
    ...counts,
  };
};
