/**
 * The sections of a module, one function each, in the order of the file. @spec binary-section
 *
 * Types are resolved to canonical ones immediately, so a type index that does not exist is found here; the validator
 * checks all other indices.
 */
import { InvalidError } from '../errors/errors.ts';
import { instructions } from '../syntax/instructions.ts';
import {
  MAX_DATA_SEGMENTS,
  MAX_ELEMENT_SEGMENTS,
  MAX_EXPORTS,
  MAX_FUNCTION_BYTES,
  MAX_FUNCTIONS,
  MAX_GLOBALS,
  MAX_IMPORTS,
  MAX_MEMORIES,
  MAX_TABLE_ELEMENTS,
  MAX_TABLES,
  MAX_TAGS,
  MAX_TYPES,
} from '../syntax/limits.ts';
import type {
  ConstExpr,
  DataSegment,
  ElementSegment,
  Export,
  ExternKind,
  FuncBody,
  Global,
  Import,
  ImportList,
  ImportType,
  LocalRun,
  SegmentMode,
  Table,
} from '../syntax/module.ts';
import { TypeHold } from '../syntax/type-registry.ts';
import {
  type DefType,
  FUNCREF,
  HEAP_FUNC,
  type MemoryType,
  refType,
  type TagType,
  type ValType,
} from '../syntax/types.ts';
import type { ByteReader } from './byte-reader.ts';
import { InstructionReader, nesting } from './instruction-reader.ts';
import {
  type RecText,
  readGlobalType,
  readMemoryType,
  readRecType,
  readRefType,
  readSubTypes,
  readTableType,
  readTagType,
  readValType,
  resolverOf,
  type TypeResolver,
} from './types.ts';

/** @spec binary-typesec */
export const readTypes = (r: ByteReader): DefType[] => {
  const types: DefType[] = [];
  const hold = new TypeHold();
  const start = r.pos;
  try {
    r.list(() => {
      for (const type of readRecType(r, types, hold)) types.push(type);
      if (types.length > MAX_TYPES) r.failLimit(MAX_TYPES, types.length, start, 'types');
    });
  } catch (error) {
    hold.release();
    throw error;
  }
  hold.tie(types);
  return types;
};

/** The type section as it is written. */
export interface TypeText {
  /** Groups of types in order. */
  readonly groups: readonly RecText[];
  /** The types with their indices in the module instead of ids, also in their components. */
  readonly types: readonly DefType[];
}

/** Reads types that keep their indices, for printing: they are equal to no others. */
export const readTypeText = (r: ByteReader): TypeText => {
  const types: DefType[] = [];
  const groups: RecText[] = [];
  r.list(() => {
    const group = readSubTypes(r, types.length, (index) => index);
    groups.push(group);
    for (const { isFinal, comp } of group.types)
      types.push({
        ...{ id: types.length, isFinal, comp, supertype: null, depth: 0, descriptor: null, describes: null },
        ...{ group: { types: [], uses: [] }, layout: null },
      });
  });
  return { groups, types };
};

const typeAt = (types: readonly DefType[], index: number, offset: number): DefType => {
  const type = types[index];
  if (type === undefined || type.comp.kind !== 'func') {
    throw new InvalidError('invalid.unknown-type', { offset, detail: `${index}` });
  }
  return type;
};

/** Kinds of imports and exports, by their code. */
const externKinds: readonly ExternKind[] = ['func', 'table', 'memory', 'global', 'tag'];
/** An imported function of an exact type, in the custom descriptors proposal. */
const EXACT_FUNC = 0x20;

/** A type use of a function. */
export interface FuncDeclaration {
  readonly type: DefType;
  readonly typeIndex: number;
}
const readFuncType = (r: ByteReader, types: readonly DefType[]): FuncDeclaration => {
  const offset = r.pos;
  const typeIndex = r.u32();
  return { type: typeAt(types, typeIndex, offset), typeIndex };
};

const readImportType = (r: ByteReader, types: readonly DefType[]): ImportType => {
  const code = r.byte();
  const kind = externKinds[code];
  switch (kind) {
    case 'func':
      return { kind, isExact: false, ...readFuncType(r, types) };
    case 'table':
      return { kind, type: readTableType(r, resolverOf(types)) };
    case 'memory':
      return { kind, type: readMemoryType(r) };
    case 'global':
      return { kind, type: readGlobalType(r, resolverOf(types)) };
    case 'tag':
      return { kind, type: readTagType(r, types) };
    default:
      if (code === EXACT_FUNC) return { kind: 'func', isExact: true, ...readFuncType(r, types) };
      return r.fail('malformed.import-kind', r.pos - 1);
  }
};

