/** The contents of sections, one function each, in the order of the file. @spec binary-section */
import { InvalidError, LimitError } from '../errors/errors.ts';
import { instructions } from '../syntax/instructions.ts';
import { MAX_FUNCTION_BYTES } from '../syntax/limits.ts';
import type {
  ConstExpr,
  DataSegment,
  ElementSegment,
  Export,
  ExternKind,
  FuncBody,
  Global,
  Import,
  ImportType,
  LocalRun,
  SegmentMode,
  Table,
} from '../syntax/module.ts';
import { type DefType, FUNCREF, HEAP_FUNC, refType, type ValType } from '../syntax/types.ts';
import type { ByteReader } from './byte-reader.ts';
import { InstructionReader } from './instruction-reader.ts';
import {
  readGlobalType,
  readMemoryType,
  readRecType,
  readRefType,
  readTableType,
  readTagType,
  readValType,
  readVector,
  resolverOf,
} from './types.ts';

/** @spec binary-typesec */
export const readTypes = (r: ByteReader): DefType[] => {
  const types: DefType[] = [];
  const count = r.u32();
  for (let i = 0; i < count; i++) types.push(...readRecType(r, types));
  return types;
};

const typeAt = (types: readonly DefType[], index: number, offset: number): DefType => {
  const type = types[index];
  if (type === undefined || type.comp.kind !== 'func') {
    throw new InvalidError('invalid.unknown-type', { offset, detail: `${index}` });
  }
  return type;
};

const externKinds: readonly ExternKind[] = ['func', 'table', 'memory', 'global', 'tag'];

const readImportType = (r: ByteReader, types: readonly DefType[]): ImportType => {
  const kind = externKinds[r.byte()];
  switch (kind) {
    case 'func': {
      const offset = r.pos;
      const typeIndex = r.u32();
      return { kind, type: typeAt(types, typeIndex, offset), typeIndex };
    }
    case 'table':
      return { kind, type: readTableType(r, resolverOf(types)) };
    case 'memory':
      return { kind, type: readMemoryType(r) };
    case 'global':
      return { kind, type: readGlobalType(r, resolverOf(types)) };
    case 'tag':
      return { kind, type: readTagType(r, types) };
    default:
      return r.fail('malformed.import-kind', r.pos - 1);
  }
};

/** @spec binary-importsec */
export const readImports = (r: ByteReader, types: readonly DefType[]): Import[] =>
  readVector(r, () => {
    const offset = r.pos;
    const module = r.name();
    const name = r.name();
    return { module, name, offset, desc: readImportType(r, types) };
  });

/** A function that the function section declares. */
export interface FuncDeclaration {
  readonly type: DefType;
  readonly typeIndex: number;
}

/** @spec binary-funcsec */
export const readFunctions = (r: ByteReader, types: readonly DefType[]): FuncDeclaration[] =>
  readVector(r, () => {
    const offset = r.pos;
    const typeIndex = r.u32();
    return { type: typeAt(types, typeIndex, offset), typeIndex };
  });

const openers = new Set(['block', 'loop', 'if', 'try', 'try_table']);

/** Reads over the instructions of an expression to its `end`. @spec binary-expr */
export const readExpression = (r: ByteReader, types: readonly DefType[]): ConstExpr => {
  const reader = new InstructionReader(r.bytes, types);
  const start = r.pos;
  reader.reset(start, r.end);
  for (let depth = 0; depth >= 0; ) {
    reader.read();
    const { name } = instructions[reader.row]!;
    if (openers.has(name)) depth++;
    else if (name === 'end') depth--;
  }
  r.pos = reader.pos;
  return { start, end: r.pos };
};

/** @spec binary-tablesec */
export const readTables = (r: ByteReader, types: readonly DefType[]): Table[] =>
  readVector(r, () => {
    const hasInit = r.bytes[r.pos] === 0x40;
    if (hasInit) {
      r.byte();
      if (r.byte() !== 0) r.fail('malformed.zero-byte', r.pos - 1);
    }
    const type = readTableType(r, resolverOf(types));
    return { type, init: hasInit ? readExpression(r, types) : null };
  });

/** @spec binary-globalsec */
export const readGlobals = (r: ByteReader, types: readonly DefType[]): Global[] =>
  readVector(r, () => ({ type: readGlobalType(r, resolverOf(types)), init: readExpression(r, types) }));

/** @spec binary-exportsec */
export const readExports = (r: ByteReader): Export[] =>
  readVector(r, () => {
    const offset = r.pos;
    const name = r.name();
    const kind = externKinds[r.byte()] ?? r.fail('malformed.export-kind', r.pos - 1);
    return { name, kind, index: r.u32(), offset };
  });

const readElementKind = (r: ByteReader): ValType => {
  if (r.byte() !== 0) r.fail('malformed.element-kind', r.pos - 1);
  return refType(HEAP_FUNC, false);
};

/** @spec binary-elemsec */
export const readElements = (r: ByteReader, types: readonly DefType[]): ElementSegment[] =>
  readVector(r, () => {
    const position = r.pos;
    const form = r.u32();
    if (form > 7) r.fail('malformed.element-flags', position);
    const isPassive = (form & 1) !== 0;
    const hasExtra = (form & 2) !== 0;
    const hasExpressions = (form & 4) !== 0;
    const mode: SegmentMode = !isPassive ? 'active' : hasExtra ? 'declarative' : 'passive';
    const tableIndex = !isPassive && hasExtra ? r.u32() : 0;
    const offset = isPassive ? null : readExpression(r, types);
    let type = hasExpressions ? FUNCREF : refType(HEAP_FUNC, false);
    if (isPassive || hasExtra) type = hasExpressions ? readRefType(r, resolverOf(types)) : readElementKind(r);
    const funcIndices = hasExpressions ? null : readVector(r, () => r.u32());
    const expressions = hasExpressions ? readVector(r, () => readExpression(r, types)) : null;
    return { mode, type, funcIndices, expressions, tableIndex, offset, position };
  });

/** @spec binary-datasec */
export const readData = (r: ByteReader, types: readonly DefType[]): DataSegment[] =>
  readVector(r, () => {
    const position = r.pos;
    const form = r.u32();
    if (form > 2) r.fail('malformed.data-flags', position);
    const memoryIndex = form === 2 ? r.u32() : 0;
    const offset = form === 1 ? null : readExpression(r, types);
    const length = r.u32();
    const start = r.pos;
    if (length > r.end - start) r.fail('malformed.section-overrun', start);
    r.pos = start + length;
    return { mode: form === 1 ? 'passive' : 'active', memoryIndex, offset, start, end: r.pos, position };
  });

/** @spec binary-codesec */
export const readBodies = (r: ByteReader, types: readonly DefType[]): FuncBody[] =>
  readVector(r, () => {
    const size = r.u32();
    const start = r.pos;
    if (size > r.end - start) r.fail('malformed.section-overrun', start);
    if (size > MAX_FUNCTION_BYTES) {
      throw new LimitError('limit.module', {
        limit: MAX_FUNCTION_BYTES,
        actual: size,
        offset: start,
        detail: 'function body too large',
      });
    }
    const end = start + size;
    const locals = readLocals(r, types);
    const codeStart = r.pos;
    if (codeStart >= end || r.bytes[end - 1] !== END) failMissingEnd(r, types);
    r.pos = end;
    const localCount = locals.reduce((sum, run) => sum + run.count, 0);
    return { start, codeStart, end, locals, localCount, maxStackSlots: 0 };
  });

const END = 0x0b;

/** A body that does not end in `end`: reads on to tell what the reference interpreter would say. */
const failMissingEnd = (r: ByteReader, types: readonly DefType[]): never => {
  const reader = new InstructionReader(r.bytes, types);
  reader.reset(r.pos, r.end);
  for (let depth = 0; ; ) {
    reader.read();
    const { name } = instructions[reader.row]!;
    if (openers.has(name)) depth++;
    else if (name === 'else' && depth === 0) return r.fail('malformed.end-opcode', reader.offset);
    else if (name === 'end' && --depth < 0) return r.fail('malformed.section-size', reader.offset);
  }
};

const readLocals = (r: ByteReader, types: readonly DefType[]): LocalRun[] => {
  let total = 0;
  return readVector(r, () => {
    const offset = r.pos;
    const count = r.u32();
    total += count;
    if (total > 0xffffffff) r.fail('malformed.locals', offset);
    return { count, type: readValType(r, resolverOf(types)) };
  });
};

/** Memory and tag sections. @spec binary-memsec, binary-tagsec */
export { readMemoryType, readTagType };