/** Instead of a kind, after an empty name: a list of names with types, or of names of one type. */
const TYPED_ITEMS = 0x7f;
const ITEMS_OF_ONE_TYPE = 0x7e;

/** Reads the import section; lists of imports are added to `lists`. @spec binary-importsec */
export const readImports = (r: ByteReader, types: readonly DefType[], lists: ImportList[]): Import[] => {
  const imports: Import[] = [];
  const add = (entry: Import): void => {
    if (imports.length === MAX_IMPORTS) r.failLimit(MAX_IMPORTS, imports.length + 1, entry.offset, 'imports');
    imports.push(entry);
  };
  r.list(
    () => {
      const offset = r.pos;
      const module = r.name();
      const name = r.name();
      const form = name === '' && r.pos < r.end ? r.bytes[r.pos] : 0;
      if (form !== TYPED_ITEMS && form !== ITEMS_OF_ONE_TYPE) {
        add({ module, name, offset, desc: readImportType(r, types) });
        return;
      }
      r.byte();
      const desc = form === TYPED_ITEMS ? null : readImportType(r, types);
      const first = imports.length;
      r.list(() => {
        const place = r.pos;
        const item = r.name();
        add({ module, name: item, offset: place, desc: desc ?? readImportType(r, types) });
      });
      lists.push({ first, count: imports.length - first, isOneType: desc !== null, offset });
    },
    MAX_IMPORTS,
    'imports',
  );
  return imports;
};

/** @spec binary-funcsec */
export const readFunctions = (r: ByteReader, types: readonly DefType[]): FuncDeclaration[] =>
  r.list(() => readFuncType(r, types), MAX_FUNCTIONS, 'functions');

/** A function that skips the expression at the cursor, including its `end`. @spec binary-expr */
const expressionReader = (r: ByteReader, types: readonly DefType[]): (() => ConstExpr) => {
  const reader = new InstructionReader(r.bytes, types, r.section);
  return () => {
    const start = r.pos;
    reader.reset(start, r.end);
    for (let depth = 1; depth > 0; ) {
      reader.read();
      depth += nesting[reader.row]!;
    }
    r.pos = reader.pos;
    return { start, end: r.pos };
  };
};

const HAS_INITIALISER = 0x40;

/** @spec binary-tablesec */
export const readTables = (r: ByteReader, types: readonly DefType[]): Table[] => {
  const resolve = resolverOf(types);
  const readExpression = expressionReader(r, types);
  return r.list(
    () => {
      const hasInit = r.bytes[r.pos] === HAS_INITIALISER;
      if (hasInit) {
        r.byte();
        if (r.byte() !== 0) r.fail('malformed.zero-byte', r.pos - 1);
      }
      const type = readTableType(r, resolve);
      return { type, init: hasInit ? readExpression() : null };
    },
    MAX_TABLES,
    'tables',
  );
};

/** @spec binary-memsec */
export const readMemories = (r: ByteReader): MemoryType[] =>
  r.list(() => readMemoryType(r), MAX_MEMORIES, 'memories');

/** @spec binary-tagsec */
export const readTags = (r: ByteReader, types: readonly DefType[]): TagType[] =>
  r.list(() => readTagType(r, types), MAX_TAGS, 'tags');

/** @spec binary-globalsec */
export const readGlobals = (r: ByteReader, types: readonly DefType[]): Global[] => {
  const resolve = resolverOf(types);
  const readExpression = expressionReader(r, types);
  return r.list(() => ({ type: readGlobalType(r, resolve), init: readExpression() }), MAX_GLOBALS, 'globals');
};

/** @spec binary-exportsec */
export const readExports = (r: ByteReader): Export[] =>
  r.list(
    () => {
      const offset = r.pos;
      const name = r.name();
      const kind = externKinds[r.byte()] ?? r.fail('malformed.export-kind', r.pos - 1);
      return { name, kind, index: r.u32(), offset };
    },
    MAX_EXPORTS,
    'exports',
  );

const readElementKind = (r: ByteReader): ValType => {
  if (r.byte() !== 0) r.fail('malformed.element-kind', r.pos - 1);
  return refType(HEAP_FUNC, false);
};

// The three bits of the form of an element segment.
const IS_PASSIVE = 1;
const HAS_EXTRA = 2;
const HAS_EXPRESSIONS = 4;

/** @spec binary-elemsec */
export const readElements = (r: ByteReader, types: readonly DefType[]): ElementSegment[] => {
  const resolve = resolverOf(types);
  const readExpression = expressionReader(r, types);
  return r.list(() => readElement(r, resolve, readExpression), MAX_ELEMENT_SEGMENTS, 'element segments');
};

const readElement = (
  r: ByteReader,
  resolve: TypeResolver,
  readExpression: () => ConstExpr,
): ElementSegment => {
  const position = r.pos;
  const form = r.u32();
  if (form > 7) r.fail('malformed.element-flags', position);
  const isActive = (form & IS_PASSIVE) === 0;
  // The table index of an active segment, otherwise the mark of a declarative one.
  const hasExtra = (form & HAS_EXTRA) !== 0;
  const hasExpressions = (form & HAS_EXPRESSIONS) !== 0;
  const mode: SegmentMode = isActive ? 'active' : hasExtra ? 'declarative' : 'passive';
  const tableIndex = isActive && hasExtra ? r.u32() : 0;
  const offset = isActive ? readExpression() : null;
  let type = hasExpressions ? FUNCREF : refType(HEAP_FUNC, false);
  if (!isActive || hasExtra) type = hasExpressions ? readRefType(r, resolve) : readElementKind(r);
  const funcIndices = hasExpressions ? null : r.list(() => r.u32(), MAX_TABLE_ELEMENTS, 'elements');
  const expressions = hasExpressions ? r.list(readExpression, MAX_TABLE_ELEMENTS, 'elements') : null;
  return { mode, type, funcIndices, expressions, tableIndex, offset, position };
};

/** @spec binary-datasec */
export const readData = (r: ByteReader, types: readonly DefType[]): DataSegment[] => {
  const readExpression = expressionReader(r, types);
  return r.list(
    () => {
      const position = r.pos;
      const form = r.u32();
      if (form > 2) r.fail('malformed.data-flags', position);
      const memoryIndex = form === 2 ? r.u32() : 0;
      const offset = form === 1 ? null : readExpression();
      const length = r.u32();
      const start = r.pos;
      if (length > r.end - start) r.fail('malformed.section-overrun', start);
      r.pos = start + length;
      return { mode: form === 1 ? 'passive' : 'active', memoryIndex, offset, start, end: r.pos, position };
    },
    MAX_DATA_SEGMENTS,
    'data segments',
  );
};

/** @spec binary-codesec */
export const readBodies = (r: ByteReader, types: readonly DefType[]): FuncBody[] => {
  const resolve = resolverOf(types);
  return r.list(
    () => {
      const size = r.u32();
      const start = r.pos;
      if (size > r.end - start) r.fail('malformed.section-overrun', start);
      if (size > MAX_FUNCTION_BYTES) r.failLimit(MAX_FUNCTION_BYTES, size, start, 'bytes of a function body');
      const end = start + size;
      const locals = readLocals(r, resolve);
      const codeStart = r.pos;
      if (codeStart >= end || r.bytes[end - 1] !== END) failMissingEnd(r, types);
      r.pos = end;
      const localCount = locals.reduce((sum, run) => sum + run.count, 0);
      return { start, codeStart, end, locals, localCount, maxStackSlots: 0 };
    },
    MAX_FUNCTIONS,
    'function bodies',
  );
};

const END = 0x0b;

/** A body that does not end in `end`: reads on to find what the reference interpreter would report. */
const failMissingEnd = (r: ByteReader, types: readonly DefType[]): never => {
  const reader = new InstructionReader(r.bytes, types);
  reader.reset(r.pos, r.end);
  for (let depth = 1; depth > 0; ) {
    reader.read();
    if (depth === 1 && instructions[reader.row]!.name === 'else') {
      return r.fail('malformed.end-opcode', reader.offset);
    }
    depth += nesting[reader.row]!;
  }
  return r.fail('malformed.section-size', reader.offset);
};

/** Groups of equal locals, not expanded: five bytes can declare four thousand million. @spec binary-local */
const readLocals = (r: ByteReader, resolve: TypeResolver): LocalRun[] => {
  let total = 0;
  return r.list(() => {
    const offset = r.pos;
    const count = r.u32();
    total += count;
    if (total > 0xffffffff) r.fail('malformed.locals', offset);
    return { count, type: readValType(r, resolve) };
  });
};
